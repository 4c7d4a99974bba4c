"""The EXIF and XMP of a HEIF or an AVIF, without decoding it (ISO/IEC 14496-12, 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

EXIF, XMP = b"Exif", b"mime"

# Bounds on the work that a hostile file can ask for. Phones stay far below.
_MOST_BOXES, _MOST_ITEMS, _MOST_EXTENTS = 4096, 4096, 16
_LONG_IDS, _LONG_COUNT = 2, 2  # versions of `iloc`
_IN_FILE, _IN_BOX = 0, 1  # where the bytes of an item lie


def items_of(data: bytes) -> dict[bytes, bytes]:
    """Return the bytes of the first EXIF item and the first XMP item, by their types."""
    meta = _boxes(data, 0, len(data)).get(b"meta")
    if meta is None:
        return {}
    inner = _boxes(data, meta.start + 4, meta.stop)
    if b"iinf" not in inner or b"iloc" not in inner:
        return {}
    kinds = dict(_kinds(data, inner[b"iinf"]))
    wanted = {kinds[kind]: kind for kind in (EXIF, XMP) if kind in kinds}
    within = inner.get(b"idat", range(0))
    return dict(_contents(data, inner[b"iloc"], within, wanted))


def _boxes(data: bytes, at: int, end: int) -> dict[bytes, range]:
    """Return the place of what each box holds; the first box of a name counts."""
    found: dict[bytes, range] = {}
    for _ in range(_MOST_BOXES):
        length, name, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16]), 16
        following = at + length if length else end
        if following < at + head or following > end:
            break
        found.setdefault(name, range(at + head, following))
        at = following
    return found


def _kinds(data: bytes, iinf: range) -> Iterator[tuple[bytes, int]]:
    """Yield type and number of the items with metadata, the last first."""
    at = iinf.start + (6 if data[iinf.start] == 0 else 8) if iinf else iinf.stop
    found = []
    for _ in range(_MOST_ITEMS):
        length, version = int.from_bytes(data[at : at + 4]), data[at + 8 : at + 9]
        if length < 12 or at + length > iinf.stop:
            break
        width = 2 if version == b"\2" else 4
        kind = at + 14 + width
        is_xmp = data[kind : kind + 4] == XMP and b"rdf+xml" in data[kind : at + length]
        if data[kind : kind + 4] == EXIF or is_xmp:
            number = int.from_bytes(data[at + 12 : at + 12 + width])
            found.append((data[kind : kind + 4], number))
        at += length
    yield from reversed(found)  # a mapping keeps the last


def _contents(
    data: bytes, iloc: range, within: range, wanted: Mapping[int, bytes]
) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and bytes of the wanted items."""
    reader = _Numbers(data, iloc)
    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    of_offset, of_length, of_base = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    of_index = sizes & 15 if version else 0
    count = reader.take(4 if version == _LONG_COUNT else 2)
    for _ in range(min(count, _MOST_ITEMS)):
        item = reader.take(4 if version == _LONG_IDS else 2)
        where = reader.take(2) & 15 if version else _IN_FILE
        reader.take(2)
        base = reader.take(of_base)
        pieces = []
        extents = reader.take(2)
        for _ in range(min(extents, _MOST_EXTENTS)):
            reader.take(of_index)
            start = base + reader.take(of_offset)
            pieces.append((start, reader.take(of_length)))
        if extents > _MOST_EXTENTS or reader.ended:
            return
        if item in wanted and where in (_IN_FILE, _IN_BOX):
            place = range(len(data)) if where == _IN_FILE else within
            yield wanted[item], b"".join(_slice(data, place, *piece) for piece in pieces)


def _slice(data: bytes, place: range, start: int, length: int) -> bytes:
    first = place.start + start
    return data[first : min(place.stop, first + length)] if first < place.stop else b""


class _Numbers:
    """Whole numbers one after another, the high byte first; zeros after the end."""

    def __init__(self, data: bytes, place: range) -> None:
        self._data, self._at, self._stop = data, place.start, place.stop

    @property
    def ended(self) -> bool:
        """Whether more was taken than there is."""
        return self._at > self._stop

    def take(self, width: int) -> int:
        number = int.from_bytes(self._data[self._at : min(self._at + width, self._stop)])
        self._at += width
        return number
