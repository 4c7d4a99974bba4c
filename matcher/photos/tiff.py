"""Find the pictures of a TIFF, choose one, and make it the only one of the file.

A TIFF is a chain of directories (TIFF 6.0, section 2). A directory may hold further ones, SubIFDs
(Adobe, TIFF Technical Note 1). The first one is often a small copy of the photo: raw files start
with it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from matcher.errors import PhotoFormatError
from matcher.photos.pages import page_note, require_page
from matcher.photos.source import DecodeLimits
from matcher.photos.structure import Count, TiffEntry, TiffFile, header_segments, require_few
from matcher.photos.tiff_layout import COMPRESSION, OLD_JPEG, PLANAR, TiffLayout

_CODE_OF_TYPE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_BYTES = (1, 7)

_SUBFILE_TYPE, _OLD_SUBFILE_TYPE, _WIDTH, _HEIGHT, ORIENTATION = 254, 255, 256, 257, 274
_STRIP_STARTS, _STRIP_LENGTHS, _SUB_DIRECTORIES = 273, 279, 330
_ROWS_OF_STRIP, _TILE_WIDTH, _TILE_HEIGHT, _TILE_STARTS = 278, 322, 323, 324
_JPEG_START, _JPEG_LENGTH, _PROFILE = 513, 514, 34675
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2

_PIXEL_TAGS = frozenset(
    {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320}
    | {322, 323, 324, 325, 332, 338, 339, 347, 529, 530, 532, *range(512, 522)}
)
"""Tags that say how pixels are stored. No other tag can then do harm."""

_KNOWN_TAGS = _PIXEL_TAGS | {_SUBFILE_TYPE, _OLD_SUBFILE_TYPE, _SUB_DIRECTORIES}
_KNOWN_TAGS |= {_PROFILE, ORIENTATION}

_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # of a JPEG; they tell its size

# Bounds on the work that a hostile file can ask for. Files of cameras and scanners stay far below.
_MOST_NUMBERS = 64
_MOST_SEGMENTS, _MOST_STRAY_BYTES = 64, 1024  # of a JPEG before its size
_MOST_VALUES = 3 * 65536  # a palette of 16 bits


@dataclass(frozen=True)
class TiffPicture:
    """One picture of a TIFF; not a mask.

    Parameters
    ----------
    file
        The file that holds it.
    at
        Place of its directory in the file.
    entries
        The tags of its directory.
    inherited
        Orientation tag of the directory that holds its directory; None if there is none.
    """

    file: TiffFile
    at: int
    entries: Mapping[int, TiffEntry]
    inherited: int | None

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the whole numbers of a tag; empty if it is absent or not of such a type."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in _CODE_OF_TYPE:
            return ()
        count = min(entry.count, _MOST_NUMBERS)
        return self.file.unpack(f"{count}{_CODE_OF_TYPE[entry.kind]}", entry.at)

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels as stored."""
        if self.jpeg is not None:
            return _jpeg_size(self.file.data, self.jpeg)
        width, height = self.numbers(_WIDTH), self.numbers(_HEIGHT)
        return (width or (0,))[0], (height or (0,))[0]

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.size[0] * self.size[1]

    @cached_property
    def jpeg(self) -> range | None:
        """Place of the JPEG that is the picture, as cameras store previews (TIFF 6.0, section 22).

        None if its pixels are stored in another way.
        """
        start, length = self.numbers(_JPEG_START), self.numbers(_JPEG_LENGTH)
        if not start and self.numbers(COMPRESSION) == (OLD_JPEG,):
            start, length = self.numbers(_STRIP_STARTS), self.numbers(_STRIP_LENGTHS)
        if len(start) != 1 or len(length) != 1:
            return None
        place = range(start[0], min(start[0] + length[0], len(self.file.data)))
        begins = self.file.data[place.start : place.start + 3] == b"\xff\xd8\xff"
        return place if begins and all(_jpeg_size(self.file.data, place)) else None

    @property
    def reduced(self) -> bool:
        """Whether the file says that this is a smaller copy of another picture in it."""
        kind, old = self.numbers(_SUBFILE_TYPE), self.numbers(_OLD_SUBFILE_TYPE)
        return bool(kind and kind[0] & _REDUCED) or old == (_OLD_REDUCED,)

    @property
    def mask(self) -> bool:
        """Whether it is a mask of transparency for another picture."""
        kind = self.numbers(_SUBFILE_TYPE)
        return bool(kind and kind[0] & _MASK)

    @property
    def layout(self) -> TiffLayout:
        """How its pixels are stored."""
        return TiffLayout.of(self.numbers)

    @property
    def fault(self) -> str:
        """The reason why it is not read; empty if there is none."""
        return "" if self.jpeg is not None else self.layout.fault

    @property
    def orientation(self) -> int | None:
        """The tag for its direction: its own, or that of the directory which holds its own."""
        found = self.numbers(ORIENTATION)
        return found[0] if found else self.inherited

    def alone(self) -> tuple[bytes, str]:
        """Return a file with this picture only, as it is stored, and the name of its encoding.

        The directory is written anew in its place, with no tags but those of the pixels. They do
        not tell the direction.
        """
        if self.jpeg is not None:
            return self.file.data[self.jpeg.start : self.jpeg.stop], "JPEG"
        kept = [self.entries[tag].stored for tag in sorted(self.entries) if self._is_needed(tag)]
        count, place = ("Q", "Q") if self.file.big else ("H", "I")
        order, start = self.file.order, struct.calcsize(place)
        data = bytearray(self.file.data)
        data[start : 2 * start] = struct.pack(order + place, self.at)
        directory = struct.pack(order + count, len(kept)) + b"".join(kept) + bytes(start)
        data[self.at : self.at + len(directory)] = directory
        return bytes(data), "TIFF"

    def require_parts(self, limits: DecodeLimits, path: Path | None) -> None:
        """Refuse more strips or tiles, or more values of a tag, than the limits allow.

        Raises
        ------
        PhotoTooLargeError
        """
        if self.jpeg is not None:
            return
        starts = max(self._count_of(_STRIP_STARTS), self._count_of(_TILE_STARTS))
        strips = max(starts, self._strips_by_size())
        require_few(Count("strips or tiles", strips, limits.max_parts), path)
        others = {tag: self._count_of(tag) for tag in self.entries if tag != _PROFILE}
        require_few(Count("values of a tag", max(others.values()), _MOST_VALUES), path)

    def _count_of(self, tag: int) -> int:
        return self.entries[tag].count if tag in self.entries else 0

    def _strips_by_size(self) -> int:
        """Return the number of strips, or else of tiles, that the picture needs."""
        (width, height), planes = self.size, self.layout.samples if self.layout.separate else 1
        rows = (self.numbers(_ROWS_OF_STRIP) or (height,))[0]
        across, down = 1, -(-height // max(1, rows))
        if _TILE_STARTS in self.entries:
            columns, rows = ((self.numbers(tag) or (1,))[0] for tag in (_TILE_WIDTH, _TILE_HEIGHT))
            across, down = -(-width // max(1, columns)), -(-height // max(1, rows))
        return across * down * planes

    def _is_needed(self, tag: int) -> bool:
        if tag == PLANAR and self.layout.samples == 1:
            return False  # it then means nothing, but Pillow gives other pixels for it
        return tag in _PIXEL_TAGS or (tag == _PROFILE and self.entries[tag].kind in _BYTES)


def tiff_pictures(data: bytes, limits: DecodeLimits, path: Path | None) -> tuple[TiffPicture, ...]:
    """Return the pictures of a TIFF in the order of the file, each before those within it.

    Raises
    ------
    PhotoTooLargeError
        If it has more directories than the limits allow.
    """
    file = TiffFile(data)
    found = tuple(islice(_directories(file, file.first), limits.max_frames + 1))
    require_few(Count("directories", len(found), limits.max_frames), path)
    return tuple(picture for picture in found if all(picture.size) and not picture.mask)


def _directories(file: TiffFile, first: int) -> Iterator[TiffPicture]:
    waiting: list[tuple[int, int | None]] = [(first, None)]
    seen = {0}
    while waiting:
        at, inherited = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        entries, following = file.directory(at, _KNOWN_TAGS)
        picture = TiffPicture(file, at, entries, inherited)
        yield picture
        within = picture.numbers(_SUB_DIRECTORIES)
        waiting.append((following, inherited))
        waiting += [(place, picture.orientation) for place in reversed(within)]


def choose_picture(
    pictures: Sequence[TiffPicture], page: int | None, path: Path | None
) -> tuple[TiffPicture, str | None]:
    """Return the picture to read, and a note if there are several.

    Without a `page` this is the first picture; or, if others are sizes of the same photo, the
    largest that can be read.

    Raises
    ------
    InputError
        The file has no such page.
    PhotoFormatError
        The picture is stored in a way that is not read.
    """
    total = len(pictures)
    if page is not None:
        require_page(page, total, path)
        place, why = page - 1, ", as asked"
    else:
        place, why = _largest_of_the_first(pictures)
    chosen = pictures[place]
    if chosen.fault:
        raise unread_layout(chosen.fault, place + 1, total, path)
    return chosen, page_note(place + 1, total, why) if total > 1 else None


def _largest_of_the_first(pictures: Sequence[TiffPicture]) -> tuple[int, str]:
    sizes = [place for place, other in enumerate(pictures) if _same_photo(pictures[0], other)]
    readable = [place for place in sizes if not pictures[place].fault] or sizes[:1]
    chosen = max(readable, key=lambda place: pictures[place].area)
    why = f", the largest of {len(sizes)} that seem to show one photo" if len(sizes) > 1 else ""
    for place in sizes:
        if pictures[place].area > pictures[chosen].area:
            width, height = pictures[place].size
            why += f"; picture {place + 1} has {width}x{height} pixels and is not read: "
            why += pictures[place].fault
    return chosen, why


def _same_photo(first: TiffPicture, other: TiffPicture) -> bool:
    """Whether two pictures are sizes of one photo: by the file's word, or by their shape."""
    if first is other or first.reduced or other.reduced:
        return True
    small, large = sorted((first, other), key=lambda picture: picture.area)
    width = large.size[0] * small.size[1] / large.size[1]
    height = large.size[1] * small.size[0] / large.size[0]
    off = min(abs(width - small.size[0]), abs(height - small.size[1]))
    return small.area < large.area and off <= 1


def unread_layout(got: str, number: int, total: int, path: Path | None) -> PhotoFormatError:
    """Return the error for a picture that is stored in a way which is not read."""
    others = ", or pass the page of another picture" if total > 1 else ""
    return PhotoFormatError(
        f"picture {number} of {total} in the TIFF" if total > 1 else "the TIFF photo",
        rule="must be grey, RGB, palette, CMYK, YCbCr or Lab, stored in a way that is read rightly",
        got=got,
        next_step=f"Save it as an 8-bit RGB file with the program that wrote it{others}.",
        path=path,
    )


def _jpeg_size(data: bytes, place: range) -> tuple[int, int]:
    """Return (width, height) of a JPEG in the data; zeros if its header does not tell."""
    segments = header_segments(data, place.start, _MOST_STRAY_BYTES)
    for marker, at in islice(segments, _MOST_SEGMENTS):
        if at >= place.stop:
            break
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data[at + 5 : at + 9].ljust(4, b"\0"))
            return width, height
    return 0, 0
