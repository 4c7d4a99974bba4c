"""The choice of a threshold, and the tables of `benchmarks/groups.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from accuracy_rows import weights_of
from groups_measures import Codes, Errors, Numbers, bcubed, f_measure, pairwise
from groups_methods import Method, Vectors
from numpy.typing import NDArray
from recording import Cell, Record

from fairness.differentials import percentile_limits
from matcher.grouping.clusters import LOOSER

Mask = NDArray[np.bool_]

BANDS = ((0, 6, "under 6"), (6, 13, "6 to 12"), (13, 18, "13 to 17"), (18, 200, "18 or older"))
CHILD = 18.0  # years: younger ones are children
LOWER = (0.04, 0.08)  # steps below the threshold
HIGHER = (0.0, 0.04, 0.08)  # steps from the threshold up
SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
DRAWS_OF_PEOPLE = 5
METHODS_COLUMNS = (
    "set",
    "model",
    "method",
    "threshold",
    "BCubed precision, %",
    "BCubed recall, %",
    "F, %",
    "pairwise F, %",
    "merged groups",
    "people split",
)
_GRID_FROM = 0.9  # quantile of the scores of different people


@dataclass(frozen=True, eq=False)
class Faces:
    """The faces of a set, as one model sees them.

    Parameters
    ----------
    vectors
        float32 of shape (n, d), unit length.
    people
        Person of each face, shape (n,).
    ages
        Age on each photo in years, shape (n,); nan where it is not known.
    """

    vectors: Vectors
    people: Codes
    ages: Numbers

    def where(self, kept: Mask) -> Faces:
        """Return some of them."""
        return Faces(self.vectors[kept], self.people[kept], self.ages[kept])

    @classmethod
    def joined(cls, sets: Sequence[Faces]) -> Faces:
        """Return one set of all; no person is in two of them."""
        people, first = [], 0
        for faces in sets:
            people.append(faces.people + first)
            first = int(people[-1].max()) + 1
        return cls(
            np.concatenate([faces.vectors for faces in sets]),
            np.concatenate(people),
            np.concatenate([faces.ages for faces in sets]),
        )


@dataclass(frozen=True, eq=False)
class Findings:
    """The groups that one method makes of one set with one model's vectors."""

    model: str
    method: str
    threshold: float | None
    kind: str
    people: Codes
    groups: Codes

    def cells(self, draws: int, seed: int) -> tuple[Cell, ...]:
        """Return all measures, in the order of `METHODS_COLUMNS`."""
        precision, recall = bcubed(self.people, self.groups)
        errors = Errors.of(self.people, self.groups)
        return (
            self.kind,
            self.model,
            self.method,
            "" if self.threshold is None else f"{self.threshold:.3g}",
            _with_limits(precision, self.people, draws, seed),
            _with_limits(recall, self.people, draws, seed),
            _percent(f_measure(precision.mean(), recall.mean())),
            _percent(f_measure(*pairwise(self.people, self.groups))),
            f"{errors.merged} of {errors.groups}",
            f"{errors.split} of {errors.people}",
        )


def halves(faces: Faces, seed: int = 1) -> Iterator[tuple[Faces, Faces]]:
    """Yield two halves of the people, drawn at random, and then the same two in the other order."""
    everybody = np.unique(faces.people)
    drawn = np.random.default_rng(seed).permutation(everybody)[: len(everybody) // 2]
    first = np.isin(faces.people, drawn)
    yield faces.where(first), faces.where(~first)
    yield faces.where(~first), faces.where(first)


def thresholds_of(faces: Faces) -> list[float]:
    """Return round thresholds up to 1; their steps suit the scores of the model."""
    scores = faces.vectors @ faces.vectors.T
    lowest = float(np.quantile(scores[faces.people[:, None] != faces.people], _GRID_FROM))
    digits = int(np.ceil(-np.log10((1 - lowest) / 20)))
    step = 10.0**-digits
    return [round(one, digits) for one in np.arange(np.ceil(lowest / step), 1 / step) * step]


def lowest_threshold(method: Method, faces: Faces, precision: float) -> float:
    """Return the lowest threshold from which on the BCubed precision is at least so high."""
    at = method(faces.vectors)
    lowest = 1.0
    for threshold in reversed(thresholds_of(faces)):
        if bcubed(faces.people, at(threshold))[0].mean() < precision:
            break
        lowest = threshold
    return lowest


def methods_table(found: Sequence[Findings], draws: int, seed: int, record: Record) -> None:
    """Print and keep a row for each set, model and method."""
    order = {one.kind.partition(",")[0]: None for one in found}
    rows = [
        one.cells(draws, seed)
        for kind in order
        for one in found
        if one.kind.partition(",")[0] == kind
    ]
    record.table("methods", METHODS_COLUMNS, rows)


def ages_table(
    faces: Faces, method: Method, threshold: float, draws: int, seed: int, record: Record
) -> None:
    """Print and keep a row for each age: what became of the faces of that age among all others.

    Below the threshold it says only how many faces are with another person.
    """
    at = method(faces.vectors)
    lower = [threshold - step for step in LOWER]
    wrong = [bcubed(faces.people, at(one))[0] < 1 for one in lower]
    groups = at(threshold)
    precision, recall = bcubed(faces.people, groups)
    alone = np.bincount(groups)[groups] == 1
    heads = (f"with another person at {one:.2f}, %" for one in (threshold, *lower))
    rows: list[tuple[Cell, ...]] = []
    for youngest, oldest, name in BANDS:
        these = (faces.ages >= youngest) & (faces.ages < oldest)
        if these.any():
            people = faces.people[these]
            cells = (
                _with_limits(part[these].astype(np.float64), people, draws, seed)
                for part in (alone, recall, precision < 1, *wrong)
            )
            rows.append((name, int(these.sum()), *cells))
    record.table("by age", ("age", "photos", "in no group, %", "BCubed recall, %", *heads), rows)


def sizes_table(faces: Faces, method: Method, threshold: float, seed: int, record: Record) -> None:
    """Print and keep a row for each share of the people: the means of some draws of so many."""
    lines: list[tuple[Cell, ...]] = []
    random, everybody = np.random.default_rng(seed), np.unique(faces.people)
    for share in SHARES:
        count = round(share * len(everybody))
        rows = []
        for _ in range(DRAWS_OF_PEOPLE if share < 1 else 1):
            some = faces.where(np.isin(faces.people, random.permutation(everybody)[:count]))
            groups = method(some.vectors)(threshold)
            precision, recall = bcubed(some.people, groups)
            errors = Errors.of(some.people, groups)
            merged = errors.merged / max(errors.groups, 1)
            rows.append((len(some.people), merged, (precision < 1).mean(), recall.mean()))
        faces_of, *shares = np.mean(rows, axis=0)
        lines.append((count, f"{faces_of:,.0f}", *map(_percent, shares)))
    heads = ("merged groups, %", "faces with another person, %", "BCubed recall, %")
    record.table("by size of the folder", ("people", "faces", *heads), lines)


def pairs_table(faces: Faces, threshold: float, record: Record) -> None:
    """Print and keep a row for each age: how many pairs of different people of it are links.

    The scores are that of a link, the threshold, and two higher ones.
    """
    steps = (1 - LOOSER * (1 - threshold), *(threshold + step for step in HIGHER))
    heads = ("both of age", "pairs", *(f"{one:.3g} or more" for one in steps))
    rows: list[tuple[Cell, ...]] = []
    for youngest, oldest, name in (*BANDS, (0, CHILD, "under 18")):
        some = faces.where((faces.ages >= youngest) & (faces.ages < oldest))
        scores = (some.vectors @ some.vectors.T)[np.triu(some.people[:, None] != some.people)]
        above = (int((scores >= one).sum()) for one in steps)
        cells = (
            f"{count:,} ({1e4 * count / max(len(scores), 1):,.1f} in 10,000)" for count in above
        )
        rows.append((name, len(scores), *cells))
    record.table("pairs of different people", heads, rows)


def _with_limits(values: Numbers, people: Codes, draws: int, seed: int) -> str:
    """Return the mean over faces in %, and its interval over draws of people."""
    codes = np.unique(people, return_inverse=True)[1]
    sums, counts = np.bincount(codes, values), np.bincount(codes)
    weights = weights_of(len(counts), draws, seed)
    drawn = (sums @ weights) / (counts @ weights)
    limits = percentile_limits(drawn[1:])
    said = "no interval" if limits is None else " to ".join(map(_percent, limits))
    return f"{_percent(drawn[0])} ({said})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
