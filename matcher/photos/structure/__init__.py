"""Count the parts of an encoded photo before anything decodes it."""

from matcher.photos.structure.checks import (
    require_bytes_for,
    require_few,
    require_parts,
    require_turns,
)
from matcher.photos.structure.containers import webp_chunks
from matcher.photos.structure.counting import Count
from matcher.photos.structure.directories import TiffEntry, TiffFile
from matcher.photos.structure.exif import bytes_of_values, exif_is_small
from matcher.photos.structure.icc_profile import require_sound_profile
from matcher.photos.structure.jpeg_segments import header_segments

__all__ = [
    "Count",
    "TiffEntry",
    "TiffFile",
    "bytes_of_values",
    "exif_is_small",
    "header_segments",
    "require_bytes_for",
    "require_few",
    "require_parts",
    "require_sound_profile",
    "require_turns",
    "webp_chunks",
]
