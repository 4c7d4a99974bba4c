"""The envelope: a file of a gallery that holds its random data key, locked by the person's key.

The store and the other files are encrypted by keys that are derived from the data key (HKDF-SHA256,
RFC 5869). The envelope locks the data key by AES-256-GCM (NIST SP 800-38D). So a wrong key is found
before anything else is read, and the person's key can change without a new copy of the gallery.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from matcher.arguments import expect
from matcher.encryption.errors import GalleryKeyError
from matcher.encryption.secret import KEY_FILE_VARIABLE, KEY_VARIABLE, GalleryKey
from matcher.errors import GalleryWriteError, MissingExtraError
from matcher.private_files import open_private
from matcher.strict_reading import object_of, read_json, text_of, whole_of

KEY_NAME: Final = "key.json"
KEY_PART: Final = "key.json.part"

_FORMAT: Final = 1
_NONCE_BYTES: Final = 12
_PACKAGES: Final = ("sqlcipher3", "cryptography")
_ENCRYPT: Final = "make an encrypted copy: matcher gallery encrypt GALLERY NEW."
_GIVEN: Final[list[GalleryKey]] = []
_GIVING: Final = threading.Lock()


@dataclass(frozen=True, repr=False)
class GalleryKeys:
    """The keys of the files of one gallery.

    Parameters
    ----------
    key
        The person's key, which opens the envelope.
    identifier
        Random name of the data key.
    data_key
        32 random bytes.
    """

    key: GalleryKey
    identifier: str
    data_key: bytes

    def __repr__(self) -> str:
        return f"GalleryKeys({self.identifier})"

    @property
    def store(self) -> bytes:
        """The key of SQLite files, 32 bytes."""
        return derived(self.data_key, "sqlite files")

    @property
    def files(self) -> bytes:
        """The key from which the key of each sealed file is derived, 32 bytes."""
        return derived(self.data_key, "sealed files")

    def write_to(self, directory: Path) -> None:
        """Write the envelope into a directory, in one step.

        Raises
        ------
        OSError
            When it cannot be written. An older envelope is then unchanged.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        locked = AESGCM(self.key.secret).encrypt(nonce, self.data_key, _about(self.identifier))
        facts = {
            "format": _FORMAT,
            "id": self.identifier,
            "nonce": nonce.hex(),
            "locked": locked.hex(),
        }
        part = directory / KEY_PART
        with open_private(part, encoding="ascii") as file:
            json.dump(facts, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(directory / KEY_NAME)


def derived(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """Return 32 bytes for one purpose, derived from a key by HKDF-SHA256."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt, f"matcher 1 {purpose}".encode()).derive(key)


def new_keys(key: GalleryKey) -> GalleryKeys:
    """Return keys for a new gallery; this process can use the key until it ends.

    Raises
    ------
    InputError
        If it is no key.
    MissingExtraError
        If the extra `encryption` is not installed.
    """
    _expect_key(key)
    _require_extra()
    _allow(key)
    return GalleryKeys(key, secrets.token_hex(16), secrets.token_bytes(32))


def keys_of(gallery: Path, key: GalleryKey | None = None) -> GalleryKeys | None:
    """Return the keys of a gallery; None if it is not encrypted.

    Parameters
    ----------
    gallery
        Directory of the gallery, not of an edition.
    key
        The person's key. Without it, the keys that `unlock` got and that of the environment are
        tried.

    Raises
    ------
    GalleryKeyError
        When no key is given, none of them fits, or the envelope cannot be read.
    MissingExtraError
        If the gallery is encrypted and the extra `encryption` is not installed.
    """
    place = gallery / KEY_NAME
    if not os.path.lexists(place):
        return None
    _require_extra()
    identifier, nonce, locked = _read(place)
    candidates = _candidates() if key is None else [key]
    for candidate in candidates:
        data_key = _opened(candidate, identifier, nonce, locked)
        if data_key is not None:
            return GalleryKeys(candidate, identifier, data_key)
    raise GalleryKeyError(
        "gallery",
        rule="is encrypted and needs its key",
        got="another key" if candidates else "none",
        next_step=f"Set {KEY_FILE_VARIABLE} to the file of its key, or {KEY_VARIABLE} to the key.",
        path=gallery,
    )


def file_key(gallery: Path) -> bytes | None:
    """Return the key of the SQLite files in a gallery's folder; None if it is not encrypted.

    Raises
    ------
    GalleryKeyError, MissingExtraError
        As `keys_of` does.
    """
    keys = keys_of(gallery)
    return None if keys is None else keys.store


def unlock(gallery: Path, key: GalleryKey | None) -> None:
    """Let this process use a key until it ends; without one, check that a known key fits.

    Raises
    ------
    GalleryKeyError
        When the key does not fit, or none is known; when a key is given for a gallery that is not
        encrypted.
    MissingExtraError
        As `keys_of` does.
    """
    if key is not None:
        _expect_key(key)
    if keys_of(gallery, key) is None and key is not None:
        raise GalleryKeyError(
            "gallery",
            rule="must be encrypted if it is opened by a key",
            got="one that is not",
            next_step=f"Leave the key out, or {_ENCRYPT}",
            path=gallery,
        )
    if key is not None:
        _allow(key)


def _allow(key: GalleryKey) -> None:
    with _GIVING:
        if key not in _GIVEN:
            _GIVEN.append(key)


def change_key(gallery: Path, new: GalleryKey) -> None:
    """Lock the envelope of an encrypted gallery by another key of a person.

    Nothing happens if it has the new key already. The data key stays. Whoever had the old key and a
    copy of the old envelope, as in a backup, can still read the files.

    Raises
    ------
    GalleryKeyError
        When it is not encrypted, or when its key is not known, as in `keys_of`.
    GalleryWriteError
        When it cannot be written. The old key then still fits.
    """
    _expect_key(new)
    if _fits(gallery, new):
        return
    keys = keys_of(gallery)
    if keys is None:
        raise GalleryKeyError(
            "gallery",
            rule="must be encrypted to change its key",
            got="one that is not",
            next_step=f"First {_ENCRYPT}",
            path=gallery,
        )
    try:
        GalleryKeys(new, keys.identifier, keys.data_key).write_to(gallery)
    except OSError as error:
        raise GalleryWriteError(
            "key file of the gallery",
            rule="must be writable, with room on the disk",
            got=error,
            next_step="The old key still fits. Free space or correct the rights, then try again.",
            path=gallery / KEY_NAME,
        ) from error


def _fits(gallery: Path, key: GalleryKey) -> bool:
    try:
        return keys_of(gallery, key) is not None
    except GalleryKeyError:
        return False


def _candidates() -> list[GalleryKey]:
    from_environment = GalleryKey.from_environment()
    with _GIVING:
        known = list(_GIVEN)
    return known if from_environment is None else [from_environment, *known]


def _read(place: Path) -> tuple[str, bytes, bytes]:
    try:
        facts = object_of(read_json(place.read_bytes()))
        version = whole_of(facts["format"])
        if version != _FORMAT:
            raise ValueError(f"format {version}")
        held = tuple(text_of(facts[name]) for name in ("id", "nonce", "locked"))
        return held[0], bytes.fromhex(held[1]), bytes.fromhex(held[2])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryKeyError(
            "key file of the gallery",
            rule=f"must be one that this version of matcher reads, format {_FORMAT}",
            got=error,
            next_step="Restore the file from a backup of the gallery. Nothing can be read "
            "without it.",
            path=place,
        ) from error


def _opened(key: GalleryKey, identifier: str, nonce: bytes, locked: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key.secret).decrypt(nonce, locked, _about(identifier))
    except (InvalidTag, ValueError):
        return None


def _about(identifier: str) -> bytes:
    return f"matcher gallery key {_FORMAT} {identifier}".encode()


def _expect_key(key: object) -> None:
    step = "Give GalleryKey.from_file(path)."
    expect("key", key, GalleryKey, rule="must be a GalleryKey", next_step=step)


def _require_extra() -> None:
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            "encryption of a gallery",
            rule="needs the extra `encryption`",
            got=f"no {' and no '.join(missing)}",
            next_step='Run: pip install "cryptography>=44" "sqlcipher3>=0.6.2".',
        )
