"""The caveats of an audit: sentences that follow from its data."""

from __future__ import annotations

from collections.abc import Iterator

from fairness.auditing.evidence import Evidence
from fairness.cohort import UNKNOWN
from fairness.rates import FEWEST_SUBJECTS
from fairness.tables import OVERALL, Table
from fairness.words import counted, figure

_MOST_NAMED = 5
_UNREADABLE = ("insufficient", "suppressed", "bound_only")


def caveats(evidence: Evidence, covered: Table, rates: Table) -> Iterator[str]:
    """Yield the caveats, the most important first."""
    yield from _suspicious(evidence)
    yield from _threshold(evidence)
    yield from _data(evidence, rates)
    yield from _kept_back(evidence)
    yield from _labels(evidence, covered)
    yield (
        "The rates hold for photos like these. Another camera, another selection of people, or a "
        "gallery in which a child's relatives are enrolled gives other rates."
    )
    yield (
        "That no difference is shown does not mean that there is none: look at the intervals and "
        "at the number of people behind them."
    )


def _suspicious(evidence: Evidence) -> Iterator[str]:
    found = evidence.suspicious or ()
    alone = {pair.photo for pair in found if pair.kind == "misfiled"}
    twice = {pair.subject for pair in found if pair.kind == "two people"}
    shared = sum(pair.kind == "one face" for pair in found)
    parts = (
        (alone, f"{counted(len(alone), 'photo')} may be of another person than its label says"),
        (twice, f"{counted(len(twice), 'subject')} may be two people or more"),
        (shared, f"{counted(shared, 'pair')} of photos of two subjects may be of one person"),
    )
    if said := [text for number, text in parts if number]:
        yield (
            f"Labels that the scores contradict: {'; '.join(said)}. All rates count them as they "
            "are labelled. The private list of suspicious pairs names the photos: look at them, "
            "correct the labels, and audit again."
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


def _kept_back(evidence: Evidence) -> Iterator[str]:
    """Name the groups of ten people or more that are withheld for the sake of smaller ones."""
    for factor in evidence.settings.factors:
        hidden = evidence.suppressed(factor)
        groups = evidence.cohort.coverage(evidence.grouping(factor))
        small = {group.group for group in groups if group.subjects < FEWEST_SUBJECTS}
        if others := sorted(hidden - small):
            yield (
                f"By {factor}, {_listed(others)} would be shown, but would give away smaller "
                "groups by subtraction. To see them, give the small groups one label together, or "
                "leave their photos out, and audit again."
            )


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _labels(evidence: Evidence, covered: Table) -> Iterator[str]:
    for row in covered.where(group=UNKNOWN):
        share = row["share"]
        many = f"{figure(100 * share)} % of the" if isinstance(share, float) else "A few"
        yield (
            f"{many} photos have no label for {row['factor']}; they are a group of their own, "
            "neither guessed nor dropped."
        )
    if found := evidence.spellings:
        yield (
            f"Labels that were written in several ways and are read as one group: {len(found)}, "
            f"as in {found[0]}. See the run card."
        )
    perceived = (s.sex_provenance == "annotator_perceived" for s in evidence.cohort.samples)
    if any(perceived):
        yield (
            "Labels of sex or gender (see the run card), and any of race, are what annotators "
            "perceived, not what people said of themselves."
        )
