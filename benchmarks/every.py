"""Run the benchmarks one after the other, each as the documentation quotes it.

    python benchmarks/every.py --fgnet FOLDER --lfw FOLDER --fairface FOLDER --across MANIFEST
        --scratch FOLDER [--only NAME ...] [--logs FOLDER]

Each writes `benchmarks/results/NAME.json`. What fails, or needs photos that are not named, is said
at the end, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from every_command import COMMANDS

FOLDER = Path(__file__).resolve().parent
DATA = ("fgnet", "lfw", "fairface", "across", "scratch")


def words(command: str, folders: Mapping[str, Path | None]) -> list[str] | None:
    """Return the words of a command with paths for its {names}; None if one is not named."""
    if any(f"{{{name}}}" in command and path is None for name, path in folders.items()):
        return None
    return [word.format_map(folders) for word in shlex.split(command)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and say what is left out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in DATA:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--only", nargs="+", choices=sorted(COMMANDS), default=sorted(COMMANDS))
    parser.add_argument("--logs", type=Path, help="what each prints goes here")
    options = parser.parse_args(arguments)
    folders = {name: getattr(options, name) and getattr(options, name).resolve() for name in DATA}
    if options.logs:
        options.logs.mkdir(parents=True, exist_ok=True)
    missed = []
    for name in options.only:
        command = words(COMMANDS[name], folders)
        if command is None:
            missed.append(f"{name}: needs {COMMANDS[name]}")
            continue
        started = time.monotonic()
        code = _run(name, command, options.logs)
        print(f"{name}: exit {code}, {time.monotonic() - started:.0f} s", flush=True)
        if code:
            missed.append(f"{name}: exit {code}")
    print(*missed, sep="\n", file=sys.stderr)
    return bool(missed)


def _run(name: str, command: Sequence[str], logs: Path | None) -> int:
    script, *rest = command
    whole = [sys.executable, str(FOLDER / script), "--record", name, *rest]
    if logs is None:
        return subprocess.run(whole, check=False).returncode
    with (logs / f"{name}.log").open("wb") as log:
        return subprocess.run(whole, check=False, stdout=log, stderr=log).returncode


if __name__ == "__main__":
    sys.exit(main())
