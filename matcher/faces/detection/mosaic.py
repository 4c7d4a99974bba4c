"""Lay pictures of many sizes side by side on a few sheets for the first network.

The network takes a sheet at once. That costs less than a call for each picture, and a sheet has
little grey that no picture needs. Each picture lies in a tile with a grey border of its own. A
window within a tile sees nothing of its neighbours, so it gives what it gives without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW = 12
"""Side in pixels of the square that the first network sees."""

STRIDE = 2
"""Step of the first network's window in pixels."""

BORDER = 4
"""Width of the grey border of each picture: a third of the window may lie outside."""

SIDES_STEP = 32
"""The sides of a sheet are multiples of this number. oneDNN makes a plan for every new shape and
keeps 1,024 plans, scattered in the heap. With photos of ever new sizes, memory grew by the unused
gaps between the plans."""

WIDEST, HIGHEST = 320, 384
"""Sides in pixels of the largest sheet, unless a picture is larger. Larger sheets do not fit the
processor's caches."""


@dataclass(frozen=True)
class Tile:
    """The place of a picture and its border on a sheet, in pixels.

    Parameters
    ----------
    picture
        Index of the picture.
    left, top
        Position of the border's outer corner, multiples of `STRIDE`.
    width, height
        Extent with the border, multiples of `STRIDE`.
    """

    picture: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Sheet:
    """Tiles that do not overlap, and the extent of what holds them, multiples of `SIDES_STEP`."""

    width: int
    height: int
    tiles: tuple[Tile, ...]

    def drawn(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the sheet with its pictures, of all `pictures`: RGB, uint8 (height, width, 3).

        Returns
        -------
        float32 array of shape (height, width, 3)
            In [-1, 1]; grey 127.5 is 0.
        """
        canvas = np.zeros((self.height, self.width, 3), np.float32)
        for tile in self.tiles:
            picture = pictures[tile.picture]
            top, left = tile.top + BORDER, tile.left + BORDER
            normalise(picture, canvas[top : top + len(picture), left : left + picture.shape[1]])
        return canvas

    def tile_of_windows(self) -> NDArray[np.int64]:
        """Return, for each window of the sheet, the index of the tile that it lies in, or -1."""
        rows, columns = windows(self.height), windows(self.width)
        owners = np.full((rows, columns), -1)
        for i, tile in enumerate(self.tiles):
            row, column = tile.top // STRIDE, tile.left // STRIDE
            owners[row : row + windows(tile.height), column : column + windows(tile.width)] = i
        return owners


def windows(side: int) -> int:
    """Return the number of windows along an even side."""
    return (side - WINDOW) // STRIDE + 1


def normalise(pixels: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
    """Write pixels as the networks take them, in [-1, 1]; grey 127.5 becomes 0."""
    np.subtract(pixels, np.float32(127.5), out=out)
    out *= np.float32(0.0078125)


def laid_out(sizes: Sequence[tuple[int, int]]) -> list[Sheet]:
    """Return sheets with a tile for each picture of these (width, height), as small as may be."""
    if not sizes:
        return []
    extents = [
        (_multiple(width + 2 * BORDER, STRIDE), _multiple(height + 2 * BORDER, STRIDE))
        for width, height in sizes
    ]
    narrowest = _multiple(max(width for width, _ in extents), SIDES_STEP)
    tries = (
        _stacked(_shelves(extents, width), extents, width)
        for width in range(narrowest, max(narrowest, WIDEST) + 1, 2 * SIDES_STEP)
    )
    return min(tries, key=lambda sheets: sum(sheet.width * sheet.height for sheet in sheets))


def _shelves(extents: Sequence[tuple[int, int]], width: int) -> list[list[int]]:
    """Return rows of pictures, the highest first; each has a first picture that is the highest."""
    shelves: list[list[int]] = []
    room: list[int] = []
    for picture in sorted(range(len(extents)), key=lambda i: extents[i][1], reverse=True):
        needed = extents[picture][0]
        fitting = next((i for i, left in enumerate(room) if left >= needed), None)
        if fitting is None:
            shelves.append([picture])
            room.append(width - needed)
        else:
            shelves[fitting].append(picture)
            room[fitting] -= needed
    return shelves


def _stacked(
    shelves: Sequence[Sequence[int]], extents: Sequence[tuple[int, int]], width: int
) -> list[Sheet]:
    """Return sheets of this width with the shelves one below the other."""
    sheets: list[Sheet] = []
    tiles: list[Tile] = []
    top = 0
    for shelf in shelves:
        height = extents[shelf[0]][1]
        if tiles and top + height > HIGHEST:
            sheets.append(Sheet(width, _multiple(top, SIDES_STEP), tuple(tiles)))
            tiles, top = [], 0
        left = 0
        for picture in shelf:
            tiles.append(Tile(picture, left, top, *extents[picture]))
            left += extents[picture][0]
        top += height
    sheets.append(Sheet(width, _multiple(top, SIDES_STEP), tuple(tiles)))
    return sheets


def _multiple(number: int, step: int) -> int:
    """Return the smallest multiple of the step that is not below the number."""
    return number + -number % step
