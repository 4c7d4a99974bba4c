"""The meaning of a score for people of one age: how often strangers reach it.

A calibration is made from a cohort and the vectors of one model, and kept as a JSON record. For
each age band it gives two rates with intervals: the false-match rate at a score, and the
false-positive identification rate at a score in a gallery of N faces. The record also states what
it holds for: the cohort, the model and the settings. It does not give the probability that two
photos show one person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.arguments import expect
from fairness.calibration.gallery_sizes import SizeTable, false_positive_rates
from fairness.calibration.impostors import Comparisons, Impostors, has_impostors
from fairness.calibration.record import (
    TARGETS,
    AgeBandRecord,
    CalibrationRecord,
    FalseMatchCurve,
    Galleries,
    GapBandRecord,
)
from fairness.cohort import AGE_EDGES, GAP_EDGES, Cohort, spans
from fairness.errors import CalibrationError
from fairness.rates import FEWEST_ERRORS, FEWEST_SUBJECTS, ListedTrials, PairCounts

_POINTS_PER_DECADE = 10
_DIGITS = 4
_METHOD = (
    "Impostors are other people of the probe's age band and sex (of the band, where a sex is "
    "unknown), relatives left out; a photo with fewer than ten such people is left out. "
    "False-match rates are tabulated at observed scores, ten for each power of ten, down to the "
    "highest score that five comparisons reach; limits are Wilson's with a variance that is robust "
    "to comparisons sharing a person. Beyond the last score the rate is at most its upper limit "
    "there. False-positive identification rates are those of galleries of N other people, one "
    "photo each, drawn from the impostors of each probe; limits from a jackknife over people."
)


def calibrate(
    cohort: Cohort,
    vectors: NDArray[np.float32],
    acquisition: Sequence[str] | None = None,
    *,
    model: Mapping[str, str],
    made_on: date,
    age_edges: Sequence[float] = AGE_EDGES,
    gap_edges: Sequence[float] = GAP_EDGES,
    level: float = 0.95,
    most_photos: int = 5000,
    seed: int = 0,
) -> CalibrationRecord:
    """Measure false-match rates of a model by score, for people of each age.

    Parameters
    ----------
    cohort
        The photos. Age bands of the source, such as "3-9", are used as they are. They must not
        overlap the bands of `age_edges`.
    vectors
        float32 array of shape (photos, d), unit rows.
    acquisition
        For each photo "", or the reason why it has no vector; None if all have one.
    model
        Identity of the model, with `name` and `weights_sha256` at least. All of it must agree when
        the record is used.
    made_on
        Date for the record.
    age_edges, gap_edges
        Lower edges of the bands of ages and of gaps between ages, years.
    level
        Confidence level in (0, 1).
    most_photos
        Largest number of photos of a band that are compared. If a band has more, people are drawn.
    seed
        Seed of that draw.

    Raises
    ------
    CalibrationError
        If no band has enough data, bands overlap, or the model is not identified.
    ValueError
        If the vectors have another shape, or not unit length.
    """
    _check(cohort, vectors, made_on)
    _require_model(model)
    there = _acquired(cohort, vectors, acquisition)
    draw = _Draw(cohort, most_photos, seed)
    gaps = _Gaps.of(cohort, vectors, draw, there, gap_edges)
    grouping = cohort.grouping("age", age_edges=age_edges)
    ages = _spans(grouping.names, age_edges)
    bands: list[AgeBandRecord] = []
    missing: dict[str, str] = {}
    for code, name in enumerate(grouping.names):
        group = Impostors.among(cohort, vectors, draw(there & (grouping.codes == code)))
        if name not in ages:
            missing[name] = "no span of ages"
        elif len(group) == 0:
            missing[name] = f"fewer than {FEWEST_SUBJECTS + 1} people of one sex"
        else:
            bands.append(_band(name, ages[name], group, gaps, level))
    if not bands:
        raise _too_few(cohort)
    return CalibrationRecord(
        bands=tuple(bands),
        not_calibrated=missing,
        cohort={
            "name": cohort.name,
            "sha256": cohort.sha256,
            "subjects": len(cohort.subjects),
            "photos": len(cohort),
            **({"rows_refused": len(cohort.refused)} if cohort.refused else {}),
            "photos_acquired": int(there.sum()),
        },
        model=dict(model),
        made_on=made_on.isoformat(),
        software=f"matcher {version('missing-child-matcher')}",
        method=_METHOD,
        level=level,
        age_edges=tuple(map(float, age_edges)),
        gap_edges=tuple(map(float, gap_edges)),
        most_photos=most_photos,
        seed=seed,
    )


class _Draw:
    """Draws people until they have the largest number of photos that are compared."""

    def __init__(self, cohort: Cohort, most_photos: int, seed: int) -> None:
        self._cohort = cohort
        self._most = most_photos
        people = np.random.default_rng(seed).permutation(len(cohort.subjects))
        self._turn = np.argsort(people)[cohort.subject_codes]

    def __call__(self, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Draw among the wanted photos: either all wanted photos of a person or none."""
        photos = np.flatnonzero(wanted)
        if len(photos) <= self._most:
            return photos
        turns = np.sort(self._turn[photos])
        drawn: NDArray[np.int64] = photos[self._turn[photos] < turns[self._most]]
        return drawn


@dataclass(frozen=True, eq=False)
class _Gaps:
    """All photos with an age, for comparisons across ages."""

    group: Impostors
    ages: NDArray[np.float64]
    edges: tuple[float, ...]

    @classmethod
    def of(
        cls,
        cohort: Cohort,
        vectors: NDArray[np.float32],
        draw: _Draw,
        there: NDArray[np.bool_],
        edges: Sequence[float],
    ) -> _Gaps:
        ages = np.array([s.age_at_capture for s in cohort.samples], dtype=np.float64)
        group = Impostors.among(cohort, vectors, draw(there & ~np.isnan(ages)))
        return cls(group, ages[group.photos], tuple(map(float, edges)))

    def around(self, span: tuple[float, float | None], level: float) -> Iterator[GapBandRecord]:
        """Yield the bands of gaps for an age. At least one photo of a pair has that age."""
        at_least, below = span[0], np.inf if span[1] is None else span[1]
        inside = (self.ages >= at_least) & (self.ages < below)
        either = inside[:, None] | inside
        apart = np.abs(self.ages[:, None] - self.ages)
        for low, high in zip(self.edges, [*self.edges[1:], None], strict=True):
            within = (apart >= low) & (apart < (np.inf if high is None else high))
            found = self.group.comparisons(either & within)
            if found.subjects > FEWEST_SUBJECTS and len(found) >= FEWEST_ERRORS:
                yield GapBandRecord(low, high, found.subjects, len(found), _curve(found, level))


def _band(
    name: str, span: tuple[float, float | None], group: Impostors, gaps: _Gaps, level: float
) -> AgeBandRecord:
    found = group.comparisons()
    curve = _curve(found, level)
    table = false_positive_rates(group, np.array(curve.scores, dtype=np.float32), level=level)
    return AgeBandRecord(
        name=name,
        at_least=span[0],
        below=span[1],
        subjects=len(group.starts),
        photos=len(group),
        comparisons=len(found),
        false_matches=curve,
        galleries=_galleries(table),
        largest_gallery={f"{target:g}": _largest(curve, table, target) for target in TARGETS},
        gaps=tuple(gaps.around(span, level)),
    )


def _curve(found: Comparisons, level: float) -> FalseMatchCurve:
    """Tabulate the false-match rate, the highest score last."""
    trials = ListedTrials(*found.by_pair())
    scores = np.unique(found.score[_counts(len(found)) - 1])
    errors = np.searchsorted(-found.score, -scores, side="right")
    rates = [PairCounts(*found.by_pair(n), trials).rate(level=level) for n in errors]
    return FalseMatchCurve(
        scores=tuple(map(float, scores)),
        errors=tuple(map(int, errors)),
        rate=_rounded(rate.estimate for rate in rates),
        low=_rounded(np.minimum.accumulate([rate.low for rate in rates])),
        high=_rounded(_falling([rate.high for rate in rates])),
    )


def _falling(limits: ArrayLike) -> NDArray[np.float64]:
    """Raise limits where needed, so that they never rise along the first axis."""
    raised: NDArray[np.float64] = np.maximum.accumulate(np.flip(limits, 0))
    return np.flip(raised, 0)


def _counts(comparisons: int) -> NDArray[np.int64]:
    """Return numbers of errors, ten for each power of ten, from all down to `FEWEST_ERRORS`."""
    decades = np.log10(comparisons / FEWEST_ERRORS)
    steps = np.arange(int(decades * _POINTS_PER_DECADE) + 1) / _POINTS_PER_DECADE
    return np.unique(np.r_[FEWEST_ERRORS, np.ceil(comparisons / 10**steps).astype(np.int64)])


def _galleries(table: SizeTable) -> Galleries:
    parts = (table.rate, table.low, _falling(table.high))
    return Galleries(table.sizes, *(tuple(map(_rounded, part)) for part in parts))


def _largest(curve: FalseMatchCurve, table: SizeTable, target: float) -> int:
    """Return the largest number of faces that may be searched at the highest score.

    It is the larger of two numbers. One is the largest size in the table whose upper limit is at
    most the target. The other follows from the mean number of false leads, which is the number of
    faces times the false-match rate: the chance of a false lead is at most that mean.
    """
    read_off = (n for n, p in zip(table.sizes, table.high[-1], strict=True) if p <= target)
    return max([int(target / curve.high[-1]), *read_off])


def _rounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(f"{value:.{_DIGITS}g}") for value in values)


def require_people(
    cohort: Cohort, *, age_edges: Sequence[float] = AGE_EDGES, most_photos: int = 5000
) -> None:
    """Refuse a cohort on which `calibrate` must fail, before any vector is made.

    A cohort that passes may still be too small, if faces of it are not found.

    Parameters
    ----------
    cohort, age_edges, most_photos
        As in `calibrate`.

    Raises
    ------
    CalibrationError
        No band has enough people of one sex, or bands overlap.
    """
    expect("cohort", cohort, Cohort, rule="must be a Cohort", next_step="Give read_cohort(path).")
    draw = _Draw(cohort, most_photos, seed=0)
    grouping = cohort.grouping("age", age_edges=age_edges)
    codes = [grouping.names.index(name) for name in _spans(grouping.names, age_edges)]
    if not any(has_impostors(cohort, draw(grouping.codes == code)) for code in codes):
        raise _too_few(cohort)


def _too_few(cohort: Cohort) -> CalibrationError:
    return CalibrationError(
        f"calibration on {cohort.name!r}",
        rule=f"an age band with at least {FEWEST_SUBJECTS + 1} people of one sex",
        got="none",
        next_step="Use a larger cohort, or one with ages.",
    )


_OF_SOURCE = re.compile(r"(\d+)(?:-(\d+)| and over)")


def _spans(
    names: Sequence[str], age_edges: Sequence[float]
) -> dict[str, tuple[float, float | None]]:
    """Return the first age and the end of each band: one of the edges, or of the source.

    Raises
    ------
    CalibrationError
        If an age would be in two bands.
    """
    of_edges = spans(age_edges)
    known: dict[str, tuple[float, float | None]] = {}
    for name in names:
        found = _OF_SOURCE.fullmatch(name)
        if name in of_edges:
            known[name] = of_edges[name]
        elif found:
            known[name] = float(found[1]), float(found[2]) + 1 if found[2] else None
    ordered = sorted(known.items(), key=lambda item: item[1][0])
    for (one, (_, end)), (other, (start, _)) in pairwise(ordered):
        if end is None or end > start:
            raise CalibrationError(
                "age bands",
                rule="no age in two of them",
                got=f"{one!r} and {other!r}",
                next_step="Give age_edges that agree with the bands of the cohort.",
            )
    return dict(ordered)


def _acquired(
    cohort: Cohort, vectors: NDArray[np.float32], acquisition: Sequence[str] | None
) -> NDArray[np.bool_]:
    reasons = [""] * len(cohort) if acquisition is None else list(acquisition)
    if vectors.ndim != 2 or not len(vectors) == len(reasons) == len(cohort):
        raise ValueError(
            f"need a vector and a reason for each of {len(cohort)} photos, "
            f"got {vectors.shape} and {len(reasons)}"
        )
    there = np.array([not reason for reason in reasons])
    if not np.allclose(np.linalg.norm(vectors[there], axis=1), 1, atol=1e-3):
        raise ValueError("need vectors of unit length")
    return there


def _check(cohort: object, vectors: object, made_on: object) -> None:
    """Refuse arguments of another type before any work."""
    expect("cohort", cohort, Cohort, rule="must be a Cohort", next_step="Give read_cohort(path).")
    expect("vectors", vectors, np.ndarray, rule="must be an array", next_step="Stack them.")
    expect("made_on", made_on, date, rule="must be a datetime.date", next_step="Give date.today().")


def _require_model(model: Mapping[str, str]) -> None:
    expect(
        "model",
        model,
        Mapping,
        rule="must be facts by name",
        next_step='Give {"name": …, "weights_sha256": …}.',
    )
    lacking = {"name", "weights_sha256"} - {key for key, value in model.items() if value}
    if lacking:
        raise CalibrationError(
            "model of a calibration",
            rule="name and weights_sha256 of the model that made the vectors",
            got=f"no {' and no '.join(sorted(lacking))}",
            next_step="Give what identifies the model, so that no other is used with the record.",
        )
