"""`matcher gallery hide|unhide|hidden`: who is left out of lists of leads, and of groups."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.console import Format, print_rows, say
from matcher.cli.gallery.group import gallery
from matcher.cli.options import GalleryPath, Output
from matcher.cli.using import open_for_use, with_context
from matcher.paths import shown
from matcher.words import counted

SubjectIds = Annotated[list[str], typer.Argument(metavar="SUBJECT", help="Subject identifiers.")]


@gallery.command()
@with_context
def hide(
    path: GalleryPath,
    subjects: SubjectIds,
    because: Annotated[str, typer.Option(help="Why they are hidden, for readers of the record.")],
) -> None:
    """Leave subjects out of every list of leads and of groups. `unhide` or `undo` shows them."""
    with open_for_use(path) as opened:
        changed = opened.hide(list(map(shown, subjects)), because=shown(because))
        left = {one.subject_id: one.hidden_because for one in opened.hidden()}
        wanted = [opened.subject(shown(name)).subject_id for name in subjects]
    new = {one.subject_id for one in changed}
    for name in dict.fromkeys(wanted):
        state = "is hidden now" if name in new else f"was hidden already, because: {left.get(name)}"
        say(f"{name} {state}.")
    say(f"Hidden now: {counted(len(new), 'subject')}; hidden in all: {len(left)}.")


@gallery.command()
@with_context
def unhide(path: GalleryPath, subjects: SubjectIds) -> None:
    """Show hidden subjects in lists and groups again."""
    with open_for_use(path) as opened:
        changed = opened.unhide(list(map(shown, subjects)))
        left = len(opened.hidden())
        wanted = [opened.subject(shown(name)).subject_id for name in subjects]
    new = {one.subject_id for one in changed}
    for name in dict.fromkeys(wanted):
        say(f"{name} {'is shown again' if name in new else 'was not hidden'}.")
    say(f"Shown again: {counted(len(new), 'subject')}; still hidden: {left}.")


@gallery.command()
def hidden(path: GalleryPath, output: Output = Format.table) -> None:
    """List the hidden subjects, why each is hidden, and the number of photos."""
    from matcher.gallery import Gallery

    with Gallery.open(path) as opened:
        photos = opened.photo_counts()
        rows = [
            {
                "subject_id": one.subject_id,
                "hidden_because": one.hidden_because,
                "photos": photos.get(one.subject_id, 0),
            }
            for one in opened.hidden()
        ]
    columns = ("subject_id", "hidden_because", "photos")
    print_rows(rows, output, columns=columns, always=columns[:2])
