"""The group of sub-commands of `matcher gallery`."""

from __future__ import annotations

import typer

from matcher.cli.app import Group, app

gallery = typer.Typer(
    cls=Group, no_args_is_help=True, help="Look at a gallery, look after it, correct its records."
)
app.add_typer(gallery, name="gallery")
