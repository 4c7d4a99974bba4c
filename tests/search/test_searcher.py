"""Probe to leads: the right subject first, every list of one type, nothing left out silently."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rendered_cohort import SUBJECTS, Cohort

from matcher.embedding import Extractor, embed_cached, fuse
from matcher.enrolment import PhotoOfSubject, enrol, read_manifest
from matcher.errors import GalleryModelError, InputError, PhotoNotFoundError
from matcher.faces import POLICIES
from matcher.gallery import Filters, Gallery, Subject
from matcher.search import Probe, Searcher
from matcher.testing import random_unit_vectors


@pytest.fixture
def searcher(gallery: Gallery, extractor: Extractor) -> Searcher:
    return Searcher(gallery, extractor)


def test_the_same_person_three_years_later_leads_most_lists(
    searcher: Searcher, cohort: Cohort
) -> None:
    results = searcher.search_many([Probe(path) for path in cohort.probes])
    ranks = [result.rank_of(name) for result, name in zip(results, cohort.subjects, strict=True)]
    assert ranks.count(1) >= SUBJECTS - 1
    assert all(result.outcome == "leads" for result in results)
    assert all(result.searched_subjects == SUBJECTS for result in results)


def test_one_probe_and_many_give_the_same_list(searcher: Searcher, cohort: Cohort) -> None:
    alone = [searcher.search(path) for path in cohort.probes[:3]]
    together = searcher.search_many([Probe(path) for path in cohort.probes[:3]])
    for one, other in zip(alone, together, strict=True):
        assert [c.subject for c in one] == [c.subject for c in other]
        # The detector's landmarks move by hundredths of a pixel with the batch.
        np.testing.assert_allclose([c.score for c in one], [c.score for c in other], atol=2e-4)


def test_photo_face_vector_and_template_of_one_picture_agree(
    searcher: Searcher, extractor: Extractor, cohort: Cohort
) -> None:
    (found,) = extractor.extract(cohort.probes[0])
    template = fuse(found.vector[None], np.ones(1))
    sources = [cohort.probes[0], cohort.probes[0].read_bytes(), found.face, found.vector, template]
    lists = [searcher.search(source) for source in sources]
    for other in lists[1:]:
        assert [c.subject for c in other] == [c.subject for c in lists[0]]
        np.testing.assert_allclose([c.score for c in other], [c.score for c in lists[0]], atol=1e-5)
    assert lists[0].probe.sha256 == found.face.photo.sha256
    assert lists[3].probe.sha256 is None


def test_a_subject_appears_once_at_the_score_of_its_closest_photo(
    gallery: Gallery, extractor: Extractor, searcher: Searcher, cohort: Cohort
) -> None:
    late = read_manifest(cohort.folder / "late" / "manifest.csv").photos
    enrol(gallery, extractor, late)
    result = searcher.search(cohort.probes[0], top=SUBJECTS)
    names = [candidate.subject.subject_id for candidate in result]
    assert sorted(names) == sorted(cohort.subjects)
    best = result.candidates[0]
    assert names[0] == cohort.subjects[0]
    assert len(best.photos) == 2
    assert best.score == pytest.approx(1, abs=1e-5)
    assert best.score == best.photos[0].score > best.photos[1].score
    assert best.photos[1].score < best.template_score < 1
    assert [candidate.rank for candidate in result] == list(range(1, SUBJECTS + 1))
    assert [c.score for c in result] == sorted((c.score for c in result), reverse=True)


def test_ranks_agree_with_a_plain_scan(gallery: Gallery, searcher: Searcher) -> None:
    (probe,) = random_unit_vectors(1, gallery.model.dimension, seed=5)
    held = gallery.faces_of([subject.subject_id for subject in gallery.subjects()])
    expected = sorted(held, key=lambda name: -max(float(f.vector @ probe) for f in held[name]))
    result = searcher.search(probe, top=SUBJECTS)
    assert [candidate.subject.subject_id for candidate in result] == expected


def test_age_gaps_come_from_dates_or_ages_and_are_never_guessed(
    searcher: Searcher, cohort: Cohort
) -> None:
    probe = cohort.probes[0]
    assert searcher.search(probe).candidates[0].age_gap is None
    by_age = searcher.search(probe, age_at_capture=12.0).candidates[0]
    assert by_age.age_gap == pytest.approx(3)
    photo = by_age.photos[0].photo
    assert photo.taken_on is not None
    later = photo.taken_on.replace(year=photo.taken_on.year + 5)
    by_date = searcher.search(probe, taken_on=later, age_at_capture=99.0).candidates[0]
    assert by_date.age_gap == pytest.approx(5, abs=0.01)


def test_a_threshold_shortens_the_list_and_an_empty_one_is_an_answer(
    searcher: Searcher, cohort: Cohort
) -> None:
    everyone = searcher.search(cohort.probes[0])
    second = everyone.candidates[1].score
    assert len(searcher.search(cohort.probes[0], threshold=second)) == 2
    nobody = searcher.search(cohort.probes[0], threshold=1.0)
    assert nobody.outcome == "none above the threshold"
    assert len(nobody) == 0
    assert "No lead at or above 1.000" in str(nobody)


def test_filters_count_what_they_leave_out(searcher: Searcher, cohort: Cohort) -> None:
    wanted = Filters(subject_ids=cohort.subjects[2:4])
    result = searcher.search(cohort.probes[0], filters=wanted)
    assert sorted(c.subject.subject_id for c in result) == sorted(cohort.subjects[2:4])
    (exclusion,) = result.exclusions
    assert exclusion.excluded_subjects == SUBJECTS - 2
    assert result.searched_subjects == 2
    assert str(exclusion) in str(result)


def test_filters_that_leave_nobody_give_an_empty_list(searcher: Searcher, cohort: Cohort) -> None:
    result = searcher.search(cohort.probes[0], filters=Filters(subject_ids=("nobody",)))
    assert (result.outcome, len(result)) == ("nobody to search", 0)
    assert "No subject" in str(result)


def test_a_probe_without_a_face_is_an_outcome_with_a_reason(
    searcher: Searcher, tmp_path: Path
) -> None:
    path = tmp_path / "blank.png"
    Image.new("RGB", (160, 160), "grey").save(path)
    result = searcher.search(path)
    assert result.outcome == "probe not good enough"
    assert len(result) == 0
    assert result.reasons
    assert "shows a face; got none" in result.reasons[0]


def test_a_poor_probe_is_refused_with_measures_and_can_be_overridden(
    gallery: Gallery, extractor: Extractor, cohort: Cohort, tmp_path: Path
) -> None:
    path = tmp_path / "small.png"
    with Image.open(cohort.probes[0]) as image:
        image.resize((56, 56)).save(path)
    refused = Searcher(gallery, extractor).search(path)
    assert refused.outcome == "probe not good enough"
    assert "needs" in refused.reasons[0]
    assert refused.probe.quality is not None
    assert refused.probe.quality["inter_eye_distance"] < 16
    assert Searcher(gallery, extractor, policy=POLICIES["off"]).search(path).outcome == "leads"


def test_an_unreadable_probe_raises_alone_and_is_recorded_among_many(
    searcher: Searcher, cohort: Cohort, tmp_path: Path
) -> None:
    missing = tmp_path / "none.jpg"
    with pytest.raises(PhotoNotFoundError):
        searcher.search(missing)
    first, second = searcher.search_many([Probe(missing), Probe(cohort.probes[0])])
    assert first.outcome == "probe not good enough"
    assert second.outcome == "leads"


@pytest.mark.parametrize(
    "vector",
    [
        np.full(128, np.nan, np.float32),
        np.zeros(128, np.float32),
        np.ones(64, np.float32) / 8,
    ],
    ids=["nan", "zero length", "wrong dimension"],
)
def test_a_vector_that_is_none_is_refused(searcher: Searcher, vector: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(InputError):
        searcher.search(vector)


@pytest.mark.parametrize(("top", "threshold"), [(0, None), (5, 1.5), (5, float("nan"))])
def test_senseless_options_are_refused(
    searcher: Searcher, cohort: Cohort, top: int, threshold: float | None
) -> None:
    with pytest.raises(InputError):
        searcher.search(cohort.probes[0], top=top, threshold=threshold)


def test_a_removed_subject_is_in_no_later_list(
    gallery: Gallery, searcher: Searcher, cohort: Cohort
) -> None:
    assert searcher.search(cohort.probes[0]).candidates[0].subject.subject_id == cohort.subjects[0]
    gallery.remove_subject(cohort.subjects[0])
    result = searcher.search(cohort.probes[0])
    assert result.rank_of(cohort.subjects[0]) is None
    assert len(result) == SUBJECTS - 1


def test_an_empty_gallery_gives_an_empty_list(
    tmp_path: Path, extractor: Extractor, cohort: Cohort
) -> None:
    with Gallery.create(tmp_path / "empty", model=extractor.model) as empty:
        result = Searcher(empty, extractor).search(cohort.probes[0])
    assert (result.outcome, len(result)) == ("nobody to search", 0)


def test_another_model_is_refused(tmp_path: Path, extractor: Extractor) -> None:
    other = replace(extractor.model, name="another")
    with (
        Gallery.create(tmp_path / "g", model=other) as opened,
        pytest.raises(GalleryModelError, match="another"),
    ):
        Searcher(opened, extractor)


def test_the_list_goes_into_frames_and_json_unchanged(searcher: Searcher, cohort: Cohort) -> None:
    result = searcher.search(cohort.probes[0], taken_on=date(2020, 1, 1))
    frame = result.to_frame()
    assert list(frame["subject"]) == [c.subject.subject_id for c in result]
    assert list(frame["rank"]) == list(range(1, SUBJECTS + 1))
    document = json.loads(result.to_json())
    assert document["probe"]["taken_on"] == "2020-01-01"
    assert document["candidates"][0]["score"] == result.candidates[0].score
    assert document["outcome"] == "leads"
    assert document["searched_at"] == result.searched_at.isoformat()
    assert document["candidates"][0]["photos"][0]["box"] == list(result.candidates[0].photos[0].box)
    empty = searcher.search(cohort.probes[0], threshold=1.0).to_frame()
    assert list(empty.columns) == list(frame.columns)


def test_the_printed_list_reads_as_leads(searcher: Searcher, cohort: Cohort) -> None:
    lines = str(searcher.search(cohort.probes[0], top=2, age_at_capture=12)).splitlines()
    assert lines[0] == f"2 leads to review; {SUBJECTS} subjects ({SUBJECTS} faces) searched"
    assert cohort.subjects[0] in lines[1]
    assert "+3.0 years" in lines[1]


@pytest.mark.parametrize("choose", ["all", "larges", ""])
def test_a_choice_that_may_give_several_faces_is_refused_before_any_photo(
    searcher: Searcher, gallery: Gallery, extractor: Extractor, tmp_path: Path, choose: Any
) -> None:
    nowhere = tmp_path / "none.png"
    photo = PhotoOfSubject(nowhere, Subject("C-9"))
    for work in (
        lambda: searcher.search(nowhere, choose=choose),
        lambda: searcher.search_many([Probe(nowhere)], choose=choose),
        lambda: enrol(gallery, extractor, [photo], choose=choose),
        lambda: embed_cached(extractor, [nowhere], tmp_path / "cache.sqlite", choose=choose),
    ):
        with pytest.raises(InputError, match=r"one, largest.* where a photo stands for one person"):
            work()
    assert not (tmp_path / "cache.sqlite").exists()
