"""The key that a person keeps: 32 random bytes, in a file or in the environment.

It is never an argument of a command, where every user of the machine could read it, and never part
of a message.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.arguments import described, path_of
from matcher.encryption.errors import GalleryKeyError
from matcher.private_files import write_private

KEY_VARIABLE: Final = "MATCHER_GALLERY_KEY"
KEY_FILE_VARIABLE: Final = "MATCHER_GALLERY_KEY_FILE"

_BYTES: Final = 32
_LONGEST_FILE: Final = 1024
_FORM: Final = re.compile(r"[0-9a-fA-F]{64}")
_NEW: Final = "Make a new one with: matcher gallery key FILE."


@dataclass(frozen=True, repr=False)
class GalleryKey:
    """The key that opens encrypted galleries. Whoever has it and the files can read everything.

    Without it nobody can read them, nor can this library: keep a copy in a safe place.

    Parameters
    ----------
    secret
        32 bytes.

    Raises
    ------
    GalleryKeyError
        For anything else.
    """

    secret: bytes

    def __post_init__(self) -> None:
        if not isinstance(self.secret, bytes) or len(self.secret) != _BYTES:
            got = f"{len(self.secret)}" if isinstance(self.secret, bytes) else "no bytes"
            raise _unusable("must have 32 bytes", got)

    def __repr__(self) -> str:
        return "GalleryKey(...)"

    def __reduce__(self) -> tuple[object, ...]:
        raise _unusable("is never pickled", "an attempt to pickle it")

    @classmethod
    def new(cls) -> GalleryKey:
        """Return a random key."""
        return cls(secrets.token_bytes(_BYTES))

    @classmethod
    def of_text(cls, text: str) -> GalleryKey:
        """Return the key of 64 hexadecimal digits.

        Raises
        ------
        GalleryKeyError
            For another text. The message does not repeat it.
        """
        if not isinstance(text, str):
            raise _unusable("must be a text of 64 hexadecimal digits", described(text))
        if not _FORM.fullmatch(text.strip()):
            raise _unusable("must have 64 hexadecimal digits", "another text")
        return cls(bytes.fromhex(text.strip()))

    @classmethod
    def from_file(cls, path: Path | str) -> GalleryKey:
        """Return the key of a file, as `save` writes it.

        Raises
        ------
        GalleryKeyError
            When it cannot be read, holds no key, or others than its owner can read it.
        """
        path = path_of("path", path)
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read(_LONGEST_FILE)
        except OSError as error:
            step = "Check the path and the rights of the file."
            raise _unusable("must be a file that can be read", error.strerror, step, path) from None
        if os.name != "nt" and mode & 0o077:
            step = f"Take the rights of others away: chmod 600 {path.name}."
            got = f"rights {mode & 0o777:04o}"
            raise _unusable("must be readable by its owner only", got, step, path)
        try:
            return cls.of_text(content.decode("ascii"))
        except (UnicodeDecodeError, GalleryKeyError):
            raise _unusable("must hold 64 hexadecimal digits", "others", _NEW, path) from None

    @classmethod
    def from_environment(cls) -> GalleryKey | None:
        """Return the key of `MATCHER_GALLERY_KEY` or `MATCHER_GALLERY_KEY_FILE`; None without both.

        Raises
        ------
        GalleryKeyError
            When both are set, or what one of them names is no key.
        """
        text, file = os.environ.get(KEY_VARIABLE), os.environ.get(KEY_FILE_VARIABLE)
        if text and file:
            rule = f"comes from {KEY_VARIABLE} or from {KEY_FILE_VARIABLE}"
            raise _unusable(rule, "both", "Unset one of them.")
        if file:
            return cls.from_file(file)
        return cls.of_text(text) if text else None

    @classmethod
    def required(cls) -> GalleryKey:
        """Return the key of the environment, as `from_environment` does.

        Raises
        ------
        GalleryKeyError
            Also when the environment names none.
        """
        key = cls.from_environment()
        if key is None:
            step = f"Set {KEY_FILE_VARIABLE} to the file of a key. {_NEW}"
            raise _unusable("must be named by the environment", "none", step)
        return key

    def save(self, path: Path | str) -> None:
        """Write the key to a new file that only its owner can read.

        Raises
        ------
        GalleryKeyError
            When something is there, because a key that is overwritten is lost, or when it cannot be
            written.
        """
        path = path_of("path", path)
        try:
            path.touch(0o600, exist_ok=False)
            write_private(path, f"{self.secret.hex()}\n")
        except FileExistsError:
            step = "Give the path of a new file."
            raise _unusable("is never overwritten", "a file that is there", step, path) from None
        except OSError as error:
            step = "Check the path and the rights of the folder."
            raise _unusable("must be writable", error.strerror, step, path) from None


def _unusable(
    rule: str, got: object, next_step: str = _NEW, path: Path | None = None
) -> GalleryKeyError:
    return GalleryKeyError("key of the gallery", rule=rule, got=got, next_step=next_step, path=path)
