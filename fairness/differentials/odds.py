"""Odds ratios of an error: of each factor alone, and with the other factors held fixed.

Two logistic regressions stand side by side. The first has one factor (crude odds ratios), the
second has all of them (adjusted odds ratios). Comparisons of one subject are not independent, so
the standard errors are those of Liang and Zeger (Biometrika 73, 1986), clustered by subject, with
the usual correction for few clusters and t quantiles (Cameron and Miller, JHR 50, 2015).

A ratio is given only where the data determine a finite one. A linear programme finds the levels
that are separated (Konis, DPhil thesis, Oxford 2007); the null space of the design finds those
that cannot be told apart from other factors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space
from scipy.optimize import linprog

from fairness.errors import MissingExtraError
from fairness.rates import FEWEST_ERRORS, effective_people

PEOPLE_PER_PARAMETER = 10
"""A regression is fitted if errors, and trials without one, come from as many people as this for
each of its parameters (Peduzzi et al., J. Clin. Epidemiol. 49, 1996). People are counted as
effective people, see `fairness.rates.effective_people`."""

_TINY = 1e-8

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Levels:
    """A factor and the level of each trial.

    Parameters
    ----------
    factor
        Name of the factor.
    labels
        Text array of shape (trials,).
    reference
        The level that the others are compared with. If None, or if it has too few errors for a
        comparison, it is the level of the most people among those that have enough.
    """

    factor: str
    labels: NDArray[np.str_]
    reference: str | None = None


@dataclass(frozen=True)
class OddsRatio:
    """An odds ratio against the reference level, with confidence limits and p of "it is 1"."""

    ratio: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class LevelOdds:
    """What a level of a factor goes with.

    Parameters
    ----------
    factor, level
        The level.
    errors, trials, subjects
        Counts at this level.
    crude, adjusted
        Its odds ratio with the factor alone, and with the other factors held fixed. None for the
        reference level, and where the data determine no finite number.
    remark
        "reference", or why there is no number; else "".
    """

    factor: str
    level: str
    errors: int
    trials: int
    subjects: int
    crude: OddsRatio | None
    adjusted: OddsRatio | None
    remark: str


def odds_ratios(
    errors: Flags, subjects: NDArray[np.int64], factors: Sequence[Levels], *, level: float = 0.95
) -> tuple[LevelOdds, ...]:
    """Regress an error on factors: each alone, then all together, on the same trials.

    Parameters
    ----------
    errors
        Whether each trial is an error, shape (trials,).
    subjects
        Code of the subject of each trial, at least 0, shape (trials,).
    factors
        The factors, each with two levels or more.
    level
        Confidence level in (0, 1).

    Returns
    -------
    tuple
        Each level of each factor, in the order of the factors, the levels sorted.

    Raises
    ------
    MissingExtraError
        If statsmodels is not installed.
    ValueError
        If shapes differ, there is no factor, or a factor has fewer than two levels.
    """
    require_regression()
    trials = _Trials(errors, subjects)
    if not factors or any(one.labels.shape != errors.shape for one in factors):
        raise ValueError("need factors with one label for each trial")
    coded = [_Coded.of(one, trials) for one in factors]
    together = _fitted(coded, trials, level)
    return tuple(
        found
        for place, one in enumerate(coded)
        for found in one.read(trials, _fitted([one], trials, level)[0], together[place])
    )


def require_regression() -> None:
    """Raise MissingExtraError unless statsmodels is installed."""
    _statsmodels()


def _statsmodels() -> Any:
    try:
        import statsmodels.api
    except ImportError as error:
        raise MissingExtraError(
            "the regression of misses",
            rule="needs statsmodels",
            got="no statsmodels in this environment",
            next_step='Install it with: pip install "statsmodels>=0.14".',
        ) from error
    return statsmodels.api


@dataclass(frozen=True, eq=False)
class _Trials:
    errors: Flags
    subjects: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.errors.ndim != 1 or self.errors.shape != self.subjects.shape:
            raise ValueError(
                f"need arrays of shape (trials,), got {self.errors.shape, self.subjects.shape}"
            )

    def people(self, chosen: Flags) -> float:
        """Return the effective people behind errors, or behind the other trials if fewer."""
        sides = (chosen & self.errors, chosen & ~self.errors)
        return min(effective_people(np.bincount(self.subjects[side])) for side in sides)

    @cached_property
    def carriers(self) -> float:
        return self.people(np.ones_like(self.errors))


@dataclass(frozen=True, eq=False)
class _Coded:
    """A factor with the level of each trial as a number; the reference is level `reference`."""

    factor: str
    names: tuple[str, ...]
    codes: NDArray[np.int64]
    reference: int
    thin: Flags

    @classmethod
    def of(cls, factor: Levels, trials: _Trials) -> _Coded:
        names, codes = np.unique(factor.labels, return_inverse=True)
        if len(names) < 2:
            raise ValueError(f"factor {factor.factor!r} needs two levels, got {names.tolist()}")
        codes = codes.reshape(-1).astype(np.int64)
        people = np.array([trials.people(codes == code) for code in range(len(names))])
        thin = people < FEWEST_ERRORS
        given = np.flatnonzero(names == factor.reference)
        good = len(given) > 0 and not thin[given[0]]
        members = [len(np.unique(trials.subjects[codes == code])) for code in range(len(names))]
        reference = int(given[0]) if good else int(np.argmax(np.where(thin, 0, members)))
        return cls(factor.factor, tuple(map(str, names)), codes, reference, thin)

    @property
    def others(self) -> list[int]:
        """Levels that have a column in the design, in order."""
        return [code for code in range(len(self.names)) if code != self.reference]

    def read(self, trials: _Trials, crude: _Fit, adjusted: _Fit) -> Iterator[LevelOdds]:
        for code, name in enumerate(self.names):
            here = self.codes == code
            errors, made = int(trials.errors[here].sum()), int(here.sum())
            remark = self._remark(code, errors, made)
            alone = together = None
            if not remark:
                column = self.others.index(code)
                alone, together = crude.ratios[column], adjusted.ratios[column]
                remark = _remark_of(crude.reasons[column], adjusted.reasons[column])
            people = len(np.unique(trials.subjects[here]))
            yield LevelOdds(self.factor, name, errors, made, people, alone, together, remark)

    def _remark(self, code: int, errors: int, trials: int) -> str:
        """Say why a level has no number of its own, whatever the fit; "" if it may have one."""
        if self.thin[code]:
            return _why_thin(errors, trials)
        if self.thin[self.reference]:
            return "no level that it could be compared with"
        return "reference" if code == self.reference else ""


@dataclass(frozen=True, eq=False)
class _Fit:
    """The odds ratio of each column of a factor, or the reason why there is none."""

    ratios: list[OddsRatio | None]
    reasons: list[str]


def _why_thin(errors: int, trials: int) -> str:
    if errors in (0, trials):
        return f"{'only' if errors else 'no'} errors, so no finite ratio (separation)"
    return f"errors, or trials without one, of fewer than {FEWEST_ERRORS} people (effective)"


def _remark_of(alone: str, together: str) -> str:
    return alone or (together and f"with the others: {together}")


def _fitted(factors: Sequence[_Coded], trials: _Trials, level: float) -> list[_Fit]:
    """Fit one regression on factors; return the columns of each factor."""
    widths = [len(one.others) for one in factors]
    reasons = np.full(sum(widths), "", dtype=object)
    ratios: list[OddsRatio | None] = [None] * sum(widths)
    if trials.carriers < PEOPLE_PER_PARAMETER * sum(widths):
        reasons[:] = "too few people for a fit"
    else:
        found = _Design.of(factors, trials)
        reasons[found.separated[1:]] = "no finite ratio (separation)"
        reasons[found.alike[1:]] = "cannot be told apart from another factor"
        columns = [place for place in range(sum(widths)) if not reasons[place]]
        made = found.fit(trials, [1 + place for place in columns], level) if columns else []
        for place, ratio in zip(columns, made, strict=True):
            ratios[place] = ratio
            reasons[place] = "" if ratio else "the fit did not converge"
    ends = np.cumsum(widths)
    return [
        _Fit(ratios[end - width : end], list(reasons[end - width : end]))
        for width, end in zip(widths, ends, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Design:
    """The distinct rows of a design, and which of its columns the data determine.

    `rows` has shape (patterns, 1 + columns), the intercept first; `of_trial` gives the pattern of
    each trial; `kept` marks the patterns that are not separated.
    """

    rows: Numbers
    of_trial: NDArray[np.int64]
    kept: Flags
    separated: Flags
    alike: Flags

    @classmethod
    def of(cls, factors: Sequence[_Coded], trials: _Trials) -> _Design:
        codes = np.column_stack([one.codes for one in factors])
        distinct, of_trial = np.unique(codes, axis=0, return_inverse=True)
        of_trial = of_trial.reshape(-1)
        columns = [
            distinct[:, place] == code for place, one in enumerate(factors) for code in one.others
        ]
        rows = np.column_stack([np.ones(len(distinct)), *columns]).astype(np.float64)
        errors = np.bincount(of_trial, trials.errors, minlength=len(rows))
        signs = (errors == np.bincount(of_trial)).astype(np.float64) - (errors == 0)
        kept = _overlapping(rows, signs)
        alike = _undetermined(rows)
        return cls(rows, of_trial, kept, _undetermined(rows[kept]) & ~alike, alike)

    def fit(
        self, trials: _Trials, columns: Sequence[int], level: float
    ) -> list[OddsRatio] | list[None]:
        """Return the odds ratios of columns; None for each if the fit does not converge."""
        models = _statsmodels()
        used = _independent(self.rows[self.kept], columns)
        chosen = self.kept[self.of_trial]
        model = models.GLM(
            trials.errors[chosen].astype(np.float64),
            self.rows[self.of_trial[chosen]][:, used],
            family=models.families.Binomial(),
        )
        groups = np.unique(trials.subjects[chosen], return_inverse=True)[1]
        result = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True, maxiter=100)
        if not result.converged:
            return [None] * len(columns)
        low, high = np.exp(result.conf_int(1 - level)).T
        ratio, p = np.exp(result.params), result.pvalues
        places = [used.index(column) for column in columns]
        return [OddsRatio(*(float(x[i]) for x in (ratio, low, high, p))) for i in places]


def _overlapping(rows: Numbers, signs: Numbers) -> Flags:
    """Mark the patterns that stay when all that can be separated are taken away.

    `signs` is 1 for a pattern of errors only, -1 for one without errors, and 0 for both. A
    direction d separates if sign * (row @ d) >= 0 for all rows, and row @ d = 0 where both occur.
    The likelihood grows without end along it, and the rows with a product above 0 lose their
    weight.
    """
    kept = np.ones(len(rows), np.bool_)
    while np.any(kept & (signs != 0)):
        pure, both = kept & (signs != 0), kept & (signs == 0)
        turned = rows[pure] * signs[pure, None]
        found = linprog(
            -turned.sum(axis=0),
            A_ub=-turned,
            b_ub=np.zeros(len(turned)),
            A_eq=rows[both] if both.any() else None,
            b_eq=np.zeros(int(both.sum())) if both.any() else None,
            bounds=(-1, 1),
        )
        beyond = turned @ found.x > _TINY
        if not beyond.any():
            break
        kept[np.flatnonzero(pure)[beyond]] = False
    return kept


def _undetermined(rows: Numbers) -> Flags:
    """Mark the columns whose coefficients the rows do not determine."""
    if len(rows) == 0:
        return np.ones(rows.shape[1], np.bool_)
    found: Flags = np.any(np.abs(null_space(rows.T @ rows, rcond=_TINY)) > _TINY, axis=1)
    return found


def _independent(rows: Numbers, first: Sequence[int]) -> list[int]:
    """Return columns that span all: those in `first`, then others that add a direction."""
    used = list(first)
    for column in (c for c in range(rows.shape[1]) if c not in first):
        if np.linalg.matrix_rank(rows[:, [*used, column]]) > len(used):
            used.append(column)
    return used
