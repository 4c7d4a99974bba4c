"""The Typer application: sub-commands, and errors turned into messages and exit codes."""

from __future__ import annotations

import enum
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from matcher._version import __version__
from matcher.cli.console import leave, say
from matcher.cli.process import exit_code_of
from matcher.errors import (
    CalibrationError,
    GalleryError,
    InputError,
    MatcherError,
    MissingExtraError,
    ModelError,
    OutputError,
)


class Exit(enum.IntEnum):
    """Exit codes of the command. The usual 2 is Typer's, for options that make no sense."""

    DONE = 0
    ATTENTION = 1
    """Done, but something needs a look: failed photos, no lead, a fault that `verify` found."""
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
    (ModelError, Exit.MODEL),
    (GalleryError, Exit.GALLERY),
    (MissingExtraError, Exit.MISSING_EXTRA),
    (OutputError, Exit.OUTPUT),
)


class Group(TyperGroup):
    """A command group that ends on the library's errors with their message and exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the sub-command."""
        try:
            return super().invoke(ctx)
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


def exit_code(error: MatcherError) -> Exit:
    """Return the exit code of an error."""
    return next((code for kind, code in _EXITS if isinstance(error, kind)), Exit.ATTENTION)


EPILOG = (
    "Exit codes: 0 done, 1 done but something needs a look (failed photos, no lead, a fault found "
    "by verify), 2 wrong options, 3 bad input, 4 model or weights, 5 gallery, 6 an optional "
    "package is missing, 7 a declared bound is broken, 8 the data do not decide it, "
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
