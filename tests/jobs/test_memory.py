"""What a job has freed, the system has back."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

# In a process of its own: what earlier tests left in this one's heap would be returned too.
_PROGRAM = """
from pathlib import Path
from matcher.jobs.memory import give_back

def held():
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) // 1024

blocks = [bytearray(60_000) for _ in range(4000)]
blocks = blocks[::100]  # gaps between blocks that are in use
before = held()
give_back()
print(before - held(), len(blocks))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can return gaps")
def test_gaps_between_blocks_in_use_are_returned() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    returned_mib, kept = map(int, ran.stdout.split())
    assert returned_mib > 150
    assert kept == 40


def test_it_can_be_asked_anywhere() -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            "import ctypes\nctypes.CDLL = lambda _: object()\n"
            "from matcher.jobs.memory import give_back\ngive_back()",
        ],
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 0
