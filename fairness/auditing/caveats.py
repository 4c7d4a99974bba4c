"""The caveats of an audit: sentences that follow from its data."""

from __future__ import annotations

from collections.abc import Iterator

from fairness.auditing.evidence import Evidence, Grouped
from fairness.cohort import UNKNOWN
from fairness.tables import OVERALL, Table
from fairness.verification import ListedScores, listing
from fairness.words import figure

_UNREADABLE = ("insufficient", "suppressed", "bound_only")


def caveats(evidence: Evidence, covered: Table, rates: Table) -> Iterator[str]:
    """Yield the caveats, the most important first."""
    yield from _pairs(evidence)
    yield from _threshold(evidence)
    yield from _data(evidence, rates)
    yield from of_labels(evidence, covered)
    yield from closing()


def closing() -> Iterator[str]:
    """Yield the caveats of every audit."""
    yield (
        "The rates hold for photos like these. Another camera, another selection of people, or a "
        "gallery in which a child's relatives are enrolled gives other rates."
    )
    yield (
        "That no difference is shown does not mean that there is none: look at the intervals and "
        "at the number of people behind them."
    )


def _threshold(evidence: Evidence) -> Iterator[str]:
    missed = evidence.missed_by_anybody
    trials, false_matches = int(missed.trials.sum()), evidence.random.total
    if trials and int(missed.errors.sum()) == trials and not false_matches:
        yield (
            "No score reaches the threshold: every comparison of two photos of one person is a "
            "miss, and no rate tells one group from another."
        )
    if evidence.set_threshold is not None:
        yield (
            "The threshold was set on the same photos that it is judged on, so that the overall "
            "false match rate is right by construction. Set it on other people, and give it, for "
            "a test of the threshold itself."
        )


def _pairs(evidence: Evidence) -> Iterator[str]:
    scores = evidence.scores
    if isinstance(scores, ListedScores) and not (found := listing(scores)).complete:
        yield (
            f"The file of scores lists {found}. The rates hold only if the scores had no part in "
            "the choice of the pairs."
        )


def _data(evidence: Evidence, rates: Table) -> Iterator[str]:
    thin = [row for row in rates if row["status"] in _UNREADABLE and row["group"] != OVERALL]
    if thin:
        yield (
            f"{len(thin)} of {len(rates)} rates rest on too few people or errors to be read as a "
            "number; they are marked, not left out."
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
        yield f"{set_aside} photos or files were set aside, see the run card."


def of_labels(evidence: Grouped, covered: Table) -> Iterator[str]:
    """Yield what the labels of the cohort do not say."""
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
