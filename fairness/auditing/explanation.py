"""What goes with misses: a regression on age, years between the photos, quality, tone and sex.

It answers whether a gap between groups remains when the other factors are held fixed. It shows
what goes together, not what causes what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fairness.auditing.evidence import TONES, Evidence
from fairness.cohort import UNKNOWN, bands
from fairness.differentials import (
    PEOPLE_PER_PARAMETER,
    LevelOdds,
    Levels,
    OddsRatio,
    odds_ratios,
)
from fairness.rates import FEWEST_SUBJECTS, effective_people
from fairness.tables import Row, Table, Value, audit_table
from fairness.verification import Pairs, years_between
from fairness.words import counted

_GAP = "years_between"
_QUALITIES = ("1 of 5 (lowest)", "2 of 5", "3 of 5", "4 of 5", "5 of 5 (highest)")
"""Five bands remove about nine tenths of what a confounder does, three leave a fifth of it
(Cochran, Biometrics 24, 1968)."""

_ONE_LEVEL = "fewer than two levels that can be shown, among comparisons with every label"
_KNOWN = 0.5
"""A factor enters if it is known for this share of the misses, and of the other comparisons."""

_MEANING = (
    "An odds ratio above 1 means more misses than at the reference level of the factor. “Alone” "
    "takes the factor by itself, “with the others” holds the other factors fixed. If a ratio is "
    "near 1 only with the others, they go along with that gap. This shows what goes together, not "
    "what causes what: quality may itself be poor because of how a group is photographed. A ratio "
    "that stays away from 1 may come from something that is not in the table, or from differences "
    "inside a band, which holds a factor only roughly fixed. Intervals allow for "
    "several comparisons of one person; p is not adjusted for the number of rows."
)


def odds(evidence: Evidence) -> Table:
    """Return the odds ratios of misses, first without refused photos, then with them as misses.

    Raises
    ------
    MissingExtraError
        If statsmodels is not installed.
    """
    rows: list[Row] = []
    notes = [_MEANING]
    for metric, pairs in _outcomes(evidence):
        of_metric = _Regression(evidence, metric, pairs)
        rows += of_metric.rows()
        notes += of_metric.notes()
    return audit_table("odds", rows, note=" ".join(notes))


def _outcomes(evidence: Evidence) -> Iterator[tuple[str, Pairs]]:
    """Yield FNMR and, if a comparison could not be made, FNMR with such comparisons as misses."""
    pairs = evidence.verification.mated
    made = ~np.isnan(pairs.score)
    if made.any():
        yield "FNMR", pairs.where(made)
    if not made.all():
        yield "FNMR_counted", pairs


@dataclass(frozen=True, eq=False)
class _Regression:
    """The comparisons of one error rate, their factors, and those that are left out."""

    evidence: Evidence
    metric: str
    pairs: Pairs

    @cached_property
    def missed(self) -> NDArray[np.bool_]:
        return ~(self.pairs.score >= np.float32(self.evidence.threshold))

    @cached_property
    def subjects(self) -> NDArray[np.int64]:
        codes: NDArray[np.int64] = self.evidence.cohort.subject_codes[self.pairs.left]
        return codes

    @cached_property
    def labels(self) -> Mapping[str, NDArray[np.str_]]:
        """The level of each comparison, by factor."""
        asked = self.evidence.settings.parts
        tones = [name for name in TONES if name in asked]
        tones = tones or [name for name in TONES if _several(self._of_photo(name))][:1]
        names = dict.fromkeys(["age", _GAP, "quality", *(tones or ["tone"]), "sex", *asked])
        own = {_GAP: self._gaps, "quality": self._qualities}
        return {name: own[name]() if name in own else self._of_photo(name) for name in names}

    def _of_photo(self, factor: str) -> NDArray[np.str_]:
        grouping = self.evidence.grouping(factor)
        return np.array(grouping.names)[grouping.codes[self.pairs.left]]

    def _gaps(self) -> NDArray[np.str_]:
        edges = self.evidence.settings.gap_edges
        years = years_between(self.evidence.cohort, self.pairs)
        place = np.searchsorted(edges, years, side="right") - 1
        place[np.isnan(years)] = len(edges)
        return np.array([*bands(edges), UNKNOWN])[place]

    def _qualities(self) -> NDArray[np.str_]:
        values = [sample.quality for sample in self.evidence.cohort.samples]
        measured = np.array(values, dtype=np.float64)  # None becomes nan
        lower = np.minimum(measured[self.pairs.left], measured[self.pairs.right])
        return np.array([*_QUALITIES, UNKNOWN])[_fifths(lower)]

    @cached_property
    def _chosen(self) -> tuple[list[str], dict[str, str], NDArray[np.bool_]]:
        """The factors that enter, why the others do not, and the comparisons that are fitted."""
        without = dict.fromkeys(self.labels, "its labels are mostly unknown")
        names = [name for name in self.labels if self._is_known(name)]
        without = {name: why for name, why in without.items() if name not in names}
        while True:
            kept = self._kept(names)
            alone = [name for name in names if not _several(self.labels[name][kept])]
            if not alone:
                return names, without, kept
            without |= dict.fromkeys(alone, _ONE_LEVEL)
            names = [name for name in names if name not in alone]

    def _is_known(self, factor: str) -> bool:
        known = self.labels[factor] != UNKNOWN
        sides = [side for side in (self.missed, ~self.missed) if side.any()]
        return all(float(known[side].mean()) >= _KNOWN for side in sides)

    def _kept(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Mark comparisons with all labels, none of a level that may not be shown."""
        kept = np.ones(len(self.pairs), np.bool_)
        for name in names:
            hidden = () if name in (_GAP, "quality") else self.evidence.suppressed(name)
            kept &= ~np.isin(self.labels[name], [UNKNOWN, *hidden])
        while True:
            before = kept.copy()
            for name in names:
                for level in np.unique(self.labels[name][kept]):
                    here = kept & (self.labels[name] == level)
                    if len(np.unique(self.subjects[here])) < FEWEST_SUBJECTS:
                        kept &= ~here
            if np.array_equal(kept, before):
                return kept

    @cached_property
    def _counts_shown(self) -> bool:
        """Whether no count of fewer than ten people follows from this table and another one."""
        names, _, kept = self._chosen
        levels = [self.labels[name] == level for name in names for level in self._levels(name)]
        return all(_nobody_or_enough(self.subjects[~kept & here]) for here in [~kept, *levels])

    def _levels(self, name: str) -> NDArray[np.str_]:
        levels: NDArray[np.str_] = np.unique(self.labels[name][self._chosen[2]])
        return levels

    def rows(self) -> Iterator[dict[str, Value]]:
        """Yield a row for each level of a factor, and one for each factor that does not enter."""
        names, without, kept = self._chosen
        found: tuple[LevelOdds, ...] = ()
        if names:
            factors = [
                Levels(name, self.labels[name][kept], _QUALITIES[-1] if name == "quality" else None)
                for name in names
            ]
            level = self.evidence.settings.level
            found = odds_ratios(self.missed[kept], self.subjects[kept], factors, level=level)
        for one in found:
            yield {"metric": self.metric, **self._row(one)}
        for name, why in without.items():
            yield {"metric": self.metric, "factor": name, "remark": f"left out: {why}"}

    def _row(self, one: LevelOdds) -> dict[str, Value]:
        row: dict[str, Value] = {"factor": one.factor, "level": one.level, "remark": one.remark}
        row |= _numbers("crude", one.crude) | _numbers("adjusted", one.adjusted)
        if self._counts_shown:
            return row | {"errors": one.errors, "trials": one.trials, "subjects": one.subjects}
        return {key: _rounded(value) for key, value in row.items()}

    def notes(self) -> Iterator[str]:
        """Yield what is left out, and why factors are not fitted together."""
        names, _, kept = self._chosen
        if not kept.all():
            some = "some comparisons" if not self._counts_shown else ""
            number = some or counted(int((~kept).sum()), "comparison")
            yield (
                f"{self.metric}: {number} of people without a label, or of groups of fewer than "
                f"{FEWEST_SUBJECTS} people, left out."
            )
        if not self._counts_shown:
            yield (
                f"{self.metric}: counts are not shown and ratios are rounded, for otherwise the "
                f"numbers of fewer than {FEWEST_SUBJECTS} people would follow by subtraction."
            )
        parameters = sum(len(self._levels(name)) - 1 for name in names)
        missed, hit = (kept & side for side in (self.missed, ~self.missed))
        people = min(effective_people(np.bincount(self.subjects[side])) for side in (missed, hit))
        if people < PEOPLE_PER_PARAMETER * parameters:
            yield (
                f"{self.metric}: the factors are not fitted together. Their {parameters} levels "
                f"beside the reference levels need misses, and hits, of {PEOPLE_PER_PARAMETER} "
                f"people each, {PEOPLE_PER_PARAMETER * parameters} in all, and fewer carry them. "
                "Choose wider bands of age, or audit more people."
            )


def _fifths(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the fifth of each number: 0 the lowest, 4 the highest, -1 for nan."""
    known = np.isfinite(values)
    edges = np.quantile(values[known], [0.2, 0.4, 0.6, 0.8]) if known.any() else np.zeros(4)
    return np.where(known, np.searchsorted(edges, values, side="right"), -1)


def _several(labels: NDArray[np.str_]) -> bool:
    return len(set(labels.tolist()) - {UNKNOWN}) > 1


def _nobody_or_enough(subjects: NDArray[np.int64]) -> bool:
    return len(subjects) == 0 or len(np.unique(subjects)) >= FEWEST_SUBJECTS


def _numbers(name: str, found: OddsRatio | None) -> dict[str, Value]:
    if found is None:
        return {}
    values = (found.ratio, found.low, found.high, found.p_value)
    return dict(zip((name, f"{name}_low", f"{name}_high", f"{name}_p"), values, strict=True))


def _rounded(value: Value) -> Value:
    return float(f"{value:.2g}") if isinstance(value, float) else value
