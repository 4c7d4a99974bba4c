"""Sealed files: encrypted and authenticated in chunks, and read without a plain copy on a disk.

Layout: eight bytes of magic, 32 random bytes of salt, and chunks of 1 MiB, the last one shorter.
Each chunk is encrypted by AES-256-GCM (NIST SP 800-38D) with a key of its own file, derived from
the salt. The nonce is the number of the chunk and a mark on the last one, so that chunks cannot be
moved, and none can be cut off (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
2015).
"""

from __future__ import annotations

import io
import os
import secrets
from typing import IO, Any, Final, Literal, get_args

from matcher.encryption.envelope import GalleryKeys, derived

SEALED: Final = b"MTCHSEA1"
"""The first bytes of a sealed file."""

Purpose = Literal["index", "probe", "results of a job", "tasks of a job", "traces"]
"""What a sealed file is. It can only be read as the same."""

PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

_SALT: Final = 32
_START: Final = len(SEALED) + _SALT
_CHUNK: Final = 1 << 20
_TAG: Final = 16


class SealedWriter:
    """Writes a sealed file from its beginning to its end.

    Parameters
    ----------
    file
        An empty file, open for writing bytes.
    keys
        The keys of the gallery.
    purpose
        What the file is.
    """

    def __init__(self, file: IO[bytes], keys: GalleryKeys, purpose: Purpose) -> None:
        salt = secrets.token_bytes(_SALT)
        self._file, self._cipher = file, _cipher(keys, purpose, salt)
        self._waiting, self._chunks = bytearray(), 0
        file.write(SEALED + salt)

    def write(self, data: bytes) -> None:
        """Write bytes. The last chunk is not in the file before `finish`."""
        self._waiting += data
        while len(self._waiting) > _CHUNK:
            self._put(bytes(self._waiting[:_CHUNK]), last=False)
            del self._waiting[:_CHUNK]

    def finish(self) -> None:
        """Write the last chunk. A file without it counts as damaged."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._chunks, last), chunk, None))
        self._chunks += 1


class SealedReader:
    """Reads a sealed file as if it were a plain one.

    Parameters
    ----------
    file
        The file, open for reading bytes.
    keys, purpose
        As for `SealedWriter`.

    Raises
    ------
    ValueError
        If it is not a sealed file; and by `read`, where a chunk is not what was written.
    """

    def __init__(self, file: IO[bytes], keys: GalleryKeys, purpose: Purpose) -> None:
        start = file.read(_START)
        if len(start) != _START or not start.startswith(SEALED):
            raise ValueError("no sealed file")
        self._file, self._cipher = file, _cipher(keys, purpose, start[len(SEALED) :])
        body = file.seek(0, os.SEEK_END) - _START
        self._chunks = max(1, -(-body // (_CHUNK + _TAG)))
        self.size = body - self._chunks * _TAG
        """Number of bytes of the content."""
        self._place, self._held = 0, (-1, b"")

    def tell(self) -> int:
        """Return the place in the content."""
        return self._place

    def seek(self, place: int) -> None:
        """Go to a place in the content."""
        self._place = place

    def read(self, count: int) -> bytes:
        """Return the next bytes of the content, fewer than `count` only at its end."""
        parts: list[bytes] = []
        while count > 0 and self._place < self.size:
            number, start = divmod(self._place, _CHUNK)
            part = self._chunk(number)[start : start + count]
            parts.append(part)
            self._place += len(part)
            count -= len(part)
        return b"".join(parts)

    def check(self) -> None:
        """Raise ValueError unless every chunk is what was written."""
        for number in range(self._chunks):
            self._chunk(number)

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(_START + number * (_CHUNK + _TAG))
            self._held = number, self._decrypted(number, self._file.read(_CHUNK + _TAG))
        return self._held[1]

    def _decrypted(self, number: int, chunk: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            nonce = _nonce(number, number == self._chunks - 1)
            plain: bytes = self._cipher.decrypt(nonce, chunk, None)
        except (InvalidTag, ValueError) as error:
            raise ValueError("a chunk that is not what was written") from error
        return plain


def seal(data: bytes, keys: GalleryKeys, purpose: Purpose) -> bytes:
    """Return bytes in the form of a sealed file."""
    file = io.BytesIO()
    writer = SealedWriter(file, keys, purpose)
    writer.write(data)
    writer.finish()
    return file.getvalue()


def unseal(data: bytes, keys: GalleryKeys, purpose: Purpose) -> bytes:
    """Return the content of a sealed file.

    Raises
    ------
    ValueError
        If it is no sealed file, was sealed by other keys or for another purpose, or is damaged.
    """
    reader = SealedReader(io.BytesIO(data), keys, purpose)
    reader.check()
    return reader.read(reader.size)


def _cipher(keys: GalleryKeys, purpose: Purpose, salt: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(derived(keys.files, purpose, salt))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
