"""`matcher log show`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.cli.activity.group import log
from matcher.cli.console import Format, print_facts, print_json, print_rows
from matcher.cli.options import GalleryPath, Output

if TYPE_CHECKING:
    from matcher.governance import ActivityLog, LogRecord

_COLUMNS = (
    "number",
    "ended",
    "kind",
    "outcome",
    "operator",
    "purpose",
    "case",
    "subjects",
)


@log.command()
def show(
    gallery: GalleryPath,
    number: Annotated[
        int | None, typer.Argument(metavar="NUMBER", min=1, help="Only this record, whole.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only records of this kind, such as search.")
    ] = None,
    case: Annotated[str | None, typer.Option(help="Only records of this case.")] = None,
    output: Output = Format.table,
) -> None:
    """List the records, with names in place of tokens where these still stand for somebody."""
    from matcher.governance import ActivityLog, resolved

    kept = ActivityLog.of(gallery)
    records = [kept.record(number)] if number else _wanted(kept, kind, case)
    rows = resolved(kept, records)
    if output is Format.jsonl:
        for row in rows:
            print_json(json.dumps(row, ensure_ascii=False))
    elif number:
        for row in rows:
            print_facts(row, output)
    else:
        print_rows([_row(one) for one in rows], output, columns=_COLUMNS, always=_COLUMNS[:3])


def _wanted(kept: ActivityLog, kind: str | None, case: str | None) -> Iterator[LogRecord]:
    from matcher.governance.pseudonyms import CASE

    token = None if case is None else kept.pseudonyms.token_of(CASE, case) or "none"
    for record in kept.records():
        if kind in (None, record.kind) and token in (None, record.case):
            yield record


def _row(record: dict[str, Any]) -> dict[str, Any]:
    facts = record["facts"]
    listed = [one.get("subject") for one in facts.get("candidates", ()) if isinstance(one, dict)]
    named = listed or facts.get("subjects") or ()
    return {name: record.get(name) for name in _COLUMNS} | {
        "ended": record["ended"][:19],
        "subjects": [one for one in named if one],
    }
