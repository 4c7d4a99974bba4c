"""Erase what is kept no longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from matcher.casework.retention.dates import RetentionDate, due
from matcher.casework.retention.erasure import (
    Erasure,
    erase_case,
    erase_subject,
    finish_erasures,
)
from matcher.errors import MatcherError
from matcher.gallery import Gallery


@dataclass(frozen=True)
class RetentionOutcome:
    """What became of one date that is over.

    Parameters
    ----------
    date
        The date; None for an erasure that was begun earlier.
    erasure
        What was erased, with its proof; None if it failed.
    error
        Why it failed; None if it did not.
    """

    date: RetentionDate | None
    erasure: Erasure | None
    error: MatcherError | None


def run_retention(
    gallery: Gallery,
    *,
    today: date | None = None,
    also: Sequence[Path | str] = (),
    accept_left: bool = False,
) -> list[RetentionOutcome]:
    """Finish erasures that were begun, and erase every subject and case whose day is over.

    One that fails does not stop the others. `due` says beforehand what would be erased.

    Parameters
    ----------
    gallery
        The open governed gallery, with a context.
    today
        The day; None for today by the clock of this machine.
    also, accept_left
        As in `erase_subject`.

    Raises
    ------
    NotAuthorisedError, ActivityLogError
        As in `due`. Nothing is erased.
    """
    begun = finish_erasures(gallery, also=also, accept_left=accept_left)
    outcomes = [RetentionOutcome(None, one, None) for one in begun]
    for one in due(gallery, today):
        erase = erase_subject if one.kind == "subject" else erase_case
        try:
            done = erase(gallery, one.name, also=also, accept_left=accept_left)
            outcomes.append(RetentionOutcome(one, done, None))
        except MatcherError as error:
            outcomes.append(RetentionOutcome(one, None, error))
    return outcomes
