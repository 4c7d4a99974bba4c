"""Decode photo files to upright RGB pixels. This package knows nothing of faces."""

from matcher.photos.colour import BACKGROUND
from matcher.photos.dates import (
    CaptureDate,
    DateOfPhoto,
    Doubt,
    Position,
    Reliability,
    capture_date,
    counted_dates,
    gps_position,
    list_dates,
)
from matcher.photos.decode import encoding_of
from matcher.photos.finding import (
    FolderListing,
    LeftOut,
    Reason,
    find_photos,
    list_folder,
    looks_like_a_photo,
)
from matcher.photos.jpeg import estimate_jpeg_quality, saved_as_jpeg
from matcher.photos.load import PhotoSource, load_photo, load_unchanged
from matcher.photos.photo import Photo
from matcher.photos.source import (
    FULL_SIZE_PIXELS,
    PHOTO_SUFFIXES,
    DecodeLimits,
    file_hashes,
    require_pixel_limit,
    sha256_of,
)

__all__ = [
    "BACKGROUND",
    "FULL_SIZE_PIXELS",
    "PHOTO_SUFFIXES",
    "CaptureDate",
    "DateOfPhoto",
    "DecodeLimits",
    "Doubt",
    "FolderListing",
    "LeftOut",
    "Photo",
    "PhotoSource",
    "Position",
    "Reason",
    "Reliability",
    "capture_date",
    "counted_dates",
    "encoding_of",
    "estimate_jpeg_quality",
    "file_hashes",
    "find_photos",
    "gps_position",
    "list_dates",
    "list_folder",
    "load_photo",
    "load_unchanged",
    "looks_like_a_photo",
    "require_pixel_limit",
    "saved_as_jpeg",
    "sha256_of",
]
