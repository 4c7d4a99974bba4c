"""Encryption at rest: the key of a gallery, the keys of its files, and sealed files."""

from matcher.encryption.envelope import (
    KEY_NAME,
    GalleryKeys,
    change_key,
    file_key,
    keys_of,
    new_keys,
    unlock,
)
from matcher.encryption.errors import GalleryKeyError
from matcher.encryption.sealing import (
    PURPOSES,
    SEALED,
    Purpose,
    SealedReader,
    SealedWriter,
    seal,
    unseal,
)
from matcher.encryption.secret import KEY_FILE_VARIABLE, KEY_VARIABLE, GalleryKey

__all__ = [
    "KEY_FILE_VARIABLE",
    "KEY_NAME",
    "KEY_VARIABLE",
    "PURPOSES",
    "SEALED",
    "GalleryKey",
    "GalleryKeyError",
    "GalleryKeys",
    "Purpose",
    "SealedReader",
    "SealedWriter",
    "change_key",
    "file_key",
    "keys_of",
    "new_keys",
    "seal",
    "unlock",
    "unseal",
]
