"""The signals that end a process, as parameters of a test."""

from __future__ import annotations

import signal
from typing import Any

import pytest


def signals(*names: str) -> list[Any]:
    """Return those that this system has; one that is ignored, as SIGHUP under nohup, is skipped."""
    numbers = {name: getattr(signal, name) for name in names if hasattr(signal, name)}
    return [
        pytest.param(
            number,
            id=name,
            marks=pytest.mark.skipif(
                signal.getsignal(number) is signal.SIG_IGN, reason="ignored here"
            ),
        )
        for name, number in numbers.items()
    ]
