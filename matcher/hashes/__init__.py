"""Hashes of files, by which agencies name photos to each other, and lists of them, also VICS."""

from matcher.hashes.digests import (
    ALGORITHMS,
    BYTES,
    TITLES,
    Algorithm,
    FileHashes,
    Hashed,
    hashes_of,
    hashes_of_stream,
    is_hash,
)
from matcher.hashes.hash_list import HashList
from matcher.hashes.vics_entries import SUBJECT_FIELDS, VicsMedia, vics_media

__all__ = [
    "ALGORITHMS",
    "BYTES",
    "SUBJECT_FIELDS",
    "TITLES",
    "Algorithm",
    "FileHashes",
    "HashList",
    "Hashed",
    "VicsMedia",
    "hashes_of",
    "hashes_of_stream",
    "is_hash",
    "vics_media",
]
