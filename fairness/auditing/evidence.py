"""The data behind the tables of an audit: groups, threshold and counts, each computed once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations_with_replacement
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fairness.auditing.settings import AuditSettings
from fairness.cohort import Cohort, Grouping, Spelling
from fairness.errors import CohortError
from fairness.rates import FEWEST_SUBJECTS, PairCounts, SubjectCounts
from fairness.tables import (
    People,
    Value,
    parts_of,
    people_by_group,
    rate_row,
    suppressed_groups,
    withheld,
)
from fairness.verification import (
    EmbeddingScores,
    FalseMatches,
    GroupPairs,
    ListedScores,
    ScoreHistogram,
    Scores,
    Suspicion,
    Threshold,
    Verification,
    everybody,
    require_among,
    require_cosine,
    require_no_selection,
    suspicions,
    suspicious_ranges,
    threshold_at,
)

SHARED = ("source", "licence", "sex_provenance")
"""Labels whose shares among the photos the run card states."""

TONES = ("tone", "fitzpatrick", "apparent_tone")
_MOST_CROSSED = 24  # number of groups; nobody reads a table of all pairs of more groups


@dataclass(frozen=True, eq=False)
class Evidence:
    """Scores of a cohort, and the groups, threshold and counts computed from them.

    Parameters
    ----------
    scores
        The scores.
    settings
        Settings of the audit.
    """

    scores: Scores
    settings: AuditSettings

    def require_sound(self) -> None:
        """Refuse scores from which no rate follows, and a threshold that is not among them.

        Raises
        ------
        ScoresError
            If the listed pairs were chosen by their scores, or the threshold that is given lies
            above all scores or below all.
        """
        if isinstance(self.scores, ListedScores):
            require_no_selection(self.scores)
        if self.settings.threshold is not None:
            if isinstance(self.scores, EmbeddingScores):
                require_cosine(self.threshold)
            histogram = self.histogram(self.settings.factors[0])
            require_among(self.scores, histogram, self.threshold)

    @property
    def cohort(self) -> Cohort:
        """The cohort of the photos."""
        return self.scores.cohort

    @cached_property
    def set_threshold(self) -> Threshold | None:
        """The threshold that was set on the cohort; None if the settings give one.

        Raises
        ------
        CohortError
            If a reference group does not exist, or the reference groups have too few people.
        """
        if self.settings.threshold is not None:
            return None
        reference = self.settings.reference
        factor = reference[0] if reference else self.settings.factors[0]
        grouping = self.grouping(factor)
        pairs = self._among(grouping, reference[1]) if reference else None
        return threshold_at(self.scores, self.histogram(factor), self.settings.fmr, pairs=pairs)

    @cached_property
    def threshold(self) -> float:
        """The one threshold of the audit, as a score: for distances, the negative of it."""
        given = self.settings.threshold
        if given is not None:
            return self.in_own_numbers(given)
        assert self.set_threshold is not None  # noqa: S101  # it is set if none is given
        return self.set_threshold.value

    def in_own_numbers(self, value: float) -> float:
        """Return a score in the matcher's own numbers, or the reverse: a distance is negated."""
        return -value if self.scores.kind == "distance" else value

    @cached_property
    def verification(self) -> Verification:
        """The comparisons at the threshold."""
        return Verification(self.scores, self.threshold)

    @cached_property
    def everybody(self) -> Grouping:
        """The grouping that puts all photos into one group."""
        return everybody(len(self.cohort))

    @cache  # noqa: B019  # the object lives as long as the audit
    def grouping(self, factor: str) -> Grouping:
        """Return the groups of a factor."""
        return self.cohort.grouping(factor, age_edges=self.settings.age_edges)

    def parts(self, crossed: str, group: str) -> dict[str, str]:
        """Return the group of each factor of a crossing, such as "age*sex", that a group is in."""
        grouping = self.grouping(crossed)
        photo = int(np.argmax(grouping.codes == grouping.names.index(group)))
        singles = {factor: self.grouping(factor) for factor in crossed.split("*")}
        return {factor: one.names[one.codes[photo]] for factor, one in singles.items()}

    @cached_property
    def published(self) -> tuple[str, ...]:
        """The factors of all tables: those of the settings, of maps, and of a regression."""
        maps = ("age", self.tone_map) if self.tone_map else ("age",)
        explaining = ("sex", *TONES, *self.settings.parts) if self.settings.explain else ()
        return tuple(dict.fromkeys((*self.settings.factors, *maps, *explaining)))

    @cached_property
    def suspicious(self) -> tuple[Suspicion, ...] | None:
        """Pairs of photos whose scores contradict the labels; None if that cannot be told."""
        ranges = suspicious_ranges(self.scores)
        return None if ranges is None else suspicions(self.scores, ranges)

    @property
    def spellings(self) -> tuple[Spelling, ...]:
        """Labels of this audit that were written in several ways and are read as one."""
        used = {part for factor in self.published for part in factor.split("*")} | {*SHARED}
        used |= {"age_band"} if "age" in used else set()
        return tuple(found for found in self.cohort.spellings if found.label in used)

    @cached_property
    def tone_map(self) -> str | None:
        """The factor of the table of tone, exposure and quality; None if there is no such table."""
        tone = next((name for name in TONES if name in self.settings.factors), None)
        if tone is None or "exposure" not in self.cohort.factors or not self.has_mates:
            return None
        return f"{tone}*exposure*quality"

    @cached_property
    def acquired(self) -> NDArray[np.bool_]:
        """Whether each photo could be compared, shape (photos,)."""
        return np.array([why == "" for why in self.scores.acquisition])

    @cached_property
    def _sums(self) -> tuple[Grouping, ...]:
        """Groupings of which a reader can find the totals, though no table has them.

        They are what two factors have in common, and what the run card has shares of.
        """
        names = self.published
        common = {
            "*".join(part for part in a.split("*") if part in b.split("*"))
            for a in names
            for b in names
        }
        shares = (self.shared(field) for field in SHARED)
        return (*(self.grouping(name) for name in sorted(common - {"", *names})), *shares)

    @cache  # noqa: B019
    def shared(self, field: str) -> Grouping:
        """Return the grouping by a label whose shares the run card states."""
        return Grouping.of(field, [getattr(sample, field) for sample in self.cohort.samples])

    @cached_property
    def _suppressed(self) -> dict[bool, dict[str, frozenset[str]]]:
        groupings = [self.grouping(name) for name in self.published]
        codes, everything = self.cohort.subject_codes, np.ones(len(self.cohort), np.bool_)
        of_all = suppressed_groups(groupings, codes, everything, self._sums)
        compared = suppressed_groups(groupings, codes, self.acquired, self._sums, of_all)
        return {False: of_all, True: compared}

    def suppressed(self, factor: str, *, compared: bool = False) -> frozenset[str]:
        """Return the groups of a published factor whose numbers no table shows.

        With `compared`, these are also the groups of which too few people could be compared: their
        numbers are in no table of comparisons of different people.
        """
        return self._suppressed[compared][factor]

    @cache  # noqa: B019
    def totals(self, factor: str) -> tuple[frozenset[str], ...]:
        """Return the groups of a factor whose numbers add up to a total in another table."""
        inner = self.grouping(factor)
        tables = ((self.grouping(name), self.suppressed(name)) for name in self.published)
        others = (*tables, *((of, frozenset[str]()) for of in self._sums))
        return tuple(
            parts
            for outer, hidden in others
            if outer is not inner
            for name, parts in parts_of(inner, outer).items()
            if name not in hidden
        )

    def withheld(
        self, factor: str, *tables: Mapping[str, SubjectCounts] | Mapping[str, People]
    ) -> frozenset[str]:
        """Return the groups of a factor whose numbers are withheld from one table or several.

        Parameters
        ----------
        factor
            A published factor.
        tables
            For each table the trials of each group, or the people behind its numbers. No
            subtraction tells anything of a group with nobody in it.
        """
        hidden = self.suppressed(factor)
        for groups in tables:
            people = {
                name: found.people if isinstance(found, SubjectCounts) else found
                for name, found in groups.items()
            }
            there = {name: found for name, found in people.items() if found}
            hidden |= withheld(there, self.totals(factor), hidden)
        return hidden

    @cache  # noqa: B019
    def histogram(self, factor: str) -> ScoreHistogram:
        """Return the non-mated scores by group. This takes one pass over all comparisons."""
        return self.scores.histogram(self.grouping(factor))

    @cache  # noqa: B019
    def false_matches(self, factor: str) -> FalseMatches:
        """Return the comparisons at or above the threshold, by pair of groups."""
        return self.verification.false_matches(self.grouping(factor))

    @cached_property
    def random(self) -> PairCounts:
        """The false matches among all comparisons, whatever the groups."""
        return self.false_matches(self.settings.factors[0]).overall()

    @cache  # noqa: B019
    def crossed(self, factor: str) -> Mapping[tuple[str, str], PairCounts | None]:
        """Return the false matches of each pair of groups with comparisons; None if withheld.

        Of more groups than a table can hold, it returns only the pairs of a group with itself.
        """
        names, matches = self.grouping(factor).names, self.false_matches(factor)
        few = self.suppressed(factor, compared=True)
        all_pairs = combinations_with_replacement(names, 2)
        pairs = all_pairs if self.has_map(factor) else ((name, name) for name in names)
        counts = {pair: matches.between(*pair) for pair in pairs}
        counts = {pair: n for pair, n in counts.items() if n.trials.total or few & set(pair)}
        hidden = withheld(
            self._fewer_sides(factor, counts),
            self._totals_of_pairs(factor, counts),
            [pair for pair in counts if few & set(pair)],
        )
        return {pair: None if pair in hidden else n for pair, n in counts.items()}

    def has_map(self, factor: str) -> bool:
        """Whether there is a table of all pairs of groups of a factor."""
        return 1 < len(self.grouping(factor).names) <= _MOST_CROSSED

    def _fewer_sides(
        self, factor: str, counts: Mapping[tuple[str, str], PairCounts]
    ) -> dict[tuple[str, str], People]:
        """Return the people of the smaller of two groups: all comparisons are with one of them."""
        members = people_by_group(self.grouping(factor), self.cohort.subject_codes, self.acquired)
        return {
            pair: min((counts[pair].people & members[name] for name in pair), key=len)
            for pair in counts
        }

    def _totals_of_pairs(
        self, factor: str, pairs: Collection[tuple[str, str]]
    ) -> Iterator[frozenset[tuple[str, str]]]:
        """Yield the pairs with one group, and those that make up a pair of another factor."""
        yield from (
            frozenset(pair for pair in pairs if name in pair)
            for name in self.grouping(factor).names
            if name not in self.suppressed(factor, compared=True)
        )
        parts = sorted(set(self.totals(factor)), key=sorted)
        for one, other in combinations_with_replacement(parts, 2):
            if one == other or not one & other:
                yield frozenset(
                    (a, b)
                    for a, b in pairs
                    if (a in one and b in other) or (a in other and b in one)
                )

    @cache  # noqa: B019
    def within(self, factor: str) -> Mapping[str, PairCounts]:
        """Return the false matches within each group that has comparisons and may be shown."""
        pairs = self.crossed(factor)
        return {a: counts for (a, b), counts in pairs.items() if a == b and counts is not None}

    @cache  # noqa: B019
    def missed(self, factor: str) -> Mapping[str, SubjectCounts]:
        """Return the false non-matches of each group that has some comparison and may be shown."""
        hidden = self.without_misses(factor)
        groups = with_trials(self.verification.false_non_matches(self.grouping(factor)))
        return {name: counts for name, counts in groups.items() if name not in hidden}

    @cache  # noqa: B019
    def without_misses(self, factor: str) -> frozenset[str]:
        """Return the groups whose misses are withheld, with refused photos and without."""
        grouping, verification = self.grouping(factor), self.verification
        compared, every = verification.false_non_matches(grouping), verification.misses(grouping)
        return self.withheld(factor, compared, every)

    @property
    def has_mates(self) -> bool:
        """Whether two photos of any person were compared."""
        return bool(self.missed_by_anybody.trials.sum())

    @cached_property
    def missed_by_anybody(self) -> SubjectCounts:
        """The false non-matches of all photos together."""
        return next(iter(self.verification.false_non_matches(self.everybody).values()))

    def row(self, counts: SubjectCounts | PairCounts, **keys: Value) -> dict[str, Value]:
        """Return a rate as a row of a table."""
        level = self.settings.level
        if isinstance(counts, SubjectCounts):
            return rate_row(counts.rate(level=level), **keys)
        rate = counts.rate(level=level, target=self.settings.fmr)
        return rate_row(rate, **keys)

    def rows(
        self,
        factor: str,
        groups: Mapping[str, SubjectCounts],
        hidden: Collection[str],
        **keys: Value,
    ) -> Iterator[dict[str, Value]]:
        """Yield a row for each group that has trials or is withheld.

        Parameters
        ----------
        factor, groups
            A published factor, and the trials of its groups.
        hidden
            Groups that are withheld. Whether they have trials is withheld as well.
        keys
            Further labels of the rows.
        """
        for name in self.grouping(factor).names:
            labels: dict[str, Value] = {"factor": factor, "group": name, **keys}
            if name in hidden:
                yield {**labels, "status": "suppressed"}
            elif name in groups and groups[name].trials.any():
                yield self.row(groups[name], **labels)

    def _among(self, grouping: Grouping, names: tuple[str, ...]) -> GroupPairs:
        strange = [name for name in names if name not in grouping.names]
        inside = np.isin(np.array(grouping.names)[grouping.codes], names)
        people = len(np.unique(self.cohort.subject_codes[inside]))
        if strange or people < FEWEST_SUBJECTS:
            raise CohortError(
                f"the groups of {grouping.factor} that the threshold is set on",
                rule=f"are in the cohort, with {FEWEST_SUBJECTS} people or more",
                got=f"no {strange[0]!r}" if strange else "fewer people",
                next_step=f"Choose among: {', '.join(grouping.names)}.",
            )
        return GroupPairs.among(grouping, names)


_SCALED = ("estimate", "low", "high", "bound")


def scaled(row: Mapping[str, Value], times: float) -> dict[str, Value]:
    """Return the row of a rate as one of a number: a share of `times` things."""
    return dict(row) | {
        name: value * times
        for name, value in row.items()
        if name in _SCALED and isinstance(value, float)
    }


_Counts = TypeVar("_Counts", SubjectCounts, PairCounts)


def with_trials(groups: Mapping[str, _Counts]) -> dict[str, _Counts]:
    """Return the groups that have at least one trial."""
    return {name: counts for name, counts in groups.items() if _trials(counts)}


def _trials(counts: SubjectCounts | PairCounts) -> int:
    return int(counts.trials.sum()) if isinstance(counts, SubjectCounts) else counts.trials.total
