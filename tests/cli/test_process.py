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
        ({"KMP_BLOCKTIME": "200"}, "passive" if sys.platform.startswith("linux") else "None"),
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/maps")
def test_no_openmp_is_loaded_before_the_policy_is_set() -> None:
    script = (
        "import os; from matcher.cli.entry import prepare; before = open('/proc/self/maps').read();"
        "prepare(); import torch; after = open('/proc/self/maps').read();"
        "print(*('omp.so' in maps for maps in (before, after)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNU's OpenMP says what it read")
@pytest.mark.parametrize("chosen", [{}, {"KMP_BLOCKTIME": "200"}])
def test_the_openmp_of_pytorch_has_read_the_policy(chosen: dict[str, str]) -> None:
    plain = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", "from matcher.cli.entry import prepare; prepare(); import torch"],
        env=plain | chosen | {"OMP_DISPLAY_ENV": "TRUE"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr
