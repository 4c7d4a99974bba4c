"""Bytes of probes that somebody asked to keep, each in a file with its SHA-256 as the name.

In an encrypted gallery the files are sealed. Their names still are hashes of the plain bytes.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from matcher.arguments import described, expect
from matcher.encryption import keys_of, seal, unseal
from matcher.errors import GalleryDamagedError, InputError
from matcher.gallery.copies import PROBE, PROBES
from matcher.gallery.files import replace_private, unwritable_reported
from matcher.private_files import make_folder, sync_directory

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def keep(folder: Path, data: bytes) -> str:
    """Write the bytes of a probe, and return their SHA-256.

    Raises
    ------
    InputError
        If they are no bytes, or none.
    GalleryWriteError
        If they cannot be written.
    """
    expect("data", data, bytes, rule="must be the bytes of a photo", next_step="Read the file.")
    if not data:
        raise InputError("data", rule="must hold a photo", got="0 bytes", next_step="Read it.")
    sha256 = hashlib.sha256(data).hexdigest()
    place = folder / PROBES
    with unwritable_reported("kept probe", place):
        make_folder(place)
        keys = keys_of(folder.parent)
        replace_private(place / sha256, data if keys is None else seal(data, keys, PROBE))
    return sha256


def kept(folder: Path, sha256: str) -> bytes | None:
    """Return the bytes of a probe that was kept; None if it was not.

    Raises
    ------
    InputError
        If it is no SHA-256.
    GalleryDamagedError
        If the file is not what was kept.
    """
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise InputError(
            "sha256",
            rule="must be 64 hexadecimal digits",
            got=described(sha256),
            next_step="`Lead.probe_sha256` has it.",
        )
    path = folder / PROBES / sha256
    try:
        data = path.read_bytes()
        keys = keys_of(folder.parent)
        data = data if keys is None else unseal(data, keys, PROBE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, error.strerror) from error
    except ValueError as error:
        raise _damaged(path, error) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _damaged(path, "other bytes")
    return data


def _damaged(path: Path, got: object) -> GalleryDamagedError:
    return GalleryDamagedError(
        "kept probe",
        rule="must hold the bytes that were kept",
        got=got,
        next_step="Restore it from a backup, or keep the photo again.",
        path=path,
    )


def forget(folder: Path, sha256: str) -> bool:
    """Delete the bytes of a probe; return whether it was kept.

    Raises
    ------
    GalleryWriteError
        If it cannot be deleted.
    """
    path = folder / PROBES / sha256
    with unwritable_reported("kept probe", path):
        there = path.is_file()
        path.unlink(missing_ok=True)
        if there:
            sync_directory(path.parent)
    return there
