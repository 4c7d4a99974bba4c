"""Reading a file of scores, for the audit of a matcher of which only the scores are available."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from fairness.arguments import expect, path_of
from fairness.cohort import Cohort
from fairness.errors import MissingExtraError, ScoresError
from fairness.verification.listed_scores import ListedScores, require_no_row
from fairness.verification.scores import Kind
from fairness.words import counted, figure

COLUMNS = ("probe", "reference", "score")

Batch = tuple[Sequence[Any], ...]
"""A batch of rows, one sequence for each column, in the order of `COLUMNS`."""

_AT_ONCE = 65_536
_SHOWN = 5


def read_scores(
    path: Path | str,
    cohort: Cohort,
    *,
    kind: Kind = "similarity",
    drawn_by_chance: bool = False,
) -> ListedScores:
    """Read comparisons from CSV (UTF-8 with a header row), or from Parquet if the name says so.

    Parameters
    ----------
    path
        The file; the ending .parquet means Parquet. The columns `probe` and `reference` name photos
        of the cohort. `score` is a number, or empty if the comparison was tried and could not be
        made. Other columns are ignored.
    cohort
        The cohort of the photos. Its labels decide which comparisons are mated.
    kind
        "distance" if a lower number is closer. Scores are then the negatives of the numbers in
        the file. An audit takes and states thresholds as distances all the same.

    drawn_by_chance
        Whether the pairs are known to be drawn without regard to their scores. An audit refuses
        pairs that look chosen by their scores otherwise, see `require_no_selection`.

    Raises
    ------
    ScoresError
        If the file cannot be read, lacks a column, names photos that are not in the cohort, or has
        scores that are not finite numbers; if it lists a pair twice or a photo with itself; or if
        non-mated scores are mostly closer than mated ones, so that `kind` seems wrong. Rows are
        numbered from 1, after the header.
    MissingExtraError
        If the file is Parquet and pyarrow is not installed.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {get_args(Kind)}, got {kind!r}")
    path = path_of("scores", path)
    expect("cohort", cohort, Cohort, rule="must be a Cohort", next_step="Give read_cohort(path).")
    place = {sample.photo: index for index, sample in enumerate(cohort.samples)}
    unknown: dict[str, None] = {}
    parts = [_parsed(batch, place, unknown) for batch in _batches(path)]
    _require_known(unknown, path)
    if not parts:
        raise _unreadable(path, "no comparison")
    left, right, score, made = (np.concatenate(column) for column in zip(*parts, strict=True))
    require_no_row(
        made & ~np.isfinite(score),
        rule="scores that are finite numbers, empty where a comparison was not made",
    )
    upwards = score if kind == "similarity" else -score
    listed = ListedScores(cohort, left, right, upwards, kind, drawn_by_chance)
    _require_direction(listed, kind, path)
    return listed


def _parsed(
    batch: Batch, place: dict[str, int], unknown: dict[str, None]
) -> tuple[NDArray[Any], ...]:
    """Return photo indices, scores, and whether there is a score. Add to `unknown` other photos."""
    sides = []
    for photos in batch[:2]:
        names = [str(photo) for photo in photos]
        unknown.update((name, None) for name in names if name not in place)
        sides.append(np.array([place.get(name, -1) for name in names], np.int64))
    made = np.array([cell is not None and cell != "" for cell in batch[2]], np.bool_)
    numbers = np.array([_number(cell) for cell in batch[2]], np.float64)
    with np.errstate(over="ignore"):
        return *sides, numbers.astype(np.float32), made


def _number(cell: Any) -> float:
    try:
        return float(cell) if cell is not None else np.nan
    except ValueError:
        return np.nan


def _batches(path: Path) -> Iterator[Batch]:
    return _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)


def _csv(path: Path) -> Iterator[Batch]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _require_columns(header, path)
            wanted = [header.index(column) for column in COLUMNS]
            while rows := list(islice(reader, _AT_ONCE)):
                full = [row for row in rows if row]
                if any(len(row) != len(header) for row in full):
                    raise _unreadable(path, f"a row without {counted(len(header), 'cell')}")
                yield tuple([row[column].strip() for row in full] for column in wanted)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error


def _parquet(path: Path) -> Iterator[Batch]:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError(
            "reading Parquet",
            rule="the extra `parquet` is installed",
            got="no pyarrow",
            next_step='pip install "pyarrow>=17", or give the scores as CSV.',
            path=path,
        ) from error
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            _require_columns(file.schema_arrow.names, path)
            for batch in file.iter_batches(_AT_ONCE, columns=list(COLUMNS)):
                yield tuple(batch.column(column).to_pylist() for column in COLUMNS)
    except (OSError, pyarrow.ArrowException) as error:
        raise _unreadable(path, error) from error


def _require_columns(names: Sequence[str], path: Path) -> None:
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise _unreadable(path, f"no column {' and no '.join(missing)}")


def _unreadable(path: Path, why: object) -> ScoresError:
    return ScoresError(
        "file of scores",
        rule=f"a CSV or Parquet file with the columns {', '.join(COLUMNS)}",
        got=why,
        next_step="Check the file.",
        path=path,
    )


def _require_known(unknown: dict[str, None], path: Path) -> None:
    if unknown:
        named = ", ".join(repr(name) for name in islice(unknown, _SHOWN))
        raise ScoresError(
            "file of scores",
            rule="photos of the cohort, called as its labels call them",
            got=f"{counted(len(unknown), 'other photo')}, as in {named}",
            next_step="Add them to the labels, or leave their rows out.",
            path=path,
        )


def _require_direction(scores: ListedScores, kind: Kind, path: Path) -> None:
    """Refuse scores if non-mated ones are mostly closer than mated ones.

    The test is the Mann-Whitney statistic: the share of (mated, non-mated) pairs of scores in
    which the mated score is higher. Scores are refused if the share is below 0.4 and also more
    than two standard errors below a half.
    """
    mated = scores.mated().score
    mated = mated[~np.isnan(mated)]
    other = np.sort(scores.tail(-np.inf).score)
    if not len(mated) or not len(other):
        return
    below = np.searchsorted(other, mated, "left") + np.searchsorted(other, mated, "right")
    pairs = len(mated) * len(other)
    higher = float(below.sum()) / 2 / pairs
    error = ((len(mated) + len(other) + 1) / (12 * pairs)) ** 0.5
    if higher < min(0.4, 0.5 - 2 * error):
        raise ScoresError(
            "file of scores",
            rule=f"scores of one person that are mostly closer than of two, given as {kind}",
            got=f"closer in only {figure(100 * higher)} % of pairs of such scores",
            next_step=f'Pass kind="{"distance" if kind == "similarity" else "similarity"}", '
            "or check the subjects in the labels.",
            path=path,
        )
