"""Bytes to upright RGB pixels. Knows nothing of faces."""

from matcher.photos.colour import BACKGROUND
from matcher.photos.jpeg import estimate_jpeg_quality, saved_as_jpeg
from matcher.photos.load import PhotoSource, load_photo
from matcher.photos.photo import Photo
from matcher.photos.source import PHOTO_SUFFIXES, DecodeLimits, find_photos, sha256_of

__all__ = [
    "BACKGROUND",
    "PHOTO_SUFFIXES",
    "DecodeLimits",
    "Photo",
    "PhotoSource",
    "estimate_jpeg_quality",
    "find_photos",
    "load_photo",
    "saved_as_jpeg",
    "sha256_of",
]
