"""MD5, SHA-1 and SHA-256 of a file, in one pass over its bytes."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

Algorithm = Literal["sha256", "sha1", "md5"]
"""A hash by which photos are known."""

ALGORITHMS: Final[tuple[Algorithm, ...]] = ("sha256", "sha1", "md5")
"""The algorithms, the strongest first. Files can be made that share an MD5 or a SHA-1."""

BYTES: Final[dict[Algorithm, int]] = {"sha256": 32, "sha1": 20, "md5": 16}
"""Bytes of a hash of each algorithm; it has twice as many hexadecimal digits."""

TITLES: Final[dict[Algorithm, str]] = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}

_BLOCK: Final = 1 << 18  # bytes; a block stays in the cache for all three


class Hashed(Protocol):
    """What has hashes: a file's, a photo or the record of one. All are lower-case hexadecimal."""

    @property
    def sha256(self) -> str: ...  # noqa: D102
    @property
    def sha1(self) -> str | None: ...  # noqa: D102
    @property
    def md5(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True)
class FileHashes:
    """The hashes of the bytes of one file.

    Parameters
    ----------
    sha256, sha1, md5
        Lower-case hexadecimal digits: 64, 40 and 32.
    """

    sha256: str
    sha1: str
    md5: str


def is_hash(text: str, algorithm: Algorithm) -> bool:
    """Return whether a text is a hash as this library writes it: in lower-case digits."""
    return re.fullmatch(f"[0-9a-f]{{{2 * BYTES[algorithm]}}}", text) is not None


def hashes_of(data: bytes) -> FileHashes:
    """Return the hashes of encoded bytes."""
    whole = memoryview(data)
    return _digested(whole[at : at + _BLOCK] for at in range(0, len(whole), _BLOCK))


def hashes_of_stream(file: io.BufferedIOBase) -> FileHashes:
    """Return the hashes of a binary file, from its current position to its end, read once."""
    return _digested(iter(lambda: file.read(_BLOCK), b""))


def _digested(blocks: Iterable[bytes | memoryview]) -> FileHashes:
    made = {
        name: hashlib.new(name, usedforsecurity=name == "sha256")  # MD5 only names a file here
        for name in ALGORITHMS
    }
    for block in blocks:
        for digest in made.values():
            digest.update(block)
    return FileHashes(**{name: digest.hexdigest() for name, digest in made.items()})
