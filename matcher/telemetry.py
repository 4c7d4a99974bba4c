"""Import libraries that report to their makers, with their reports switched off first.

Some libraries send facts about the machine and its work to their makers unless a variable of the
environment says otherwise, and they read it when they are loaded. This module is the one place that
knows these variables. Nothing in the library imports such a library by itself.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Final

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Switch:
    """How the reports of one library are switched off.

    Parameters
    ----------
    variable
        Variable of the environment that the library reads.
    off
        Values that switch the reports off, in lower case; the first one is set.
    when_loaded
        Whether the library reports from the moment it is loaded, so that the variable comes too
        late for one that was loaded before.
    function
        Function of the library that switches off what the variable does not reach; "" if it has
        none.
    """

    variable: str
    off: tuple[str, ...]
    when_loaded: bool = False
    function: str = ""


SWITCHES: Final[Mapping[str, Switch]] = MappingProxyType(
    {
        # Its Privacy.md has the variable and the function. The values were tried with 1.32.
        "onnxruntime": Switch(
            "ORT_DISABLE_TELEMETRY",
            ("1", "true", "yes", "on", "y"),
            when_loaded=True,
            function="disable_telemetry_events",
        ),
        # A cluster reports for itself: docs/how-to/reindex-on-a-cluster.md starts one without that.
        "ray": Switch("RAY_USAGE_STATS_ENABLED", ("0",)),
    }
)
"""The libraries that report, by the name of their module."""


def import_silent(library: str) -> ModuleType:
    """Return a library of `SWITCHES`, imported after its reports were switched off.

    A variable that is set and not empty is the user's choice. It stays. If it leaves the reports
    on, a notice says so once.

    Raises
    ------
    ImportError
        If the library is not installed.
    """
    switch = SWITCHES[library]
    chosen = os.environ.get(switch.variable, "").strip()
    if not chosen:
        if switch.when_loaded and sys.modules.get(library) is not None:
            _say(
                f"{library} was loaded before its reports could be switched off, and may have "
                f"begun to send them. Set {switch.variable}={switch.off[0]} in the environment."
            )
        os.environ[switch.variable] = chosen = switch.off[0]
    silent = chosen.lower() in switch.off
    if not silent:
        _say(
            f"{switch.variable} is set to {chosen!r}, so {library} may send reports to its maker. "
            f"Set it to {switch.off[0]} to send none."
        )
    module = import_module(library)
    if silent and switch.function:
        getattr(module, switch.function)()
    return module


@cache
def _say(notice: str) -> None:
    """Log a notice; the same one only once in a process."""
    _log.warning(notice)
