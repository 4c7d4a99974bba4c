"""The caveats of an audit: sentences that follow from its data."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from fairness.auditing.evidence import Evidence
from fairness.cohort import UNKNOWN
from fairness.tables import OVERALL, Table
from fairness.words import counted, figure

_UNREADABLE = ("insufficient", "suppressed", "bound_only")


def caveats(evidence: Evidence, covered: Table, rates: Table) -> Iterator[str]:
    """Yield the caveats, the most important first."""
    yield from _threshold(evidence)
    yield from _data(evidence, rates)
    yield from _labels(evidence, covered)
    yield (
        "The rates hold for photos like these. Another camera, another selection of people, or a "
        "gallery in which a child's relatives are enrolled gives other rates."
    )
    yield (
        "That no difference is shown does not mean that there is none: look at the intervals and "
        "at the number of people behind them."
    )


def _threshold(evidence: Evidence) -> Iterator[str]:
    if evidence.set_threshold is not None:
        yield (
            "The threshold was set on the same photos that it is judged on, so that the overall "
            "false match rate is right by construction. Set it on other people, and give it, for "
            "a test of the threshold itself."
        )


def _data(evidence: Evidence, rates: Table) -> Iterator[str]:
    thin = [row for row in rates if row["status"] in _UNREADABLE and row["group"] != OVERALL]
    if thin:
        yield (
            f"{len(thin)} of {counted(len(rates), 'rate')} {_verb(thin, 'rests', 'rest')} on too "
            f"few people or errors to be read as a number; {_verb(thin, 'it is', 'they are')} "
            "marked, not left out."
        )
    if not evidence.has_mates:
        yield (
            "No two photos are of one person, so that nothing can be said of misses: only of "
            "false matches."
        )
    if not evidence.verification.kin().trials.total:
        yield "No relatives are marked in the cohort; siblings are harder to tell apart."
    if refused := len(evidence.cohort.refused):
        yield (
            f"Rows of the labels that could not be read: {refused}, see the run card. The people "
            "there are not counted."
        )
    if set_aside := len(evidence.cohort.set_aside) - refused:
        things = counted(set_aside, "photo or file was", "photos or files were")
        yield f"{things} set aside, see the run card."


def _verb(things: Sized, one: str, many: str) -> str:
    return one if len(things) == 1 else many


def _labels(evidence: Evidence, covered: Table) -> Iterator[str]:
    for row in covered.where(group=UNKNOWN):
        share = row["share"]
        many = f"{figure(100 * share)} % of the" if isinstance(share, float) else "A few"
        yield (
            f"{many} photos have no label for {row['factor']}; they are a group of their own, "
            "neither guessed nor dropped."
        )
    perceived = (s.sex_provenance == "annotator_perceived" for s in evidence.cohort.samples)
    if any(perceived):
        yield (
            "Labels of sex or gender (see the run card), and any of race, are what annotators "
            "perceived, not what people said of themselves."
        )
