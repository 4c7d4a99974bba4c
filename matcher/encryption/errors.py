"""The error of an encrypted gallery that cannot be opened."""

from matcher.errors import GalleryError


class GalleryKeyError(GalleryError):
    """The gallery is encrypted, and its key is missing or another one. No message has a key."""

    code = "gallery_key"
