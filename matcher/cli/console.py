"""What the command prints: results to stdout, progress and talk to stderr."""

from __future__ import annotations

import csv
import enum
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

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

from matcher.progress import ProgressHook


class Format(enum.StrEnum):
    """How results are printed."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"


def say(text: str) -> None:
    """Print a line of talk to stderr."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(text)


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
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def hook(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield hook


def print_rows(rows: Sequence[Mapping[str, Any]], style: Format, *, title: str = "") -> None:
    """Print rows of equal keys to stdout in the chosen format."""
    if style is Format.jsonl:
        for row in rows:
            sys.stdout.write(json.dumps(row, default=_plain, ensure_ascii=False) + "\n")
    elif style is Format.csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
    elif rows:
        _print_table(rows, title)


def _print_table(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    table = Table(title=title or None, title_justify="left")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console(markup=False, highlight=False).print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
