"""Random tokens that stand in the log in place of identifiers of subjects and cases.

The log is never changed. So no identifier stands in it. A table of a small file says which token
stands for what. If a row of this table is erased, nothing tells any more whom the token meant, and
the log stays whole.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.databases import FileKind, SmallDatabase, opened
from matcher.encryption import file_key
from matcher.errors import ActivityLogError
from matcher.governance.places import database_of, folder_of

CASE: Final = "case"
SUBJECT: Final = "subject"
TEXT: Final = "text"
"""Kinds of what tokens stand for: a case, a subject, a text of a filter."""

_TABLES: Final = """
CREATE TABLE pseudonyms (
    token TEXT PRIMARY KEY CHECK (length(token) = 32),
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    called TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pseudonyms_by_name ON pseudonyms (kind, called);
"""


@dataclass(frozen=True)
class Meaning:
    """What a token stands for: the kind, and the identifier."""

    kind: str
    value: str


class Pseudonyms:
    """The tokens of a governed gallery. Each call opens the file anew; any thread can use it.

    Parameters
    ----------
    gallery
        The gallery's directory.
    """

    def __init__(self, gallery: Path) -> None:
        self._gallery = gallery

    def tokens(self, kind: str, values: Collection[str]) -> dict[str, str]:
        """Return the token of each value; a value without a token gets a new one.

        Tokens are on disk when this returns.

        Raises
        ------
        ActivityLogError
            When the file cannot be used or written.
        """
        if not values:
            return {}
        with open_casework(self._gallery) as database:
            known = _known(database, kind, values)
            new: dict[str, str] = {}
            if len(known) < len(set(values)):
                with database.writing():
                    known = _known(database, kind, values)
                    new = {one: secrets.token_hex(16) for one in values if one not in known}
                    rows = ((token, kind, one, one) for one, token in new.items())
                    database.run_each("INSERT INTO pseudonyms VALUES (?, ?, ?, ?)", rows)
        return known | new

    def meanings(self, tokens: Collection[str]) -> dict[str, Meaning]:
        """Return what tokens stand for; those that were erased are left out."""
        with open_casework(self._gallery) as database:
            sql = (
                "SELECT token, kind, called FROM pseudonyms "
                "WHERE token IN (SELECT value FROM json_each(?))"
            )
            found = list(database.rows(sql, (json.dumps(list(tokens)),)))
        return {token: Meaning(kind, called) for token, kind, called in found}

    def token_of(self, kind: str, value: str) -> str | None:
        """Return the token of a value; None if it has none."""
        with open_casework(self._gallery) as database:
            return _known(database, kind, [value]).get(value)

    def values(self, kind: str) -> list[str]:
        """Return all identifiers of a kind that have a token, as they are called now."""
        with open_casework(self._gallery) as database:
            found = database.rows("SELECT DISTINCT called FROM pseudonyms WHERE kind = ?", (kind,))
            return [called for (called,) in found]

    def all_tokens(self, kind: str) -> frozenset[str]:
        """Return all tokens of a kind."""
        with open_casework(self._gallery) as database:
            found = database.rows("SELECT token FROM pseudonyms WHERE kind = ?", (kind,))
            return frozenset(token for (token,) in found)

    def hand_over(self, kind: str, before: str, after: str) -> None:
        """Let the tokens of one identifier stand for another, as after a new name or a merger."""
        with open_casework(self._gallery) as database, database.writing():
            sql = "UPDATE pseudonyms SET called = ? WHERE kind = ? AND called = ?"
            database.run(sql, (after, kind, before))

    def take_back(self, kind: str, value: str) -> None:
        """Let the tokens that were made for an identifier stand for it again."""
        with open_casework(self._gallery) as database, database.writing():
            sql = "UPDATE pseudonyms SET called = value WHERE kind = ? AND value = ?"
            database.run(sql, (kind, value))

    def forget(self, kind: str, values: Collection[str]) -> int:
        """Erase what tokens stand for; return how many values had a token.

        A token goes by the name that it has now. The log stays as it is.
        """
        with open_casework(self._gallery) as database, database.writing():
            known = _known(database, kind, values)
            sql = "DELETE FROM pseudonyms WHERE kind = ? AND called = ?"
            database.run_each(sql, ((kind, value) for value in values))
        return len(known)

    def history(self, kind: str, name: str) -> dict[str, str]:
        """Return the tokens that stand for a name, each with the name that it was made for."""
        with open_casework(self._gallery) as database:
            sql = "SELECT token, value FROM pseudonyms WHERE kind = ? AND called = ?"
            return dict(database.rows(sql, (kind, name)))

    def compact(self) -> None:
        """Write the file anew from its rows, so that no erased byte stays in its free space."""
        with open_casework(self._gallery) as database:
            database.run("VACUUM")


@contextmanager
def open_casework(gallery: Path, tables: Sequence[str] = ()) -> Iterator[SmallDatabase]:
    """Open the casework file of a governed gallery, or make it; only its owner can read it.

    Parameters
    ----------
    gallery
        The gallery's directory.
    tables
        Statements `CREATE TABLE IF NOT EXISTS ...` of the room that needs tables of its own.

    Raises
    ------
    ActivityLogError
        When it is no such file, is damaged, or cannot be written.
    """
    if not folder_of(gallery).is_dir():
        raise unusable(database_of(gallery), "no folder of casework")
    with opened(database_of(gallery), _KIND, file_key(gallery)) as database:
        for statement in tables:
            database.run(statement)
        yield database


def unusable(path: Path, got: object) -> ActivityLogError:
    """Return the error of a casework file that cannot be used."""
    return ActivityLogError(
        "casework of the gallery",
        rule="must be a file that this version wrote, and writable",
        got=got,
        next_step="Restore it from a backup; without it the log does not say who was meant.",
        path=path,
    )


def _known(database: SmallDatabase, kind: str, values: Collection[str]) -> dict[str, str]:
    """Return tokens by value; of several, the one that was made for the value."""
    found: dict[str, str] = {}
    sql = (
        "SELECT called, token FROM pseudonyms WHERE kind = ? "
        "AND called IN (SELECT value FROM json_each(?)) ORDER BY called = value, token DESC"
    )
    for called, token in database.rows(sql, (kind, json.dumps(list(values)))):
        found[called] = token
    return found


_KIND: Final = FileKind(
    application_id=0x6D746377,  # "mtcw"
    version=1,
    tables=_TABLES,
    unusable=unusable,
    settings=(
        "foreign_keys = ON",
        "secure_delete = ON",
        "synchronous = FULL",
        "journal_mode = TRUNCATE",
    ),
)
