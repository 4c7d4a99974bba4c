"""Show a face as a poor camera would have shown it: with few pixels, and saved as JPEG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from matcher.degradation.effects import Pixels, scaled, scaled_size
from matcher.errors import InputError
from matcher.photos import saved_as_jpeg


@dataclass(frozen=True)
class Camera:
    """A camera that shows a face with few pixels, and how its picture is saved.

    The whole photo is shrunk, not a crop of the face. Whoever uses the result has to find the face
    and its landmarks again, as in a real small photo.

    Parameters
    ----------
    meaning
        What the camera stands for, in plain words.
    face_pixels
        Longer side of the face's box in the picture, in pixels. A face that is smaller keeps its
        size.
    quality
        JPEG quality in [1, 100] at which the small picture is saved; None if it is not saved.
    enlarged
        Factor by which the small picture is enlarged afterwards, as phones and messengers do.
    quality_after
        JPEG quality at which the enlarged picture is saved; None if it is not saved.
    """

    meaning: str
    face_pixels: int
    quality: int | None = None
    enlarged: int = 1
    quality_after: int | None = None

    @property
    def saved_at(self) -> int | None:
        """JPEG quality at which the picture was saved last; None if it is as it was enlarged."""
        as_saved = self.enlarged == 1 and self.quality_after is None
        return self.quality if as_saved else self.quality_after

    def __str__(self) -> str:
        name = next((name for name, camera in CAMERAS.items() if camera == self), "")
        facts = (
            f"at most {self.face_pixels} pixels",
            "" if self.quality is None else f"saved as JPEG of quality {self.quality}",
            "" if self.enlarged == 1 else f"enlarged {self.enlarged} times",
            "" if self.quality_after is None else f"saved as JPEG of quality {self.quality_after}",
        )
        told = f"{self.meaning} ({', '.join(filter(None, facts))})"
        return f"{name}, {told}" if name else told

    def picture_size(
        self, size: tuple[int, int], box: Sequence[float] | NDArray[np.float32]
    ) -> tuple[int, int]:
        """Return width and height of the picture of a photo of a width and height, in pixels.

        The box, and the error, are those of `photograph`.
        """
        return scaled_size(scaled_size(size, self._shrunk(box)), self.enlarged)

    def photograph(self, pixels: Pixels, box: Sequence[float] | NDArray[np.float32]) -> Pixels:
        """Return the picture that the camera takes of a photo.

        Parameters
        ----------
        pixels
            uint8 array of shape (height, width, 3), RGB.
        box
            Left, top, right and bottom of the face in pixels.

        Returns
        -------
        uint8 array of shape (height', width', 3)

        Raises
        ------
        InputError
            If the box is empty.
        """
        picture = scaled(pixels, self._shrunk(box))
        if self.quality is not None:
            picture = saved_as_jpeg(picture, self.quality)
        picture = scaled(picture, self.enlarged)
        if self.quality_after is not None:
            picture = saved_as_jpeg(picture, self.quality_after)
        return picture

    def _shrunk(self, box: Sequence[float] | NDArray[np.float32]) -> float:
        """Return the factor by which the photo is shrunk, in (0, 1]."""
        left, top, right, bottom = map(float, box)
        side = max(right - left, bottom - top)
        if not side > 0:
            raise InputError(
                "box of a face",
                rule="right of its left side, and below its top",
                got=f"{left:g}, {top:g}, {right:g}, {bottom:g}",
                next_step="Give the box of a `Face`.",
            )
        return min(1.0, self.face_pixels / side)


CAMERAS: Mapping[str, Camera] = MappingProxyType(
    {
        "48px-q40": Camera("a face of 48 pixels in a compressed picture", 48, quality=40),
        "32px-q30": Camera("a face of 32 pixels in a strongly compressed picture", 32, quality=30),
        "24px-q30": Camera("a face of 24 pixels in a strongly compressed picture", 24, quality=30),
        "24px-x4-q75": Camera(
            "a face of 24 pixels, enlarged four times by a phone or messenger",
            24,
            enlarged=4,
            quality_after=75,
        ),
        "16px-x4-q75": Camera(
            "a face of 16 pixels, enlarged four times by a phone or messenger",
            16,
            enlarged=4,
            quality_after=75,
        ),
    }
)
"""Poor cameras by their name."""
