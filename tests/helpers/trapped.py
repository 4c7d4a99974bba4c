"""Run a program in a trap: no network, an empty home, and a record of what it tries.

`strace` sees the calls of every process and thread, whatever language made them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
_CALLS = "connect,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat"
_STRACE = ("strace", "-f", "--seccomp-bpf", "-e", f"trace={_CALLS}")
_REACHING = re.compile(r"sa_family=AF_INET|io\.systemd\.Resolve")
_OPENED = re.compile(r"^(?:open|openat|creat)\(.*O_(?:WRONLY|RDWR|CREAT).*\) += \d+<(/.*?)>")
_MADE = re.compile(r"^mkdir(?:at)?\(.*\"(/.*)\", \d+\) += 0")
_DEVICES = ("/dev/", "/proc/", "/sys/")
_NAMESPACES = (("unshare", "--net"), ("unshare", "--map-root-user", "--net"))


@dataclass(frozen=True)
class Trapped:
    """What a program did.

    Parameters
    ----------
    code, errors
        Exit code and standard error.
    calls
        Attempts to look up a name or to reach a machine, as `strace` prints them.
    written
        Files opened for writing and folders made, outside the trap's own folder.
    left
        Files in the home folder and in the folder for temporary files afterwards.
    """

    code: int
    errors: str
    calls: tuple[str, ...]
    written: frozenset[str]
    left: frozenset[str]


def require_trap() -> None:
    """Skip the test where programs cannot be watched and kept from the network."""
    if not _works((*_STRACE, "-o", os.devnull)):
        pytest.skip(
            "needs strace of version 5.3 or later (Linux), and the right to trace a process"
        )
    if not _alone():
        pytest.skip("needs unshare, and the right to a network namespace")


def run_trapped(arguments: Sequence[str | Path], folder: Path, **environment: str) -> Trapped:
    """Run Python with these arguments in `folder`, an existing folder of the trap's own."""
    home, temporary = folder / "home", folder / "temporary"
    home.mkdir(exist_ok=True)
    temporary.mkdir(exist_ok=True)
    # No variable is handed on by which a library could see that it is tested.
    variables = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    variables |= {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    variables |= {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", **environment}
    with tempfile.TemporaryDirectory() as traces:
        told = ["-ff", "-y", "-s", "400", "-e", "signal=none", "-o", f"{traces}/trace"]
        ran = subprocess.run(
            [*_alone(), *_STRACE, *told, sys.executable, *map(str, arguments)],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=400,
        )
        lines = [
            line
            for trace in Path(traces).iterdir()
            for line in trace.read_text("utf-8", "replace").splitlines()
        ]
    opened = {found[1] for line in lines if (found := _OPENED.match(line) or _MADE.match(line))}
    left = [path for place in (home, temporary) for path in place.rglob("*") if path.is_file()]
    return Trapped(
        code=ran.returncode,
        errors=ran.stderr,
        calls=tuple(line for line in lines if _REACHING.search(line)),
        written=frozenset(path for path in opened if not path.startswith((str(folder), *_DEVICES))),
        left=frozenset(str(path.relative_to(folder)) for path in left),
    )


@cache
def _alone() -> tuple[str, ...]:
    """Return what runs a command without a network; nothing where the system forbids it."""
    return next((words for words in _NAMESPACES if _works(words)), ())


@cache
def _works(words: tuple[str, ...]) -> bool:
    if shutil.which(words[0]) is None:
        return False
    return subprocess.run([*words, "true"], capture_output=True).returncode == 0
