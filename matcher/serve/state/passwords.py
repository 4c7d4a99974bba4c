"""Passwords: kept as Argon2id hashes (RFC 9106), checked in the same time for unknown accounts."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from typing import TYPE_CHECKING, Final

from matcher.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST: Final = 15
"""Fewest characters. NIST SP 800-63B-4 asks for 15 where a password stands alone."""

MOST: Final = 256

_AT_ONCE: Final = threading.Semaphore(2)
"""Each check takes 64 MiB, so that many sign-ins at once do not fill the memory."""


def hashed(password: str) -> str:
    """Return the Argon2id hash of a password, with its own random salt.

    Raises
    ------
    InputError
        It has too few or too many characters.
    """
    text = _plain(password)
    if not LEAST <= len(text) <= MOST:
        raise InputError(
            "password",
            rule=f"must have {LEAST} to {MOST} characters",
            got=f"{len(text)}",
            next_step="Take several words that nobody would guess together.",
        )
    with _AT_ONCE:
        return _hasher().hash(text)


def fits(password: str, known: str | None) -> bool:
    """Return whether a password has a hash. Without a hash it takes as long, and is False."""
    from argon2.exceptions import InvalidHashError, VerificationError

    text = _plain(password)[:MOST]
    with _AT_ONCE:
        try:
            right = _hasher().verify(_nobodys() if known is None else known, text)
        except (VerificationError, InvalidHashError):
            return False
    return right and known is not None


_nobody: list[str] = []
_making = threading.Lock()


def _nobodys() -> str:
    """Return the hash of a password that nobody has."""
    with _making:
        if not _nobody:
            _nobody.append(_hasher().hash(secrets.token_hex(16)))
        return _nobody[0]


def prepare() -> None:
    """Make the hash that unknown accounts are checked against, so that no sign-in waits for it."""
    _nobodys()


def _plain(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ImportError as error:
        raise missing_extra("argon2-cffi") from error
    return PasswordHasher()


def missing_extra(package: str) -> MissingExtraError:
    """Return the error for a package of the extra that is not installed."""
    return MissingExtraError(
        "matcher serve",
        rule=f"needs {package}",
        got="none in this environment",
        next_step='Run: pip install "argon2-cffi>=25" "fastapi>=0.130" "python-multipart>=0.0.20" '
        '"uvicorn>=0.40".',
    )
