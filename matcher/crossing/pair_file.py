"""The pairs of faces that were found, and how far the comparison is: one SQLite file.

It holds face ids and scores, no vector, no name and no path of a photo.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from matcher.crossing.scores import Pairs
from matcher.databases import FileKind, SmallDatabase, opened
from matcher.encryption import file_key
from matcher.errors import CrossFileError
from matcher.gallery import Moment
from matcher.strict_reading import list_of, number_of, object_of, read_json, whole_of

_TABLES: Final = """
CREATE TABLE state (value TEXT NOT NULL) STRICT;
CREATE TABLE pairs (
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    score REAL NOT NULL,
    reported INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (first, second)
) STRICT, WITHOUT ROWID;
"""


_INSERT: Final = (
    "INSERT INTO pairs (first, second, score) VALUES (?, ?, ?) "
    "ON CONFLICT DO UPDATE SET score = excluded.score"
)


@dataclass(frozen=True)
class Progress:
    """How far the comparison of two galleries is.

    Everything up to `since` is compared. Between `since` and `until` the phases before `phase` are
    done, and of this one the faces of the first gallery up to `face_id`.

    Parameters
    ----------
    since, until
        States of the first and of the second gallery.
    lowest
        Every pair with at least this score was kept, in all phases.
    phase, face_id
        Where the comparison goes on.
    done
        Number of faces of the first gallery that were compared since `since`.
    """

    since: tuple[Moment, Moment]
    until: tuple[Moment, Moment]
    lowest: float
    phase: int = 0
    face_id: int = 0
    done: int = 0


class KeptPair(NamedTuple):
    """Two faces, the score of the two, and whether a report named them."""

    first: int
    second: int
    score: float
    reported: bool


class PairFile:
    """An open file of pairs. Get it by `pair_file`."""

    def __init__(self, database: SmallDatabase) -> None:
        self._database = database

    def progress(self) -> Progress | None:
        """Return how far the comparison is; None if nothing was compared.

        Raises
        ------
        CrossFileError
            If the file does not say so in the form that this version writes.
        """
        row = self._database.row("SELECT value FROM state")
        if row is None:
            return None
        try:
            return _progress_of(object_of(read_json(row[0])))
        except (TypeError, ValueError, KeyError) as error:
            raise unusable(self._database.path, "a state that cannot be read") from error

    def clear(self) -> None:
        """Forget all pairs."""
        with self._database.writing():
            self._database.run("DELETE FROM pairs")
            self._database.run("DELETE FROM state")

    def keep(self, pairs: list[Pairs], progress: Progress) -> None:
        """Write pairs, and how far the comparison is with them: both or neither."""
        rows = (
            row
            for part in pairs
            for row in zip(
                part.first.tolist(), part.second.tolist(), part.scores.tolist(), strict=True
            )
        )
        with self._database.writing():
            self._database.run_each(_INSERT, rows)
            self._database.run("DELETE FROM state")
            self._database.run("INSERT INTO state VALUES (?)", (json.dumps(asdict(progress)),))

    def __len__(self) -> int:
        return int(self._database.row("SELECT count(*) FROM pairs")[0])

    def pairs(self) -> Iterator[KeptPair]:
        """Yield the pairs in the order of face ids."""
        sql = "SELECT first, second, score, reported FROM pairs ORDER BY first, second"
        for first, second, score, reported in self._database.rows(sql):
            yield KeptPair(first, second, score, bool(reported))

    def mark_reported(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Note that pairs of faces were reported."""
        with self._database.writing():
            self._database.run_each(
                "UPDATE pairs SET reported = 1 WHERE first = ? AND second = ?", pairs
            )


@contextmanager
def pair_file(path: Path | None) -> Iterator[PairFile]:
    """Open a file of pairs, or make it; None keeps the pairs in memory only.

    One process at a time has it open.

    Raises
    ------
    CrossFileError
        If it is no such file, is damaged, cannot be written, or another process has it open.
    """
    key = None if path is None else file_key(path.parent)
    with opened(path, _KIND, key) as database:
        yield PairFile(database)


def _progress_of(facts: dict[str, Any]) -> Progress:
    return Progress(
        since=_moments_of(facts["since"]),
        until=_moments_of(facts["until"]),
        lowest=number_of(facts["lowest"], -1, 1),
        phase=whole_of(facts["phase"], 0, 2),
        face_id=whole_of(facts["face_id"], 0, 2**62),
        done=whole_of(facts["done"], 0, 2**62),
    )


def _moments_of(value: Any) -> tuple[Moment, Moment]:
    first, second = (object_of(one) for one in list_of(value))
    return _moment_of(first), _moment_of(second)


def _moment_of(facts: dict[str, Any]) -> Moment:
    return Moment(whole_of(facts["generation"], -1, 2**62), str(facts["stamp"]))


def unusable(path: Path, got: object) -> CrossFileError:
    """Return the error of a file that cannot be used."""
    return CrossFileError(
        "The file of compared pairs cannot be used",
        rule="it must be one that a cross-match of this version wrote, and writable",
        got=got,
        next_step="Name another file. All pairs are then compared anew.",
        path=path,
    )


def _busy(path: Path) -> CrossFileError:
    return CrossFileError(
        "The file of compared pairs is in use",
        rule="one cross-match at a time uses it",
        got="another process that has it open",
        next_step="Wait for the other run, or name another file.",
        path=path,
    )


_KIND: Final = FileKind(
    application_id=0x6D746378,  # "mtcx"
    version=1,
    tables=_TABLES,
    unusable=unusable,
    busy=_busy,
)
