"""The group of sub-commands of `matcher serve`. Without a sub-command it serves galleries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from matcher.cli.app import Group, app

RUN = "run"


class ServeGroup(Group):
    """Takes `matcher serve GALLERY` for `matcher serve run GALLERY`."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Put the name of the sub-command first, where words begin with no other one."""
        known = {*self.commands, "--help"}
        if args and args[0] not in known:
            args = [RUN, *args]
        return super().parse_args(ctx, args)


serve = typer.Typer(
    cls=ServeGroup,
    no_args_is_help=True,
    help="The page to work on, for people who sign in: matcher serve GALLERY --state FOLDER.",
)
accounts = typer.Typer(cls=Group, no_args_is_help=True, help="Who may sign in, and to do what.")
serve.add_typer(accounts, name="accounts")
app.add_typer(serve, name="serve")

State = Annotated[
    Path,
    typer.Option(
        "--state",
        metavar="FOLDER",
        help="Folder of accounts, sessions, uploads and jobs; made if it is missing.",
    ),
]
