"""A table for a terminal: as many columns as its width holds, and no cell cut or folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len

_GAP: Final = "  "


def chosen(
    columns: Sequence[str],
    rows: Sequence[Mapping[str, str]],
    always: Sequence[str],
    width: int | None,
) -> list[str]:
    """Return the columns to show in lines of a width, in their order.

    Parameters
    ----------
    columns
        All columns.
    rows
        Cells by column.
    always
        Columns that are shown even if they alone do not fit.
    width
        Characters in a line; None for as many as it takes.

    Returns
    -------
    list of str
        Those of `always`, and as many of the others as there is room for: the narrow ones first,
        and a column without any value last.
    """
    if width is None:
        return list(columns)
    sizes = {name: _size(name, rows) for name in columns}
    bare = {name for name in columns if not any(row[name] for row in rows)}
    order = sorted(columns, key=lambda name: (name not in always, name in bare, sizes[name]))
    kept: list[str] = []
    room = width
    for name in order:
        needed = sizes[name] + (len(_GAP) if kept else 0)
        if name in always or needed <= room:
            kept.append(name)
            room -= needed
    return [name for name in columns if name in kept]


def table_lines(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the lines of a table: header, rule, and one line for each row."""
    sizes = {name: _size(name, rows) for name in columns}
    header = {name: name for name in columns}
    rule = {name: "-" * sizes[name] for name in columns}
    return [
        _GAP.join(_padded(row[name], sizes[name]) for name in columns).rstrip()
        for row in (header, rule, *rows)
    ]


def record_lines(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return lines with one value each, for columns that do not fit beside each other."""
    return [
        f"{'  ' if place else ''}{name}: {row[name]}"
        for row in rows
        for place, name in enumerate(columns)
    ]


def fit(columns: Sequence[str], rows: Sequence[Mapping[str, str]], width: int | None) -> bool:
    """Say whether a table of these columns fits into lines of that width."""
    sizes = [_size(name, rows) for name in columns]
    return width is None or sum(sizes) + len(_GAP) * (len(sizes) - 1) <= width


def _size(name: str, rows: Sequence[Mapping[str, str]]) -> int:
    return max(cell_len(name), *(cell_len(row[name]) for row in rows)) if rows else cell_len(name)


def _padded(text: str, size: int) -> str:
    return text + " " * (size - cell_len(text))
