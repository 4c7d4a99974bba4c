"""Rendered people at two ages, for the tests that judge them."""

from __future__ import annotations

from pathlib import Path

from fairness import Cohort, read_cohort
from matcher.synthetic import CohortSpec, write_cohort


def with_a_bad_photo(folder: Path, people: int) -> Cohort:
    """Write people at two ages into a folder; the first photo cannot be read."""
    spec = CohortSpec(people, ages=(8, 14), seed=6, size=96)
    cohort = read_cohort(write_cohort(spec, folder, workers=1))
    assert cohort.folder is not None
    (cohort.folder / cohort.samples[0].photo).write_text("not a picture")
    return cohort
