"""Look for bytes in files: identifiers in the forms in which programs write them, and vectors."""

from __future__ import annotations

import html
import json
import stat
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import numpy as np

from matcher import sqlite
from matcher.encryption import PURPOSES, SEALED, GalleryKeys, SealedReader

SHORTEST: Final = 4
"""Bytes that a text must have to be looked for: shorter ones stand in any large file by chance."""

_BLOCK: Final = 1 << 24
_ROWS: Final = 1000
_VECTOR: Final = 16  # bytes: four numbers of a vector
_DATABASES: Final = (".sqlite", ".sqlite3", ".pairs")
_SQLITE: Final = b"SQLite format 3\0"
_PACKED: Final = (b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
"""First bytes of files whose content is compressed."""


@dataclass(frozen=True)
class Needle:
    """Bytes to look for.

    Parameters
    ----------
    what
        What they are, for the report: "identifier", "photo hash", "reference", "vector".
    data
        The bytes.
    within
        Longer texts of somebody else that hold these bytes; where they stand, nothing is found.
    """

    what: str
    data: bytes
    within: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Found:
    """A file in which something was found.

    Parameters
    ----------
    path
        The file.
    what
        What was found, see `Needle`.
    count
        How often.
    """

    path: Path
    what: str
    count: int


@dataclass(frozen=True)
class Searched:
    """What a search for bytes looked at, and what it found."""

    files: int
    size: int
    found: tuple[Found, ...]
    not_read: tuple[Path, ...]
    packed: tuple[Path, ...]

    def __add__(self, other: Searched) -> Searched:
        return Searched(
            self.files + other.files,
            self.size + other.size,
            (*self.found, *other.found),
            (*self.not_read, *other.not_read),
            (*self.packed, *other.packed),
        )


def needles_for(what: str, texts: Collection[str], others: Collection[str] = ()) -> list[Needle]:
    """Return the bytes of texts in each form; `others` are texts that may hold them."""
    made = []
    for text in dict.fromkeys(texts):
        longer = [form for other in others if text in other != text for form in _forms(other)]
        for data in _forms(text):
            within = tuple(dict.fromkeys(form for form in longer if data in form and form != data))
            if len(data) >= SHORTEST:
                made.append(Needle(what, data, within))
    return made


def needles_of_vectors(vectors: Collection[np.ndarray]) -> list[Needle]:
    """Return the first bytes of each vector, as a file of little-endian float32 has them."""
    rows = [row for table in vectors for row in table]
    return [Needle("vector", row.astype("<f4").tobytes()[:_VECTOR]) for row in rows]


def _forms(text: str) -> list[bytes]:
    """Return a text as files have it: UTF-8 and UTF-16, escaped for JSON, HTML and addresses."""
    forms = []
    for one in (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)):
        plain = one.encode("utf-8", "surrogatepass")
        forms += [plain, one.encode("utf-16-le", "surrogatepass"), json.dumps(one)[1:-1].encode()]
        forms += [html.escape(one).encode("utf-8", "surrogatepass"), quote(plain).encode()]
    return list(dict.fromkeys(forms))


def files_below(places: Collection[Path]) -> Iterator[Path]:
    """Yield the regular files at and below places; links are not followed."""
    for place in places:
        for path in [place] if not place.is_dir() else sorted(place.rglob("*")):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def search_files(
    files: Collection[Path], needles: Collection[Needle], keys: GalleryKeys | None = None
) -> Searched:
    """Look for bytes in files. With keys, what they encrypt is read as well, not only its bytes."""
    size, found, not_read, packed = 0, [], [], []
    for path in files:
        try:
            size += path.stat().st_size
            with path.open("rb") as file:
                start = file.read(len(_SQLITE))
            packed += [path] if start.startswith(_PACKED) else []
            counts: Counter[str] = Counter()
            for block in _blocks(path, start, keys, max(map(_length, needles), default=1)):
                counts += _in(block, needles)
            found += [Found(path, what, count) for what, count in counts.items()]
        except sqlite.errors(OSError, ValueError):
            not_read.append(path)
    return Searched(len(files), size, tuple(found), tuple(not_read), tuple(packed))


def _length(needle: Needle) -> int:
    return max(len(needle.data), *(len(one) for one in needle.within), 1)


@dataclass(frozen=True)
class _Block:
    """Bytes of a file, and the places in them at which something is counted; the rest is around."""

    data: bytes
    first: int
    end: int


def _in(block: _Block, needles: Collection[Needle]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for needle in needles:
        for place in _places(block.data, needle.data):
            if block.first <= place < block.end and not _inside(block.data, place, needle):
                counts[needle.what] += 1
    return counts


def _places(block: bytes, data: bytes) -> Iterator[int]:
    place = block.find(data)
    while place >= 0:
        yield place
        place = block.find(data, place + 1)


def _inside(block: bytes, place: int, needle: Needle) -> bool:
    """Return whether bytes at a place are part of a longer text of somebody else."""
    for longer in needle.within:
        for shift in _places(longer, needle.data):
            begin = place - shift
            if begin >= 0 and block[begin : begin + len(longer)] == longer:
                return True
    return False


def _blocks(path: Path, start: bytes, keys: GalleryKeys | None, overlap: int) -> Iterator[_Block]:
    """Yield the bytes of a file in blocks that overlap, and then what is encrypted in it."""
    with path.open("rb") as file:
        yield from _overlapping(file, overlap)
    if keys is not None and start.startswith(SEALED):
        with path.open("rb") as file:
            yield from _overlapping(_unsealed(file, keys), overlap)
    elif keys is not None and path.suffix in _DATABASES and not start.startswith(_SQLITE):
        yield from _rows(path, keys.store)


def _unsealed(file: IO[bytes], keys: GalleryKeys) -> SealedReader:
    """Return what reads a sealed file, whatever it was sealed for."""
    for purpose in PURPOSES:
        file.seek(0)
        reader = SealedReader(file, keys, purpose)
        with suppress(ValueError):
            reader.read(1)
            reader.seek(0)
            return reader
    raise ValueError("a file that was sealed by other keys")


def _overlapping(file: IO[bytes] | SealedReader, overlap: int) -> Iterator[_Block]:
    """Yield blocks that have enough around each place that is counted, and count each once."""
    data, first = file.read(_BLOCK), 0
    while following := file.read(_BLOCK):
        end = max(first, len(data) - overlap)
        yield _Block(data, first, end)
        kept = max(0, end - overlap)
        data, first = data[kept:] + following, end - kept
    yield _Block(data, first, len(data))


def _rows(path: Path, key: bytes) -> Iterator[_Block]:
    """Yield the texts and blobs of an encrypted SQLite file, many rows at a time."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite.connect(address, key, uri=True, isolation_level=None)) as connection:
        connection.text_factory = bytes
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        for (name,) in connection.execute(tables).fetchall():
            table = name.decode().replace('"', '""')
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - of the file
            while page := rows.fetchmany(_ROWS):
                values = (one for row in page for one in row if isinstance(one, bytes))
                data = b"\0".join(values)
                yield _Block(data, 0, len(data))
