"""The Typer application: sub-commands, and errors turned into messages and exit codes."""

from __future__ import annotations

import enum
import re
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException

from matcher._version import __version__
from matcher.cli.console import leave, say
from matcher.cli.process import exit_code_of
from matcher.errors import (
    CalibrationError,
    CrossFileError,
    GalleryError,
    GroupFileError,
    InputError,
    MatcherError,
    MissingExtraError,
    ModelError,
    OutputError,
)
from matcher.serve.errors import ServeError
from matcher.words import visible


class Exit(enum.IntEnum):
    """Exit codes of the command. The usual 2 is Typer's, for options that make no sense."""

    DONE = 0
    ATTENTION = 1
    """Done, but something needs a look: failed photos, no lead, leads that wait, a fault that
    `verify` found."""
    INPUT = 3
    MODEL = 4
    GALLERY = 5
    MISSING_EXTRA = 6
    BOUND_BROKEN = 7
    BOUND_UNDECIDED = 8
    OUTPUT = 9
    """Results could not be written where they were to go."""
    HANGUP = 129
    INTERRUPTED = 130
    NO_READER = 141
    """Who read the results went away, as `head` does."""
    TERMINATED = 143


_EXITS: tuple[tuple[type[MatcherError], Exit], ...] = (
    (InputError, Exit.INPUT),
    (CalibrationError, Exit.INPUT),
    (CrossFileError, Exit.INPUT),
    (GroupFileError, Exit.INPUT),
    (ModelError, Exit.MODEL),
    (GalleryError, Exit.GALLERY),
    (MissingExtraError, Exit.MISSING_EXTRA),
    (OutputError, Exit.OUTPUT),
    (ServeError, Exit.INPUT),
)


class Group(TyperGroup):
    """A command group that ends on the library's errors with their message and exit code."""

    def make_context(self, *words: Any, **choices: Any) -> Any:
        """Read the group's own options."""
        try:
            return super().make_context(*words, **choices)
        except TyperException as error:
            raise _plainly(error)  # noqa: B904 - it is the same error

    def invoke(self, ctx: Any) -> Any:
        """Run the sub-command."""
        try:
            return super().invoke(ctx)
        except TyperException as error:
            raise _plainly(error)  # noqa: B904 - it is the same error
        except MatcherError as error:
            say(f"Error: {error}")
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt as error:
            say("Interrupted. What was stored is kept; run the same command again to go on.")
            raise typer.Exit(exit_code_of(error)) from error
        except BrokenPipeError as error:
            leave(sys.stdout)
            raise typer.Exit(Exit.NO_READER) from error
        except OSError as error:  # a file or disk that fails where nothing more is known of it
            say(f"Error: {error}")
            raise typer.Exit(Exit.INPUT) from error

    def get_params(self, ctx: Any) -> Any:
        """Return the group's own options, their types named as a reader does."""
        parameters = super().get_params(ctx)
        for parameter in parameters:
            _name_type(parameter)
        return parameters

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a sub-command whose help names types as a reader does."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            for parameter in (*command.params, command.get_help_option(ctx)):
                _name_type(parameter)
        return command


def _plainly(error: TyperException) -> TyperException:
    """Say what is wrong with the words of a command in a plain sentence of what can be seen."""
    message = error.message.removeprefix("Value error, ")
    faults = getattr(error.__cause__, "errors", None)
    if (rule := _RULE.match(message)) and faults is not None:
        message = f"{faults()[0]['input']!r} is not {rule[1]}."
    error.message = visible(message, keep="\n")
    return error


_RULE = re.compile(r"Input should be (.+?)(, unable to .+)?$")
"""What the library that reads options says of a wrong value."""

_TYPES = {"<bool>": "", "<path>": "PATH", "<str>": "TEXT", "<int>": "NUMBER", "<float>": "NUMBER"}
_TYPES |= {"<int range>": "NUMBER", "<float range>": "NUMBER", "<%Y-%m-%d>": "YYYY-MM-DD"}


def _name_type(parameter: Any) -> None:
    """Let the help of an option show a word for its type; a flag and an argument have none."""
    if not isinstance(parameter, TyperOption):
        parameter.display_type_rich = lambda ctx: ""  # noqa: ARG005 - Typer passes it by name
    elif parameter.metavar is None:
        shown = parameter.display_type(typer.Context(TyperCommand("help")))
        inner = f"<{shown[6:-2]}>" if shown.startswith("<list[") else shown
        parameter.metavar = _TYPES.get(inner, inner.strip("<>"))


def exit_code(error: MatcherError) -> Exit:
    """Return the exit code of an error."""
    return next((code for kind, code in _EXITS if isinstance(error, kind)), Exit.ATTENTION)


EPILOG = (
    "Exit codes: 0 done, 1 done but something needs a look (failed photos, no lead, leads that "
    "wait, a fault found by verify), 2 wrong options, 3 bad input, 4 model or weights, 5 gallery, "
    "6 an optional package is missing, 7 a declared bound is broken, 8 the data do not decide it, "
    "9 results could not be written, 129, 130 and 143 interrupted, 141 nobody reads the results."
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"matcher {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Group,
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def matcher(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Ranked photo leads for a person to review. Results go to stdout, talk to stderr."""
