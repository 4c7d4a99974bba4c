"""What the command prints: results to stdout, progress and talk to stderr."""

from __future__ import annotations

import csv
import enum
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from matcher.errors import OutputError
from matcher.paths import shown
from matcher.progress import ProgressHook


class Format(enum.StrEnum):
    """How results are printed."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"


class _Talk(Console):
    """Writes to stderr. If nobody reads it any more, the work goes on."""

    def on_broken_pipe(self) -> None:
        """Do without a reader."""
        leave(sys.stderr)


def leave(stream: TextIO) -> None:
    """Write to nowhere from now on, also what still waits in the stream."""
    with suppress(OSError):  # not a file of the system, as in a test
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say(text: str) -> None:
    """Print a line of talk to stderr."""
    with suppress(OSError):  # a full disk, and nobody who could be told
        _Talk(stderr=True, highlight=False, markup=False, soft_wrap=True).print(shown(text))


class _Rate(ProgressColumn):
    """How many a second, lately."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


@contextmanager
def progress() -> Iterator[ProgressHook]:
    """Draw a bar for each step on stderr; yield the hook that moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        _Rate(),
    )
    with Progress(*columns, console=_Talk(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def hook(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield hook


def print_rows(rows: Sequence[Mapping[str, Any]], style: Format, *, title: str = "") -> None:
    """Print rows of equal keys to stdout in the chosen format."""
    rows = [{name: _printable(value) for name, value in row.items()} for row in rows]
    if style is Format.jsonl:
        for row in rows:
            print_json(json.dumps(row, default=_plain, ensure_ascii=False))
    elif style is Format.csv:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        _print(text.getvalue())
    elif rows:
        _print_table(rows, title)


def print_json(text: str) -> None:
    """Print one JSON document as a line; with escapes if stdout cannot encode its characters."""
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # outside ASCII there are only strings, and these may have escapes
        text = re.sub(r"[^\x00-\x7f]+", lambda found: json.dumps(found[0])[1:-1], text)
    _print(text + "\n")


def _print(text: str) -> None:
    """Write results to stdout, at once: then a full disk is noticed here."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        leave(sys.stdout)
        raise OutputError(
            "standard output",
            rule="takes all results",
            got=error.strerror or type(error).__name__,
            next_step="Make room where it is written to, and run the same command again.",
        ) from error


def _print_table(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    table = Table(title=title or None, title_justify="left")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    drawn = _Drawn()
    Console(file=drawn, markup=False, highlight=False).print(table)
    _print(drawn.getvalue())


class _Drawn(io.StringIO):
    """Text that is drawn as stdout can show it: its characters, and colours on a terminal."""

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of a file it is an attribute
        """Encoding of stdout; without UTF-8, tables are drawn with ASCII."""
        return sys.stdout.encoding

    def isatty(self) -> bool:
        """Return whether a person looks at stdout."""
        return sys.stdout.isatty()


def _printable(value: Any) -> Any:
    return shown(value) if isinstance(value, str | os.PathLike) else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
