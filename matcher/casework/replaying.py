"""Run a recorded search again, and say whether the list is the same, or why it is not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from matcher.arguments import described, expect, expect_number
from matcher.casework.reading import activity_of
from matcher.casework.searches import SEARCH
from matcher.embedding import Extractor
from matcher.errors import CalibrationError, InputError
from matcher.faces import POLICIES
from matcher.gallery import Filters, Gallery
from matcher.governance import Activity, LogRecord
from matcher.search import Calibration, CandidateList, Probe, Searcher
from matcher.words import counted

SAME_SCORE: Final = 1e-6
"""Scores that differ by no more count as the same: the last digits depend on the machine."""

_DAYS: Final = ("age_on",)
_MOMENTS: Final = ("enrolled_from", "enrolled_before")


@dataclass(frozen=True)
class Listed:
    """A candidate of a list: the rank, what stands for the subject in the log, and the score."""

    rank: int
    token: str
    score: float


@dataclass(frozen=True)
class Replay:
    """What came of a search that was run again.

    Parameters
    ----------
    number
        Number of the recorded search in the log.
    same
        Whether the list is the same: the subjects in their order, and their scores up to 1e-6.
    reasons
        What is not as it was, in sentences; it may be there although the list is the same. If the
        list is not the same, there is at least one.
    recorded, now
        Both lists; `now` is empty if the search could not be run.
    """

    number: int
    same: bool
    reasons: tuple[str, ...]
    recorded: tuple[Listed, ...]
    now: tuple[Listed, ...]

    def __str__(self) -> str:
        what = "the same list" if self.same else "another list"
        return "\n".join([f"Record {self.number}: {what}.", *self.reasons])


def replay(
    gallery: Gallery,
    extractor: Extractor,
    number: int,
    probe: Any,
    *,
    calibration: Calibration | None = None,
) -> Replay:
    """Run a recorded search again on the gallery as it is now. The log gets a record of it.

    Parameters
    ----------
    gallery
        The open governed gallery; its context needs an operator and a purpose.
    extractor
        The model of the gallery.
    number
        Number of the record.
    probe
        The photo or the vector that was searched for, as `Probe.source` may be; of a search with
        several photos of one person, all of them in their order.
    calibration
        The calibration of the search, if it had one.

    Raises
    ------
    InputError
        An argument is of another type, the record is of no search, or the probe is another one.
    NotAuthorisedError, ActivityLogError
        The gallery is not governed or has no context, or there is no such record.
    GalleryModelError, PhotoError, CalibrationError
        As in a search.
    """
    step = "Give Gallery.open(path, context=...)."
    expect("gallery", gallery, Gallery, rule="must be an open gallery", next_step=step)
    step = "Give load_extractor()."
    expect("extractor", extractor, Extractor, rule="must be an Extractor", next_step=step)
    expect_number("number", number, whole=True)
    activity = activity_of(gallery)
    activity.require_context("replay")
    record = activity.log.record(int(number))
    _require_search(record)
    recorded = _recorded(record)
    filters = _filters(activity, record.facts["request"]["filters"])
    if filters is None:
        why = "A filter of the search names somebody or something that was erased."
        return Replay(record.number, False, (why,), recorded, ())
    reasons = [*_changes(gallery, activity, record, calibration)]
    try:
        with activity.replaying(record.number):
            found = _search(gallery, extractor, record, probe, filters, calibration)
    except CalibrationError as error:
        return Replay(record.number, False, (*reasons, str(error)), recorded, ())
    _require_same_probe(record, found, probe)
    now = _listed(activity, found)
    same = _is_same(recorded, now) and found.outcome.replace(" ", "_") == record.facts["outcome"]
    if not same and not reasons:
        reasons.append(
            "No change was found that explains it. Photos may be decoded, or vectors made, in "
            "another way on this machine or by this version."
        )
    return Replay(record.number, same, tuple(reasons), recorded, now)


def _require_search(record: LogRecord) -> None:
    if (
        record.kind != SEARCH
        or "request" not in record.facts
        or "filters" not in (record.facts["request"])
    ):
        raise InputError(
            "number of a record",
            rule="must be of a search for a probe",
            got=f"a record of the kind {record.kind}",
            next_step="List the searches: matcher log show.",
        )


def _recorded(record: LogRecord) -> tuple[Listed, ...]:
    return tuple(
        Listed(one["rank"], one["subject"], one["score"]) for one in record.facts["candidates"]
    )


def _listed(activity: Activity, found: CandidateList) -> tuple[Listed, ...]:
    tokens = activity.subject_tokens({one.subject.subject_id for one in found})
    return tuple(Listed(one.rank, tokens[one.subject.subject_id], one.score) for one in found)


def _is_same(recorded: Sequence[Listed], now: Sequence[Listed]) -> bool:
    return len(recorded) == len(now) and all(
        one.token == other.token and abs(one.score - other.score) <= SAME_SCORE
        for one, other in zip(recorded, now, strict=True)
    )


def _filters(activity: Activity, facts: Mapping[str, Any]) -> Filters | None:
    """Return the filters of a record; None if a token of them was erased."""
    tokens = {token for value in facts.values() if isinstance(value, list) for token in value}
    named = {field.name for field in fields(Filters)} - {"recorded_sex"}
    meanings = activity.log.pseudonyms.meanings(tokens)
    values: dict[str, Any] = {}
    for name, value in facts.items():
        if name in _DAYS:
            values[name] = date.fromisoformat(value)
        elif name in _MOMENTS:
            values[name] = datetime.fromisoformat(value)
        elif isinstance(value, list) and name in named:
            if any(token not in meanings for token in value):
                return None
            values[name] = tuple(meanings[token].value for token in value)
        else:
            values[name] = tuple(value) if isinstance(value, list) else value
    return Filters(**values)


def _search(
    gallery: Gallery,
    extractor: Extractor,
    record: LogRecord,
    probe: Any,
    filters: Filters,
    calibration: Calibration | None,
) -> CandidateList:
    request, known = record.facts["request"], record.facts["probe"]
    policy = POLICIES.get(request["policy"], POLICIES["off"])
    searcher = Searcher(gallery, extractor, policy=policy, calibration=calibration)
    choose = known["face"][0] if request["face"] == "all" and known["face"] else request["face"]
    asked: dict[str, Any] = {
        "top": request["top"],
        "filters": filters,
        "threshold": request["threshold"],
        "max_fpir": request["max_fpir"],
        "choose": choose,
    }
    if known["fused"]:
        return searcher.search_person(probe, **asked)
    day = known["taken_on"]
    return searcher.search(
        Probe(
            probe,
            taken_on=None if day is None else date.fromisoformat(day),
            age_at_capture=known["age_at_capture"],
        ),
        **asked,
    )


def _require_same_probe(record: LogRecord, found: CandidateList, probe: Any) -> None:
    known = record.facts["probe"]
    digest = None
    if isinstance(probe, np.ndarray) and probe.ndim == 1:
        digest = hashlib.sha256(probe.astype("<f4").tobytes()).hexdigest()
    given = (found.probe.sha256, list(found.probe.fused), digest)
    if given != (known["sha256"], known["fused"], known["vector_sha256"]):
        raise InputError(
            "probe",
            rule="must be what was searched for, byte for byte",
            got=described(found.probe.sha256 or digest),
            next_step=f"The record names the SHA-256 {known['sha256'] or known['vector_sha256']}.",
        )


def _changes(
    gallery: Gallery, activity: Activity, record: LogRecord, calibration: Calibration | None
) -> Iterator[str]:
    """Yield what is not as it was when the search was made."""
    if record.model != gallery.model.weights_sha256:
        yield "The gallery was made by another model since."
    if record.edition != gallery.edition:
        yield f"The search was made in another edition, {record.edition}."
    elif record.generation > gallery.generation:
        yield "The gallery was restored to an earlier state: the one that was searched is gone."
    elif record.generation < gallery.generation:
        yield _writes_since(gallery, record)
    yield from _of_candidates(gallery, activity, record)
    asked = record.facts["request"]["calibration"]
    sha256 = None if calibration is None else calibration.sha256
    if (None if asked is None else asked["sha256"]) != sha256:
        yield "The calibration is another one than that of the search, or only one of them had one."
    if record.facts["request"]["policy"] not in POLICIES:
        yield "The search had a quality policy of its own, which the log does not have."


def _writes_since(gallery: Gallery, record: LogRecord) -> str:
    writes = counted(gallery.generation - record.generation, "write")
    faces = counted(gallery.added(record.generation, gallery.generation), "face")
    return f"Since the search: {writes} to the gallery; {faces} enrolled that are still there."


def _of_candidates(gallery: Gallery, activity: Activity, record: LogRecord) -> Iterator[str]:
    listed = record.facts["candidates"]
    names = activity.log.pseudonyms.meanings({one["subject"] for one in listed})
    ranks: dict[str, list[int]] = {"erased": [], "removed": [], "hidden": [], "without photo": []}
    faces = gallery.faces([one["face"] for one in listed])
    stored = gallery.faces_of([meaning.value for meaning in names.values()])
    for one in listed:
        meaning = names.get(one["subject"])
        if meaning is None:
            ranks["erased"].append(one["rank"])
        elif meaning.value not in stored:
            ranks["removed"].append(one["rank"])
        elif one["face"] not in faces:
            ranks["without photo"].append(one["rank"])
        elif stored[meaning.value][0].subject.hidden_because is not None:
            ranks["hidden"].append(one["rank"])
    words = {
        "erased": "Erased since: the subject of rank",
        "removed": "Without a photo in the gallery now: the subject of rank",
        "hidden": "Hidden since: the subject of rank",
        "without photo": "The closest photo is not in the gallery any more: rank",
    }
    for kind, found in ranks.items():
        if found:
            yield f"{words[kind]} {', '.join(map(str, found))}."
