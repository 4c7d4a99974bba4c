"""The log of a gallery, as its auditor sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matcher.serve.views.facts import Facts


@dataclass(frozen=True)
class LogLine:
    """A record of the log.

    Parameters
    ----------
    number, at, kind, operator, case, purpose, outcome
        As the record says; the case is "erased" where its name is gone.
    facts
        The rest of the record.
    """

    number: int
    at: datetime
    kind: str
    operator: str
    case: str
    purpose: str
    outcome: str
    facts: Facts = ()


@dataclass(frozen=True)
class VerdictView:
    """What the check of a log found."""

    whole: bool
    records: int
    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
