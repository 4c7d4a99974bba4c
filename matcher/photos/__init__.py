"""Decode photo files to upright RGB pixels. This package knows nothing of faces."""

from matcher.photos.colour import BACKGROUND
from matcher.photos.decode import encoding_of
from matcher.photos.jpeg import estimate_jpeg_quality, saved_as_jpeg
from matcher.photos.load import PhotoSource, load_photo, load_unchanged
from matcher.photos.photo import Photo
from matcher.photos.source import (
    FULL_SIZE_PIXELS,
    PHOTO_SUFFIXES,
    DecodeLimits,
    find_photos,
    sha256_of,
)

__all__ = [
    "BACKGROUND",
    "FULL_SIZE_PIXELS",
    "PHOTO_SUFFIXES",
    "DecodeLimits",
    "Photo",
    "PhotoSource",
    "encoding_of",
    "estimate_jpeg_quality",
    "find_photos",
    "load_photo",
    "load_unchanged",
    "saved_as_jpeg",
    "sha256_of",
]
