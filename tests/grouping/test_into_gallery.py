"""Groups become unknown subjects of a gallery, once each, and corrections follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from tiled_people import CountingExtractor, grouped, write

from matcher import Gallery, Subject
from matcher.errors import GalleryModelError, InputError
from matcher.gallery import Enrolment, PhotoRecord
from matcher.grouping import GroupFile, enrol_groups
from matcher.testing import random_unit_vectors

EXTRACTOR = CountingExtractor()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Two people in three photos each, one with a copy, and a stranger."""
    for picture in range(3):
        write(tmp_path / "photos" / f"1-{picture}.png", (1, picture))
        write(tmp_path / "photos" / f"2-{picture}.png", (2, picture))
    write(tmp_path / "photos" / "1-0.jpg", (1, 0), quality=70)
    write(tmp_path / "photos" / "3.png", (3, 0))
    days = {tmp_path / "photos" / "1-0.png": date(2020, 2, 3)}
    grouped(tmp_path / "photos", EXTRACTOR, state=tmp_path / "s.groups", dates=days)
    return tmp_path / "s.groups"


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.create(tmp_path / "g.gallery", model=EXTRACTOR.model) as opened:
        yield opened


def subjects(gallery: Gallery) -> dict[str, int]:
    return gallery.photo_counts()


def test_each_group_is_one_unknown_subject_without_copies(state: Path, gallery: Gallery) -> None:
    with GroupFile.open(state) as file:
        found = file.grouping()
        enrolled = enrol_groups(file, gallery)
    assert [(one.added, one.already_there) for one in enrolled] == [(3, 0), (3, 0)]
    names = {f"unknown-{found.stamp}-{group.number:04d}" for group in found}
    assert {one.subject_id for one in enrolled} == set(subjects(gallery)) == names
    for name in names:
        assert gallery.subject(name).tags == ("unknown",)
        assert found.stamp in (gallery.subject(name).source or "")
    photos = [one for name in names for one in gallery.photos(name)]
    assert [one.taken_on for one in photos].count(date(2020, 2, 3)) == 1
    assert {one.path.suffix for one in photos} == {".png"}


def test_a_second_time_only_what_is_new_is_added(
    state: Path, gallery: Gallery, tmp_path: Path
) -> None:
    with GroupFile.open(state) as file:
        enrol_groups(file, gallery)
    write(tmp_path / "photos" / "2-7.png", (2, 7))
    grouped(tmp_path / "photos", EXTRACTOR, state=state)
    with GroupFile.open(state) as file:
        again = enrol_groups(file, gallery)
    assert sorted((one.added, one.already_there) for one in again) == [(0, 3), (1, 3)]
    assert sorted(subjects(gallery).values()) == [3, 4]


def test_corrections_reach_the_gallery_and_undo_does_too(state: Path, gallery: Gallery) -> None:
    with GroupFile.open(state) as file:
        enrol_groups(file, gallery)
        before = subjects(gallery)
        one, two = (group.number for group in file.grouping().groups)
        file.merge([one, two])
        merged = enrol_groups(file, gallery)
        assert sorted(subjects(gallery).values()) == [6]
        assert {(item.group, item.taken_out) for item in merged} == {(one, 0), (two, 3)}
        file.undo()
        enrol_groups(file, gallery)
        assert subjects(gallery) == before
        face = file.grouping().groups[0].faces[0].face_id
        file.take_out([face])
        enrol_groups(file, gallery)
        assert sorted(subjects(gallery).values()) == [2, 3]


def test_who_was_renamed_or_merged_in_the_gallery_is_found_again(
    state: Path, gallery: Gallery, tmp_path: Path
) -> None:
    with GroupFile.open(state) as file:
        first, second = (one.subject_id for one in enrol_groups(file, gallery))
    known = PhotoRecord("ab" * 32, "known.png")
    vector = random_unit_vectors(1, EXTRACTOR.model.dimension, seed=1)[0]
    case = Subject("C-1", source="a school")
    gallery.add([Enrolment(case, known, {"face": vector}, (0.0, 0.0, 9.0, 9.0), 1.0)])
    gallery.rename_subject(first, "C-2")
    gallery.merge_subjects(second, "C-1")
    write(tmp_path / "photos" / "1-8.png", (1, 8))
    write(tmp_path / "photos" / "2-8.png", (2, 8))
    grouped(tmp_path / "photos", EXTRACTOR, state=state)
    with GroupFile.open(state) as file:
        again = enrol_groups(file, gallery)
    assert {one.subject_id for one in again} == {"C-1", "C-2"}
    assert [(one.added, one.taken_out) for one in again] == [(1, 0), (1, 0)]
    assert subjects(gallery) == {"C-1": 5, "C-2": 4}


def test_an_identifier_of_somebody_else_is_never_used(state: Path, gallery: Gallery) -> None:
    with GroupFile.open(state) as file:
        name = f"unknown-{file.grouping().stamp}-0002"
        vector = random_unit_vectors(1, EXTRACTOR.model.dimension, seed=1)[0]
        photo = PhotoRecord("ab" * 32, "known.png")
        other = Enrolment(Subject(name), photo, {"face": vector}, (0.0, 0.0, 9.0, 9.0), 1.0)
        gallery.add([other])
        with pytest.raises(InputError, match="must be free in the gallery"):
            enrol_groups(file, gallery)
    assert subjects(gallery) == {name: 1}


def test_two_groupings_of_one_folder_are_different_unknown_people(
    state: Path, gallery: Gallery, tmp_path: Path
) -> None:
    grouped(tmp_path / "photos", EXTRACTOR, state=tmp_path / "t.groups")
    with GroupFile.open(state) as file, GroupFile.open(tmp_path / "t.groups") as other:
        first = enrol_groups(file, gallery)
        second = enrol_groups(other, gallery)
    assert not {one.subject_id for one in first} & {one.subject_id for one in second}
    assert [one.also_under for one in second] == [(one.subject_id,) for one in first]


def test_a_gallery_of_another_model_is_refused(state: Path, tmp_path: Path) -> None:
    model = CountingExtractor("2").model
    with (
        Gallery.create(tmp_path / "h.gallery", model=model) as gallery,
        GroupFile.open(state) as file,
        pytest.raises(GalleryModelError),
    ):
        enrol_groups(file, gallery)


def test_two_faces_of_one_photo_in_one_group_stand_there_once(
    gallery: Gallery, tmp_path: Path
) -> None:
    write(tmp_path / "q" / "a.png", (1, 0), (1, 1))
    write(tmp_path / "q" / "b.png", (1, 2))
    grouped(tmp_path / "q", EXTRACTOR, state=tmp_path / "q.groups")
    with GroupFile.open(tmp_path / "q.groups") as file:
        (first,) = enrol_groups(file, gallery)
        (again,) = enrol_groups(file, gallery)
    assert (first.added, first.already_there) == (2, 1)
    assert (again.added, again.already_there, again.taken_out) == (0, 3, 0)
