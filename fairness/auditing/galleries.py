"""Errors of searches in a gallery of a size that the user names.

Two questions of an agency: how many false leads are in a search of a gallery like ours, and how
many missing children are not on the list? The size is `AuditSettings.gallery_size`, N people with
one photo each. The gallery is made up like the cohort.

- `false_leads`: the mean number of wrong people at or above the threshold. It is N times the false
  match rate of a probe of the group with anybody, and its interval is N times that of the rate. A
  mean holds for any N, however the false leads cluster.
- `false_leads_own`: the same if all N are of the probe's own group, as in a gallery that is
  filtered by age and sex. It is N times FMR. The false leads from the N' people of the group in a
  mixed gallery are this number times N' / N.
- `not_listed`: the share of searches for enrolled people in which the person is not among the
  first R, whatever the score. `not_listed_counted` also counts refused photos.

A mate ranks behind the first R if R or more of the N - 1 others score as high as the mate. Only the
probe's own scores say how often others do: some faces are like many others. So everybody's earliest
photo is enrolled, or the gallery that the cohort states: S people. For N up to S, each mate is
searched for among N - 1 of the others, drawn at random. For N above S, its rank among all S people
is scaled (`place_among`), which is an extrapolation. It is refused if the first R of N are fewer
than `FEWEST_ERRORS` of S people, because the score of the next person is then too uncertain
(`largest_size`).

`fairness.calibration` has the other side: whether a search in vain returns anybody, in galleries
of people of the probe's age and sex that are no larger than the cohort.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from fairness.auditing.evidence import Evidence, scaled, with_trials
from fairness.identification import IdentificationPlan, MatedSearches, OpenSet, search_plan
from fairness.rates import FEWEST_ERRORS, PairCounts, SubjectCounts
from fairness.tables import OVERALL, Row, Table, Value, audit_table


def gallery(evidence: Evidence) -> Table:
    """Return false leads and people not listed by group; no rows if no size is asked for.

    Columns are the factor, the group, the metric (see the module), `gallery` (N), `rank` (R) and
    `rank_here` (R scaled to the people of this cohort, where that was done), `basis` ("measured"
    up to the number of people of the cohort, else "extrapolated"), and those of a rate. `estimate`,
    `low`, `high` and `bound` of false leads are numbers of people; of people not listed they are
    shares. `errors` and `trials` are comparisons or searches, and `subjects` the people of the
    group whose photos these search with. Where an extrapolation is refused, the status is
    "insufficient" without numbers.
    """
    size = evidence.settings.gallery_size
    if size is None:
        return audit_table("gallery", ())
    found = _largest_gallery(evidence)
    rows: list[Row] = []
    for factor in evidence.settings.factors:
        rows += _false_leads(evidence, factor, size)
        if found is not None:
            rows += _not_listed(evidence, found, factor, size)
    return audit_table("gallery", rows, note=_note(evidence, found))


def place_among(people: int, *, size: int, rank: int) -> float:
    """Return the rank among some people that corresponds to a rank in a gallery of another size.

    Let q be the chance that another person scores as high as the mate. In a gallery of N the number
    of such people is close to Poisson with mean (N - 1) q. The q at which R is reached as often as
    not is close to (R - 1/2) / (N - 1), on the scale of log q, for every R. The same q for both
    galleries gives 1/2 + (R - 1/2) (S - 1) / (N - 1). A miss at that rank of S people estimates a
    miss at R of N, if misses depend smoothly on log q.

    Parameters
    ----------
    people
        S, at least 1.
    size, rank
        N, at least 2, and R, at least 1.
    """
    return 0.5 + (rank - 0.5) * (people - 1) / (size - 1)


def largest_size(people: int, rank: int) -> int:
    """Return the largest gallery for which ranks among some people can tell who is not listed.

    Parameters and meaning are those of `place_among`: the place is at least `FEWEST_ERRORS`, or
    the gallery is no larger than the people.
    """
    return max(people, 1 + int((rank - 0.5) * (people - 1) / (FEWEST_ERRORS - 0.5)))


def _largest_gallery(evidence: Evidence) -> OpenSet | None:
    scores = evidence.searchable
    if scores is None:
        return None
    return search_plan(
        IdentificationPlan.largest(evidence.cohort),
        scores.vectors,
        scores.enrolment,
        probes=scores.probes,
    )


def _false_leads(evidence: Evidence, factor: str, size: int) -> Iterator[Row]:
    matches = evidence.false_matches(factor)
    names = evidence.grouping(factor).names
    hidden = evidence.suppressed(factor, compared=True)
    anybody = with_trials({name: matches.against_all(name) for name in names if name not in hidden})
    of_metric: dict[str, Mapping[str, PairCounts]] = {
        "false_leads": {OVERALL: evidence.random, **anybody},
        "false_leads_own": evidence.within(factor),
    }
    people = {name: len(found) for name, found in evidence.compared(factor).items()}
    people[OVERALL] = evidence.random.subjects
    basis = _basis(size, people[OVERALL])
    for metric, groups in of_metric.items():
        for group, counts in groups.items():
            keys = _keys(factor, group, metric, size)
            row = scaled(evidence.row(counts, **keys, basis=basis), size)
            yield row if row["subjects"] is None else row | {"subjects": people[group]}
        for group in names:
            if group in hidden or (metric == "false_leads_own" and group not in groups):
                yield {**_keys(factor, group, metric, size), "status": "suppressed"}


def _keys(factor: str, group: str, metric: str, size: int) -> dict[str, Value]:
    return {"factor": factor, "group": group, "metric": metric, "gallery": size}


def _not_listed(evidence: Evidence, found: OpenSet, factor: str, size: int) -> Iterator[Row]:
    people, rank = found.enrolled, evidence.settings.rank
    searches, place, rank_here = _drawn(found, size, evidence.settings.seed), min(rank, size), None
    if size > people:
        scaled_rank = round(place_among(people, size=size, rank=rank))
        searches, place = found.mated, min(people, max(1, scaled_rank))
        rank_here = place
    refused = size > largest_size(people, rank)
    found_misses = list(_misses(evidence, searches, factor, place))
    tables = [
        {group: counts for group, of, counts in found_misses if of == metric and group != OVERALL}
        for metric in ("not_listed", "not_listed_counted")
    ]
    hidden = evidence.withheld(factor, *tables)
    for group, metric, counts in found_misses:
        keys = {**_keys(factor, group, metric, size), "rank": rank, "basis": _basis(size, people)}
        if group in hidden:
            yield {**keys, "status": "suppressed"}
        elif refused:
            yield {**keys, "status": "insufficient"}
        else:
            yield evidence.row(counts, **keys, rank_here=rank_here)


def _drawn(found: OpenSet, size: int, seed: int) -> MatedSearches:
    """Return the searches as if the others in each gallery were drawn from those enrolled."""
    mated, others = found.mated, found.enrolled - 1
    number = min(size - 1, others)
    ahead = np.maximum(mated.rank - 1, 0)
    drawn = np.random.default_rng(seed).hypergeometric(ahead, others - ahead, number)
    return replace(mated, rank=np.where(mated.rank > 0, drawn + 1, 0), depth=number + 1)


def _misses(
    evidence: Evidence, searches: MatedSearches, factor: str, place: int
) -> Iterator[tuple[str, str, SubjectCounts]]:
    for division in (evidence.everybody, evidence.grouping(factor)):
        for group, misses in searches.fnir(division, rank=place).items():
            name = OVERALL if division is evidence.everybody else group
            for metric, counts in (
                ("not_listed", misses.missed),
                ("not_listed_counted", misses.missed_or_refused),
            ):
                if counts.trials.any():
                    yield name, metric, counts


def _basis(size: int, people: int) -> str:
    return "measured" if size <= people else "extrapolated"


def _note(evidence: Evidence, found: OpenSet | None) -> str:
    counts = "A comparison within a group counts for each of its two photos."
    if evidence.scores.degraded:
        counts = "A comparison counts for the group of its probe."
    note = (
        f"A gallery of {evidence.settings.gallery_size:,} people with one photo each, made up like "
        "this cohort. A gallery of people who are more alike gives more false leads. Relatives are "
        f"no false leads, but have ranks like anyone else. {counts}"
    )
    if found is None:
        return note
    rank, people = evidence.settings.rank, found.enrolled
    return (
        f"{note} Who is among the first {rank} is worked out from ranks among {people:,} enrolled "
        f"people; this can be done for galleries of up to {largest_size(people, rank):,}. Its "
        "intervals are over the people searched for."
    )
