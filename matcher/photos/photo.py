"""The decoded photo: upright sRGB pixels and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.photos.dates import CaptureDate


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo. It knows nothing of faces.

    Parameters
    ----------
    pixels
        uint8 array of shape (height, width, 3): RGB in sRGB, upright (EXIF orientation applied),
        C-contiguous, read-only. It is smaller than stored if a very large JPEG was reduced, see
        `FULL_SIZE_PIXELS`. Boxes and landmarks of faces are in pixels of this array.
    sha256
        64 lower-case hexadecimal digits: the hash of the encoded bytes, or, for pixels given as
        an array or a PIL image, of their shape and values.
    original_size
        (width, height) in pixels as stored, before the orientation was applied.
    format
        Name of the encoding as Pillow spells it ("JPEG", "PNG", …), or "array". A JPEG within a
        TIFF is "TIFF".
    path
        Path of the file; None if the photo was not read from a path.
    jpeg_quality
        Estimated quality setting of the last JPEG compression, in [1, 100]; None for other formats.
    notes
        What was converted, chosen or lost while decoding, in plain words.
    capture_date
        The date that the file carries; None if it has none, and for a picture that is not the
        first of its file.
    md5, sha1
        Further hashes of the encoded bytes, by which other agencies know the photo: 32 and 40
        lower-case hexadecimal digits; None for an array or a PIL image.
    """

    pixels: NDArray[np.uint8]
    sha256: str
    original_size: tuple[int, int]
    format: str
    path: Path | None = None
    jpeg_quality: int | None = None
    notes: tuple[str, ...] = ()
    capture_date: CaptureDate | None = None
    md5: str | None = None
    sha1: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the upright photo."""
        return self.pixels.shape[1], self.pixels.shape[0]
