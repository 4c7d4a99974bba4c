"""Errors of an audit, turned into a message and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from fairness import AuditError
from fairness.errors import MissingExtraError
from matcher.cli.app import Exit
from matcher.cli.console import say
from matcher.errors import MatcherError


@contextmanager
def faults_reported() -> Iterator[None]:
    """End the command with the message of an error of an audit, or of a file."""
    try:
        yield
    except MatcherError:
        raise
    except (AuditError, OSError) as error:
        say(f"Error: {error}")
        missing = isinstance(error, MissingExtraError)
        raise typer.Exit(Exit.MISSING_EXTRA if missing else Exit.INPUT) from error
