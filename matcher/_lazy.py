"""Names that are loaded when they are first used, so that importing a package does no work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package.

    Parameters
    ----------
    package
        Name of the package, as in `__name__`.
    modules
        For each module, by its full name, the names that it defines.
    """
    module_of = {name: module for module, names in modules.items() for name in names}

    def getattribute(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(module_of[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted([*vars(sys.modules[package]), *module_of])

    return getattribute, names


def load(address: str) -> Any:
    """Import the module of an address `module:name` and return the object of that name."""
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)
