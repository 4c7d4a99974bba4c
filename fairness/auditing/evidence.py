"""What the tables of an audit are made from: groups, threshold, counts; each worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeVar

import numpy as np

from fairness.auditing.settings import AuditSettings
from fairness.cohort import Cells, Cohort
from fairness.errors import CohortError
from fairness.rates import FEWEST_SUBJECTS, PairCounts, SubjectCounts
from fairness.tables import Value, hidden_groups, rate_row
from fairness.verification import (
    CellPairs,
    FalseMatches,
    ScoreHistogram,
    Scores,
    Threshold,
    Verification,
    everybody,
    threshold_at,
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Scores of a cohort and everything that is counted in them.

    Parameters
    ----------
    scores
        The comparisons.
    settings
        The choices of the audit.
    """

    scores: Scores
    settings: AuditSettings

    @property
    def cohort(self) -> Cohort:
        """Whose photos."""
        return self.scores.cohort

    @cached_property
    def set_threshold(self) -> Threshold | None:
        """How the threshold was set on the cohort; None where it was given.

        Raises
        ------
        CohortError
            If a reference group is not there, or they have too few people.
        """
        if self.settings.threshold is not None:
            return None
        reference = self.settings.reference
        factor = reference[0] if reference else self.settings.factors[0]
        cells = self.cells(factor)
        pairs = self._among(cells, reference[1]) if reference else None
        return threshold_at(self.scores, self.histogram(factor), self.settings.fmr, pairs=pairs)

    @cached_property
    def threshold(self) -> float:
        """The one threshold of the audit."""
        given = self.settings.threshold
        if given is not None:
            return given
        assert self.set_threshold is not None  # noqa: S101  # set where none is given
        return self.set_threshold.value

    @cached_property
    def verification(self) -> Verification:
        """The comparisons at the threshold."""
        return Verification(self.scores, self.threshold)

    @cached_property
    def everybody(self) -> Cells:
        """The one group of all photos."""
        return everybody(len(self.cohort))

    @cache  # noqa: B019  # as long as the audit
    def cells(self, factor: str) -> Cells:
        """Return the groups of a factor."""
        return self.cohort.cells(factor, age_edges=self.settings.age_edges)

    @cache  # noqa: B019
    def hidden(self, factor: str) -> frozenset[str]:
        """Return the groups of a factor of which nothing is shown, see `hidden_groups`."""
        parts = set(factor.split("*"))
        wider = [name for name in self.settings.factors if set(name.split("*")) < parts]
        around = [(self.cells(name), self.hidden(name)) for name in wider]
        return hidden_groups(self.cohort, self.cells(factor), around)

    @cache  # noqa: B019
    def histogram(self, factor: str) -> ScoreHistogram:
        """Return the non-mated scores by group, one pass over all comparisons."""
        return self.scores.histogram(self.cells(factor))

    @cache  # noqa: B019
    def false_matches(self, factor: str) -> FalseMatches:
        """Return the comparisons at or above the threshold, by pair of groups."""
        return self.verification.false_matches(self.cells(factor))

    @cached_property
    def random(self) -> PairCounts:
        """The false matches of everybody with everybody, whatever the groups."""
        return self.false_matches(self.settings.factors[0]).overall()

    @cache  # noqa: B019
    def within(self, factor: str) -> Mapping[str, PairCounts]:
        """Return the false matches within each group that has comparisons."""
        found = self.false_matches(factor)
        return tried({name: found.within(name) for name in self.cells(factor).names})

    @cache  # noqa: B019
    def missed(self, factor: str) -> Mapping[str, SubjectCounts]:
        """Return the false non-matches of each group that has mated comparisons."""
        return tried(self.verification.false_non_matches(self.cells(factor)))

    @cache  # noqa: B019
    def compared(self, factor: str) -> Mapping[str, int]:
        """Return how many people of each group have a photo that could be compared."""
        cells, acquired = self.cells(factor), np.array(self.scores.acquisition) == ""
        found = np.column_stack([cells.codes, self.cohort.subject_codes])[acquired]
        codes = np.unique(found, axis=0)[:, 0]
        people = np.bincount(codes, minlength=len(cells.names)).tolist()
        return dict(zip(cells.names, people, strict=True))

    @property
    def has_mates(self) -> bool:
        """Whether any two photos of one person were compared."""
        return bool(self.missed_by_anybody.trials.sum())

    @cached_property
    def missed_by_anybody(self) -> SubjectCounts:
        """False non-matches of everybody."""
        return next(iter(self.verification.false_non_matches(self.everybody).values()))

    def row(self, counts: SubjectCounts | PairCounts, **keys: Value) -> dict[str, Value]:
        """Return a rate as a row of a table, nothing but the keys where a group is hidden."""
        if self._hides(keys):
            return {**keys, "status": "suppressed"}
        level = self.settings.level
        if isinstance(counts, SubjectCounts):
            return rate_row(counts.rate(level=level), **keys)
        rate = counts.rate(level=level, target=self.settings.fmr)
        return rate_row(rate, **keys)

    def shown(self, values: Mapping[str, Value], *, people: int, **keys: Value) -> dict[str, Value]:
        """Return numbers that are no rate as a row, nothing but the keys where people are few."""
        if people < FEWEST_SUBJECTS or self._hides(keys):
            return {**keys, "status": "suppressed"}
        return {**keys, "status": "shown", **values}

    def _hides(self, keys: Mapping[str, Value]) -> bool:
        factor = keys.get("factor")
        hidden = self.hidden(factor) if isinstance(factor, str) else frozenset()
        groups = {keys.get("group"), keys.get("other_group")}
        return bool(hidden & groups) or keys.get("age") in self.hidden("age")

    def _among(self, cells: Cells, names: tuple[str, ...]) -> CellPairs:
        strange = [name for name in names if name not in cells.names]
        inside = np.isin(np.array(cells.names)[cells.codes], names)
        people = len(np.unique(self.cohort.subject_codes[inside]))
        if strange or people < FEWEST_SUBJECTS:
            raise CohortError(
                f"the groups of {cells.factor} that the threshold is set on",
                rule=f"are in the cohort, with {FEWEST_SUBJECTS} people or more",
                got=f"no {strange[0]!r}" if strange else "fewer people",
                next_step=f"Choose among: {', '.join(cells.names)}.",
            )
        return CellPairs.among(cells, names)


_Counts = TypeVar("_Counts", SubjectCounts, PairCounts)


def tried(groups: Mapping[str, _Counts]) -> dict[str, _Counts]:
    """Return the groups that have a trial."""
    return {name: counts for name, counts in groups.items() if _trials(counts)}


def _trials(counts: SubjectCounts | PairCounts) -> int:
    return int(counts.trials.sum()) if isinstance(counts, SubjectCounts) else counts.trials.total
