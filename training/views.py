"""Views of one aligned face as an investigator may get it: degraded, moved, older, younger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.degradation import Degradation, degrade
from matcher.embedding.models import DLIB_150, YOUTH_186
from matcher.faces.alignment import similarity_transform

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

_LANDMARKS = {one.size: np.array(one.points) for one in (DLIB_150, YOUTH_186)}
_CELLS = 6
_CUBIC, _LINEAR = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR
_SHRINKING = (_CUBIC, _LINEAR, Image.Resampling.BOX, Image.Resampling.LANCZOS)


@dataclass(frozen=True)
class Sight:
    """How degraded the views of a student are.

    Parameters
    ----------
    smallest, largest
        Sides in pixels that degraded views are shrunk to, evenly on a logarithmic scale. They are
        those of crops of `DLIB_150`; a larger crop of the same face is larger in proportion.
    clear_share
        Share of the views that are moved but not degraded.
    """

    smallest: float
    largest: float
    clear_share: float


ALL_SIZES = Sight(18.0, 130.0, clear_share=0.2)
SMALL_SIZES = Sight(17.0, 110.0, clear_share=0.1)


def view(crop: Pixels, rng: np.random.Generator, sight: Sight) -> Pixels:
    """Return one view of a crop of `DLIB_150` or `YOUTH_186`, both uint8 (size, size, 3).

    Half of the views are mirrored. All are aligned a little differently, and made a little older or
    younger. Most are then degraded.
    """
    seen = moved(crop if rng.random() < 0.5 else crop[:, ::-1], rng)
    return seen if rng.random() < sight.clear_share else degraded(seen, rng, sight)


def moved(crop: Pixels, rng: np.random.Generator) -> Pixels:
    """Align the face anew with small errors, after a random amount of growth."""
    size, landmarks = len(crop), _LANDMARKS[len(crop)]
    growth = float(np.clip(rng.normal(0.0, 0.07), -0.18, 0.18))
    turn, scale = rng.normal(0.0, np.deg2rad(3.0)), np.exp(rng.normal(0.0, 0.03))
    shift = rng.normal(0.0, 2.0, 2)
    error = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    # A detector would put the grown face's landmarks back on the template.
    eyes = landmarks[:2].mean(axis=0)
    aligned = similarity_transform(grown(landmarks, growth, eyes), landmarks)
    back = np.linalg.inv(aligned[:, :2])

    grid = np.linspace(0.0, size, _CELLS + 1)
    corners = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    middle = np.full(2, size / 2)
    before = (corners - middle) @ error.T + middle + shift
    source = grown((before - aligned[:, 2]) @ back.T, growth, eyes, backwards=True)
    return _remapped(crop, source.reshape(_CELLS + 1, _CELLS + 1, 2))


def grown(points: Points, growth: float, eyes: Points, *, backwards: bool = False) -> Points:
    """Move points as a head grows: the cardioidal strain of Todd et al. (1980).

    A point at distance R from the point between the eyes, at angle t from straight up, moves to R
    (1 + growth (1 - cos t)). The lower face grows against the upper one.

    Parameters
    ----------
    points
        (n, 2), in pixels of the crop.
    growth
        0 leaves the face as it is; 0.1 puts the chin 20 % farther from the eyes.
    eyes
        (2,), the point between the eyes.
    backwards
        Whether to undo the growth instead.
    """
    arms = points - eyes
    distance = np.hypot(arms[:, 0], arms[:, 1])
    upward = np.divide(-arms[:, 1], distance, out=np.ones_like(distance), where=distance > 0)
    factor = 1.0 + growth * (1.0 - upward)
    moved: Points = eyes + arms * (1.0 / factor if backwards else factor)[:, None]
    return moved


def _remapped(crop: Pixels, source: Points) -> Pixels:
    """Fill each cell of a regular grid from the quadrilateral of its corners in `source`."""
    size = len(crop)
    grid = np.linspace(0, size, _CELLS + 1).astype(int)
    mesh = []
    for row in range(_CELLS):
        for column in range(_CELLS):
            box = (grid[column], grid[row], grid[column + 1], grid[row + 1])
            quad = (
                source[row, column],
                source[row + 1, column],
                source[row + 1, column + 1],
                source[row, column + 1],
            )
            mesh.append((tuple(map(int, box)), tuple(float(x) for p in quad for x in p)))
    image = Image.fromarray(np.ascontiguousarray(crop))
    return np.asarray(image.transform((size, size), Image.Transform.MESH, mesh, _LINEAR))


def degraded(crop: Pixels, rng: np.random.Generator, sight: Sight) -> Pixels:
    """Degrade a crop by camera, size, light, colour and storage, in this order."""
    seed = int(rng.integers(2**31))
    image = degrade(crop, _camera(rng), seed=seed)
    size = len(crop)
    shown = float(np.exp(rng.uniform(np.log(sight.smallest), np.log(sight.largest))))
    side = round(shown * size / DLIB_150.size)
    image = _resized(image, side, _SHRINKING[rng.integers(len(_SHRINKING))])
    image = degrade(image, (*_light(rng), *_storage(rng)), seed=seed + 1)
    return _resized(image, size, _CUBIC if rng.random() < 0.6 else _LINEAR)


def _camera(rng: np.random.Generator) -> list[Degradation]:
    return _drawn(rng, ("blur", 0.3, 0.05, 0.5), ("motion", 0.15, 0.1, 0.6))


def _light(rng: np.random.Generator) -> list[Degradation]:
    return _drawn(
        rng,
        ("low-light", 0.25, 0.05, 0.4),
        ("colour-cast", 0.25, 0.05, 0.6),
        ("noise", 0.45, 0.1, 0.9),
        ("grey", 0.25, 1.0, 1.0),
        ("print-scan", 0.1, 0.2, 1.0),
    )


def _storage(rng: np.random.Generator) -> list[Degradation]:
    return _drawn(
        rng,
        ("screenshot", 0.15, 0.1, 0.5),
        ("jpeg", 0.75, 0.1, 0.9),
        ("jpeg-twice", 0.2, 0.2, 0.85),
    )


def _drawn(
    rng: np.random.Generator, *choices: tuple[str, float, float, float]
) -> list[Degradation]:
    """Draw each (kind, share, least, most) with its share, at an even strength between both."""
    return [
        Degradation(kind, rng.uniform(least, most))  # type: ignore[arg-type]
        for kind, share, least, most in choices
        if rng.random() < share
    ]


def _resized(pixels: Pixels, side: int, how: Image.Resampling) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((side, side), how))
