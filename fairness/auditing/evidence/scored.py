"""The data behind the tables of an audit of scores: threshold and counts, each computed once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from fairness.auditing.evidence.grouped import TONES, Grouped, with_trials
from fairness.auditing.evidence.remembered import remembered
from fairness.auditing.settings import AuditSettings
from fairness.cohort import Cohort, Grouping
from fairness.errors import CohortError
from fairness.rates import FEWEST_SUBJECTS, PairCounts, SubjectCounts
from fairness.tables import (
    People,
    people_by_group,
    withheld,
)
from fairness.verification import (
    EmbeddingScores,
    FalseMatches,
    GroupPairs,
    Kind,
    ListedScores,
    ScoreHistogram,
    Scores,
    Suspicion,
    Threshold,
    Verification,
    require_among,
    require_cosine,
    require_no_selection,
    suspicions,
    suspicious_ranges,
    threshold_at,
)

_MOST_CROSSED = 24  # number of groups; nobody reads a table of all pairs of more groups


@dataclass(frozen=True, eq=False)
class Evidence(Grouped):
    """Scores of a cohort, and the groups, threshold and counts computed from them.

    Parameters
    ----------
    scores
        The scores.
    settings
        Settings of the audit.
    left_out
        Groups whose photos were left out before, see `without_few`.
    """

    scores: Scores
    settings: AuditSettings
    left_out: tuple[str, ...] = ()

    @property
    def cohort(self) -> Cohort:
        """The cohort of the photos."""
        return self.scores.cohort

    @property
    def kind(self) -> Kind:
        """What the matcher's own numbers are."""
        return self.scores.kind

    @cached_property
    def suspicious(self) -> tuple[Suspicion, ...] | None:
        """Pairs of photos whose scores contradict the labels; None if that cannot be told.

        Degraded probes cannot tell: their scores lie too far from those of clear photos.
        """
        ranges = None if self.scores.degraded else suspicious_ranges(self.scores)
        return None if ranges is None else suspicions(self.scores, ranges)

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
        return self.scores.compared

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
        histogram, pairs = self._set_on
        return threshold_at(self.scores, histogram, self.settings.fmr, pairs=pairs)

    @property
    def trials_of_threshold(self) -> int:
        """Number of the comparisons that a threshold is set on."""
        histogram, pairs = self._set_on
        return histogram.of(pairs).trials

    def at_target(self, fmr: float) -> Evidence:
        """Return the same scores at the threshold that is set for another false match rate."""
        histogram, pairs = self._set_on
        value = self.in_own_numbers(threshold_at(self.scores, histogram, fmr, pairs=pairs).value)
        settings = replace(self.settings, fmr=fmr, threshold=value, fmrs=())
        return Evidence(self.scores, settings)

    @cached_property
    def _set_on(self) -> tuple[ScoreHistogram, GroupPairs]:
        """The comparisons that a threshold is set on."""
        reference = self.settings.reference
        factor = reference[0] if reference else self.settings.factors[0]
        grouping = self.grouping(factor)
        pairs = self._among(grouping, reference[1]) if reference else GroupPairs.every(grouping)
        return self.histogram(factor), pairs

    @cached_property
    def threshold(self) -> float:
        """The one threshold of the audit, as a score: for distances, the negative of it."""
        given = self.settings.threshold
        if given is not None:
            return self.in_own_numbers(given)
        assert self.set_threshold is not None  # noqa: S101  # it is set if none is given
        return self.set_threshold.value

    @cached_property
    def verification(self) -> Verification:
        """The comparisons at the threshold."""
        return Verification(self.scores, self.threshold)

    @remembered
    def histogram(self, factor: str) -> ScoreHistogram:
        """Return the non-mated scores by group. This takes one pass over all comparisons."""
        return self.scores.histogram(self.grouping(factor))

    @remembered
    def false_matches(self, factor: str) -> FalseMatches:
        """Return the comparisons at or above the threshold, by pair of groups."""
        return self.verification.false_matches(self.grouping(factor))

    @cached_property
    def random(self) -> PairCounts:
        """The false matches among all comparisons, whatever the groups."""
        return self.false_matches(self.settings.factors[0]).overall()

    @remembered
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

    @remembered
    def compared(self, factor: str) -> Mapping[str, People]:
        """Return the people of each group of whom a photo could be compared."""
        return people_by_group(self.grouping(factor), self.cohort.subject_codes, self.acquired)

    def has_map(self, factor: str) -> bool:
        """Whether there is a table of all pairs of groups of a factor."""
        return 1 < len(self.grouping(factor).names) <= _MOST_CROSSED

    def _fewer_sides(
        self, factor: str, counts: Mapping[tuple[str, str], PairCounts]
    ) -> dict[tuple[str, str], People]:
        """Return the people of the smaller of two groups: all comparisons are with one of them."""
        members = self.compared(factor)
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

    @remembered
    def within(self, factor: str) -> Mapping[str, PairCounts]:
        """Return the false matches within each group that has comparisons and may be shown."""
        pairs = self.crossed(factor)
        return {a: counts for (a, b), counts in pairs.items() if a == b and counts is not None}

    @remembered
    def missed(self, factor: str) -> Mapping[str, SubjectCounts]:
        """Return the false non-matches of each group that has some comparison and may be shown."""
        hidden = self.without_misses(factor)
        groups = with_trials(self.verification.false_non_matches(self.grouping(factor)))
        return {name: counts for name, counts in groups.items() if name not in hidden}

    @remembered
    def without_misses(self, factor: str) -> frozenset[str]:
        """Return the groups whose misses are withheld, with refused photos and without."""
        grouping, verification = self.grouping(factor), self.verification
        compared, every = verification.false_non_matches(grouping), verification.misses(grouping)
        return self.withheld(factor, compared, every)

    @property
    def searchable(self) -> EmbeddingScores | None:
        """The scores, if a gallery can be searched: of vectors, with two photos of some person."""
        scores = self.scores
        return scores if isinstance(scores, EmbeddingScores) and self.has_mates else None

    @property
    def has_mates(self) -> bool:
        """Whether two photos of any person were compared."""
        return bool(self.missed_by_anybody.trials.sum())

    @cached_property
    def missed_by_anybody(self) -> SubjectCounts:
        """The false non-matches of all photos together."""
        return next(iter(self.verification.false_non_matches(self.everybody).values()))

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
