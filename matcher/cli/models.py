"""`matcher models`: models and detectors, their licences, and their weights on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit, Group, app
from matcher.cli.console import Format, print_facts, print_rows, progress, say
from matcher.cli.options import Output

if TYPE_CHECKING:
    from matcher.embedding import AnyRecord

models = typer.Typer(
    cls=Group, no_args_is_help=True, help="Models and detectors, their licences and weights."
)
app.add_typer(models, name="models")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a model or a detector.")]


@models.command("list")
def list_command(output: Output = Format.table) -> None:
    """List the registered models and detectors, and whether their weights are on this machine."""
    from matcher.embedding import (
        ModelRecord,
        precision_for,
        typed_name,
        verify_weights,
    )

    rows = [
        {
            "name": typed_name(record),
            "kind": record.kind,
            "version": record.version,
            "dimension": record.dimension if isinstance(record, ModelRecord) else None,
            "works offline": "yes" if record.works_offline else "after fetch",
            "weights": verify_weights(typed_name(record)).state,
            "precision here": precision_for(record) if isinstance(record, ModelRecord) else None,
            "licence": record.licence,
        }
        for record in _known()
    ]
    print_rows(rows, output, always=("name", "works offline", "weights"))


@models.command()
def info(name: Name, output: Output = Format.table) -> None:
    """Print all facts of one model or detector."""
    from dataclasses import asdict

    from matcher.embedding import ModelRecord, get_any_record, precision_for, verify_weights

    record = get_any_record(name)
    facts = asdict(record) | {"on this machine": verify_weights(name).detail}
    if isinstance(record, ModelRecord):
        facts["precision on this machine"] = precision_for(record)
    print_facts(facts, output)


@models.command()
def fetch(
    name: Name,
    mirror: Annotated[
        str | None, typer.Option(help="Base address to fetch the file from instead.")
    ] = None,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="A file brought by other means; no network.")
    ] = None,
) -> None:
    """Fetch the weights of one model or detector, verify them, and put them in the cache."""
    from matcher.embedding import fetch

    with progress() as hook:
        path = fetch(name, mirror=mirror, from_file=from_file, on_progress=hook)
    say(f"Verified and stored: {path}")


@models.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="All if none is named.")] = None,
    output: Output = Format.table,
) -> None:
    """Hash the weights on this machine and compare them with their records."""
    from matcher.embedding import typed_name, verify_weights

    chosen = names or [typed_name(record) for record in _known()]
    statuses = [verify_weights(name) for name in chosen]
    rows = [{"name": s.name, "weights": s.state, "detail": s.detail} for s in statuses]
    print_rows(rows, output, always=("name", "weights"))
    damaged = any(status.state == "damaged" for status in statuses)
    missing = bool(names) and any(status.state == "missing" for status in statuses)
    raise typer.Exit(Exit.MODEL if damaged or missing else Exit.DONE)


def _known() -> tuple[AnyRecord, ...]:
    from matcher.embedding import list_detectors, list_models

    return (*list_models(), *list_detectors())
