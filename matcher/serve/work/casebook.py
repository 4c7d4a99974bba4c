"""The cases and searches of a gallery, read from its log; what is new is read at each call.

The server keeps no list of cases of its own. A case begins with a record of the kind "case", or
with the first search that somebody made for it on the command line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from matcher.errors import ActivityLogError
from matcher.governance import ActivityLog, CaseContext, Entry, LogRecord
from matcher.governance.pseudonyms import CASE
from matcher.governance.record import NOTHING_BEFORE, line_hash

_LONGEST_LINE: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class KnownSearch:
    """A search that the log has, without its list.

    Parameters
    ----------
    number
        Number of the record.
    case
        Token of the case.
    at
        When it ended.
    operator
        Who searched.
    leads
        Number of candidates.
    subjects, faces
        Numbers of searched subjects and faces.
    degraded
        Whether the probe was degraded.
    probe, face
        SHA-256 of the probe, empty for a vector; and which of its faces was searched for.
    refused
        Whether the probe was not good enough.
    model
        Hash of the model.
    """

    number: int
    case: str
    at: datetime
    operator: str
    leads: int
    subjects: int
    faces: int
    degraded: bool
    probe: str
    face: int | None
    refused: bool
    model: str


@dataclass
class KnownCase:
    """A case that the log has.

    Parameters
    ----------
    token
        What stands in the log for the case.
    facts
        The record from which its context is taken: the latest of the kind "case", or else of its
        latest search.
    opened_at
        When the log first named it.
    searches
        Its searches, in their order.
    """

    token: str
    facts: LogRecord
    opened_at: datetime
    searches: list[KnownSearch] = field(default_factory=list)

    @property
    def authorised_until(self) -> date | None:
        """Last day of the authorisation."""
        text = self.facts.authorised_until
        return date.fromisoformat(text) if text else None

    @property
    def expired(self) -> bool:
        """Whether that day has passed."""
        until = self.authorised_until
        return until is not None and until < datetime.now().astimezone().date()

    def context(self, operator: str, case_id: str) -> CaseContext:
        """Return the context in which somebody works on the case."""
        return CaseContext(
            operator=operator,
            purpose=self.facts.purpose,  # type: ignore[arg-type]  # checked by the context
            case_id=case_id,
            legal_basis=self.facts.legal_basis,
            authorisation=self.facts.authorisation,
            authorised_until=self.authorised_until,
        )


class Casebook:
    """The cases of one gallery. Any thread can use it.

    Parameters
    ----------
    log
        The log of the gallery.
    """

    def __init__(self, log: ActivityLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._forget()

    def cases(self) -> list[KnownCase]:
        """Return all cases, the latest first."""
        self._read()
        with self._lock:
            return sorted(self._cases.values(), key=lambda one: one.opened_at, reverse=True)

    def case(self, token: str) -> KnownCase | None:
        """Return a case by its token; None if there is none."""
        self._read()
        return self._cases.get(token)

    def search(self, number: int) -> KnownSearch | None:
        """Return a search by the number of its record; None if that is none."""
        self._read()
        return self._searches.get(number)

    def case_id(self, token: str) -> str | None:
        """Return the identifier of a case; None if it was erased."""
        meaning = self._log.pseudonyms.meanings([token]).get(token)
        return None if meaning is None else meaning.value

    def open(self, context: CaseContext) -> KnownCase:
        """Write the context of a case into the log; return the case.

        Raises
        ------
        GalleryWriteError, GalleryBusyError, ActivityLogError
            It cannot be written.
        """
        record = self._log.append(Entry("case", context))
        found = self.case(record.case)
        assert found is not None  # noqa: S101 - it was written
        return found

    def token(self, case_id: str) -> str | None:
        """Return the token of a case; None if it has none."""
        return self._log.pseudonyms.token_of(CASE, case_id)

    def records(
        self, before: int | None, most: int, kind: Callable[[LogRecord], bool] | None = None
    ) -> list[LogRecord]:
        """Return the latest records before a number, the latest first."""
        self._read()
        with self._lock:
            last = len(self._places) if before is None else min(before - 1, len(self._places))
            wanted = range(max(0, last - most), last)
            places = [self._places[row] for row in wanted]
        found = [self._at(offset) for offset in places]
        return [one for one in reversed(found) if kind is None or kind(one)]

    def record(self, number: int) -> LogRecord | None:
        """Return one record by its number; None if there is none."""
        self._read()
        with self._lock:
            known = 1 <= number <= len(self._places)
            place = self._places[number - 1] if known else 0
        return self._at(place) if known else None

    def _at(self, offset: int) -> LogRecord:
        with self._log.path.open("rb") as file:
            file.seek(offset)
            return _record(file.readline(_LONGEST_LINE), self._log)

    def _forget(self) -> None:
        self._offset, self._hash = 0, NOTHING_BEFORE
        self._places: list[int] = []
        self._cases: dict[str, KnownCase] = {}
        self._searches: dict[int, KnownSearch] = {}

    def _read(self) -> None:
        """Take in what was written since. A log that was put in place of another is read anew."""
        with self._lock:
            size = self._log.path.stat().st_size
            if size == self._offset:
                return
            if size < self._offset or not self._go_on():
                self._forget()
                self._go_on()

    def _go_on(self) -> bool:
        with self._log.path.open("rb") as file:
            file.seek(self._offset)
            while (line := file.readline(_LONGEST_LINE)).endswith(b"\n"):
                record = _record(line, self._log)
                if record.previous != self._hash and self._offset:
                    return False
                self._places.append(self._offset)
                self._offset += len(line)
                self._hash = line_hash(line[:-1])
                self._take(record)
        return True

    def _take(self, record: LogRecord) -> None:
        if record.kind not in ("case", "search") or not record.case:
            return
        known = self._cases.get(record.case)
        at = datetime.fromisoformat(record.ended)
        if known is None:
            known = self._cases[record.case] = KnownCase(record.case, record, at)
        elif record.kind == "case" or known.facts.kind == "search":
            known.facts = record
        if record.kind == "search" and record.outcome == "done":
            search = _search(record, at)
            known.searches.append(search)
            self._searches[record.number] = search


def _search(record: LogRecord, at: datetime) -> KnownSearch:
    facts, probe = record.facts, _mapping(record.facts.get("probe"))
    searched, face = _mapping(facts.get("searched")), probe.get("face")
    candidates = facts.get("candidates") or []
    return KnownSearch(
        number=record.number,
        case=record.case,
        at=at.astimezone(UTC),
        operator=record.operator,
        leads=len(candidates) if candidates and "subject" in candidates[0] else 0,
        subjects=int(searched.get("subjects") or 0),
        faces=int(searched.get("faces") or 0),
        degraded=bool(probe.get("degraded")),
        probe=str(probe.get("sha256") or ""),
        face=int(face[0]) if isinstance(face, list) and face else None,
        refused=facts.get("outcome") == "probe_not_good_enough",
        model=record.model,
    )


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _record(line: bytes, log: ActivityLog) -> LogRecord:
    try:
        return LogRecord.of(line.removesuffix(b"\n"))
    except ValueError as error:
        raise ActivityLogError(
            "activity log of the gallery",
            rule="must have a record in each line",
            got="a line that is none",
            next_step="Have it checked: matcher log verify.",
            path=log.path,
        ) from error
