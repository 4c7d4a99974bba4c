"""What the command sets for its process, before PyTorch is there; a choice of the user stays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = (
    "import os, sys; from matcher.cli.entry import prepare; prepare(); "
    "print(os.environ.get('OMP_WAIT_POLICY'), 'torch' in sys.modules)"
)
NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


@pytest.mark.parametrize(
    ("chosen", "policy"),
    [
        ({}, "passive"),
        ({"OMP_WAIT_POLICY": "active"}, "active"),
        ({"GOMP_SPINCOUNT": "1000"}, "None"),
        ({"KMP_BLOCKTIME": "200"}, "None"),
    ],
)
def test_idle_threads_sleep_unless_the_user_says_otherwise(
    chosen: dict[str, str], policy: str
) -> None:
    plain = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=plain | chosen,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [policy, "False"]
