"""The keys of a model's TOML record, read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from matcher.errors import InputError, UnknownModelError
from matcher.strict_reading import read_toml, whole_of

MOST_NUMBERS: Final = 1 << 16
"""Largest dimension of a vector that a record may state."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Facts:
    """What a record's file holds, each key read by a rule.

    Parameters
    ----------
    path
        The file, for messages.
    values
        Its keys and their values.
    """

    path: Path
    values: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Facts:
        """Read a TOML file.

        Raises
        ------
        UnknownModelError
            If there is no such file.
        InputError
            If it cannot be read.
        """
        try:
            return cls(path, read_toml(path.read_bytes()))
        except FileNotFoundError as error:
            raise UnknownModelError(
                "The model is unknown",
                rule="a name that ends in .toml must be the path of a record",
                got="no such file",
                next_step="Correct the path, or see the names: matcher models list",
                path=path,
            ) from error
        except (OSError, ValueError) as error:
            raise refusal(path, "it must be a readable TOML file", error) from error

    def check_keys(self, required: Sequence[str], optional: Sequence[str]) -> None:
        """Refuse a record that lacks a required key, or has a key that is neither."""
        missing = [key for key in required if key not in self.values]
        unknown = sorted(set(self.values) - {*required, *optional})
        if missing:
            raise refusal(self.path, f"it must have {', '.join(missing)}", "a record without")
        if unknown:
            raise refusal(self.path, "it must have no other keys", ", ".join(unknown))

    def get(self, key: str, read: Callable[[Any], _T], rule: str) -> _T:
        """Return a value as `read` understands it; `rule` says in words what it must be."""
        value = self.values.get(key)
        try:
            return read(value)
        except (TypeError, ValueError) as error:
            raise refusal(self.path, f"{key} must be {rule}", repr(value)) from error

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        return self.get(key, text, "a text")

    def name(self) -> str:
        """Return the name of the model."""
        return self.get("name", _name, "a word of letters, digits, dots and hyphens")

    def sha256(self, key: str) -> str:
        """Return a SHA-256 that must be there."""
        return self.get(key, sha256, "64 lower-case hexadecimal digits")

    def dimension(self) -> int:
        """Return the length of a vector."""
        rule = f"a whole number from 1 to {MOST_NUMBERS}"
        return self.get("dimension", lambda value: whole_of(value, 1, MOST_NUMBERS), rule)


def refusal(path: Path, rule: str, got: object) -> InputError:
    """Return the error of a record that breaks a rule."""
    return InputError(
        "The model record cannot be read",
        rule=rule,
        got=got,
        next_step="Correct the record; docs/reference/onnx-record.md shows one.",
        path=path,
    )


def text(value: Any) -> str:
    """Return a text that is not empty; raise TypeError for any other value."""
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value


def matching(value: Any, pattern: str) -> str:
    """Return a text of a pattern; raise TypeError or ValueError for any other value."""
    if not re.fullmatch(pattern, text(value)):
        raise ValueError
    return str(value)


def sha256(value: Any) -> str:
    """Return a SHA-256; raise TypeError or ValueError for any other value."""
    return matching(value, r"[0-9a-f]{64}")


def _name(value: Any) -> str:
    return matching(value, r"[A-Za-z0-9][A-Za-z0-9.-]*")
