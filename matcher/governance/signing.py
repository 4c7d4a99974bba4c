"""Sign records of the log with an Ed25519 key, and check the signatures (extra `sign`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher.errors import ActivityLogError, InputError, MissingExtraError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

KEY_VARIABLE: Final = "MATCHER_LOG_KEY"
"""Environment variable: the file of the private key, in PEM, with which records are signed."""


def signature_of(content: bytes) -> str:
    """Return the signature of a record as hex digits; empty if no key is configured.

    Raises
    ------
    ActivityLogError
        When the key cannot be read, or is no Ed25519 key.
    MissingExtraError
        When `cryptography` is not installed.
    """
    place = os.environ.get(KEY_VARIABLE)
    return _private_key(Path(place)).sign(content).hex() if place else ""


def is_signature(signature: str, content: bytes, key: Ed25519PublicKey) -> bool:
    """Return whether a signature was made of the content with the private half of a key."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_of(given: bytes) -> Ed25519PublicKey:
    """Return a public key from 32 raw bytes, or from a PEM text.

    Raises
    ------
    InputError
        When it is none.
    MissingExtraError
        When `cryptography` is not installed.
    """
    _require_extra()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        if len(given) == 32:
            return Ed25519PublicKey.from_public_bytes(given)
        found = load_pem_public_key(given)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise InputError(
            "public key",
            rule="must be an Ed25519 key: 32 bytes, or PEM",
            got="something else",
            next_step="Make it with: openssl pkey -in key.pem -pubout.",
        )
    return found


def _private_key(path: Path) -> Ed25519PrivateKey:
    _require_extra()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    got: object = "a key of another kind"
    try:
        found = load_pem_private_key(path.read_bytes(), None)
        if isinstance(found, Ed25519PrivateKey):
            return found
    except OSError as error:
        got = error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        got = "something else"
    raise ActivityLogError(
        f"key that {KEY_VARIABLE} names",
        rule="must be a readable Ed25519 private key in PEM, without a password",
        got=got,
        next_step="Make one with: openssl genpkey -algorithm ed25519.",
        path=path,
    )


def _require_extra() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "signatures of the activity log",
            rule="need cryptography",
            got="no cryptography in this environment",
            next_step='Run: pip install "cryptography>=44".',
        ) from error
