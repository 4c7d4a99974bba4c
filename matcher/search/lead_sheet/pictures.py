"""The two pictures of a photo on the sheet: the face, aligned on the eyes, and the whole photo."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from matcher.errors import MatcherError, PhotoChangedError, PhotoDamagedError
from matcher.faces import CropTemplate, Detector, align, similarity_transform
from matcher.failures import as_photo_errors
from matcher.photos import BACKGROUND, DecodeLimits, Photo, load_photo, load_unchanged
from matcher.search.lead_sheet.places import Box, Place, find_place

SIDE = 360
"""Side in pixels of the picture of a face. The page never shows it larger."""

WHOLE_SIDE = 300
"""Longest side in pixels of the picture of a whole photo. A smaller photo is not enlarged."""

EYE_DISTANCE, EYE_LINE = 80.0, 160.0
"""Distance of the eyes, and their height below the upper edge, in the picture of a face. An adult's
head is about 3.5 eye distances high, so that hair and chin fit in."""

_MOUTH_SHARE = 0.75
"""A head that is turned to the side has its eyes close together, and would come out too large. Its
scale then follows from this share of the distance from eyes to mouth. Of an upright face the share
is less than the distance of the eyes, so that it changes nothing: rendered faces from 4 to 30 years
have 0.95 to 1.26 eye distances from eyes to mouth."""

_BOX_TOP, _BOX_HEIGHT = 0.4, 3.05  # of the height above the eyes; eye distances; median of the same

_EYES = ((SIDE - 1) / 2, EYE_LINE)  # the point between the eyes, pixel centres at integers


@dataclass(frozen=True)
class Picture:
    """A photo as the sheet shows it, or the reason why it does not.

    Parameters
    ----------
    face, whole
        Base64 of two JPEGs: the face, `SIDE` pixels square, and the whole photo with its box.
    whole_size
        Width and height of the whole photo's picture.
    said
        What was done to make the face's picture, and how large the face is in the photo.
    notes
        What was converted or lost while the photo was decoded.
    missing
        Why there is no picture; empty if there is one.
    """

    face: str = ""
    whole: str = ""
    whole_size: tuple[int, int] = (0, 0)
    said: str = ""
    notes: tuple[str, ...] = ()
    missing: str = ""


CutBy = Literal["eyes", "box", "nothing"]
"""By what a face was cut out: its eyes, its box, or by nothing, as one of several faces."""


@dataclass(frozen=True, eq=False)
class FaceCut:
    """The picture of a face.

    Parameters
    ----------
    picture
        The face, RGB, square; the whole photo with a border if nothing tells where the face is.
    by
        What the face was cut out by.
    scale
        Pixels of the picture for one pixel of the photo; above 1 it is enlarged.
    """

    picture: Image.Image
    by: CutBy
    scale: float = 1.0


def picture_of(
    source: Path | Photo,
    sha256: str | None,
    box: Box | None,
    detector: Detector | None,
    limits: DecodeLimits,
    *,
    changed: str,
) -> Picture:
    """Return the pictures of a loaded photo, or of a file if it still has the bytes with that hash.

    A truncated file that was enrolled or searched with is shown as far as it can be decoded.
    """
    try:
        with as_photo_errors("the sheet", source.path if isinstance(source, Photo) else source):
            return _picture(source, sha256, box, detector, limits)
    except PhotoChangedError:
        return Picture(missing=changed)
    except MatcherError as error:
        return Picture(missing=error.code.replace("_", " "))


def _picture(
    source: Path | Photo,
    sha256: str | None,
    box: Box | None,
    detector: Detector | None,
    limits: DecodeLimits,
) -> Picture:
    photo, notes = load_shown(source, sha256, limits)
    place = find_place(photo, box, detector)
    cut = cut_out(photo, place)
    whole = _whole(photo, place)
    width, height = photo.size
    return Picture(
        as_jpeg(cut.picture, 90),
        as_jpeg(whole, 80),
        whole.size,
        f"{_said(cut, place)}; photo of {width} by {height} px",
        notes,
    )


def load_shown(
    source: Path | Photo, sha256: str | None, limits: DecodeLimits
) -> tuple[Photo, tuple[str, ...]]:
    """Return the photo, as far as it can be decoded, and what to say of it."""
    if isinstance(source, Photo):
        return source, source.notes
    try:
        photo = _read(source, sha256, limits)
    except PhotoDamagedError:
        photo = _read(source, sha256, limits, salvage=True)
        return photo, ("shown as far as it can be decoded", *photo.notes)
    return photo, photo.notes


def _read(path: Path, sha256: str | None, limits: DecodeLimits, *, salvage: bool = False) -> Photo:
    if sha256 is None:
        return load_photo(path, limits=limits, salvage=salvage)
    return load_unchanged(path, sha256, limits=limits, salvage=salvage)


def cut_out(photo: Photo, place: Place, side: int = SIDE) -> FaceCut:
    """Return the picture of a face, `side` pixels square.

    Parameters
    ----------
    photo
        The photo.
    place
        Where the face lies in it, from `find_place`.
    side
        Side of the picture in pixels. Eyes lie `EYE_DISTANCE * side / SIDE` pixels apart.
    """
    if place.eyes is not None and place.mouth is not None:
        points, targets = place.eyes, _eye_targets(place.eyes, place.mouth)
        how: CutBy = "eyes"
    elif len(place.boxes) == 1:
        points, targets = _box_points(place.boxes[0])
        how = "box"
    else:
        fitted = ImageOps.contain(Image.fromarray(photo.pixels), (side, side))
        return FaceCut(ImageOps.pad(fitted, (side, side), color=BACKGROUND), "nothing")
    targets = (targets + 0.5) * (side / SIDE) - 0.5  # pixel centres are at integers
    template = CropTemplate("lead-sheet", side, tuple((float(x), float(y)) for x, y in targets))
    scale = float(np.linalg.norm(similarity_transform(points, targets)[:, 0]))
    return FaceCut(Image.fromarray(align(photo, points, template)), how, scale)


def _said(cut: FaceCut, place: Place) -> str:
    """Return what was done to make the picture of a face, and how large the face is."""
    if cut.by == "nothing":
        return f"whole photo, not aligned: {place.reason}"
    how = "aligned on the eyes"
    if cut.by == "box":
        how = f"cut out by the face's box only, not aligned on the eyes ({place.reason})"
    size = f"face {_width(place.boxes[0])} px wide in the photo, {_scaled(cut.scale)}"
    return f"{how}; {size}"


def _eye_targets(eyes: NDArray[np.float64], mouth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where the eyes go: level, about the same point, in the scale of all pictures."""
    distance = float(np.linalg.norm(eyes[1] - eyes[0]))
    to_mouth = float(np.linalg.norm(mouth.mean(axis=0) - eyes.mean(axis=0)))
    half = EYE_DISTANCE / 2 * distance / max(distance, _MOUTH_SHARE * to_mouth)
    return np.array([(-half, 0), (half, 0)]) + _EYES


def _box_points(box: Box) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of the box's upper and lower edge, and where they go."""
    left, top, right, bottom = box
    middle = (left + right) / 2
    height = _BOX_HEIGHT * EYE_DISTANCE
    upper = -_BOX_TOP * height
    targets = np.array([(0, upper), (0, upper + height)]) + _EYES
    return np.array([(middle, top), (middle, bottom)]), targets


def _width(box: Box) -> int:
    return max(1, round(box[2] - box[0]))


def _scaled(scale: float) -> str:
    if scale >= 1:
        return f"enlarged {scale:.1f} times"
    return f"reduced to 1/{1 / scale:.1f}"


def _whole(photo: Photo, place: Place) -> Image.Image:
    image = Image.fromarray(photo.pixels)
    image.thumbnail((WHOLE_SIDE, WHOLE_SIDE))
    draw_boxes(image, place.boxes, photo.size)
    return image


def draw_boxes(image: Image.Image, boxes: Sequence[Box], size: tuple[int, int]) -> None:
    """Draw a light and a dark line around each face.

    Parameters
    ----------
    image
        A picture of the whole photo, of any size.
    boxes, size
        The faces, and width and height of the photo, both in pixels of the photo.
    """
    draw = ImageDraw.Draw(image)
    scale = np.array(image.size) / size
    for box in boxes:
        corners = np.array(box).reshape(2, 2) * scale
        for gap, colour in ((0, "white"), (2, "black")):
            low, high = corners.min(axis=0) - gap, corners.max(axis=0) + gap
            draw.rectangle((*low.tolist(), *high.tolist()), outline=colour, width=2)


def as_jpeg(image: Image.Image, quality: int) -> str:
    """Return the Base64 of a picture as JPEG of a quality in [1, 95]."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
