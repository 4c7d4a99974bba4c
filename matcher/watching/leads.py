"""A lead of a watch list, and what a run of the list did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from matcher.cells import as_text
from matcher.crossing import CrossLead, CrossList
from matcher.paths import shown
from matcher.words import counted, visible

FORMAT: Final = 1

COLUMNS: Final = (
    "probe",
    "candidate",
    "score",
    "expected_false_leads",
    "age_gap",
    "notes",
    "lead",
    "found_at",
    "probe_photo",
    "candidate_photo",
)
"""Keys of the row of a lead, in their order."""


@dataclass(frozen=True)
class WatchLead:
    """A standing probe and a subject of the gallery that a person should look at.

    Parameters
    ----------
    lead_id
        Its identifier, 32 hexadecimal digits. It is the same whenever the lead is delivered.
    found_at
        Time at which it was found, in UTC.
    pair
        The two, and their closest photos: `first` is the standing probe, `second` the candidate.
        The rank counts among the leads of the run.
    gallery, model, rule
        Where it was found, by which model, and what set the lowest score.
    """

    lead_id: str
    found_at: datetime
    pair: CrossLead
    gallery: Path
    model: str
    rule: str

    def to_json(self) -> str:
        """Return everything as one line of JSON in ASCII. Dates are ISO 8601."""
        pair = self.pair
        facts = {
            "lead": self.lead_id,
            "format": FORMAT,
            "found_at": self.found_at.isoformat(timespec="seconds"),
            "gallery": shown(self.gallery),
            "model": self.model,
            "rule": self.rule,
            "score": pair.score,
            "age_gap": pair.age_gap,
            "photos": pair.photos,
            "expected_false_leads": pair.expected_false_leads and asdict(pair.expected_false_leads),
            "notes": pair.notes,
            "probe": asdict(pair.first),
            "candidate": asdict(pair.second),
        }
        return json.dumps(facts, default=as_text)

    def row(self) -> dict[str, Any]:
        """Return the lead as one flat row for a table; its keys are `COLUMNS`."""
        pair = self.pair
        false = pair.expected_false_leads
        values = (
            pair.first.subject.subject_id,
            pair.second.subject.subject_id,
            pair.score,
            None if false is None else str(false),
            pair.age_gap,
            "; ".join(pair.notes),
            self.lead_id,
            self.found_at.isoformat(timespec="seconds"),
            pair.first.photo.reference,
            pair.second.photo.reference,
        )
        return dict(zip(COLUMNS, values, strict=True))


@dataclass(frozen=True)
class WatchRun:
    """What a run of a watch list found and delivered.

    Parameters
    ----------
    new
        Number of leads that no earlier run had found.
    received
        The leads that the receiver took in this run, those of earlier runs included.
    waiting
        The leads that it did not take. The next run delivers them again.
    dropped
        Number of leads that waited and are none any more: a subject or photo was removed, two
        subjects were merged, or they are none by a rule that was given since.
    failures
        Why leads wait, in sentences.
    receiver
        Where the leads go, in words.
    compared
        What was compared with what. Its leads are those that were not reported before the run.
    """

    new: int
    received: tuple[WatchLead, ...]
    waiting: tuple[WatchLead, ...]
    dropped: int
    failures: tuple[str, ...]
    receiver: str
    compared: CrossList

    def headline(self) -> str:
        """Return what was found, and how many leads went where, as one sentence."""
        found = f"{counted(self.new, 'new lead')} to review" if self.new else "No new lead"
        return f"Watch list: {found}; {len(self.received)} {self.receiver}; {_wait(self.waiting)}"

    def remarks(self) -> Iterator[str]:
        """Yield sentences on what waits, what was dropped, and what the leads hold for."""
        yield from self.failures
        if self.dropped:
            leads = counted(self.dropped, "lead")
            yield f"Dropped, because they are no leads any more: {leads} that waited."
        yield from self.compared.cautions()

    def __str__(self) -> str:
        lines = [f"{self.headline()}.", *self.remarks()]
        return "\n".join(visible(shown(line)) for line in lines)


def _wait(leads: tuple[WatchLead, ...]) -> str:
    return f"{len(leads)} {'waits' if len(leads) == 1 else 'wait'}"
