"""Run a watch list and say what came of it; also after an enrolment, which never fails by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matcher.cli.console import Format, print_json, print_rows, progress, say
from matcher.cli.using import open_for_use
from matcher.errors import MatcherError
from matcher.words import counted

if TYPE_CHECKING:
    from matcher.watching import WatchLead


def run_and_report(gallery: Path, output: Format) -> int:
    """Run the watch list of a gallery; return how many leads wait.

    A list without a receiver prints its leads. They count as reported once they are printed.
    """
    from matcher.watching import run_watch_list

    def receive(leads: Sequence[WatchLead]) -> None:
        _print(leads, output)

    with open_for_use(gallery) as opened, progress() as hook:
        done = run_watch_list(opened, receive=receive, on_progress=hook)
    say(f"{done.headline()}.")
    for remark in done.remarks():
        say(f"  {remark}")
    return len(done.waiting)


def report_after_enrolment(gallery: Path) -> bool:
    """Run the watch list of a gallery, if it has one; return whether something needs a look."""
    from matcher.watching import has_watch_list

    if not has_watch_list(gallery):
        return False
    try:
        return run_and_report(gallery, Format.table) > 0
    except BrokenPipeError:
        raise  # nobody reads the leads; they wait
    except (MatcherError, OSError) as error:
        say(f"The photos are enrolled, but the watch list did not run: {error}")
        say("New leads wait for the next enrolment, or for `matcher watch run`.")
        return True


def report_after_removal(gallery: Path) -> None:
    """Have the watch list of a gallery, if it has one, forget whom the gallery does not have."""
    from matcher.gallery import Gallery
    from matcher.watching import forget_removed, has_watch_list

    if not has_watch_list(gallery):
        return
    try:
        with Gallery.open(gallery) as opened:
            dropped = forget_removed(opened)
    except MatcherError as error:
        say(f"The outbox of the watch list is cleared at its next run: {error}")
        return
    if dropped:
        say(f"Dropped from the watch list: {counted(dropped, 'lead')} that waited.")


def _print(leads: Sequence[WatchLead], output: Format) -> None:
    from matcher.watching.leads import COLUMNS

    if output is Format.jsonl:
        for lead in leads:
            print_json(lead.to_json())
    else:
        rows = [lead.row() for lead in leads]
        print_rows(rows, output, columns=COLUMNS, always=("probe", "candidate", "score"))
