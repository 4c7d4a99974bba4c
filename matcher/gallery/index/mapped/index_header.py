"""The index file: written completely or not at all, and then used where it is.

Layout: eight bytes of magic; the length of the header as four bytes, little-endian; the header as
JSON; then, each from a multiple of 64 bytes on and little-endian:

- the face id of each row (int64);
- the sum of each row's vector (uint64), see `row_sums`;
- the vectors (float32);
- where there are codes: the sum of each code (uint64), the codes, and what they stand for
  (float32).

The file is mapped, not read. Only a removal changes it: it writes zeros over a row's vector, code
and sums, and leaves the face id. A row whose sum is zero is empty. A process that has the file
mapped sees the zeros, and never a part of another row. In an encrypted gallery all of this is the
content of a sealed file, see `matcher.encryption.sealing`, which is read, and written anew.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import FACE, ModelIdentity
from matcher.encryption import GalleryKeys, SealedReader
from matcher.errors import GalleryDamagedError, GalleryFormatError
from matcher.gallery.index.mapped.codes import code_bytes
from matcher.gallery.index.mapped.kinds import KINDS
from matcher.strict_reading import object_of, read_json, text_of, whole_of

INDEX_NAME: Final = "index.bin"
MAGIC: Final = b"MTCHIDX1"
FORMAT_VERSION: Final = 2
LONGEST_HEADER: Final = 1 << 16
PURPOSE: Final = "index"
_ALIGNED: Final = 64
_IS_INDEX: Final = re.compile(r"index(\.[0-9]+)?\.bin(\.part)?")


@dataclass(frozen=True)
class IndexHeader:
    """The header of an index file.

    Parameters
    ----------
    format_version
        Format of this file.
    model
        The model that made the vectors.
    name
        Name of the vectors, one of the model's names.
    kind
        Name of the kind of index.
    rows
        Number of rows, which is the number of faces when the file was written.
    codes
        Whether the rows have codes.
    generation, stamp
        The commit of the store that the index reflects.
    sha256
        Hash of the face ids and of what the codes stand for.
    """

    format_version: int
    model: ModelIdentity
    name: str
    kind: str
    rows: int
    codes: bool
    generation: int
    stamp: str
    sha256: str = "0" * 64


@dataclass(frozen=True)
class IndexLayout:
    """Where the parts of an index file begin, by name, and where it ends."""

    places: dict[str, int]
    end: int

    @classmethod
    def of(cls, header: IndexHeader) -> IndexLayout:
        """Return the layout of the file with a header."""
        rows, d = header.rows, header.model.dimension
        sizes = {"ids": 8 * rows, "sums": 8 * rows, "vectors": 4 * d * rows}
        if header.codes:
            sizes |= {"code_sums": 8 * rows, "codes": code_bytes(d) * rows, "centres": 64 * d}
        place, places = len(encoded(header)), {}
        for part, size in sizes.items():
            place += -place % _ALIGNED
            places[part] = place
            place += size
        return cls(places, place)


def index_name(model: ModelIdentity, name: str = FACE) -> str:
    """Return the name of the file with the vectors of one of the model's names."""
    place = model.vector_names.index(name)
    return f"index.{place + 1}.bin" if place else INDEX_NAME


def encoded(header: IndexHeader) -> bytes:
    """Return the beginning of the file."""
    text = json.dumps({**asdict(header), "model": header.model.facts()}).encode()
    return MAGIC + struct.pack("<I", len(text)) + text


def read_header(
    directory: Path, model: ModelIdentity, keys: GalleryKeys | None = None, *, name: str = FACE
) -> IndexHeader:
    """Return the header of an index file; the rest is not checked.

    The keys are those of the gallery, None if it is not encrypted.

    Raises
    ------
    GalleryDamagedError
        When there is no such file, or its header cannot be read.
    GalleryFormatError
        When another version wrote it.
    """
    place = directory / index_name(model, name)
    with opened(place, keys) as file:
        return header_of(file, place)


class PlainReader:
    """Reads a plain file as `SealedReader` does a sealed one, and maps parts of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._map: mmap.mmap | None = None
        self.size = os.fstat(file.fileno()).st_size
        self.tell, self.seek, self.read = file.tell, file.seek, file.read

    def mapped(self, start: int, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return a part of the file as an array that cannot be written to."""
        if not all(shape):
            return np.empty(shape, dtype=dtype)
        if self._map is None:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(self._map, dtype, math.prod(shape), start).reshape(shape)


@contextmanager
def opened(place: Path, keys: GalleryKeys | None) -> Iterator[PlainReader | SealedReader]:
    """Open an index file to read it; a missing or unreadable one is a GalleryDamagedError."""
    try:
        if not place.is_file():  # to open a pipe would wait for somebody who writes to it
            raise FileNotFoundError(f"no file of the name {place.name}")
        file = place.open("rb")
    except OSError as error:
        raise damaged_index("must be there and readable", error, place) from error
    with file:
        if keys is None:
            yield PlainReader(file)
            return
        try:
            sealed = SealedReader(file, keys, PURPOSE)
        except ValueError as error:
            raise damaged_index(
                "must be sealed, as the gallery is encrypted", error, place
            ) from error
        yield sealed


def header_of(file: PlainReader | SealedReader, place: Path) -> IndexHeader:
    """Read the header, with the errors of `read_header`."""
    start = bytes_of(file, len(MAGIC) + 4, place)
    if len(start) < len(MAGIC) + 4 or not start.startswith(MAGIC):
        raise damaged_index("must begin with its magic bytes", "others", place)
    (length,) = struct.unpack("<I", start[len(MAGIC) :])
    try:
        facts = object_of(read_json(bytes_of(file, min(length, LONGEST_HEADER), place)))
        version = whole_of(facts["format_version"])
        if version == FORMAT_VERSION:
            return _header(facts)
    except (ValueError, TypeError, KeyError) as error:
        raise damaged_index("must have a header", "one that cannot be read", place) from error
    raise GalleryFormatError(
        "index file",
        rule=f"this version of matcher reads format {FORMAT_VERSION}",
        got=f"format {version}",
        next_step="Rebuild the index from the store.",
        path=place,
    )


def _header(facts: dict[str, Any]) -> IndexHeader:
    header = IndexHeader(**{**facts, "model": ModelIdentity.of(object_of(facts["model"]))})
    for number in (header.rows, header.generation):
        whole_of(number)
    if header.kind not in {kind.name for kind in KINDS} or not isinstance(header.codes, bool):
        raise ValueError("no such kind of index")
    for text in (header.name, header.stamp, header.sha256):
        text_of(text)
    return header


def bytes_of(file: PlainReader | SealedReader, count: int, place: Path) -> bytes:
    """Read the next bytes; raise GalleryDamagedError where they are not what was sealed."""
    try:
        return file.read(count)
    except ValueError as error:
        raise damaged_index("must be sealed by the keys of its gallery", error, place) from error


def damaged_index(rule: str, got: object, place: Path) -> GalleryDamagedError:
    """Return the error for an index file that breaks a rule."""
    return GalleryDamagedError(
        "index file",
        rule=rule,
        got=got,
        next_step="Rebuild the index from the store.",
        path=place,
    )


def index_files(directory: Path) -> list[Path]:
    """Return what stands where files of the index belong, also partly written ones."""
    return sorted(place for place in directory.iterdir() if is_index_file(place.name))


def is_index_file(name: str) -> bool:
    """Return whether a file of this name belongs to the index of a gallery."""
    return _IS_INDEX.fullmatch(name) is not None


def index_parts(directory: Path) -> list[Path]:
    """Return the partly written index files."""
    return [place for place in index_files(directory) if place.name.endswith(".part")]
