"""A recorded search is run again: the same list, or the reasons why it is another one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import made_calibration
import numpy as np
import pytest
from made_casework import (
    AUDITOR,
    EXTRACTOR,
    SEARCHING,
    VECTORS,
    name_of,
)
from PIL import Image

import matcher
from matcher.casework import ActivityLog, CaseContext, Replay, replay
from matcher.errors import InputError, NotAuthorisedError
from matcher.gallery import Filters, Gallery
from matcher.search import Calibration

PROBE = VECTORS[3 * 3 + 2]


def last_number(gallery: Path) -> int:
    return ActivityLog.of(gallery).head().number


def again(gallery: Path, number: int, probe: object = PROBE, **options: object) -> Replay:
    with Gallery.open(gallery, context=AUDITOR) as opened:
        return replay(opened, EXTRACTOR, number, probe, **options)  # type: ignore[arg-type]


def test_a_search_gives_the_same_list_again_and_the_log_has_the_replay(gallery: Path) -> None:
    number = last_number(gallery)
    found = again(gallery, number)
    assert found.same
    assert found.reasons == ()
    assert found.now == found.recorded
    last = list(ActivityLog.of(gallery).records())[-1]
    assert (last.kind, last.operator, last.facts["replays"]) == ("replay", "auditor-1", number)
    assert len(ActivityLog.of(gallery).pseudonyms.meanings([one.token for one in found.now])) == 5


def test_filters_and_threshold_are_those_of_the_search(gallery: Path) -> None:
    filters = Filters(
        recorded_sex=("female",),
        not_subject_ids=(name_of(9),),
        min_age=5,
        max_age=12,
        age_on=date(2026, 1, 1),
    )
    with Gallery.open(gallery, context=SEARCHING) as opened:
        searcher = matcher.Searcher(opened, EXTRACTOR)
        listed = searcher.search(PROBE, top=4, filters=filters, threshold=0.1)
    found = again(gallery, last_number(gallery))
    assert found.same
    assert len(found.now) == len(listed) == 4


def test_a_photo_is_searched_for_again_and_another_photo_is_refused(
    gallery: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    paths = []
    for number in range(3):
        pixels = rng.integers(0, 255, (96, 96, 3), dtype=np.uint8)
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(pixels).save(paths[-1])
    with Gallery.open(gallery, context=SEARCHING) as opened:
        searcher = matcher.Searcher(opened, EXTRACTOR, policy=matcher.faces.POLICIES["off"])
        searcher.search(paths[0], top=3)
        one = last_number(gallery)
        searcher.search_person(paths[:2], top=3)
        several = last_number(gallery)
        searcher.search_faces(paths[0], top=3)
        faces = last_number(gallery)
    assert again(gallery, one, paths[0]).same
    assert again(gallery, several, paths[:2]).same
    assert again(gallery, faces, paths[0]).same
    with pytest.raises(InputError, match="byte for byte"):
        again(gallery, one, paths[2])
    with pytest.raises(InputError, match="byte for byte"):
        again(gallery, several, paths[1:])


def test_each_change_since_is_named_with_the_rank(gallery: Path) -> None:
    number = last_number(gallery)
    recorded = again(gallery, number).recorded
    names = ActivityLog.of(gallery).pseudonyms.meanings([one.token for one in recorded])
    by_rank = {one.rank: names[one.token].value for one in recorded}
    record = ActivityLog.of(gallery).record(number)
    closest = {one["rank"]: one["face"] for one in record.facts["candidates"]}
    maintenance = CaseContext("admin-1", "maintenance")
    with Gallery.open(gallery, context=maintenance) as opened:
        opened.remove_subject(by_rank[2])
        opened.hide(by_rank[4], because="found")
        for photo in opened.photos(by_rank[3]):
            opened.remove_photo(photo.sha256, by_rank[3])
        opened.remove_photo(opened.faces([closest[5]])[closest[5]].photo.sha256, by_rank[5])
    ActivityLog.of(gallery).pseudonyms.forget("subject", [by_rank[1]])
    found = again(gallery, number)
    assert not found.same
    said = " ".join(found.reasons)
    assert "Erased since: the subject of rank 1, 2." in said
    assert "Without a photo in the gallery now: the subject of rank 3." in said
    assert "Hidden since: the subject of rank 4." in said
    assert "The closest photo is not in the gallery any more: rank 5." in said
    assert "writes to the gallery" in said
    assert all(name not in str(found) for name in by_rank.values())


def test_an_erased_filter_and_an_earlier_state_are_reasons(gallery: Path, tmp_path: Path) -> None:
    with Gallery.open(gallery, context=SEARCHING) as opened:
        searcher = matcher.Searcher(opened, EXTRACTOR)
        searcher.search(PROBE, filters=Filters(not_subject_ids=(name_of(1),)))
    ActivityLog.of(gallery).pseudonyms.forget("subject", [name_of(1)])
    found = again(gallery, last_number(gallery))
    assert (found.same, found.now) == (False, ())
    assert "filter" in str(found)


def test_another_calibration_is_a_reason_and_a_missing_one_no_crash(
    gallery: Path, tmp_path: Path
) -> None:
    record = made_calibration.write(tmp_path / "record.json", EXTRACTOR.model)
    calibration = Calibration.load(record)
    with Gallery.open(gallery, context=SEARCHING) as opened:
        searcher = matcher.Searcher(opened, EXTRACTOR, calibration=calibration)
        searcher.search(PROBE, max_fpir=0.5, age_at_capture=10)
    number = last_number(gallery)
    assert again(gallery, number, calibration=calibration).same
    without = again(gallery, number)
    assert (without.same, without.now) == (False, ())
    assert any("calibration" in reason for reason in without.reasons)


def test_what_cannot_be_replayed_is_refused(gallery: Path) -> None:
    with pytest.raises(InputError, match="search for a probe"):
        again(gallery, 1)
    with pytest.raises(InputError):
        again(gallery, "4")  # type: ignore[arg-type]
    with Gallery.open(gallery) as opened, pytest.raises(NotAuthorisedError):
        replay(opened, EXTRACTOR, last_number(gallery), PROBE)


def test_the_same_child_with_another_score_is_another_list(gallery: Path) -> None:
    with Gallery.open(gallery, context=SEARCHING) as opened:
        searcher = matcher.Searcher(opened, EXTRACTOR)
        listed = searcher.search(PROBE, filters=Filters(subject_ids=(name_of(3),)))
        number = last_number(gallery)
        (one,) = listed
        opened.remove_photo(one.photos[0].photo.sha256, one.subject.subject_id)
    found = again(gallery, number)
    assert [one.token for one in found.now] == [one.token for one in found.recorded]
    assert not found.same
    assert any("closest photo" in reason for reason in found.reasons)
