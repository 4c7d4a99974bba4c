"""Age gaps from the records. No age is ever estimated from a picture."""

from __future__ import annotations

from datetime import date

DAYS_PER_YEAR = 365.2425  # mean Gregorian year


def age_on(birth: date | None, taken_on: date | None, age_at_capture: float | None) -> float | None:
    """Return the age in years at capture: as recorded, else from the dates, else None."""
    if age_at_capture is not None:
        return age_at_capture
    if birth is not None and taken_on is not None:
        return (taken_on - birth).days / DAYS_PER_YEAR
    return None


def age_gap(
    probe_taken_on: date | None,
    probe_age: float | None,
    photo_taken_on: date | None,
    photo_age: float | None,
) -> float | None:
    """Return the years from the photo to the probe; None unless both dates or both ages are known.

    Dates come first, because an age of the probe is often an investigator's estimate.
    """
    if probe_taken_on is not None and photo_taken_on is not None:
        return (probe_taken_on - photo_taken_on).days / DAYS_PER_YEAR
    if probe_age is not None and photo_age is not None:
        return probe_age - photo_age
    return None
