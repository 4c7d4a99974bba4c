"""Each search of a governed gallery is recorded before its list is handed out, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from governed import CONTEXT, EXPIRED, UPKEEP, kinds_of
from job_builders import OLD, draw, listed

from matcher.enrolment import enrol
from matcher.errors import ActivityLogError, GalleryWriteError, NotAuthorisedError
from matcher.faces import POLICIES
from matcher.gallery import Filters, Gallery
from matcher.governance import ActivityLog, LogRecord, resolved
from matcher.photos import sha256_of
from matcher.search import Searcher
from matcher.testing import random_unit_vectors

SEARCHES: dict[str, Callable[[Searcher, Path], Any]] = {
    "search": lambda s, p: s.search(p),
    "search_faces": lambda s, p: s.search_faces(p),
    "search_person": lambda s, p: s.search_person([p]),
    "search_many": lambda s, p: s.search_many([p]),
    "search_faces_many": lambda s, p: s.search_faces_many([p]),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A governed gallery of three subjects with four drawn photos each."""
    folder = tmp_path_factory.mktemp("governed")
    with Gallery.create(
        folder / "gallery", model=OLD.model, governed=True, context=CONTEXT
    ) as gallery:
        enrol(gallery, OLD, listed(folder / "photos", range(12)), policy=POLICIES["off"])
    draw(folder / "probe.png", 5)
    return folder


def searcher(gallery: Gallery) -> Searcher:
    return Searcher(gallery, OLD, policy=POLICIES["off"])


def last(place: Path) -> LogRecord:
    *_, record = ActivityLog.of(place / "gallery").records()
    return record


@pytest.mark.parametrize("search", SEARCHES)
def test_a_list_is_what_its_record_says(place: Path, search: str) -> None:
    with Gallery.open(place / "gallery", context=CONTEXT) as gallery:
        found = SEARCHES[search](searcher(gallery), place / "probe.png")
        while isinstance(found, list | tuple):
            (found,) = found
        record = last(place)
        shown = next(resolved(ActivityLog.of(place / "gallery"), [record]))
    assert (record.kind, record.outcome, record.purpose) == ("search", "done", "missing_child")
    assert shown["case"] == CONTEXT.case_id
    assert [
        (one["rank"], one["subject"], one["score"]) for one in shown["facts"]["candidates"]
    ] == [(one.rank, one.subject.subject_id, one.score) for one in found]
    assert record.facts["probe"]["sha256"] == sha256_of(place / "probe.png")
    assert record.facts["searched"] == {"faces": 12, "subjects": 3}
    assert (record.edition, record.generation) == (gallery.edition, 1)
    assert record.model == OLD.model.weights_sha256


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("context", "code"), [(None, "no_context"), (UPKEEP, "purpose"), (EXPIRED, "expired")]
)
def test_without_a_full_context_nothing_is_read_or_searched(
    place: Path, search: str, context: Any, code: str
) -> None:
    with (
        Gallery.open(place / "gallery", context=context) as gallery,
        pytest.raises(NotAuthorisedError) as caught,
    ):
        SEARCHES[search](searcher(gallery), place / "no such photo.png")
    assert "--operator" in caught.value.next_step
    assert (last(place).kind, last(place).outcome) == ("denied", f"denied: {code}")
    assert last(place).facts == {"use": "search"}


def test_many_lists_are_recorded_each_and_in_order(place: Path) -> None:
    before = last(place).number
    probes = list(random_unit_vectors(70, 16, seed=4))
    with Gallery.open(place / "gallery", context=CONTEXT) as gallery:
        found = searcher(gallery).search_many(probes)
    records = [one for one in ActivityLog.of(place / "gallery").records() if one.number > before]
    assert len(records) == len(found) == 70
    for record, one in zip(records, found, strict=True):
        assert [row["score"] for row in record.facts["candidates"]] == [c.score for c in one]
    assert len({record.facts["probe"]["vector_sha256"] for record in records}) == 70


def test_what_was_asked_is_recorded_without_a_name(place: Path) -> None:
    filters = Filters(
        regions=("north",),
        any_tags=("a",),
        not_subject_ids=("subject-002",),
        min_age=3,
        age_on=date(2026, 1, 2),
        recorded_sex=("unknown",),
    )
    with Gallery.open(place / "gallery", context=CONTEXT) as gallery:
        searcher(gallery).search(
            place / "probe.png",
            top=2,
            threshold=0.25,
            filters=filters,
            taken_on=date(2020, 5, 6),
            age_at_capture=7.5,
        )
    record = last(place)
    for name in (b"north", b"subject-", b"CASE-2041", b"probe.png"):
        assert name not in record.line()
    shown = next(resolved(ActivityLog.of(place / "gallery"), [record]))["facts"]
    assert shown["request"]["filters"] == {
        "regions": ["north"],
        "any_tags": ["a"],
        "not_subject_ids": ["subject-002"],
        "min_age": 3,
        "age_on": "2026-01-02",
        "recorded_sex": ["unknown"],
    }
    assert (shown["request"]["top"], shown["request"]["threshold"]) == (2, 0.25)
    assert shown["probe"]["age_at_capture"] == 7.5
    assert shown["probe"]["taken_on"] == "2020-05-06"


def test_a_refused_probe_is_recorded_with_the_code_of_the_reason(place: Path) -> None:
    with Gallery.open(place / "gallery", context=CONTEXT) as gallery:
        strict = Searcher(gallery, OLD, policy=POLICIES["strict"])
        found = strict.search(place / "probe.png")
    facts = last(place).facts
    assert found.outcome == "probe not good enough"
    assert facts["outcome"] == "probe_not_good_enough"
    assert len(facts["reasons"]) == len(found.reasons) > 0
    assert facts["candidates"] == []


@pytest.mark.parametrize("error", [GalleryWriteError, ActivityLogError])
def test_no_list_without_a_record(
    place: Path, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error("log", rule="r", got="g", next_step="n")  # type: ignore[call-arg]

    with Gallery.open(place / "gallery", context=CONTEXT) as gallery:
        monkeypatch.setattr(ActivityLog, "append_all", fail)
        for search in SEARCHES.values():
            with pytest.raises(error):
                search(searcher(gallery), place / "probe.png")


def test_a_replay_needs_no_permission_and_is_recorded_as_a_replay(place: Path) -> None:
    audit = replace(UPKEEP, purpose="audit")
    with Gallery.open(place / "gallery", context=CONTEXT) as gallery:
        first = searcher(gallery).search(place / "probe.png")
        number = last(place).number
    with Gallery.open(place / "gallery", context=audit) as gallery:
        assert gallery.activity is not None
        with gallery.activity.replaying(number):
            assert searcher(gallery).search(place / "probe.png") == first
        with pytest.raises(NotAuthorisedError):
            searcher(gallery).search(place / "probe.png")
    kinds = kinds_of(place / "gallery")
    assert kinds[-2:] == [("replay", "done"), ("denied", "denied: purpose")]
