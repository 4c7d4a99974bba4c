"""Hashes of files, by which agencies name photos to each other, and lists of them."""

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

__all__ = [
    "ALGORITHMS",
    "BYTES",
    "TITLES",
    "Algorithm",
    "FileHashes",
    "HashList",
    "Hashed",
    "hashes_of",
    "hashes_of_stream",
    "is_hash",
]
