"""What the log says of searches, from which the leads follow. Leads are stored nowhere else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from matcher.errors import ActivityLogError
from matcher.governance import ActivityLog, LogRecord
from matcher.strict_reading import list_of, number_of, object_of, text_of, whole_of

SEARCH: Final = "search"
"""Kind of the records whose candidates are leads."""


@dataclass(frozen=True)
class ListedCandidate:
    """One candidate of a recorded list.

    Parameters
    ----------
    place
        Number from 1 among the candidates sorted by their tokens. It says nothing of the rank.
    rank, score
        As in the list.
    token
        What stands for the subject in the log.
    face_id
        The closest face.
    """

    place: int
    rank: int
    score: float
    token: str
    face_id: int


@dataclass(frozen=True)
class RecordedSearch:
    """A search as the log has it.

    Parameters
    ----------
    number, at, operator, case, purpose
        Of the record: its number, its end in UTC, who searched, the token of the case, what for.
    probe_sha256
        Hash of the probe's photo; None for a vector.
    lowest
        Lowest score that could be on the list; None if every score could.
    faces
        Number of searched faces.
    age, taken_on
        Of the probe as it was given; None if not.
    degraded
        Whether the probe counted as degraded.
    without_figures
        Whether the probe was fused of several photos, for which no calibration has figures.
    quality
        Measures of the probe; empty for a vector, or for several photos.
    calibration
        Hash of the file of the calibration; None without one.
    candidates
        The list, sorted by token.
    """

    number: int
    at: datetime
    operator: str
    case: str
    purpose: str
    probe_sha256: str | None
    lowest: float | None
    faces: int
    age: float | None
    taken_on: date | None
    degraded: bool
    without_figures: bool
    quality: Mapping[str, float]
    calibration: str | None
    candidates: tuple[ListedCandidate, ...]

    @classmethod
    def of(cls, record: LogRecord) -> RecordedSearch:
        """Return the search of a record.

        Raises
        ------
        ValueError, KeyError, TypeError
            For facts that no search writes.
        """
        probe = object_of(record.facts["probe"])
        request = object_of(record.facts["request"])
        calibration = request["calibration"]
        return cls(
            number=record.number,
            at=datetime.fromisoformat(record.ended),
            operator=record.operator,
            case=record.case,
            purpose=record.purpose,
            probe_sha256=_text(probe["sha256"]),
            lowest=_number(record.facts["threshold"]),
            faces=whole_of(object_of(record.facts["searched"])["faces"]),
            age=_number(probe["age_at_capture"]),
            taken_on=_day(probe["taken_on"]),
            degraded=probe["degraded"] is True,
            without_figures=bool(list_of(probe["fused"])),
            quality={name: number_of(value) for name, value in object_of(probe["quality"]).items()},
            calibration=None if calibration is None else _text(calibration["sha256"]),
            candidates=_candidates(list_of(record.facts["candidates"])),
        )


def _candidates(found: Sequence[Any]) -> tuple[ListedCandidate, ...]:
    in_order = sorted(map(object_of, found), key=lambda one: text_of(one["subject"]))
    return tuple(
        ListedCandidate(
            place=place,
            rank=whole_of(one["rank"], 1),
            score=number_of(one["score"]),
            token=text_of(one["subject"]),
            face_id=whole_of(one["face"]),
        )
        for place, one in enumerate(in_order, start=1)
    )


def _number(value: object) -> float | None:
    return None if value is None else number_of(value)


def _text(value: object) -> str | None:
    return None if value is None else text_of(value)


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(text_of(value))


@dataclass(frozen=True)
class _Place:
    """Where the record of a list lies in the log, and the token of its case."""

    number: int
    case: str
    start: int
    length: int


class SearchIndex:
    """Where the recorded lists of one log lie. It reads each line of the log once.

    Any thread can use it; a program that opens one `Casework` after another may share it.

    Parameters
    ----------
    log
        The log of a governed gallery.
    """

    def __init__(self, log: ActivityLog) -> None:
        self._path = log.path
        self._places: dict[int, _Place] = {}
        self._end = 0
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The file of the log."""
        return self._path

    def searches(self, case: str | None = None) -> Iterator[RecordedSearch]:
        """Yield the lists in the order of the log; only those of a case if its token is given.

        Raises
        ------
        ActivityLogError
            For a line that is no record.
        """
        wanted = [one for one in self._refreshed() if case is None or one.case == case]
        with self._opened() as file:
            for place in wanted:
                yield self._read(file, place)

    def search(self, number: int) -> RecordedSearch | None:
        """Return the list of a record; None if there is no such record, or it lists nobody."""
        self._refreshed()
        place = self._places.get(number)
        if place is None:
            return None
        with self._opened() as file:
            return self._read(file, place)

    def _refreshed(self) -> list[_Place]:
        with self._lock:
            try:
                self._read_on()
            except (OSError, ValueError) as error:
                raise _unreadable(self._path, error) from error
            return list(self._places.values())

    def _read_on(self) -> None:
        if self._path.stat().st_size < self._end:  # another file, as after a restored backup
            self._places, self._end = {}, 0
        with self._path.open("rb") as file:
            file.seek(self._end)
            while (line := file.readline()).endswith(b"\n"):
                self._note(json.loads(line), len(line))
                self._end += len(line)

    def _note(self, facts: Mapping[str, Any], length: int) -> None:
        if facts["kind"] == SEARCH and _lists_subjects(facts["facts"].get("candidates")):
            number = whole_of(facts["number"], 1)
            self._places[number] = _Place(number, text_of(facts["case"]), self._end, length)

    def _opened(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise _unreadable(self._path, error) from error

    def _read(self, file: BinaryIO, place: _Place) -> RecordedSearch:
        try:
            file.seek(place.start)
            return RecordedSearch.of(LogRecord.of(file.read(place.length)[:-1]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _unreadable(self._path, error) from error


def _lists_subjects(candidates: Any) -> bool:
    """Return whether a record lists subjects; a search by vectors alone lists faces."""
    return bool(candidates) and "subject" in candidates[0]


def _unreadable(path: Path, got: object) -> ActivityLogError:
    return ActivityLogError(
        "activity log of the gallery",
        rule="must be there, and its records of searches readable",
        got=got,
        next_step="Keep the file as it is, and run `matcher log verify`.",
        path=path,
    )
