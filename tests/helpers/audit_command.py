"""`matcher audit` in this process, and the tables of the report that it writes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from matcher.cli.commands import app


def run(*words: object, code: int = 0) -> Any:
    """Run the command; return its result, which has this exit code."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    """Read a table of a report."""
    with (folder / "tables" / f"{table}.csv").open(newline="") as file:
        return list(csv.DictReader(file))
