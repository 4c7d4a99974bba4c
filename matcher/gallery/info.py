"""Collect the figures of a gallery."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from matcher.errors import (
    GalleryDamagedError,
    GalleryFormatError,
    IndexServerError,
    MissingExtraError,
)
from matcher.gallery.index import RemoteIndex, index_files, open_index, read_header
from matcher.gallery.records import GalleryInfo
from matcher.gallery.store import STORE_NAME, Store, rows
from matcher.gallery.store.sqlite_errors import checked


@dataclass(frozen=True)
class _IndexFacts:
    kind: str
    rows: int
    generation: int


def read_info(directory: Path, store: Store) -> GalleryInfo:
    """Return the figures of a gallery at one commit, and the figures of its stored index."""
    kept = _index_facts(directory, store)
    with store.reading():
        return GalleryInfo(
            path=directory,
            model=store.model,
            detectors=store.detectors,
            created=read_meta(store),
            format_version=store.format_version,
            encrypted=store.keys is not None,
            subjects=store.value("SELECT count(*) FROM subjects"),
            hidden=sum(1 for _ in rows.subjects(store, only_hidden=True)),
            photos=store.value("SELECT count(DISTINCT sha256) FROM faces"),
            faces=store.faces,
            index=store.meta("index"),
            index_kind=None if kept is None else kept.kind,
            index_rows=None if kept is None else kept.rows,
            index_generation=None if kept is None else kept.generation,
            generation=store.generation,
            governed=bool(store.governed_as),
            store_bytes=sum(_size(file) for file in directory.glob(f"{STORE_NAME}*")),
            index_bytes=index_size(directory),
        )


def read_meta(store: Store) -> datetime:
    """Read all facts of the store about itself; return the time when it was made.

    Raises
    ------
    GalleryDamagedError
        For a fact that is none.
    """
    with checked(store.path):
        for key in ("index", "scrubbed"):
            store.meta(key)
        _ = store.governed_as
        _ = store.detectors
        return rows.moment_of(store.meta("created"))


def _index_facts(directory: Path, store: Store) -> _IndexFacts | None:
    with suppress(GalleryDamagedError, GalleryFormatError, IndexServerError, MissingExtraError):
        served = open_index(directory, store, 0)
        if isinstance(served, RemoteIndex):
            since = served.generation()
            return (
                None if since is None else _IndexFacts(served.index.kind, len(served.index), since)
            )
        header = read_header(directory, store.model, store.keys)
        return _IndexFacts(header.kind, header.rows, header.generation)
    return None


def index_size(directory: Path) -> int:
    """Return the bytes of all index files of an edition."""
    return sum(map(_size, index_files(directory)))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
