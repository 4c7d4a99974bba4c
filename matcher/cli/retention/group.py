"""The group of sub-commands of `matcher retention`."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.app import Group, app

retention = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Until when a governed gallery keeps subjects and cases, and how they are erased.",
)
app.add_typer(retention, name="retention")

Subjects = Annotated[list[str] | None, typer.Option("--subject", help="A subject; repeatable.")]
OfCase = Annotated[
    list[str] | None, typer.Option("--of-case", help="A case, not that of --case; repeatable.")
]
