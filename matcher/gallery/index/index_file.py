"""The index file: it has a header about itself, and is written completely or not at all.

Layout: eight bytes of magic; the length of the header as four bytes, little-endian; the header as
JSON; then the payload. The payload is the face id of each row as little-endian int64, and then the
bytes that FAISS writes. In an encrypted gallery all of this is the content of a sealed file, see
`matcher.encryption.sealing`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from matcher.embedding import ModelIdentity
from matcher.encryption import GalleryKeys, SealedReader, SealedWriter
from matcher.errors import GalleryDamagedError, GalleryFormatError, GalleryWriteError
from matcher.gallery.index.kinds import KINDS, new_index
from matcher.gallery.index.protocol import FileIndex
from matcher.private_files import open_private, sync_directory
from matcher.strict_reading import object_of, read_json, text_of, whole_of
from matcher.words import counted

INDEX_NAME: Final = "index.bin"
INDEX_PART: Final = "index.bin.part"
MAGIC: Final = b"MTCHIDX1"
FORMAT_VERSION: Final = 1
CHUNK: Final = 1 << 20
LONGEST_HEADER: Final = 1 << 16
_PURPOSE: Final = "index"


@dataclass(frozen=True)
class IndexHeader:
    """The header of an index file.

    Parameters
    ----------
    format_version
        Format of this file.
    model
        The model that made the vectors.
    kind
        Name of the kind of index.
    faces, rows
        Number of faces that can be found, and number of rows including emptied ones.
    generation, stamp
        The commit of the store that the index reflects.
    sha256
        Hash of the payload.
    """

    format_version: int
    model: ModelIdentity
    kind: str
    faces: int
    rows: int
    generation: int
    stamp: str
    sha256: str = "0" * 64


def write_index(
    directory: Path,
    index: FileIndex,
    model: ModelIdentity,
    generation: int,
    stamp: str,
    keys: GalleryKeys | None = None,
) -> None:
    """Replace the index file in one step; with keys, by a sealed one.

    Raises
    ------
    GalleryWriteError
        When the disk is full or the directory is not writable. The old file is then unchanged.
    """
    rows = index.row_ids()
    part, place = directory / INDEX_PART, directory / INDEX_NAME
    with _unwritable_reported(part):
        digest = hashlib.sha256()
        _pass_payload(index, digest.update)
        header = IndexHeader(
            FORMAT_VERSION,
            model,
            index.kind,
            len(index),
            len(rows),
            generation,
            stamp,
            digest.hexdigest(),
        )
        _clear(part)
        with open_private(part, "wb") as file:
            with _written(file, keys) as write:
                write(_encoded(header))
                _pass_payload(index, write)
            file.flush()
            os.fsync(file.fileno())
        if not place.is_file():
            _clear(place)
        part.replace(place)
        sync_directory(directory)


@contextmanager
def _unwritable_reported(part: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # FAISS reports a failed write as RuntimeError
        with suppress(OSError):
            _clear(part)
        raise GalleryWriteError(
            "index file",
            rule="must be writable, with room on the disk",
            got=error,
            next_step="Free space or correct the rights; the index is then rebuilt by itself.",
            path=part,
        ) from error


@contextmanager
def _written(file: IO[bytes], keys: GalleryKeys | None) -> Iterator[Callable[[bytes], object]]:
    """Yield what writes to a file, sealed if there are keys."""
    if keys is None:
        yield file.write
        return
    sealed = SealedWriter(file, keys, _PURPOSE)
    yield sealed.write
    sealed.finish()


def _pass_payload(index: FileIndex, write: Callable[[bytes], object]) -> None:
    write(index.row_ids().astype("<i8").tobytes())
    index.write(write)


def _encoded(header: IndexHeader) -> bytes:
    text = json.dumps({**asdict(header), "model": header.model.facts()}).encode()
    return MAGIC + struct.pack("<I", len(text)) + text


def read_header(directory: Path, keys: GalleryKeys | None = None) -> IndexHeader:
    """Return the header of the index file; the payload is not checked.

    The keys are those of the gallery, None if it is not encrypted.

    Raises
    ------
    GalleryDamagedError
        When there is no such file, or its header cannot be read.
    GalleryFormatError
        When a newer version wrote it.
    """
    with _opened(directory, keys) as file:
        return _read_header(file, directory)


def read_index(directory: Path, keys: GalleryKeys | None = None) -> tuple[FileIndex, IndexHeader]:
    """Return the index of the file; its checksum is verified before FAISS reads a byte.

    Raises
    ------
    GalleryDamagedError, GalleryFormatError
        As for `read_header`, and when the payload does not fit the header.
    """
    with _opened(directory, keys) as file:
        header = _read_header(file, directory)
        start = file.tell()
        payload = file.size - start
        if header.rows > payload // 8:
            raise _damaged(f"must hold {counted(header.rows, 'row')}", "fewer bytes", directory)
        if _digest(file, directory) != header.sha256:
            raise _damaged("must have the SHA-256 of its header", "another", directory)
        file.seek(start)
        ids = np.frombuffer(file.read(8 * header.rows), dtype="<i8").astype(np.int64)
        index = new_index(header.kind, header.model.dimension)
        try:
            index.read(ids, file.read)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise _damaged("must hold an index that FAISS reads", error, directory) from error
    if len(index) != header.faces:
        raise _damaged(f"must hold {counted(header.faces, 'face')}", len(index), directory)
    return index, header


class _PlainReader:
    """Reads a plain file as `SealedReader` does a sealed one."""

    def __init__(self, file: IO[bytes]) -> None:
        self.size = os.fstat(file.fileno()).st_size
        self.tell, self.seek, self.read = file.tell, file.seek, file.read


@contextmanager
def _opened(directory: Path, keys: GalleryKeys | None) -> Iterator[_PlainReader | SealedReader]:
    place = directory / INDEX_NAME
    try:
        if not place.is_file():  # to open a pipe would wait for somebody who writes to it
            raise FileNotFoundError(f"no file of the name {INDEX_NAME}")
        file = place.open("rb")
    except OSError as error:
        raise _damaged("must be there and readable", error, directory) from error
    with file:
        if keys is None:
            yield _PlainReader(file)
            return
        try:
            sealed = SealedReader(file, keys, _PURPOSE)
        except ValueError as error:
            raise _damaged(
                "must be sealed, as the gallery is encrypted", error, directory
            ) from error
        yield sealed


def _read_header(file: _PlainReader | SealedReader, directory: Path) -> IndexHeader:
    start = _bytes(file, len(MAGIC) + 4, directory)
    if len(start) < len(MAGIC) + 4 or not start.startswith(MAGIC):
        raise _damaged("must begin with its magic bytes", "others", directory)
    (length,) = struct.unpack("<I", start[len(MAGIC) :])
    try:
        facts = object_of(read_json(_bytes(file, min(length, LONGEST_HEADER), directory)))
        version = whole_of(facts["format_version"])
        if version == FORMAT_VERSION:
            return _header(facts)
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged("must have a header", "one that cannot be read", directory) from error
    raise GalleryFormatError(
        "index file",
        rule=f"this version of matcher reads format {FORMAT_VERSION}",
        got=f"format {version}",
        next_step="Rebuild the index from the store.",
        path=directory / INDEX_NAME,
    )


def _header(facts: dict[str, Any]) -> IndexHeader:
    header = IndexHeader(**{**facts, "model": ModelIdentity.of(object_of(facts["model"]))})
    for number in (header.faces, header.rows, header.generation):
        whole_of(number)
    if header.kind not in {kind.name for kind in KINDS} or header.faces > header.rows:
        raise ValueError("no such kind of index, or more faces than rows")
    text_of(header.stamp)
    text_of(header.sha256)
    return header


def _digest(file: _PlainReader | SealedReader, directory: Path) -> str:
    digest = hashlib.sha256()
    while block := _bytes(file, CHUNK, directory):
        digest.update(block)
    return digest.hexdigest()


def _bytes(file: _PlainReader | SealedReader, count: int, directory: Path) -> bytes:
    try:
        return file.read(count)
    except ValueError as error:
        raise _damaged("must be sealed by the keys of its gallery", error, directory) from error


def _damaged(rule: str, got: object, directory: Path) -> GalleryDamagedError:
    return GalleryDamagedError(
        "index file",
        rule=rule,
        got=got,
        next_step="Rebuild the index from the store.",
        path=directory / INDEX_NAME,
    )


def remove_index(directory: Path) -> None:
    """Delete the index file and any partly written one."""
    with _unwritable_reported(directory / INDEX_PART):
        _clear(directory / INDEX_NAME)
        _clear(directory / INDEX_PART)
        sync_directory(directory)


def _clear(place: Path) -> None:
    """Delete what stands where a file of the index belongs: a file, a link, or a folder."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
