"""Draw triangles as pixels: a z-buffer in NumPy, all fragments of all triangles at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Index = NDArray[np.int64]
AlphaTest = Callable[[Index, Float], NDArray[np.bool_]]
CHUNK = 1_000_000
"""Number of candidate fragments expanded at once. It bounds the memory to about 100 MB."""


@dataclass(frozen=True, eq=False)
class Fragments:
    """The nearest triangle at each pixel.

    Parameters
    ----------
    depth
        float32 (size, size): depth of the nearest surface, `inf` where there is none.
    triangle
        int64 (size, size): row of that triangle in `faces`, -1 where there is none.
    weights
        float32 (size, size, 3): barycentric weights of the pixel centre in that triangle.
    """

    depth: Float
    triangle: Index
    weights: Float


def rasterise(
    screen: NDArray[np.floating],
    faces: NDArray[np.integer],
    size: int,
    *,
    alpha_test: AlphaTest | None = None,
    nearer_than: Float | None = None,
) -> Fragments:
    """Draw triangles into a square z-buffer.

    Parameters
    ----------
    screen
        (n, 3): x to the right and y downwards in pixels, and depth. Pixel centres are whole
        numbers. A smaller depth is nearer.
    faces
        (m, 3) indices into `screen`; both windings are drawn.
    size
        Side of the square picture in pixels.
    alpha_test
        Called with (triangle, weights) of candidate fragments. Fragments for which it returns False
        are not drawn.
    nearer_than
        float32 (size, size): only surfaces nearer than this are drawn.
    """
    depth = np.full(size * size, np.inf, np.float32)
    if nearer_than is not None:
        depth[:] = nearer_than.ravel()
    triangle = np.full(size * size, -1, np.int64)
    weights = np.zeros((size * size, 3), np.float32)
    corners = np.asarray(screen, np.float32)[faces]
    low, extent, plane = _setup(corners, size)
    count = extent[:, 0] * extent[:, 1] * np.isfinite(plane).all(axis=1)
    depths = np.ascontiguousarray(plane[:, 6:].T)
    for some in _chunks(np.flatnonzero(count), count):
        tri, pixel, second, third = _expand(some, low, extent, plane, size)
        z = depths[0].take(tri) + second * depths[1].take(tri) + third * depths[2].take(tri)
        kept = np.flatnonzero(z < depth[pixel])
        tri, pixel, z = tri[kept], pixel[kept], z[kept]
        bary = _weights(second[kept], third[kept])
        if alpha_test is not None:
            kept = np.flatnonzero(alpha_test(tri, bary))
            tri, pixel, z, bary = tri[kept], pixel[kept], z[kept], bary[kept]
        np.minimum.at(depth, pixel, z)
        won = np.flatnonzero(z == depth[pixel])
        triangle[pixel[won]] = tri[won]
        weights[pixel[won]] = bary[won]
    square = (size, size)
    return Fragments(depth.reshape(square), triangle.reshape(square), weights.reshape(*square, 3))


def _setup(corners: Float, size: int) -> tuple[Index, Index, Float]:
    """Find each triangle's box of pixels, and the planes of its weights and depth.

    The nine columns of the planes are: x and y of the first corner; d(second)/dx, d(second)/dy;
    d(third)/dx, d(third)/dy; depth of the first corner, and its steps to the other two corners.
    """
    x, y, z = corners[..., 0], corners[..., 1], corners[..., 2]
    low = np.stack([_least(x), _least(y)], axis=1)
    high = -np.stack([_least(-x), _least(-y)], axis=1)
    first = np.clip(np.ceil(low), 0, size).astype(np.int64)
    extent = np.maximum(np.clip(np.floor(high) + 1, 0, size).astype(np.int64) - first, 0)
    ax, ay, bx, by = (c[:, k] - c[:, 0] for k in (1, 2) for c in (x, y))
    area = ax * by - bx * ay
    flat = np.abs(area) < 1e-7
    scale = np.where(flat, np.nan, 1 / np.where(flat, 1, area))
    plane = [x[:, 0], y[:, 0], by * scale, -bx * scale, -ay * scale, ax * scale]
    plane += [z[:, 0], z[:, 1] - z[:, 0], z[:, 2] - z[:, 0]]
    return first, extent, np.stack(plane, axis=1)


def _least(of_three: Float) -> Float:
    return np.minimum(np.minimum(of_three[:, 0], of_three[:, 1]), of_three[:, 2])


def _chunks(drawn: Index, count: Index) -> list[Index]:
    """Split the triangles into parts that have not many more fragments than `CHUNK`."""
    total = np.cumsum(count[drawn])
    if total.size == 0:
        return []
    cuts = np.searchsorted(total, np.arange(CHUNK, int(total[-1]), CHUNK))
    return [part for part in np.split(drawn, cuts) if part.size]


def _expand(
    some: Index, low: Index, extent: Index, plane: Float, size: int
) -> tuple[Index, Index, Float, Float]:
    """List the pixels inside each triangle: triangle, pixel, second and third weight of each.

    Every triangle is cut into rows of pixels, and every row to the span on which no weight is
    negative. Pixels outside a triangle are therefore never examined.
    """
    tri, within = _repeated(some, extent[some, 1])
    y = low[tri, 1] + within
    planes = np.ascontiguousarray(plane[tri, :6].T)
    dy = y.astype(np.float32) - planes[1]
    second, third = dy * planes[3], dy * planes[5]
    start = low[tri, 0].astype(np.float32) - planes[0]
    first, last = start, start + (extent[tri, 0] - 1).astype(np.float32)
    slopes = (planes[2], planes[4], -planes[2] - planes[4])
    for slope, value in zip(slopes, (second, third, 1 - second - third), strict=True):
        flat = np.abs(slope) < 1e-9
        zero = -value / np.where(flat, 1, slope)
        first = np.where(
            flat, first + 1e9 * (value < 0), np.where(slope > 0, np.maximum(first, zero), first)
        )
        last = np.where(~flat & (slope < 0), np.minimum(last, zero), last)
    left = np.ceil(first + planes[0] - _SLACK)
    count = np.clip(np.floor(last + planes[0] + _SLACK) - left + 1, 0, size).astype(np.int64)
    row, within = _repeated(np.arange(len(tri)), count)
    x = left.astype(np.int64)[row] + within
    dx = x.astype(np.float32) - planes[0].take(row)
    second = np.clip(second[row] + dx * planes[2].take(row), 0, 1)
    third = np.clip(third[row] + dx * planes[4].take(row), 0, 1 - second)
    return tri[row], y[row] * size + x, second, third


_SLACK = 1e-3
"""Pixels by which a span may reach over its triangle's edge, so that rounding leaves no gaps."""


def _repeated(values: Index, count: Index) -> tuple[Index, Index]:
    """Repeat each value `count` times and number the copies from 0."""
    total = np.repeat(np.cumsum(count) - count, count)
    return np.repeat(values, count), np.arange(len(total)) - total


def _weights(second: Float, third: Float) -> Float:
    return np.stack([1 - second - third, second, third], axis=1)
