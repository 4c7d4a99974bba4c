"""What all audits share: a cohort in groups, and which groups may be shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fairness.auditing.evidence.remembered import remembered
from fairness.auditing.settings import AuditSettings
from fairness.cohort import Cohort, Grouping, Spelling
from fairness.rates import PairCounts, SubjectCounts
from fairness.tables import (
    People,
    Value,
    parts_of,
    rate_row,
    suppressed_groups,
    withheld,
)
from fairness.verification import (
    Kind,
    everybody,
)

SHARED = ("source", "licence", "sex_provenance")
"""Labels whose shares among the photos the run card states."""

TONES = ("tone", "fitzpatrick", "apparent_tone")
_MOST_CROSSED = 24  # number of groups; nobody reads a table of all pairs of more groups


class Grouped:
    """What all audits share: a cohort in groups, one threshold, and which groups may be shown.

    A class below it has `cohort`, `settings`, `threshold` and `kind`.
    """

    settings: AuditSettings
    left_out: tuple[str, ...] = ()

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

    @remembered
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

    @property
    def spellings(self) -> tuple[Spelling, ...]:
        """Labels of this audit that were written in several ways and are read as one."""
        used = {part for factor in self.published for part in factor.split("*")} | {*SHARED}
        used |= {"age_band"} if "age" in used else set()
        return tuple(found for found in self.cohort.spellings if found.label in used)

    @property
    def tone_map(self) -> str | None:
        """The factor of the table of tone, exposure and quality; None if there is no such table."""
        return None

    @property
    def acquired(self) -> NDArray[np.bool_]:
        """Whether each photo could be compared, shape (photos,)."""
        return np.ones(len(self.cohort), np.bool_)

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

    @remembered
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

    @remembered
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
