"""A photo of several people: one list for each face, and each list says whose it is."""

from __future__ import annotations

import json
from pathlib import Path

import group_photos
import numpy as np
import pytest
from PIL import Image
from rendered_cohort import Cohort

from matcher.embedding import Extractor
from matcher.errors import InputError, PhotoNotFoundError
from matcher.gallery import Gallery
from matcher.search import CandidateList, Probe, Searcher, write_sheet


@pytest.fixture
def searcher(gallery: Gallery, extractor: Extractor) -> Searcher:
    return Searcher(gallery, extractor)


@pytest.fixture
def group(cohort: Cohort, tmp_path: Path) -> Path:
    """Three people, of which the third is too small for the standard policy."""
    return group_photos.write(tmp_path / "group.png", cohort.probes[:3], (1, 0.9, 0.22))


def first(result: CandidateList) -> str:
    return result.candidates[0].subject.subject_id


def test_each_face_has_its_own_list_that_says_which_face_it_is_of(
    searcher: Searcher, cohort: Cohort, group: Path
) -> None:
    lists = searcher.search_faces(group, top=2)
    assert [first(result) for result in lists[:2]] == list(cohort.subjects[:2])
    assert [str(result.probe.face) for result in lists] == [f"face {n} of 3" for n in (1, 2, 3)]
    assert [result.outcome for result in lists] == ["leads", "leads", "probe not good enough"]
    assert "eyes" in lists[2].reasons[0]
    for number, result in enumerate(lists, start=1):
        assert f"Searched for face {number} of 3." in str(result)
        assert json.loads(result.to_json())["probe"]["face"]["number"] == number
        assert all((row["probe_face"], row["probe_faces"]) == (number, 3) for row in result.rows())


def test_the_box_of_each_list_holds_the_face_that_was_searched_for(
    searcher: Searcher, cohort: Cohort, group: Path, tmp_path: Path
) -> None:
    with Image.open(group) as image:
        for number, result in enumerate(searcher.search_faces(group)[:2]):
            assert result.probe.box is not None
            cut = tmp_path / f"{number}.png"
            image.crop(tuple(map(round, result.probe.box))).save(cut)  # type: ignore[arg-type]
            assert first(searcher.search(cut)) == cohort.subjects[number] == first(result)


@pytest.mark.parametrize("choose", ["one", "largest"])
def test_the_box_is_known_when_one_face_is_searched_for(
    searcher: Searcher, cohort: Cohort, choose: str
) -> None:
    probe = searcher.search(cohort.probes[0], choose=choose).probe  # type: ignore[arg-type]
    assert probe.box is not None
    left, top, right, bottom = probe.box
    with Image.open(cohort.probes[0]) as image:
        assert -image.width < left < image.width / 2 < right
        assert -image.height < top < image.height / 2 < bottom
    assert str(probe.face) == "the only face"


def test_a_photo_of_one_person_gives_one_list_as_the_plain_search_does(
    searcher: Searcher, cohort: Cohort
) -> None:
    (alone,) = searcher.search_faces(cohort.probes[0], age_at_capture=12.0)
    plain = searcher.search(cohort.probes[0], age_at_capture=12.0)
    assert alone.rows() == plain.rows()
    assert alone.cautions() == plain.cautions() == []


def test_a_photo_without_a_face_still_gives_one_list(searcher: Searcher, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.new("RGB", (160, 160), "grey").save(blank)
    (result,) = searcher.search_faces(blank)
    assert result.outcome == "probe not good enough"
    assert "shows a face; got none in 160 x 160 pixels" in result.reasons[0]
    assert (result.probe.box, result.probe.face) == (None, None)
    assert result.probe.sha256 is not None


def test_no_probe_of_many_is_lost_and_an_unreadable_one_alone_is_an_error(
    searcher: Searcher, cohort: Cohort, group: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "none.png"
    probes = [Probe(missing), Probe(group), Probe(cohort.probes[3])]
    lists = searcher.search_faces_many(probes)
    assert [len(found) for found in lists] == [1, 3, 1]
    assert lists[0][0].outcome == "probe not good enough"
    assert first(lists[2][0]) == cohort.subjects[3]
    with pytest.raises(PhotoNotFoundError):
        searcher.search_faces(missing)


def test_vectors_and_faces_stand_for_themselves(
    searcher: Searcher, extractor: Extractor, group: Path
) -> None:
    faces = extractor.extract(group, choose="all", purpose="search")
    of_photo = searcher.search_faces(group)
    for face, expected in zip(faces[:2], of_photo, strict=False):
        (by_face,) = searcher.search_faces(face.face)
        (by_vector,) = searcher.search_faces(face.probe)
        assert first(by_face) == first(by_vector) == first(expected)
        assert str(by_face.probe.face) == str(expected.probe.face)
        assert (by_vector.probe.face, by_vector.probe.box) == (None, None)


def test_a_senseless_request_is_refused_before_any_photo(
    searcher: Searcher, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="top"):
        searcher.search_faces(tmp_path / "none.png", top=0)


def test_the_sheet_shows_each_face_with_its_own_leads(
    searcher: Searcher, group: Path, tmp_path: Path
) -> None:
    lists = searcher.search_faces(group, top=1)
    sheet = tmp_path / "leads.html"
    assert write_sheet(sheet, [group] * len(lists), lists, title="Leads") == ()
    page = sheet.read_text(encoding="utf-8")
    places = [page.index(f"Searched for face {number} of 3.") for number in (1, 2, 3)]
    assert places == sorted(places)


def test_a_dominant_face_is_searched_for_and_the_list_says_so(
    searcher: Searcher, cohort: Cohort, tmp_path: Path
) -> None:
    photo = group_photos.write(tmp_path / "two.png", cohort.probes[:2], (1, 0.6))
    result = searcher.search(photo)
    assert first(result) == cohort.subjects[0]
    assert result.cautions() == ["Searched for 1 of 2 faces, the dominant one."]
    largest = searcher.search(photo, choose="largest")
    assert largest.cautions() == ["Searched for 1 of 2 faces, the largest one."]
    np.testing.assert_allclose(largest.candidates[0].score, result.candidates[0].score)


def test_a_group_is_refused_and_the_message_names_the_count_and_the_way_on(
    searcher: Searcher, cohort: Cohort, tmp_path: Path
) -> None:
    photo = group_photos.write(tmp_path / "group.png", cohort.probes[:3])
    result = searcher.search(photo)
    assert result.outcome == "probe not good enough"
    assert "got 3 faces" in result.reasons[0]
    assert len(searcher.search_faces(photo)) == 3
