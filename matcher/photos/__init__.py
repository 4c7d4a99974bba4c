"""Bytes to upright RGB pixels. Knows nothing of faces."""

from matcher.photos.photo import Photo

__all__ = ["Photo"]
