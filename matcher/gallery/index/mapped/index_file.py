"""Write index files, read them, and empty rows of them. Their layout: see `index_header`."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import FACE, ModelIdentity
from matcher.encryption import GalleryKeys, SealedReader, SealedWriter
from matcher.errors import GalleryWriteError
from matcher.gallery.index.mapped.codes import LEAST, MOST_TRAINING, Coder, code_bytes, parts_for
from matcher.gallery.index.mapped.index_header import (
    FORMAT_VERSION,
    INDEX_NAME,
    PURPOSE,
    IndexHeader,
    IndexLayout,
    PlainReader,
    bytes_of,
    damaged_index,
    encoded,
    header_of,
    index_files,
    index_name,
    opened,
)
from matcher.gallery.index.mapped.kinds import new_index
from matcher.gallery.index.mapped.row_sums import row_sums
from matcher.gallery.index.mapped.rows import CodedRows, Rows
from matcher.gallery.index.mapped.table_index import TableIndex
from matcher.gallery.index.paged_scan import Page
from matcher.private_files import open_private, sync_directory
from matcher.words import counted

_AT_ONCE: Final = 1 << 15

Put = Callable[[int, bytes], object]
"""Writes bytes at a place of the file."""


def write_index(
    directory: Path,
    index: TableIndex,
    model: ModelIdentity,
    generation: int,
    stamp: str,
    keys: GalleryKeys | None = None,
    *,
    name: str = FACE,
) -> None:
    """Replace the index file in one step; with keys, by a sealed one.

    Raises
    ------
    GalleryWriteError
        When the disk is full or the directory is not writable. The old file is then unchanged.
    """
    place = directory / index_name(model, name)
    part = _part(place)
    coder = _coder(index)
    header = IndexHeader(
        FORMAT_VERSION, model, name, index.kind, len(index), coder is not None, generation, stamp
    )
    with _unwritable_reported(part):
        _clear(part)
        with open_private(part, "wb") as file:
            if keys is None:
                _write_rows(index, header, coder, partial(_put, file.fileno()))
            else:
                content = bytearray(IndexLayout.of(header).end)
                _write_rows(index, header, coder, partial(_place, content))
                sealed = SealedWriter(file, keys, PURPOSE)
                sealed.write(bytes(content))
                sealed.finish()
            file.flush()
            os.fsync(file.fileno())
        if not place.is_file():
            _clear(place)
        part.replace(place)
        sync_directory(directory)


def _part(place: Path) -> Path:
    return place.with_name(f"{place.name}.part")


def _put(file: int, place: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, place)
        view, place = view[written:], place + written


def _place(content: bytearray, place: int, data: bytes) -> None:
    content[place : place + len(data)] = data


def _coder(index: TableIndex) -> Coder | None:
    """Return what makes the codes of the file: that of the rows it has, or a new one."""
    if not index.coded or len(index) < LEAST:
        return None
    held = index.written
    if isinstance(held, CodedRows) and len(index) <= 4 * len(held.ids):
        return held.coder
    step = max(1, len(index) // MOST_TRAINING)
    return Coder.learnt(np.concatenate([vectors[::step] for _, vectors in index.pages()]))


def _write_rows(index: TableIndex, header: IndexHeader, coder: Coder | None, put: Put) -> None:
    layout = IndexLayout.of(header)
    places = layout.places
    put(layout.end - 1, b"\0")  # without rows, nothing else would make the file as long
    width, row, digest = code_bytes(index.dimension), 0, hashlib.sha256()
    for ids, vectors in _in_pieces(index):
        held = ids.astype("<i8").tobytes()
        digest.update(held)
        put(places["ids"] + 8 * row, held)
        put(places["sums"] + 8 * row, row_sums(vectors).astype("<u8").tobytes())
        put(places["vectors"] + 4 * index.dimension * row, vectors.astype("<f4").tobytes())
        if coder is not None:
            codes = coder.codes(vectors)
            put(places["code_sums"] + 8 * row, row_sums(codes).astype("<u8").tobytes())
            put(places["codes"] + width * row, codes.tobytes())
        row += len(ids)
    if coder is not None:
        centres = coder.centres.astype("<f4").tobytes()
        digest.update(centres)
        put(places["centres"], centres)
    put(0, encoded(replace(header, sha256=digest.hexdigest())))


def _in_pieces(index: TableIndex) -> Iterator[Page]:
    for ids, vectors in index.pages():
        for start in range(0, len(ids), _AT_ONCE):
            yield ids[start : start + _AT_ONCE], vectors[start : start + _AT_ONCE]


@contextmanager
def _unwritable_reported(part: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        with suppress(OSError):
            _clear(part)
        raise GalleryWriteError(
            "index file",
            rule="must be writable, with room on the disk",
            got=error,
            next_step="Free space or correct the rights; the index is then rebuilt by itself.",
            path=part,
        ) from error


def read_index(
    directory: Path, model: ModelIdentity, keys: GalleryKeys | None = None, *, name: str = FACE
) -> tuple[TableIndex, IndexHeader]:
    """Return the index of a file, which is mapped.

    What a search compares is verified before: all vectors, or all codes. Where there are codes, a
    vector is verified when it is used, see `CodedRows`.

    Raises
    ------
    GalleryDamagedError, GalleryFormatError
        As for `read_header`, and when the rows do not fit the header.
    """
    place = directory / index_name(model, name)
    with opened(place, keys) as file:
        header, layout = _described(file, place)
        rows = _rows(file, header, layout, place)
    return new_index(header.kind, header.model.dimension, rows), header


def _described(file: PlainReader | SealedReader, place: Path) -> tuple[IndexHeader, IndexLayout]:
    """Return the header, and the layout that it describes, which is as long as the file."""
    header = header_of(file, place)
    layout = IndexLayout.of(header)
    if file.size != layout.end:
        raise damaged_index(f"must hold {counted(header.rows, 'row')}", "other bytes", place)
    return header, layout


def _rows(
    file: PlainReader | SealedReader, header: IndexHeader, layout: IndexLayout, place: Path
) -> Rows:
    """Return the rows of a file, verified as `read_index` says."""

    def part(name: str, dtype: str, *shape: int) -> NDArray[Any]:
        return _array(file, layout.places[name], dtype, shape, place)

    ids = _ids(file, header, layout, place)
    count, d = header.rows, header.model.dimension
    sums, vectors = part("sums", "<u8", count), part("vectors", "<f4", count, d)
    if header.codes:
        centres = part("centres", "<f4", parts_for(d), 16, d // parts_for(d))
        codes = part("codes", "u1", count, code_bytes(d))
        same = row_sums(codes) == part("code_sums", "<u8", count)
    else:
        same = row_sums(vectors) == sums
    filled = np.asarray(sums != 0)  # after the rows: a removal clears a row's sum first
    if not (same | ~filled).all():
        raise damaged_index("must hold the rows that were written", "others", place)
    if header.codes:
        return CodedRows(ids, vectors, filled, sums=sums, coder=Coder(centres), codes=codes)
    return Rows(ids, vectors, filled)


def _ids(
    file: PlainReader | SealedReader, header: IndexHeader, layout: IndexLayout, place: Path
) -> NDArray[np.int64]:
    """Return the face id of each row; they are verified, and so is what the codes stand for."""
    held = _array(file, layout.places["ids"], "<i8", (header.rows,), place)
    digest = hashlib.sha256(held.tobytes())
    if header.codes:
        shape = (16 * header.model.dimension,)
        digest.update(_array(file, layout.places["centres"], "<f4", shape, place).tobytes())
    ids: NDArray[np.int64] = held.astype(np.int64)
    if digest.hexdigest() != header.sha256 or (ids < 0).any():
        raise damaged_index("must hold the rows that were written", "others", place)
    return ids


def _array(
    file: PlainReader | SealedReader, start: int, dtype: str, shape: tuple[int, ...], place: Path
) -> NDArray[Any]:
    """Return a part of a file as an array: mapped, or decrypted in memory."""
    if isinstance(file, PlainReader):
        return file.mapped(start, dtype, shape)
    kind = np.dtype(dtype)
    file.seek(start)
    data = bytes_of(file, math.prod(shape) * kind.itemsize, place)
    return np.frombuffer(data, dtype=kind).reshape(shape)


def empty_rows(
    directory: Path,
    model: ModelIdentity,
    removed: Callable[[IndexHeader], NDArray[np.int64]],
    *,
    name: str = FACE,
) -> None:
    """Write zeros over the vectors, codes and sums of removed faces in a plain file.

    Parameters
    ----------
    removed
        Returns the ids of the faces that were removed after the commit that a header names, or
        raises GalleryDamagedError.

    Raises
    ------
    GalleryDamagedError, GalleryFormatError
        The file is not one whose rows can be found.
    GalleryWriteError
        It cannot be written.
    """
    place = directory / index_name(model, name)
    with opened(place, None) as file:
        header, layout = _described(file, place)
        ids = _ids(file, header, layout, place)
        rows = np.flatnonzero(np.isin(ids, removed(header)))
    widths = {"sums": 8, "vectors": 4 * header.model.dimension}
    if header.codes:
        widths |= {"code_sums": 8, "codes": code_bytes(header.model.dimension)}
    with _unwritable_reported(place), place.open("r+b") as file_:
        for row in rows.tolist():
            for part, width in widths.items():
                _put(file_.fileno(), layout.places[part] + width * row, bytes(width))
        os.fsync(file_.fileno())


def remove_index(directory: Path) -> None:
    """Delete the index files and partly written ones."""
    with _unwritable_reported(directory / INDEX_NAME):
        for place in index_files(directory):
            _clear(place)
        sync_directory(directory)


def _clear(place: Path) -> None:
    """Delete what stands where a file of the index belongs: a file, a link, or a folder."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
