"""`matcher leads review|withdraw`."""

from __future__ import annotations

import enum
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from matcher.cli.console import say
from matcher.cli.leads.group import LeadId, casework_of, leads
from matcher.cli.options import GalleryPath
from matcher.cli.using import with_context
from matcher.errors import InputError
from matcher.paths import shown


class OutcomeName(enum.StrEnum):
    """Outcomes of an opinion; a test holds them and the library's together."""

    candidate = "candidate"
    no_candidate = "no candidate"
    inconclusive = "inconclusive"


Reason = Annotated[
    str | None,
    typer.Option(help="Why, in words. Other users of this machine may see it while it runs."),
]
ReasonFile = Annotated[
    Path | None,
    typer.Option("--reason-from", help="File with the reason in UTF-8; - for standard input."),
]


@leads.command()
@with_context
def review(
    gallery: GalleryPath,
    lead: LeadId,
    outcome: Annotated[
        OutcomeName, typer.Option(help="Your opinion; it decides nothing by itself.")
    ],
    reason: Reason = None,
    reason_from: ReasonFile = None,
    mark: Annotated[
        list[str] | None,
        typer.Option(
            help="FEATURE=MARK, as in nose/tip=similar; different, not visible. Repeatable. "
            "`matcher leads checklist` lists the features."
        ),
    ] = None,
    notes: Annotated[str, typer.Option(help="Free text beside the reason.")] = "",
) -> None:
    """Write your opinion on a lead. The second person does not see it, and you not theirs."""
    from matcher.casework import Opinion

    opinion = Opinion(outcome.value, _reason_of(reason, reason_from), _marks(mark or ()), notes)  # type: ignore[arg-type]
    with casework_of(gallery) as casework:
        written = casework.review(lead, opinion)
        state = casework.lead(lead).state
    say(f"Opinion {written.review_id} is in the log. The lead is now: {state}.")


@leads.command()
@with_context
def withdraw(
    gallery: GalleryPath,
    number: Annotated[int, typer.Argument(metavar="REVIEW", help="Number of your opinion.")],
    reason: Reason = None,
    reason_from: ReasonFile = None,
) -> None:
    """Take an opinion of yours back, by a new record. The opinion stays on record."""
    with casework_of(gallery) as casework:
        written = casework.withdraw(number, _reason_of(reason, reason_from))
        state = casework.lead(written.lead_id).state
    say(f"Opinion {number} on lead {written.lead_id} is withdrawn. The lead is now: {state}.")


def _reason_of(reason: str | None, file: Path | None) -> str:
    if (reason is None) == (file is None):
        got = "neither" if reason is None else "both"
        step = "Say why, in words."
        raise InputError("reason", rule="is --reason or --reason-from", got=got, next_step=step)
    if reason is not None or file is None:
        return reason or ""
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"--reason-from {shown(file)}",
            rule="must be a file that can be read, in UTF-8",
            got=getattr(error, "strerror", None) or "other bytes",
            next_step="Check the path.",
        ) from error


def _marks(given: Sequence[str]) -> dict[str, str]:
    """Return the marks by feature; what they say is checked with the opinion."""
    marks: dict[str, str] = {}
    for text in given:
        feature, sign, mark = text.partition("=")
        if not sign or feature in marks:
            raise InputError(
                "--mark",
                rule="is FEATURE=MARK, once for each feature",
                got=repr(text),
                next_step="List the features: matcher leads checklist.",
            )
        marks[feature] = mark
    return marks
