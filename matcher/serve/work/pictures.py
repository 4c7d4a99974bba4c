"""Pictures for pages: decoded apart, turned upright, without any metadata, never larger than said.

What a browser gets was made from pixels. No byte of a file of the gallery is sent.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
from PIL import Image

from matcher.decoding import Decoders, Decoding
from matcher.errors import MatcherError
from matcher.faces import Detector, Face, align
from matcher.grouping.sheet import TILE
from matcher.photos import Photo, load_photo
from matcher.search.lead_sheet.pictures import cut_out
from matcher.search.lead_sheet.places import Box, place_among
from matcher.serve.refusals import Refusal

View = Literal["aligned", "whole"]
"""The face with its eyes at the same places as in all pictures; or the whole photo."""

SIDE: Final = 720
"""Side in pixels of the picture of a face."""

WHOLE_SIDE: Final = 1280
"""Longest side in pixels of the picture of a whole photo. A smaller photo is not enlarged."""

_MOST_BYTES: Final = 64 * 1024 * 1024


class Pictures:
    """Makes the pictures, and keeps the latest in memory. Any thread can use it.

    Parameters
    ----------
    decoding
        How photos are decoded.
    """

    def __init__(self, decoding: Decoding) -> None:
        self._decoders = Decoders(decoding)
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the processes that decode photos."""
        self._decoders.__exit__(None, None, None)

    def of_file(
        self,
        path: Path,
        sha256: str | None,
        box: Box | None,
        detector: Detector,
        view: View,
        *,
        face: int | None = None,
        data: bytes | None = None,
    ) -> bytes:
        """Return a JPEG of a photo.

        Parameters
        ----------
        path, sha256
            The file, and the hash that it must still have; None for any.
        box
            Where the face lies; None if it is the only one.
        detector
            Finds the eyes again.
        view
            Which picture.
        face
            Which face, 1 for the largest, where no box is known.
        data
            The bytes of the photo, where the file holds them encrypted; they are decoded here.

        Raises
        ------
        Refusal
            The file is gone, has changed, or cannot be decoded.
        """
        key = (str(path), sha256, box, view, face)

        def make() -> bytes:
            photo = self._read(path, sha256) if data is None else load_photo(data)
            if view == "whole":
                return shrunk(photo)[0]
            (faces,) = detector.detect([photo])
            known = box
            if known is None and face is not None and face <= len(faces):
                known = _corners(faces[face - 1])
            return _jpeg(cut_out(photo, place_among(faces, known), SIDE).picture)

        return self._once(key, make)

    def of_points(self, path: Path, sha256: str, landmarks: Sequence[tuple[float, float]]) -> bytes:
        """Return a small JPEG of a face whose landmarks are known, for lists of many.

        Raises
        ------
        Refusal
            The file is gone, has changed, or cannot be decoded.
        """
        points = np.array(landmarks, dtype=np.float64)

        def make() -> bytes:
            photo = self._read(path, sha256)
            return _jpeg(Image.fromarray(align(photo, points, TILE)))

        return self._once((str(path), sha256, landmarks), make)

    def forget(self) -> None:
        """Forget all pictures, as after an erasure."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def read(self, path: Path) -> Photo:
        """Return a photo, decoded in a process that may die.

        Raises
        ------
        PhotoError
            It cannot be decoded.
        """
        (found,) = self._decoders.read_many([path])
        if isinstance(found, MatcherError):
            raise found
        return found

    def _read(self, path: Path, sha256: str | None) -> Photo:
        try:
            photo = self.read(path)
        except MatcherError:
            raise Refusal(404, "There is no picture: its file is gone or damaged.") from None
        if sha256 is not None and photo.sha256 != sha256:
            raise Refusal(404, "There is no picture: the file has changed since.")
        return photo

    def _once(self, key: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._size += len(made)
            while self._size > _MOST_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._size -= len(dropped)
        return made


def missing_because(path: Path, sha256: str) -> str:
    """Return why there is no picture of a file; empty if it still has that hash."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return "The file of the photo is not there any more."
    return "" if digest == sha256 else "The file of the photo has changed since it was enrolled."


def shrunk(photo: Photo) -> tuple[bytes, tuple[int, int]]:
    """Return a JPEG of a whole photo, and its width and height."""
    image = Image.fromarray(photo.pixels)
    image.thumbnail((WHOLE_SIDE, WHOLE_SIDE))
    return _jpeg(image), image.size


def _corners(face: Face) -> Box:
    left, top, right, bottom = (float(side) for side in face.box)
    return left, top, right, bottom


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
