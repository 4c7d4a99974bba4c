"""What was done with a governed gallery in one year, counted from its log."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from fairness.cohort import UNKNOWN
from fairness.tables import withheld
from matcher.arguments import described
from matcher.casework.searches import SEARCH
from matcher.errors import InputError
from matcher.governance import LogRecord

WITHHELD: Final = "withheld"
"""Stands in place of a number that would tell of few people."""


@dataclass(frozen=True)
class GroupCount:
    """How many people of a group were candidates of lists, and of how many a lead was confirmed.

    Parameters
    ----------
    factor, group
        The group.
    listed, confirmed
        Numbers of people; None if they are withheld, because they would tell of few people.
    """

    factor: str
    group: str
    listed: int | None
    confirmed: int | None


@dataclass(frozen=True)
class YearReport:
    """What was done in one year. A lead belongs to the year of its search.

    Parameters
    ----------
    year, gallery
        The year (UTC), and the random identifier of the gallery.
    uses
        Number of uses that were completed, by kind.
    searches, leads
        Numbers of searches, and of the leads that they listed, by purpose.
    refused
        Numbers of refused uses by their code.
    states
        Numbers of leads by their state at the time of the report.
    groups
        Numbers of people by group; small ones are withheld.
    incidents
        What should be looked at, by kind: uses that failed, uses that did not end, conclusions
        that were withdrawn, records that were cut off, reviews recorded late.
    """

    year: int
    gallery: str
    uses: Mapping[str, int]
    searches: Mapping[str, int]
    leads: Mapping[str, int]
    refused: Mapping[str, int]
    states: Mapping[str, int]
    groups: tuple[GroupCount, ...]
    incidents: Mapping[str, int]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each number: what it counts, of which group, and the number."""
        rows = [
            {"counts": name, "group": group, "number": number}
            for name in ("uses", "searches", "leads", "refused", "states", "incidents")
            for group, number in sorted(getattr(self, name).items())
        ]
        for one in self.groups:
            for name, number in (("people listed", one.listed), ("confirmed", one.confirmed)):
                shown = WITHHELD if number is None else number
                group = f"{one.factor}: {one.group}"
                rows.append({"counts": name, "group": group, "number": shown})
        return rows

    def to_json(self) -> str:
        """Return everything as one JSON object; a withheld number is null."""
        return json.dumps(asdict(self))


@dataclass
class _Count:
    """The sums of a report while the log is read."""

    year: int
    uses: Counter[str] = field(default_factory=Counter)
    searches: Counter[str] = field(default_factory=Counter)
    leads: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    incidents: Counter[str] = field(default_factory=Counter)
    states: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)

    def add(self, record: LogRecord) -> None:
        """Count one record. Reviews count for the year of their search."""
        if record.kind == "review":
            self._add_review(record)
        if not record.ended.startswith(f"{self.year:04d}-"):
            return
        if record.outcome == "begun":
            self.begun.add(record.number)
            return
        self.begun.discard(record.facts.get("ends", 0))
        if record.outcome.startswith("denied"):
            self.refused[record.outcome.partition(": ")[2]] += 1
            return
        if record.outcome.startswith("failed"):
            self.incidents[f"failed: {record.kind}"] += 1
            return
        self._add_use(record)

    def _add_use(self, record: LogRecord) -> None:
        self.uses[record.kind] += 1
        if "recovered_bytes" in record.facts:
            self.incidents["half records that were cut off"] += 1
        if record.kind != SEARCH:
            return
        self.searches[record.purpose] += 1
        tokens = sorted(one["subject"] for one in record.facts["candidates"] if "subject" in one)
        self.leads[record.purpose] += len(tokens)
        for place, token in enumerate(tokens, start=1):
            self.people[f"{record.number}-{place}"] = token
            self.states[f"{record.number}-{place}"] = "open"

    def _add_review(self, record: LogRecord) -> None:
        lead_id = record.facts["lead"]
        before = self.states.get(lead_id)
        if before is None:  # of another year
            return
        self.states[lead_id] = state = record.facts["state"].replace("_", " ")
        if record.facts["act"] == "withdrawal" and before not in ("reviewed by one", state):
            self.incidents["conclusions that were withdrawn"] += 1
        if record.facts.get("late"):
            self.incidents["reviews that were recorded late"] += 1


def year_report(
    records: Iterable[LogRecord],
    year: int,
    labels: Mapping[str, Mapping[str, str]],
) -> YearReport:
    """Count a year.

    Parameters
    ----------
    records
        All records of the log in their order.
    year
        The year, by the ends of uses in UTC.
    labels
        Group by factor, by token of the subject; a token without labels counts as unknown.

    Raises
    ------
    InputError
        For a year that is none.
    """
    if isinstance(year, bool) or not isinstance(year, int) or not 2000 <= year <= 9999:
        step = "Give it as in 2026."
        raise InputError("year", rule="must be a year", got=described(year), next_step=step)
    count = _Count(year)
    gallery = ""
    for record in records:
        gallery = record.gallery
        count.add(record)
    if count.begun:
        count.incidents["uses that did not end"] = len(count.begun)
    return YearReport(
        year=year,
        gallery=gallery,
        uses=dict(count.uses),
        searches=dict(count.searches),
        leads=dict(count.leads),
        refused=dict(count.refused),
        states=dict(Counter(count.states.values())),
        groups=tuple(_groups(count, labels)),
        incidents=dict(count.incidents),
    )


def _groups(count: _Count, labels: Mapping[str, Mapping[str, str]]) -> list[GroupCount]:
    listed = frozenset(count.people.values())
    confirmed = {
        count.people[lead_id] for lead_id, state in count.states.items() if state == "candidate"
    }
    codes = {token: code for code, token in enumerate(sorted(listed))}
    found = []
    for factor in dict.fromkeys(name for token in sorted(listed) for name in labels.get(token, ())):
        members: dict[str, set[str]] = defaultdict(set)
        for token in listed:
            members[labels.get(token, {}).get(factor, UNKNOWN)].add(token)
        hidden = withheld({group: _coded(some, codes) for group, some in members.items()})
        few = withheld(
            {group: _coded(some & confirmed, codes) for group, some in members.items()},
            already=hidden,
        )
        for group in sorted(members):
            some = members[group]
            found.append(
                GroupCount(
                    factor,
                    group,
                    None if group in hidden else len(some),
                    None if group in few else len(some & confirmed),
                )
            )
    return found


def _coded(tokens: Iterable[str], codes: Mapping[str, int]) -> frozenset[int]:
    return frozenset(codes[token] for token in tokens)
