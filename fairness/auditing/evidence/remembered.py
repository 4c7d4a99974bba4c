"""A method that is computed once for each argument, as long as its object lives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Owner = TypeVar("Owner")
Result = TypeVar("Result")


def remembered(method: Callable[[Owner, str], Result]) -> Callable[[Owner, str], Result]:
    """Keep the results of a method in its object, by argument.

    `functools.cache` would keep the object, and all its scores, until the process ends.
    """
    place = f"_remembered_{method.__name__}"

    @wraps(method)
    def once(self: Owner, name: str) -> Result:
        found: dict[str, Result] = vars(self).setdefault(place, {})
        if name not in found:
            found[name] = method(self, name)
        return found[name]

    return once
