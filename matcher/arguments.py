"""Look at the types of arguments where they come in, so that no mistake ends deep inside."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import date, datetime
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

from matcher.errors import InputError

T = TypeVar("T")


def expect(
    what: str, given: object, kind: type | tuple[type, ...], *, rule: str, next_step: str
) -> None:
    """Raise InputError unless an argument is of a type.

    Parameters
    ----------
    what, given
        Name and value of the argument.
    kind
        The type, or several.
    rule, next_step
        What must be given, and how to get it, in words for the message.
    """
    if not isinstance(given, kind):
        raise InputError(what, rule=rule, got=described(given), next_step=next_step)


def path_of(what: str, given: object) -> Path:
    """Return a path that was given as a text or as a path.

    Raises
    ------
    InputError
        If it is neither, or no file system can have the path.
    """
    expect(what, given, (str, os.PathLike), rule="must be a path", next_step="Give a text or Path.")
    path = Path(given)  # type: ignore[arg-type]
    if "\0" in str(path):
        step = "Give another name."
        raise InputError(
            what, rule="must not have the character NUL", got=ascii(str(path)), next_step=step
        )
    return path


def expect_number(what: str, given: object, *, whole: bool = False) -> None:
    """Raise InputError unless an argument is a number; True and False are none."""
    kind = Integral if whole else Real
    rule = "must be a whole number" if whole else "must be a number"
    number = None if isinstance(given, bool) else given
    if not isinstance(number, kind):
        raise InputError(
            what, rule=rule, got=described(given), next_step="Give a number, not a text."
        )


def expect_one_of(what: str, given: object, known: Iterable[str], *, next_step: str) -> None:
    """Raise InputError unless an argument is one of the known texts, which the message lists."""
    texts = tuple(known)
    if given not in texts:
        rule = f"must be one of {', '.join(texts)}"
        raise InputError(what, rule=rule, got=described(given), next_step=next_step)


def expect_hook(what: str, given: object) -> None:
    """Raise InputError unless an argument can be called."""
    expect(what, given, Callable, rule="must be a function", next_step="Leave it out.")  # type: ignore[arg-type]


def expect_day(what: str, given: object) -> None:
    """Raise InputError unless an argument is a day or None."""
    if given is not None and (not isinstance(given, date) or isinstance(given, datetime)):
        raise InputError(
            what,
            rule="must be a datetime.date, or None",
            got=described(given),
            next_step='Write date(2019, 5, 28), or date.fromisoformat("2019-05-28").',
        )


def expect_age(what: str, given: object) -> None:
    """Raise InputError unless an argument is a number of years or None."""
    if given is not None:
        expect_number(what, given)


def listed(
    what: str, given: Any, kind: type[T] | tuple[type[T], ...], *, rule: str, next_step: str
) -> list[T]:
    """Return the members of a collection, each of a type; a single one is no collection.

    Raises
    ------
    InputError
        If it is no collection, or if a member is of another type; the message says which one.
    """
    if isinstance(given, (kind, str, bytes)) or not isinstance(given, Iterable):
        raise InputError(what, rule=rule, got=described(given), next_step=next_step)
    members = list(given)
    for number, member in enumerate(members):
        expect(f"{what}[{number}]", member, kind, rule=rule, next_step=next_step)
    return members


def described(given: object) -> str:
    """Return what was given: short texts and numbers as they are, anything else by its type."""
    if given is None or isinstance(given, bool | int | float):
        return repr(given)
    if isinstance(given, str) and len(given) <= 40:
        return f"the text {given!r}"
    name = type(given).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
