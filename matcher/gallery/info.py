"""The figures of a gallery."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from matcher.errors import GalleryDamagedError, GalleryFormatError
from matcher.gallery.index_file import INDEX_NAME, IndexHeader, read_header
from matcher.gallery.records import GalleryInfo
from matcher.gallery.schema import FORMAT_VERSION
from matcher.gallery.store import STORE_NAME, Store


def read_info(directory: Path, store: Store) -> GalleryInfo:
    """Return the figures of a gallery at one commit, and of the index file beside it."""
    header = _header(directory)
    with store.reading():
        return GalleryInfo(
            path=directory,
            model=store.model,
            created=datetime.fromisoformat(store.meta("created")),
            format_version=FORMAT_VERSION,
            subjects=store.value("SELECT count(*) FROM subjects"),
            photos=store.value("SELECT count(DISTINCT sha256) FROM faces"),
            faces=store.faces,
            index=store.meta("index"),
            index_kind=None if header is None else header.kind,
            index_rows=None if header is None else header.rows,
            index_generation=None if header is None else header.generation,
            generation=store.generation,
            store_bytes=sum(_size(file) for file in directory.glob(f"{STORE_NAME}*")),
            index_bytes=_size(directory / INDEX_NAME),
        )


def _header(directory: Path) -> IndexHeader | None:
    with suppress(GalleryDamagedError, GalleryFormatError):
        return read_header(directory)
    return None


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
