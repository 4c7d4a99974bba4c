"""`matcher enrol` of a gallery with a watch list, killed between its commit and its end.

python killed_enrolment.py FOLDER LAPS

Each lap enrols a photo that a standing probe has too, by the command, in a process of its own that
is killed at a line of the rooms of the watch list.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from job_builders import OLD, draw
from killed_watch import ending_at, kill
from typer.testing import CliRunner

import matcher.cli.enrol
from matcher.cli.commands import app

LINES = 520
"""About so many lines a run comes to."""


def run(*words: object) -> int:
    """Run a command with a model that needs no weights; return its exit code."""
    matcher.cli.enrol.extractor_of = lambda *_, **__: OLD
    return CliRunner().invoke(app, [*map(str, words), "--policy", "off"]).exit_code


def main() -> None:
    """Make a gallery, kill the laps, and print how many of them were killed."""
    folder, laps = Path(sys.argv[1]), int(sys.argv[2])
    gallery, killed = folder / "gallery", 0
    draw(folder / "first" / "first" / "first.png", 1000)
    assert run("enrol", gallery, folder / "first", "--model", "fake") == 0
    for number in range(laps):
        draw(folder / "sought" / f"S-{number:02d}" / "photo.png", number)
        draw(folder / f"lap{number}" / f"A-{number:02d}" / "photo.png", number)
    leads = ("--threshold", 0.999, "--file", folder / "leads.jsonl")
    assert run("watch", "add", gallery, folder / "sought", *leads) == 0
    for number in range(laps):
        child = os.fork()
        if child == 0:
            with ending_at(1 + number * LINES // laps, kill):
                run("enrol", gallery, folder / f"lap{number}")
            os._exit(0)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    print(killed)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
