"""Look at the types of arguments where they come in, so that no mistake ends deep inside."""

from __future__ import annotations

import os
from collections.abc import Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

from fairness.errors import AuditError

T = TypeVar("T")


def expect(
    what: str, given: object, kind: type | tuple[type, ...], *, rule: str, next_step: str
) -> None:
    """Raise AuditError unless an argument is of a type, or of one of several."""
    if not isinstance(given, kind):
        raise AuditError(what, rule=rule, got=described(given), next_step=next_step)


def path_of(what: str, given: object) -> Path:
    """Return a path that was given as a text or as a path.

    Raises
    ------
    AuditError
        If it is neither.
    """
    expect(what, given, (str, os.PathLike), rule="must be a path", next_step="Give a text or Path.")
    return Path(given)  # type: ignore[arg-type]


def expect_number(what: str, given: object, *, whole: bool = False) -> None:
    """Raise AuditError unless an argument is a number; True and False are none."""
    rule = "must be a whole number" if whole else "must be a number"
    number = None if isinstance(given, bool) else given
    if not isinstance(number, Integral if whole else Real):
        raise AuditError(
            what, rule=rule, got=described(given), next_step="Give a number, not a text."
        )


def listed(what: str, given: Any, kind: type[T], *, next_step: str) -> list[T]:
    """Return the members of a collection, each of a type; a single one is no collection.

    Raises
    ------
    AuditError
        If it is no collection, or if a member is of another type; the message says which one.
    """
    rule = f"must be a sequence of {kind.__name__}"
    if isinstance(given, (kind, str, bytes)) or not isinstance(given, Iterable):
        raise AuditError(what, rule=rule, got=described(given), next_step=next_step)
    members = list(given)
    for number, member in enumerate(members):
        expect(f"{what}[{number}]", member, kind, rule=f"a {kind.__name__}", next_step=next_step)
    return members


def described(given: object) -> str:
    """Return what was given: short texts and numbers as they are, anything else by its type."""
    if given is None or isinstance(given, bool | int | float):
        return repr(given)
    if isinstance(given, str) and len(given) <= 40:
        return f"the text {given!r}"
    name = type(given).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
