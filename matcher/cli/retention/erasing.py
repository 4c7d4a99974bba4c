"""`matcher retention run|erase`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit
from matcher.cli.console import say
from matcher.cli.options import DryRun, GalleryPath
from matcher.cli.retention.group import OfCase, Subjects, retention
from matcher.cli.using import open_for_use, with_context
from matcher.paths import shown
from matcher.words import counted

if TYPE_CHECKING:
    from matcher.casework import Erasure
    from matcher.gallery import Gallery

Also = Annotated[
    list[Path] | None,
    typer.Option(
        help="A file or folder elsewhere, such as of lead sheets, to be searched as well; "
        "nothing is deleted there. Repeatable."
    ),
]

AcceptLeft = Annotated[
    bool,
    typer.Option(
        "--accept-left",
        help="Somebody looked at what was found, and it is not the subject's: the erasure is over.",
    ),
]


@retention.command()
@with_context
def run(
    gallery: GalleryPath,
    also: Also = None,
    accept_left: AcceptLeft = False,
    dry_run: DryRun = False,
) -> None:
    """Erase every subject and case whose last day is over, and finish what was begun."""
    from matcher.casework import run_retention

    with open_for_use(gallery) as opened:
        if dry_run:
            raise typer.Exit(_foretell(opened))
        outcomes = run_retention(opened, also=also or (), accept_left=accept_left)
    for one in outcomes:
        if one.date is not None and one.error is not None:
            say(f"Failed: {one.date.kind} {one.date.name}: {one.error}")
    _tell(one.erasure for one in outcomes if one.erasure is not None)
    failed = [one for one in outcomes if one.erasure is None or not one.erasure.ok]
    say(f"{counted(len(outcomes) - len(failed), 'erasure')} done, {len(failed)} not.")
    raise typer.Exit(Exit.ATTENTION if failed else Exit.DONE)


@retention.command()
@with_context
def erase(
    gallery: GalleryPath,
    subject: Subjects = None,
    of_case: OfCase = None,
    also: Also = None,
    accept_left: AcceptLeft = False,
) -> None:
    """Erase subjects and cases now, whatever their dates are. This cannot be undone."""
    from matcher.casework import erase_case, erase_subject

    done = []
    with open_for_use(gallery) as opened:
        for names, act in ((subject, erase_subject), (of_case, erase_case)):
            for name in dict.fromkeys(map(shown, names or ())):
                done.append(act(opened, name, also=also or (), accept_left=accept_left))
                _tell(done[-1:])
    if not done:
        say("Nothing was named: give --subject or --of-case.")
    left = any(not one.ok for one in done)
    raise typer.Exit(Exit.ATTENTION if left or not done else Exit.DONE)


def _foretell(gallery: Gallery) -> Exit:
    """Say what a run would erase."""
    from matcher.casework import due
    from matcher.casework.retention import begun_erasures

    for kind, name in begun_erasures(gallery):
        say(f"Would finish the erasure of {kind} {name}.")
    over = due(gallery)
    for one in over:
        say(f"Would erase {one.kind} {one.name}, kept until {one.until}.")
    say(f"{counted(len(over), 'date is', 'dates are')} over.")
    return Exit.DONE


def _tell(erasures: Iterable[Erasure]) -> None:
    """Say what was erased, what is left, and what no erasure reaches."""
    from matcher.casework.retention import BEYOND_REACH, lines_of

    told = False
    for one in erasures:
        told = True
        faces, reviews = counted(one.faces, "face"), counted(one.reviews, "review")
        say(
            f"Erased {one.kind} {one.name}: {faces}, {counted(one.probes, 'kept probe')}, texts of "
            f"{reviews}."
        )
        for line in lines_of(one.proof):
            say(line)
        if one.accepted:
            say("What was found was accepted as not the subject's. The erasure is over.")
        elif not one.is_over:
            say(
                "Something is left. Clear it, then run `matcher retention run`; or look at it, and "
                "run that with --accept-left."
            )
    if told:
        say("Not reached, and to be looked after by you:")
        for line in BEYOND_REACH:
            say(f"- {line}")
