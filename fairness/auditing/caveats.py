"""The caveats of an audit: sentences that follow from its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized

from fairness.auditing.evidence import Evidence, Grouped
from fairness.cohort import UNKNOWN
from fairness.rates import FEWEST_CARRIERS, FEWEST_ERRORS, FEWEST_SUBJECTS
from fairness.tables import OVERALL, Row, Table, number
from fairness.verification import ListedScores, listing
from fairness.words import counted, figure

_LARGE = 0.5
"""A person with this share of the errors of a rate is pointed out."""

_MOST_NAMED = 3

_UNREADABLE = ("insufficient", "suppressed", "bound_only")


def caveats(evidence: Evidence, covered: Table, rates: Table) -> Iterator[str]:
    """Yield the caveats, the most important first."""
    yield from _degraded(evidence)
    yield from _pairs(evidence)
    yield from _suspicious(evidence)
    yield from _kept_back(evidence)
    yield from _carried_by_few(rates)
    yield from _threshold(evidence)
    yield from _data(evidence, rates)
    yield from of_labels(evidence, covered)
    yield from closing()


def _degraded(evidence: Evidence) -> Iterator[str]:
    if evidence.scores.degraded:
        yield (
            f"The probes are degraded: {evidence.scores.degraded}. They were worked out from the "
            "photos of the cohort, and no such camera took them. All rates hold for such probes "
            "and photos enrolled as they are. Quality, exposure and tone are of the photos as they "
            "are."
        )


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


def _carried_by_few(rates: Table) -> Iterator[str]:
    """Name the rates that say more of one person, or of a few, than of the group."""
    shown = [row for row in rates if number(row["subjects"]) >= FEWEST_SUBJECTS]
    alone = {
        _where(row): f"{figure(100 * number(row['largest']), 2)} %"
        for row in shown
        if number(row["largest"]) >= _LARGE and number(row["errors"]) >= FEWEST_ERRORS
    }
    if alone:
        yield (
            f"One person takes part in a large share of the errors: {_listed(alone)}. Such a rate "
            "says more of this person than of the group."
        )
    few = {
        _where(row): f"{counted(int(number(row['subjects'])), 'person', 'people')} carry as much "
        f"as {figure(number(row['people']), 2)} with like numbers would"
        for row in shown
        if number(row["people"]) < FEWEST_CARRIERS
    }
    if few:
        yield (
            f"A few people carry most of the trials: {_listed(few)}. Take fewer photos of a person."
        )


def _where(row: Row) -> str:
    everybody = row["group"] == OVERALL
    return f"{row['metric']} of {'everybody' if everybody else row['group']}"


def _listed(found: Mapping[str, str]) -> str:
    named = "; ".join(f"{where}: {what}" for where, what in list(found.items())[:_MOST_NAMED])
    more = len(found) - _MOST_NAMED
    return named + (f"; and {counted(more, 'more rate')}" if more > 0 else "")


def _kept_back(evidence: Evidence) -> Iterator[str]:
    """Name the groups of ten people or more that are withheld for the sake of smaller ones."""
    if evidence.left_out:
        yield (
            f"Left out of all numbers: the photos of {_names(list(evidence.left_out))}. These "
            f"groups have fewer than {FEWEST_SUBJECTS} people together, whose numbers would follow "
            "from the totals."
        )
    for factor in evidence.settings.factors:
        hidden = evidence.suppressed(factor)
        groups = evidence.cohort.coverage(evidence.grouping(factor))
        small = {group.group for group in groups if group.subjects < FEWEST_SUBJECTS}
        if others := sorted(hidden - small):
            yield (
                f"By {factor}, {_names(others)} would be shown, but would give away smaller "
                "groups by subtraction. To see them, give the small groups one label together, or "
                "leave their photos out, and audit again."
            )


def _names(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def of_labels(evidence: Grouped, covered: Table) -> Iterator[str]:
    """Yield what the labels of the cohort do not say."""
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
