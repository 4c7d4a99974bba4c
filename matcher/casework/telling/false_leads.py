"""What a calibration says of the lists of a search: strangers who are as close, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.casework.searches import RecordedSearch
from matcher.search import Calibration, ExpectedFalseLeads
from matcher.words import counted, figure

NOT_ENOUGH_DATA = "not enough data"


@dataclass(frozen=True)
class FalseLeadFigures:
    """Strangers whose faces are at least as close as a score.

    Parameters
    ----------
    expected
        Expected number of faces in the searched gallery, if all were of other people of the
        probe's age and sex; None without figures.
    across_gap
        The same if all were as far in age from the probe as the candidate's photo; None without
        figures for that gap.
    rate
        Share of comparisons with strangers that reach the score, as `expected` for one face; None
        without figures.
    source
        What the figures were measured on, or why there are none.
    """

    expected: ExpectedFalseLeads | None
    across_gap: ExpectedFalseLeads | None
    rate: ExpectedFalseLeads | None
    source: str

    def __str__(self) -> str:
        if self.expected is None or self.rate is None:
            return f"{NOT_ENOUGH_DATA} on false leads ({self.source})."
        gap = (
            f"for this age gap: {NOT_ENOUGH_DATA}"
            if self.across_gap is None
            else f"{self.across_gap} if all were of this age gap"
        )
        return (
            f"{self.expected} faces of strangers are expected by chance, if all in the gallery "
            f"were of the probe's age and sex; {gap}. That is {_share(self.rate)} of the "
            f"comparisons with strangers ({self.source})."
        )


def figures_at(
    calibration: Calibration | None, search: RecordedSearch, score: float, gap: float | None
) -> FalseLeadFigures:
    """Return the figures for a search at a score.

    Parameters
    ----------
    calibration
        Meaning of scores by age; None without one.
    search
        The recorded search: age, degraded, number of faces.
    score
        Cosine similarity in [-1, 1].
    gap
        Years between probe and candidate; None if not known.
    """
    reason = _why_none(calibration, search)
    if calibration is None or reason:
        return FalseLeadFigures(None, None, None, reason)
    age, faces = search.age, search.faces
    across = None
    if age is not None and gap is not None:
        across = calibration.false_leads_across(score, faces=faces, age=age, gap=gap)
    return FalseLeadFigures(
        expected=calibration.false_leads(score, faces=faces, age=age),
        across_gap=across,
        rate=calibration.false_leads(score, faces=1, age=age),
        source=_source(calibration, age),
    )


def _why_none(calibration: Calibration | None, search: RecordedSearch) -> str:
    if calibration is None:
        return "no calibration was given"
    if search.degraded or search.without_figures:
        kind = "degraded" if search.degraded else "fused of several photos"
        return f"the probe is {kind}, and no calibration has figures for that"
    if not calibration.covers(search.age):
        age = figure(search.age or 0.0, 3)
        return f"the calibration on {calibration.cohort} has none for the age of {age}"
    return ""


def _source(calibration: Calibration, age: float | None) -> str:
    bands = [band for band in calibration.bands if age is None or age in band]
    comparisons = sum(band.comparisons for band in bands)
    people = sum(band.subjects for band in bands)
    which = "age not known: the worst of all ages" if age is None else str(bands[0])
    return (
        f"{which}; measured on {calibration.cohort}, {calibration.made_on}: "
        f"{counted(comparisons, 'comparison')}, {counted(people, 'person', 'people')}"
    )


def _share(rate: ExpectedFalseLeads) -> str:
    if rate.estimate is None:
        return f"at most {figure(100 * rate.high)} %"
    low, high = figure(100 * rate.low), figure(100 * rate.high)
    return f"{figure(100 * rate.estimate)} % ({low} to {high} %)"
