"""What a benchmark measured, printed as tables and kept as a file that documentation renders.

A benchmark makes one `Record`, adds a table when it is measured, and writes the record at its end:

    record = Record.begin(__file__, parser, arguments)    # adds --record NAME, and parses
    record.table("rates", ("group", "not first"), [("all", "27 % (19 to 37 %)")])
    record.write()

`benchmarks/results/NAME.json` then holds the command, the commit, the day, the machine, the
versions and the tables. `tools/render_results.py` writes them into the pages that name them.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).resolve().parent / "results"
NOTHING = "none"
"""The name with which a benchmark is told to write no file."""
FORMAT = 1
PACKAGES = ("numpy", "scipy", "torch", "torchvision", "faiss-cpu", "pillow")

TOLD = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY")
"""Variables of the environment that change what is measured: the command is kept with them."""

Cell = str | int | float | None


@dataclass
class Record:
    """The tables of one run, and what they were measured with.

    A cell is text as a person reads it, with its unit and its interval, or a number, or None where
    nothing could be measured.
    """

    name: str
    options: argparse.Namespace
    command: str
    started: float = field(default_factory=time.time)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def begin(
        cls, script: str, parser: argparse.ArgumentParser, arguments: Sequence[str] | None = None
    ) -> Self:
        """Add `--record` to the options of a benchmark, parse them, and begin.

        The command is kept with a name in capitals for each path of this machine, and with the
        variables of `TOLD`.
        """
        name = Path(script).stem
        parser.add_argument(
            "--record",
            metavar="NAME",
            default=name,
            help=f"write benchmarks/results/NAME.json (default: {name}; {NOTHING}: no file)",
        )
        given = list(sys.argv[1:] if arguments is None else arguments)
        options = parser.parse_args(given)
        if options.record != NOTHING:
            try:
                FOLDER.mkdir(exist_ok=True)
            except OSError as error:
                parser.error(f"cannot make the folder {FOLDER}: {error.strerror}")
        if "--record" in given:
            place = given.index("--record")
            del given[place : place + 2]
        where = Path(script).resolve().relative_to(ROOT)
        told = [f"{name}={os.environ[name]}" for name in TOLD if name in os.environ]
        words = shlex.join(["python", str(where), *map(_shown, given)])
        return cls(options.record, options, " ".join([*told, words]))

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Keep a table under a name, and print it; a table of that name is replaced.

        Raises `ValueError` if a row has not one cell for each column.
        """
        for row in rows:
            if len(row) != len(columns):
                raise ValueError(f"{name}: {len(columns)} columns, and a row with {len(row)} cells")
        self.tables[name] = {"columns": list(columns), "rows": [list(row) for row in rows]}
        print("\n".join(markdown(columns, rows)), end="\n\n", flush=True)

    def write(self) -> Path | None:
        """Write the file whole, or leave the one that was there; return its path."""
        if self.name == NOTHING:
            return None
        facts = {
            "format": FORMAT,
            "name": self.name,
            "command": self.command,
            "commit": commit(),
            "date": datetime.fromtimestamp(self.started, UTC).date().isoformat(),
            "seconds": round(time.time() - self.started, 1),
            "machine": machine(),
            "versions": versions(),
            "tables": self.tables,
        }
        path = FOLDER / f"{self.name}.json"
        with tempfile.NamedTemporaryFile(
            "w", dir=FOLDER, prefix=".", suffix=".part", delete=False, encoding="utf-8"
        ) as file:
            file.write(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
        print(f"results: {path}", file=sys.stderr)
        return path


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    lines = [columns, ["---"] * len(columns), *([text(cell) for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def text(cell: Cell) -> str:
    """Return a cell as it is shown; a number has three digits that count, and thousands commas."""
    if cell is None:
        return "not measured"
    if isinstance(cell, str):
        return cell.replace("|", "\\|")
    if isinstance(cell, int) or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.3g}"


def estimate(value: float, limits: Sequence[float] | None, unit: str = "", digits: int = 0) -> str:
    """Return a value with its interval as a person reads it, such as "27 % (19 to 37 %)"."""
    unit = f" {unit}" if unit else ""
    shown = f"{value:.{digits}f}{unit}"
    if limits is None:
        return f"{shown} (no interval)"
    low, high = limits
    return f"{shown} ({low:.{digits}f} to {high:.{digits}f}{unit})"


def commit() -> str:
    """Return the commit that was measured, with "+ changes" if files of it were changed."""
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--", ".", ":!benchmarks/results", ":!docs")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + (" + changes" if changed else "")


def machine() -> dict[str, str | int]:
    """Return the processor, the cores and the memory, and the system."""
    processor = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        named = [
            line for line in facts.read_text(encoding="utf-8").splitlines() if "model name" in line
        ]
        processor = named[0].partition(":")[2].strip() if named else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor,
        "cores": os.cpu_count() or 1,
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of what the measurements rest on."""
    import matcher

    found = {"matcher": matcher.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        found[package] = importlib.metadata.version(package)
    return found


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607 - git is found on the path
    return done.stdout.strip()


def _shown(word: str) -> str:
    """Return a word of the command line; a path of this machine becomes a name in capitals."""
    path = Path(word).expanduser()
    if not path.is_absolute():
        return word
    if path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT))
    if path.is_relative_to(tempfile.gettempdir()):
        return "FOLDER"
    return f"{path.parent.name.upper()}/{path.name}" if path.suffix else path.name.upper()
