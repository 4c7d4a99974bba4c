"""The age bands of a cohort, and how many people each needs."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairness import Cohort, CohortError, Sample
from fairness.cohort import bands
from matcher.embedding import ADULT_WEIGHT

ADULT: Final = 18.0
"""Years from which a person is an adult."""

BAND_EDGES: Final = (0.0, 4.0, 13.0, ADULT)
"""Lower edges of the age bands, years; the last band is that of adults."""

FOLDS: Final = 5
"""Parts of the people: a map that is fitted to four of them is judged on the fifth."""

FEWEST_IN_A_BAND: Final = 50

FEWEST_OF_A_KIND: Final = 250
"""So many young people, and so many adults, make 6,000 pairs of each kind within five folds: six of
them may match at a false match rate of 0.001."""

_ALL_YOUNG: Final = f"all younger than {ADULT:g}"

_CLOSED = re.compile(r"(\d+(?:\.\d+)?)(-| to under | to )(\d+(?:\.\d+)?)( months| years)?")
_OPEN = re.compile(r"(?:more than )?(\d+(?:\.\d+)?)( months?| years?)?(?:\+| and over)?")


def years_of(sample: Sample) -> float | None:
    """Return the age at capture in years, else the middle of the band that the source gives.

    "10-19" holds whole years, so its middle is 15. A band without an end counts as its beginning.
    The age is None if there is neither, or the band is not understood.
    """
    if sample.age_at_capture is not None:
        return sample.age_at_capture
    text = (sample.age_band or "").strip().lower().replace("\N{EN DASH}", "-")
    if found := _CLOSED.fullmatch(text):
        end = float(found[3]) + (found[2] != " to under ")
        return (float(found[1]) + end) / 2 / (12 if found[4] == " months" else 1)
    if found := _OPEN.fullmatch(text):
        return float(found[1]) / (12 if "month" in (found[2] or "") else 1)
    return None


def band_codes(cohort: Cohort, edges: Sequence[float]) -> NDArray[np.int64]:
    """Return the band of each photo, from 0, shape (photos,); -1 where no age is known."""
    ages = [years_of(sample) for sample in cohort.samples]
    return np.array([-1 if age is None else bisect_right(edges, age) - 1 for age in ages], np.int64)


def require_edges(edges: Sequence[float]) -> None:
    """Refuse age bands that do not separate the young from adults.

    Raises
    ------
    CohortError
        If the edges do not begin at 0, rise, and end at `ADULT`, with two bands or more below it.
    """
    numbers = list(edges)
    rising = all(low < high for low, high in pairwise(numbers))
    if len(numbers) < 3 or numbers[0] != 0 or numbers[-1] != ADULT or not rising:
        raise CohortError(
            "the age bands",
            rule=f"lower edges that begin at 0, rise, and end at {ADULT:g}, with at least two "
            "bands below it",
            got=", ".join(f"{edge:g}" for edge in numbers) or "none",
            next_step="Give edges such as 0,4,13,18.",
        )


def people_needed(dimension: int, edges: Sequence[float]) -> dict[str, int]:
    """Return how many people each band needs, by its name.

    The bands weigh the same, and adults `ADULT_WEIGHT`. Faces with such weights are worth as many
    equal ones as Kish's effective number says (Survey Sampling, 1965, section 11.7). That number
    exceeds d, so that d directions have a variance, if every band holds more than d / (sum of the
    bands' weights) people in the `FOLDS` - 1 parts that a map is fitted to. No band may have fewer
    than `FEWEST_IN_A_BAND` people; adults, and the young together, not fewer than
    `FEWEST_OF_A_KIND`.
    """
    weight = len(edges) - 1 + ADULT_WEIGHT
    fitted_to = math.floor(dimension / weight) + 1
    needed = max(FEWEST_IN_A_BAND, math.ceil(fitted_to * FOLDS / (FOLDS - 1)))
    *young, adult = bands(edges)
    return dict.fromkeys(young, needed) | {
        adult: max(needed, FEWEST_OF_A_KIND),
        _ALL_YOUNG: max(needed * len(young), FEWEST_OF_A_KIND),
    }


def people_found(
    cohort: Cohort, codes: NDArray[np.int64], edges: Sequence[float]
) -> dict[str, int]:
    """Return how many people each band has, by its name; a person may be in several bands.

    Parameters
    ----------
    cohort
        The cohort.
    codes
        Band of each photo, from `band_codes`.
    edges
        Lower edges of the bands.
    """
    people = cohort.subject_codes
    found = {name: len(set(people[codes == code])) for code, name in enumerate(bands(edges))}
    young = (codes >= 0) & (codes < len(edges) - 1)
    return found | {_ALL_YOUNG: len(set(people[young]))}


def require_people(
    cohort: Cohort, found: Mapping[str, int], needed: Mapping[str, int], seen: str
) -> None:
    """Refuse a cohort of which a band has too few people.

    Parameters
    ----------
    cohort
        The cohort.
    found, needed
        From `people_found` and `people_needed`.
    seen
        What the people are known to have, for the message.

    Raises
    ------
    CohortError
        Naming each such band, what it needs and what it has.
    """
    short = [
        f"{name}: {found[name]:,} of {least:,}"
        for name, least in needed.items()
        if found[name] < least
    ]
    if short:
        listed = "; ".join(f"{name}: {least:,}" for name, least in needed.items())
        raise CohortError(
            f"people with {seen} in the age bands of cohort {cohort.name!r}",
            rule=f"enough to fit a map and to judge it: {listed}",
            got="; ".join(short),
            next_step="Add photos of these ages. Or join bands of the young: --ages 0,13,18.",
        )
