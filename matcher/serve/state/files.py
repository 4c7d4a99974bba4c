"""The folder of a server's state, and the two small files in it.

`accounts.sqlite3` holds accounts, rights, sessions and failed sign-ins. `work.sqlite3` holds what
is under way: photos that were uploaded, and jobs. Neither holds the name of a subject or of a case.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.databases import FileKind, SmallDatabase, opened
from matcher.private_files import make_folder
from matcher.serve.errors import ServeError

_ACCOUNTS: Final = """
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    stamp TEXT NOT NULL,
    made_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE rights (
    name TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    gallery TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (name, gallery)
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    token TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    stamp TEXT NOT NULL,
    csrf TEXT NOT NULL,
    begun REAL NOT NULL,
    seen REAL NOT NULL,
    notice TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
    token TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    list TEXT NOT NULL,
    seed TEXT NOT NULL,
    PRIMARY KEY (token, list)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
    source TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;
CREATE INDEX attempts_by_source ON attempts (source, at);
"""

_WORK: Final = """
CREATE TABLE uploads (
    key TEXT PRIMARY KEY,
    gallery TEXT NOT NULL,
    case_token TEXT NOT NULL,
    name TEXT NOT NULL,
    job TEXT,
    taken_on TEXT NOT NULL,
    age TEXT NOT NULL,
    at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE jobs (
    key TEXT PRIMARY KEY,
    gallery TEXT NOT NULL,
    case_token TEXT NOT NULL,
    name TEXT NOT NULL,
    at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE items (
    job TEXT NOT NULL REFERENCES jobs ON DELETE CASCADE,
    number INTEGER NOT NULL,
    upload TEXT NOT NULL,
    state TEXT NOT NULL,
    search TEXT NOT NULL,
    said TEXT NOT NULL,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;
"""

_SETTINGS: Final = ("secure_delete = ON", "foreign_keys = ON")


def unusable(path: Path, got: object) -> ServeError:
    """Return the error of a file of the state that cannot be used."""
    return ServeError(
        "state of the server",
        rule="must be a folder with files that this version wrote, and writable",
        got=got,
        next_step="Check the rights and the disk; restore the file from a backup.",
        path=path,
    )


_ACCOUNTS_KIND: Final = FileKind(0x6D737276, 1, _ACCOUNTS, unusable, settings=_SETTINGS)
_WORK_KIND: Final = FileKind(0x6D73776B, 1, _WORK, unusable, settings=_SETTINGS)


@dataclass(frozen=True)
class StateFolder:
    """The folder of a server's state. `of` makes it where it is missing.

    Parameters
    ----------
    path
        The folder. Only its owner can read it.
    """

    path: Path

    @classmethod
    def of(cls, path: Path) -> StateFolder:
        """Return the folder; make it, with the folder of uploads, where there is none.

        Raises
        ------
        ServeError
            It cannot be made, or is something else.
        """
        try:
            make_folder(path / "uploads")
        except OSError as error:
            raise unusable(path, error.strerror) from error
        return cls(path)

    @property
    def uploads(self) -> Path:
        """The folder of photos that were uploaded and not yet searched for."""
        return self.path / "uploads"

    @contextmanager
    def accounts(self) -> Iterator[SmallDatabase]:
        """Open the file of accounts, rights and sessions; threads take turns."""
        path = self.path / "accounts.sqlite3"
        with _turn(path), opened(path, _ACCOUNTS_KIND) as file:
            yield file

    @contextmanager
    def work(self) -> Iterator[SmallDatabase]:
        """Open the file of uploads and jobs; threads take turns."""
        path = self.path / "work.sqlite3"
        with _turn(path), opened(path, _WORK_KIND) as file:
            yield file


_turns: dict[Path, threading.RLock] = {}
_adding = threading.Lock()


def _turn(path: Path) -> threading.RLock:
    """Return the lock of a file for the threads of this process.

    SQLite lets many writers wait by asking again and again, so that some wait too long.
    """
    with _adding:
        return _turns.setdefault(path, threading.RLock())
