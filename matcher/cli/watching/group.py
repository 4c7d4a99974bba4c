"""The group of sub-commands of `matcher watch`, and the options that set up a list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Group, app
from matcher.errors import InputError

if TYPE_CHECKING:
    from matcher.watching import Receiver

watch = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Standing probes of a gallery: whoever is enrolled is compared with them.",
)
app.add_typer(watch, name="watch")

_RULE = "The rule"
_RECEIVER = "Who gets the leads"

Threshold = Annotated[
    float | None,
    typer.Option(min=-1, max=1, help="Lowest score of a lead.", rich_help_panel=_RULE),
]
MaxFpir = Annotated[
    float | None,
    typer.Option(
        help="Share of standing probes without a mate for whom there may be a lead; needs "
        "--calibration.",
        rich_help_panel=_RULE,
    ),
]
CalibrationFile = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        help="Record of what scores mean by age; it is copied.",
        rich_help_panel=_RULE,
    ),
]
LeadsFile = Annotated[
    Path | None,
    typer.Option(
        "--file",
        help="File to which leads are appended, one line of JSON each.",
        rich_help_panel=_RECEIVER,
    ),
]
Program = Annotated[
    str | None,
    typer.Option(
        "--command",
        metavar="PROGRAM",
        help="Program that gets each lead as JSON on its standard input; exit code 0 means "
        "received.",
        rich_help_panel=_RECEIVER,
    ),
]
Words = Annotated[
    list[str] | None,
    typer.Option(
        "--argument", help="Argument of the program; repeatable.", rich_help_panel=_RECEIVER
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        help="Time limit of the program for one lead; 30 if not given.", rich_help_panel=_RECEIVER
    ),
]
PrintOnly = Annotated[
    bool,
    typer.Option("--print", help="No receiver: a run prints the leads.", rich_help_panel=_RECEIVER),
]


def receiver_of(
    file: Path | None,
    command: str | None,
    arguments: list[str] | None,
    seconds: float | None,
    *,
    print_only: bool,
) -> Receiver | None:
    """Return the receiver that the options name; None if they name none."""
    from matcher.watching import NoReceiver, ToCommand, ToFile

    if sum((file is not None, command is not None, print_only)) > 1:
        raise _contradiction("must be one of --file, --command and --print", "several")
    if command is None and (arguments or seconds is not None):
        raise _contradiction("--argument and --seconds are of a --command", "no --command")
    if file is not None:
        return ToFile(file)
    if command is not None:
        words = (command, *(arguments or ()))
        return ToCommand(words) if seconds is None else ToCommand(words, seconds)
    return NoReceiver() if print_only else None


def _contradiction(rule: str, got: str) -> InputError:
    return InputError(
        "receiver of the watch list", rule=rule, got=got, next_step="See matcher watch set --help."
    )
