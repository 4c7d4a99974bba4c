"""The leads that were found, and which of them were received: one SQLite file.

It holds random identifiers, times, face ids, and a checksum of 32 bits of each pair of photos. It
holds no vector, no name and no path. What a lead says is read from the galleries when it is
delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from matcher.databases import FileKind, SmallDatabase, opened
from matcher.encryption import file_key
from matcher.errors import WatchListError

_TABLES: Final = """
CREATE TABLE leads (
    lead_id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    found_at TEXT NOT NULL,
    received_at TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE pairs (
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    photos INTEGER NOT NULL,
    lead_id TEXT NOT NULL REFERENCES leads ON DELETE CASCADE,
    PRIMARY KEY (first, second)
) STRICT, WITHOUT ROWID;
CREATE INDEX pairs_by_lead ON pairs (lead_id);
"""


@dataclass(frozen=True)
class Pair:
    """Two faces for which a lead was found.

    Parameters
    ----------
    first, second
        Ids of the faces of the standing probe and of the candidate.
    photos
        Checksum of the hashes of both photos. It tells whether the ids are those of other faces
        now, as after the restoration of a backup.
    lead_id, rule, found_at
        Identifier of the lead, the rule by which it was found, and when.
    received
        Whether the lead was received.
    """

    first: int
    second: int
    photos: int
    lead_id: str
    rule: str
    found_at: datetime
    received: bool


class Outbox:
    """An open outbox. Get it by `open_outbox`."""

    def __init__(self, database: SmallDatabase) -> None:
        self._database = database

    def pairs(self) -> list[Pair]:
        """Return all pairs: those of received leads first, then by time.

        Raises
        ------
        WatchListError
            For a row that no run writes.
        """
        rows = self._database.rows(
            "SELECT first, second, photos, lead_id, rule, found_at, received_at IS NOT NULL "
            "FROM pairs JOIN leads USING (lead_id) "
            "ORDER BY received_at IS NULL, found_at, lead_id, first, second"
        )
        try:
            return [
                Pair(one, two, photos, name, rule, datetime.fromisoformat(found_at), bool(received))
                for one, two, photos, name, rule, found_at, received in rows
            ]
        except ValueError as error:
            raise unusable(self._database.path, "a time that is none") from error

    def waiting(self) -> frozenset[str]:
        """Return the identifiers of the leads that were not received."""
        rows = self._database.rows("SELECT lead_id FROM leads WHERE received_at IS NULL")
        return frozenset(lead_id for (lead_id,) in rows)

    def change(
        self, new: Sequence[Pair], *, void: Iterable[Pair] = (), gone: Iterable[str] = ()
    ) -> None:
        """Take in new leads, and drop pairs and leads that are none any more: all or nothing.

        A lead without any pair is dropped as well.
        """
        with self._database.writing():
            run_each = self._database.run_each
            run_each("DELETE FROM leads WHERE lead_id = ?", ((one,) for one in gone))
            run_each(
                "DELETE FROM pairs WHERE first = ? AND second = ?",
                ((one.first, one.second) for one in void),
            )
            run_each(
                "INSERT OR IGNORE INTO leads VALUES (?, ?, ?, NULL)",
                ((one.lead_id, one.rule, one.found_at.isoformat()) for one in new),
            )
            run_each(
                "INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?)",
                ((one.first, one.second, one.photos, one.lead_id) for one in new),
            )
            self._database.run("DELETE FROM leads WHERE lead_id NOT IN (SELECT lead_id FROM pairs)")

    def mark_received(self, lead_ids: Sequence[str]) -> None:
        """Note that leads were received."""
        now = datetime.now(UTC).isoformat()
        with self._database.writing():
            self._database.run_each(
                "UPDATE leads SET received_at = ? WHERE lead_id = ?",
                ((now, lead_id) for lead_id in lead_ids),
            )


@contextmanager
def open_outbox(path: Path) -> Iterator[Outbox]:
    """Open an outbox, or make it. Hold the lock of the watch list meanwhile.

    Raises
    ------
    WatchListError
        If it is no such file, is damaged, or cannot be written.
    """
    with opened(path, _KIND, file_key(path.parent)) as database:
        yield Outbox(database)


def unusable(path: Path, got: object) -> WatchListError:
    """Return the error of an outbox that cannot be used."""
    return WatchListError(
        "outbox of the watch list",
        rule="must be a file that this version wrote, and writable",
        got=got,
        next_step="Restore it from a backup. Without it, all leads count as new.",
        path=path,
    )


_KIND: Final = FileKind(
    application_id=0x6D74776C,  # "mtwl"
    version=1,
    tables=_TABLES,
    unusable=unusable,
    settings=("foreign_keys = ON", "secure_delete = ON", "synchronous = FULL"),
)
