"""The group of sub-commands of `matcher log`."""

from __future__ import annotations

import typer

from matcher.cli.app import Group, app

log = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="The record of every use of a governed gallery: who, when, for which case, what for.",
)
app.add_typer(log, name="log")
