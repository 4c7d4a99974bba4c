"""The data behind the tables of an audit: groups, threshold and counts, each computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TypeVar

import numpy as np

from fairness.auditing.settings import AuditSettings
from fairness.cohort import Cohort, Grouping
from fairness.errors import CohortError
from fairness.rates import FEWEST_SUBJECTS, PairCounts, SubjectCounts
from fairness.tables import Value, rate_row, suppressed_groups
from fairness.verification import (
    EmbeddingScores,
    FalseMatches,
    GroupPairs,
    Kind,
    ListedScores,
    ScoreHistogram,
    Scores,
    Threshold,
    Verification,
    everybody,
    require_among,
    require_cosine,
    require_no_selection,
    threshold_at,
)


class Grouped:
    """What all audits share: a cohort in groups, one threshold, and which groups may be shown.

    A class below it has `cohort`, `settings`, `threshold` and `kind`.
    """

    settings: AuditSettings

    @property
    def cohort(self) -> Cohort:
        """The cohort of the photos."""
        raise NotImplementedError

    @property
    def kind(self) -> Kind:
        """What the matcher's own numbers are."""
        raise NotImplementedError

    @property
    def threshold(self) -> float:
        """The one threshold of the audit, as a score: for distances, the negative of it."""
        raise NotImplementedError

    def in_own_numbers(self, value: float) -> float:
        """Return a score in the matcher's own numbers, or the reverse: a distance is negated."""
        return -value if self.kind == "distance" else value

    @cached_property
    def everybody(self) -> Grouping:
        """The grouping that puts all photos into one group."""
        return everybody(len(self.cohort))

    @cache  # noqa: B019  # the object lives as long as the audit
    def grouping(self, factor: str) -> Grouping:
        """Return the groups of a factor."""
        return self.cohort.grouping(factor, age_edges=self.settings.age_edges)

    @cache  # noqa: B019
    def suppressed(self, factor: str) -> frozenset[str]:
        """Return the groups of a factor whose numbers are not shown, see `suppressed_groups`."""
        parts = set(factor.split("*"))
        names = [name for name in self.settings.factors if set(name.split("*")) < parts]
        wider = [(self.grouping(name), self.suppressed(name)) for name in names]
        return suppressed_groups(self.cohort, self.grouping(factor), wider)

    def row(self, counts: SubjectCounts | PairCounts, **keys: Value) -> dict[str, Value]:
        """Return a rate as a row of a table; only the keys if a group of it is suppressed."""
        if self._suppresses(keys):
            return {**keys, "status": "suppressed"}
        level = self.settings.level
        if isinstance(counts, SubjectCounts):
            return rate_row(counts.rate(level=level), **keys)
        rate = counts.rate(level=level, target=self.settings.fmr)
        return rate_row(rate, **keys)

    def shown(self, values: Mapping[str, Value], *, people: int, **keys: Value) -> dict[str, Value]:
        """Return numbers that are no rate as a row; only the keys if they must be suppressed."""
        if people < FEWEST_SUBJECTS or self._suppresses(keys):
            return {**keys, "status": "suppressed"}
        return {**keys, "status": "shown", **values}

    def _suppresses(self, keys: Mapping[str, Value]) -> bool:
        factor = keys.get("factor")
        suppressed = self.suppressed(factor) if isinstance(factor, str) else frozenset()
        groups = {keys.get("group"), keys.get("other_group")}
        return bool(suppressed & groups) or keys.get("age") in self.suppressed("age")


@dataclass(frozen=True, eq=False)
class Evidence(Grouped):
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

    @property
    def cohort(self) -> Cohort:
        """The cohort of the photos."""
        return self.scores.cohort

    @property
    def kind(self) -> Kind:
        """What the matcher's own numbers are."""
        return self.scores.kind

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
    def within(self, factor: str) -> Mapping[str, PairCounts]:
        """Return the false matches within each group that has comparisons."""
        matches = self.false_matches(factor)
        return with_trials({name: matches.within(name) for name in self.grouping(factor).names})

    @cache  # noqa: B019
    def missed(self, factor: str) -> Mapping[str, SubjectCounts]:
        """Return the false non-matches of each group that has mated comparisons."""
        return with_trials(self.verification.false_non_matches(self.grouping(factor)))

    @cache  # noqa: B019
    def compared(self, factor: str) -> Mapping[str, int]:
        """Return the number of people of each group with a photo that could be compared."""
        grouping, acquired = self.grouping(factor), np.array(self.scores.acquisition) == ""
        pairs = np.column_stack([grouping.codes, self.cohort.subject_codes])[acquired]
        codes = np.unique(pairs, axis=0)[:, 0]
        people = np.bincount(codes, minlength=len(grouping.names)).tolist()
        return dict(zip(grouping.names, people, strict=True))

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


_Counts = TypeVar("_Counts", SubjectCounts, PairCounts)


def with_trials(groups: Mapping[str, _Counts]) -> dict[str, _Counts]:
    """Return the groups that have at least one trial."""
    return {name: counts for name, counts in groups.items() if _trials(counts)}


def _trials(counts: SubjectCounts | PairCounts) -> int:
    return int(counts.trials.sum()) if isinstance(counts, SubjectCounts) else counts.trials.total
