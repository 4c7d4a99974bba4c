"""Adding up what happened to photos, by subject and group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cohort
from fairness.counts import SubjectCounts
from fairness.groups import Cells

_Numbers = NDArray[np.bool_] | NDArray[np.int64]


def by_group(
    cohort: Cohort, cells: Cells, photos: NDArray[np.int64], errors: _Numbers, trials: _Numbers
) -> dict[str, SubjectCounts]:
    """Add up errors and trials by group; an entry for every group, if without trials.

    Parameters
    ----------
    cohort
        Gives the subject of each photo.
    cells
        A division of the photos of the cohort.
    photos
        int64 array of shape (events,): photo index that an event belongs to.
    errors, trials
        Of each event, shape (events,), 0 <= errors <= trials.
    """
    codes, subjects = cells.codes[photos], cohort.subject_codes[photos]
    counts = {}
    for code, name in enumerate(cells.names):
        inside = codes == code
        added = (
            np.bincount(subjects[inside], numbers[inside], len(cohort.subjects)).astype(np.int64)
            for numbers in (errors, trials)
        )
        counts[name] = SubjectCounts(*added)
    return counts
