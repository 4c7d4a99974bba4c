"""The index of a gallery on a server: the server proposes, and the store has the truth.

The table on the server states the commit, and the store, that it reflects. Each search reads later
commits from the store. A process that wrote sends its commits when it is done; one process sends at
a time. A search is therefore right whatever the server holds: no score, no face and no removal
depends on the server.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.errors import (
    GalleryBusyError,
    GalleryFormatError,
    GalleryWriteError,
    IndexServerError,
)
from matcher.gallery.files import unwritable_reported
from matcher.gallery.index.mapped import INDEX_NAME, remove_index
from matcher.gallery.index.paged_scan import scan
from matcher.gallery.index.ranking import Found, best, checked_query, rerank
from matcher.gallery.index.servers import server_of
from matcher.gallery.store import Store, rows, vector_rows
from matcher.private_files import held_alone

log = logging.getLogger(__name__)

FORMAT_VERSION: Final = 1
LOCK_NAME: Final = f"{INDEX_NAME}.lock"

PROPOSED: Final = 4
"""Candidates requested from the server for each place in the list."""

RECENT: Final = 5_000
"""Faces not yet on the server that a search scans itself. If there are more, it sends all first."""

SENT_AT_ONCE: Final = 200_000
"""Faces after which the table notes its progress. A crash while sending costs at most
these."""


class RemoteIndex:
    """Searches a table on a server; if that is behind, also searches the store.

    Parameters
    ----------
    directory
        Directory of the edition of the gallery.
    store
        Open store of the edition.
    asked
        Server and address of the index, see `servers.SERVERS`.
    busy_timeout
        Seconds to wait for another process that is sending.
    confirmed
        As in `ServedIndex`.
    """

    def __init__(
        self, directory: Path, store: Store, asked: str, busy_timeout: float, *, confirmed: bool
    ) -> None:
        self._directory = directory
        self._store = store
        self._busy_timeout = busy_timeout
        server, url = server_of(asked)
        name = f"matcher_{store.stamp(0)}"
        self.index = server.of(url, name, store.model.dimension, confirmed=confirmed)

    def search(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None
    ) -> Found:
        """Return the k nearest faces by their true cosines, as `FaceIndex.search` does."""
        queries = checked_query(queries, self._store.model.dimension, k)
        if allowed is not None:
            with self._store.reading():
                return scan(vector_rows.vectors_of(self._store, allowed), queries, k)
        since = self._followed()
        with self._store.reading():
            count = PROPOSED * k + len(rows.removed_since(self._store, since))
            if count > self.index.most:
                return scan(vector_rows.vector_pages(self._store), queries, k)
            proposed = self._proposed(queries, count, since)
            old = rerank(queries, proposed, lambda ids: vector_rows.vectors(self._store, ids), k)
            new = scan(vector_rows.vector_pages(self._store, since), queries, k)
        return best(np.hstack([old[0], new[0]]), np.hstack([old[1], new[1]]), k)

    def _proposed(self, queries: NDArray[np.float32], count: int, since: int) -> NDArray[np.int64]:
        """Return the server's candidates, -1 for faces that the store did not have at a commit."""
        if not len(queries):
            return np.empty((0, count), dtype=np.int64)
        ids = self.index.candidates(queries, count)
        existing = vector_rows.there_at(self._store, np.unique(ids), since)
        return np.where(np.isin(ids, existing), ids, -1)

    def _followed(self) -> int:
        """Return the commit that the table reflects; first send much that is missing."""
        since = self.generation()
        if since is not None and not self._owes(since):
            return since
        self._send()
        return self._sent()

    def _owes(self, since: int) -> bool:
        gone = len(rows.removed_since(self._store, since))
        return gone > 0 or rows.added_since(self._store, since) > RECENT

    def _sent(self) -> int:
        since = self.generation()
        if since is None:
            raise self._fault("must keep its table", "none, just after it was made")
        return since

    def generation(self) -> int | None:
        """Return the commit that the table reflects.

        The result is None without a table, or if its history is not that of this store.

        Raises
        ------
        GalleryFormatError
            When a newer version of matcher, or another program, made the table.
        """
        facts = self.index.facts()
        if facts is None:
            return None
        version = facts.get("matcher.format")
        if version != str(FORMAT_VERSION):
            raise GalleryFormatError(
                f"table {self.index.name} at {self.index.url}",
                rule=f"this version of matcher reads format {FORMAT_VERSION}",
                got="no format" if version is None else f"format {version}",
                next_step="Use the newer version, or rebuild the index: that replaces it.",
            )
        known = (self._is_ours(facts, name) for name in ("complete", "begun"))
        if facts.get("matcher.model") != self._model or not all(known):
            log.warning("the table on the server is of another history; it is made anew")
            return None
        return int(facts["matcher.complete"].partition(" ")[0])

    @property
    def _model(self) -> str:
        return json.dumps(self._store.model.facts())

    def _is_ours(self, facts: dict[str, str], name: str) -> bool:
        generation, _, stamp = facts.get(f"matcher.{name}", "").partition(" ")
        return generation.isdecimal() and self._store.stamp(int(generation)) == stamp

    def _commit(self, generation: int) -> str:
        return f"{generation} {self._store.stamp(generation)}"

    def _send(self) -> None:
        """Bring the table to the store's last commit; create it if there is none."""
        with self._alone():
            since = self.generation()
            if since is None:
                since = self._create()
            if self._send_since(since) and len(self.index) != self._store.faces:
                log.warning("the server holds another number of faces than the store; rebuilding")
                self._send_since(self._create())
                if len(self.index) != self._store.faces:
                    raise self._fault("must hold the faces that it was sent", "another number")
            self.index.finish()

    def _create(self) -> int:
        """Create the table anew: empty, as the store was at its beginning."""
        facts = {"format": str(FORMAT_VERSION), "model": self._model}
        facts |= {"complete": self._commit(0), "begun": self._commit(0)}
        self.index.create({f"matcher.{name}": value for name, value in facts.items()})
        return 0

    def _send_since(self, since: int) -> bool:
        """Send the commits after `since`, in steps; return whether there was anything to send."""
        anything = False
        while since < self._store.generation:
            with self.index.changing(rows.added_since(self._store, since)):
                until, sent, gone = self._send_step(since)
                if sent or gone:
                    self.index.settle(sent)
                    anything = True
                self.index.note({"matcher.complete": self._commit(until)})
            since = until
        return anything

    def _send_step(self, since: int) -> tuple[int, int, int]:
        """Send one step; return the commit it leads to and how many faces were sent and removed."""
        sent = 0
        with self._store.reading():
            until = rows.step_after(self._store, since, SENT_AT_ONCE)
            gone = rows.gone_since(self._store, since)
            self.index.note({"matcher.begun": self._commit(until)})
            for ids, vectors in vector_rows.vector_pages(self._store, since, until=until):
                self.index.put(ids, vectors)
                sent += len(ids)
        self.index.delete(gone)
        return until, sent, len(gone)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from sending, so that none restores what another one deleted."""
        place = self._directory / LOCK_NAME
        busy = GalleryBusyError(
            "index on the server",
            rule="is sent to by one process at a time",
            got="another one that is sending",
            next_step="Try again when it is done.",
            path=self._directory,
        )
        reported = unwritable_reported("lock of the index on the server", place)
        with held_alone(place, self._busy_timeout, busy=busy, reported=reported):
            yield

    def _fault(self, rule: str, got: str) -> IndexServerError:
        what = f"table {self.index.name} at {self.index.url}"
        return IndexServerError(what, rule=rule, got=got, next_step="Rebuild the index.")

    def rebuild(self) -> None:
        """Create the table anew from the store."""
        with self._alone():
            self._send_since(self._create())
            self.index.finish()
        log.info("sent %d faces to the index server", self._store.faces)

    def save(self) -> None:
        """Send the commits that the server does not have."""
        self._send()

    def save_if_possible(self) -> None:
        """Send missing commits; a failure is only logged, because the store holds everything."""
        try:
            self._send()
        except (
            IndexServerError,
            GalleryBusyError,
            GalleryFormatError,
            GalleryWriteError,
        ) as error:
            log.warning("index server not brought up to date (%s); a search does it", error.code)

    def scrub(self) -> None:
        """Clear removed bytes from the store's file, and delete removed faces on the server."""
        generation = self._store.generation
        remove_index(self._directory)
        self._store.clear_removed(generation)
        self.save_if_possible()

    def discard(self) -> None:
        """Delete the table."""
        self.index.drop()
