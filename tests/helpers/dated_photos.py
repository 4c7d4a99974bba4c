"""Photos that carry a date, a camera and a position, in every encoding that can hold them."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from photo_bytes import encoded, heic, picture
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

MAKE, MODEL, SOFTWARE, CHANGED, EXIF, GPS = 0x010F, 0x0110, 0x0131, 0x0132, 0x8769, 0x8825
ORIGINAL, DIGITIZED, OFFSET, COMMENT, FILE_SOURCE = 0x9003, 0x9004, 0x9011, 0x9286, 0xA300
CAMERA = {MAKE: "Canon", MODEL: "Canon EOS 80D"}
TAKEN = "2019:05:28 12:30:05"
BERLIN = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)}
PILLOW = ("JPEG", "PNG", "WEBP", "AVIF", "MPO")
ENCODINGS = (*PILLOW, "TIFF", "HEIC")

Tags = Mapping[int, Any]


def exif_of(capture: Tags | None = None, first: Tags | None = None, gps: Tags | None = None) -> Any:
    """Return EXIF: of a camera that took the photo at `TAKEN`, if nothing else is given."""
    exif = Image.Exif()
    exif.update(CAMERA if first is None else first)
    exif.get_ifd(EXIF).update({ORIGINAL: TAKEN, DIGITIZED: TAKEN} if capture is None else capture)
    exif.get_ifd(GPS).update(gps or {})
    return exif


def dated(
    encoding: str = "JPEG",
    capture: Tags | None = None,
    first: Tags | None = None,
    gps: Tags | None = None,
    pixels: NDArray[np.uint8] | None = None,
    **options: Any,
) -> bytes:
    """Return a photo with such EXIF."""
    pixels = picture() if pixels is None else pixels
    exif = exif_of(capture, first, gps)
    if encoding == "HEIC":
        return bytes(heic(pixels, exif=exif.tobytes(), **options))
    if encoding == "TIFF":
        tags = ImageFileDirectory_v2()
        tags.update(dict(exif))
        tags[EXIF] = dict(exif.get_ifd(EXIF))
        tags[GPS] = dict(exif.get_ifd(GPS))
        options["tiffinfo"] = tags
    else:
        options["exif"] = exif.tobytes()  # Pillow takes EXIF without a first tag for none
    return bytes(encoded(pixels, encoding, **options))


def with_date(
    photo: Path, place: Path, capture: Tags | None = None, first: Tags | None = None, **more: Any
) -> Path:
    """Write the picture of a photo as a JPEG with such EXIF; return its path."""
    with Image.open(BytesIO(photo.read_bytes())) as image:
        pixels = np.asarray(image.convert("RGB"))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(dated("JPEG", capture, first, pixels=pixels, quality=95, **more))
    return place
