"""`matcher retention set|list`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from matcher.cli.console import Format, print_rows, say
from matcher.cli.options import GalleryPath, Output
from matcher.cli.retention.group import OfCase, Subjects, retention
from matcher.cli.using import open_for_use, with_context
from matcher.errors import InputError
from matcher.paths import shown
from matcher.words import counted

_COLUMNS = ("until", "kind", "name", "set_at")


@retention.command("set")
@with_context
def set_command(
    gallery: GalleryPath,
    subject: Subjects = None,
    of_case: OfCase = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, as 2031-12-31.")
    ] = None,
    never: Annotated[bool, typer.Option("--never", help="Take the date away.")] = False,
) -> None:
    """Set the last day on which subjects and cases are kept. Nothing is erased by this."""
    from matcher.casework import set_retention

    if (until is None) is not never:
        raise InputError(
            "--until",
            rule="is given, or --never",
            got="both" if never else "neither",
            next_step="Write --until 2031-12-31.",
        )
    with open_for_use(gallery) as opened:
        count = set_retention(
            opened,
            None if until is None else until.date(),
            subjects=list(map(shown, subject or ())),
            cases=list(map(shown, of_case or ())),
        )
    told = "without a date" if until is None else f"kept until {until.date()}"
    say(f"{counted(count, 'subject or case', 'subjects and cases')} {told}.")


@retention.command("list")
@with_context
def list_command(gallery: GalleryPath, output: Output = Format.table) -> None:
    """List the dates, the earliest first, and say how many subjects have none."""
    from matcher.casework import retention_dates

    with open_for_use(gallery) as opened:
        dates = retention_dates(opened)
        dated = {one.name for one in dates if one.kind == "subject"}
        bare = sum(one.subject_id not in dated for one in opened.subjects())
    rows = [{name: getattr(one, name) for name in _COLUMNS} for one in dates]
    say(f"{counted(len(dates), 'date')}; {counted(bare, 'subject has', 'subjects have')} none.")
    print_rows(rows, output, columns=_COLUMNS, always=("until", "kind", "name"))
