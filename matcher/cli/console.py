"""What the command prints: results to stdout, progress and talk to stderr."""

from __future__ import annotations

import enum
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
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
from rich.text import Text

from matcher.cells import as_text, table_cell, write_csv
from matcher.cli.printing import StepLines, chosen, fit, record_lines, table_lines
from matcher.errors import OutputError
from matcher.paths import shown
from matcher.progress import ProgressHook
from matcher.words import counted, visible


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
    """Print a line of talk to stderr. What a terminal would obey or hide is shown as an escape."""
    talk = _Talk(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    with suppress(OSError):  # a full disk, and nobody who could be told
        talk.print(visible(shown(text)))


class _Rate(ProgressColumn):
    """How many a second, lately."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


@contextmanager
def progress() -> Iterator[ProgressHook]:
    """Show each step on stderr, as a bar or, where none can be drawn, as lines; yield the hook."""
    with _bars() if sys.stderr.isatty() else _lines() as hook:
        yield hook


@contextmanager
def _bars() -> Iterator[ProgressHook]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        _Rate(),
    )
    with Progress(*columns, console=_Talk(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def hook(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(visible(shown(step)), total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield hook


def print_json(text: str) -> None:
    """Print one JSON document as a line; with JSON's escapes for what cannot be seen or encoded."""
    # Such characters stand only inside strings, and these may have escapes.
    if visible(text) != text:
        text = "".join(sign if visible(sign) == sign else _in_json(sign) for sign in text)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = re.sub(r"[^\x00-\x7f]+", lambda found: _in_json(found[0]), text)
    _print(text + "\n")


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


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


@contextmanager
def _lines() -> Iterator[ProgressHook]:
    lines = StepLines(say)
    try:
        yield lines
    except BaseException:
        lines.end("stopped")
        raise
    lines.end("done")


def print_rows(
    rows: Sequence[Mapping[str, Any]],
    style: Format,
    *,
    title: str = "",
    columns: Sequence[str] = (),
    always: Sequence[str] = (),
    under: Sequence[str] = (),
) -> None:
    """Print rows of equal keys to stdout in the chosen format.

    Parameters
    ----------
    rows, style
        The rows, and their format.
    title
        A line above a table.
    columns
        All columns; those of the first row if not given. CSV has them as its header even without
        rows.
    always
        Columns that a table shows however narrow the terminal is, the first one if not given. They
        stand below each other where they do not fit beside each other.
    under
        Columns whose values stand in a line above the rows that share them.
    """
    names = list(columns or (rows[0] if rows else ()))
    if style is Format.jsonl:
        for row in rows:
            print_json(json.dumps(_printable(dict(row)), default=as_text, ensure_ascii=False))
    elif style is Format.csv:
        file = io.StringIO(newline="")
        guarded = write_csv(file, names, _printable(list(rows)))
        text = file.getvalue()
        _print(visible(text, keep="\r\n") if sys.stdout.isatty() else text)
        say_guarded(guarded)
    else:
        _write_lines([visible(title)] if title else [])
        _print_tables(rows, names, always or names[:1], under)


def print_facts(facts: Mapping[str, Any], style: Format) -> None:
    """Print one row; as a table it has a line for each fact."""
    if style is Format.table:
        rows = [{"fact": key, "value": table_cell(value)} for key, value in facts.items()]
        _write_lines(table_lines(("fact", "value"), rows))
    else:
        print_rows([facts], style)


def say_guarded(cells: int, instead: str = "--format jsonl gives texts as they are.") -> None:
    """Say how many cells of a CSV are not exactly as they were found."""
    if cells:
        say(
            f"{counted(cells, 'cell')} of the CSV would run as a formula in a spreadsheet; an "
            f"apostrophe stands before each. {instead}"
        )


def say_sheet(sheet: Path, faults: Sequence[str]) -> None:
    """Say where a page with pictures is, how large it is, and which pictures are not on it."""
    for fault in faults:
        say(f"Not on the sheet: {fault}")
    say(f"The sheet is {sheet} ({sheet.stat().st_size / 1e6:.1f} MB).")


def _print_tables(
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    always: Sequence[str],
    under: Sequence[str],
) -> None:
    if not rows:
        say("There is nothing to list.")
        return
    cells = [{name: table_cell(row[name]) for name in names} for row in rows]
    inner = [name for name in names if name not in under]
    width = Console().width if sys.stdout.isatty() else None
    fitting = chosen(inner, cells, always, width)
    layout = table_lines if fit(fitting, cells, width) else record_lines
    for heading, group in groupby(cells, lambda row: [row[name] for name in under if row[name]]):
        _write_lines([": ".join(heading)] if heading else [])
        if filled := [row for row in group if any(row[name] for name in inner)]:
            _write_lines(layout(fitting, filled))
    if left := [name for name in inner if name not in fitting]:
        say(f"Not shown for lack of width: {', '.join(left)}; use --format csv for all.")


def _write_lines(lines: Sequence[str]) -> None:
    _print("".join(f"{line}\n" for line in lines))


def _printable(value: Any) -> Any:
    """Return rows with every name in them as text that can be printed everywhere."""
    if isinstance(value, str | os.PathLike):
        return shown(value)
    if isinstance(value, Mapping):
        return {name: _printable(item) for name, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value
