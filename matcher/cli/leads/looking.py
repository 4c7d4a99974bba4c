"""`matcher leads list|show|checklist`."""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.cli.console import Format, print_facts, print_json, print_rows, say
from matcher.cli.leads.group import CalibrationFile, LeadId, casework_of, leads
from matcher.cli.options import GalleryPath, Output
from matcher.cli.using import context_given, with_context
from matcher.words import counted

if TYPE_CHECKING:
    from matcher.casework import Review


class State(enum.StrEnum):
    """States of a lead that a list can be of; a test holds them and the library's together."""

    open = "open"
    reviewed_by_one = "reviewed by one"
    candidate = "candidate"
    no_candidate = "no candidate"
    inconclusive = "inconclusive"
    escalated = "escalated"


@leads.command("list")
@with_context
def list_command(
    gallery: GalleryPath,
    state: Annotated[State | None, typer.Option(help="Only leads in this state.")] = None,
    output: Output = Format.table,
) -> None:
    """List the leads, of all cases or of that of --case. They are no matches."""
    from matcher.casework.leads import COLUMNS

    context = context_given()
    case = None if context is None else context.case_id or None
    with casework_of(gallery) as casework:
        found = casework.leads(case=case, state=None if state is None else state.value)
    say(f"{counted(len(found), 'lead')} to be reviewed by people; the order says nothing.")
    print_rows(
        [lead.row() for lead in found], output, columns=COLUMNS, always=("lead", "state", "subject")
    )


@leads.command()
@with_context
def show(
    gallery: GalleryPath,
    lead: LeadId,
    calibration: CalibrationFile = None,
    output: Output = Format.table,
) -> None:
    """Print a lead, what a reviewer must know of it, and the opinions that you may see."""
    with casework_of(gallery, calibration) as casework:
        facts = casework.lead(lead).row()
        told = casework.briefing(lead)
        opinions = [_row(one) for one in casework.opinions(lead)]
        steps = [{"state": step.state, "at": step.at} for step in casework.lead(lead).steps]
    sentences = [*told.before(), *told.after()]
    if output is Format.jsonl:
        whole = {**facts, "briefing": sentences, "steps": steps, "opinions": opinions}
        print_json(json.dumps(whole, default=str, ensure_ascii=False))
        return
    for sentence in sentences:
        say(sentence)
    print_facts(facts, output)
    if output is Format.table:
        print_rows(opinions, output, title="Opinions", always=("review", "outcome"))


def _row(review: Review) -> dict[str, Any]:
    opinion = review.opinion
    return {
        "review": review.review_id,
        "reviewer": review.reviewer,
        "at": review.at.isoformat(timespec="seconds"),
        "part": review.part or "withdrawal",
        "outcome": "" if opinion is None else opinion.outcome,
        "withdraws": review.withdraws,
        "reason": review.reason,
        "marks": {} if opinion is None else dict(opinion.checklist),
        "notes": "" if opinion is None else opinion.notes,
    }


@leads.command()
def checklist(output: Output = Format.table) -> None:
    """List the features of a comparison, region by region, with the names that --mark takes."""
    from matcher.casework import FEATURES

    rows = [
        {
            "feature": one.key,
            "region": one.region,
            "look_at": one.words,
            "changes_with_growth": "yes" if one.changes_with_growth else "no",
        }
        for one in FEATURES.values()
    ]
    print_rows(rows, output, always=("feature", "look_at"))
