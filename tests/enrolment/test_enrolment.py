"""Photos into a gallery: every photo has an outcome, and nothing is done twice."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import group_photos
import numpy as np
import pytest
from PIL import Image
from rendered_cohort import SUBJECTS, Cohort

from matcher.embedding import Extractor
from matcher.enrolment import PhotoOfSubject, enrol, read_manifest
from matcher.errors import GalleryModelError
from matcher.faces import POLICIES, Face
from matcher.gallery import Gallery, Subject
from matcher.photos import Photo, sha256_of
from matcher.testing import FakeDetector, FakeEmbedder


def test_a_second_run_finds_everything_there(
    gallery: Gallery, extractor: Extractor, cohort: Cohort
) -> None:
    before = gallery.generation
    outcomes = enrol(gallery, extractor, read_manifest(cohort.manifest).photos)
    assert {outcome.status for outcome in outcomes} == {"already there"}
    assert len(gallery) == SUBJECTS
    assert gallery.generation == before


def test_each_bad_photo_is_one_outcome_and_the_good_ones_are_stored(
    gallery: Gallery, extractor: Extractor, cohort: Cohort, tmp_path: Path
) -> None:
    empty, text, blank, group = (tmp_path / f"{n}.png" for n in ("empty", "text", "blank", "group"))
    empty.write_bytes(b"")
    text.write_text("not a picture")
    Image.new("RGB", (200, 200), "grey").save(blank)
    pictures = [np.asarray(Image.open(path)) for path in cohort.probes[:2]]
    Image.fromarray(np.concatenate(pictures, axis=1)).save(group)
    paths = [empty, text, blank, group, tmp_path / "none.png", tmp_path, cohort.probes[0]]
    photos = [PhotoOfSubject(path, Subject("C-9")) for path in paths]
    outcomes = enrol(gallery, extractor, photos)
    codes = [outcome.error.code if outcome.error else outcome.status for outcome in outcomes]
    assert codes == [
        "photo_format",
        "photo_format",
        "no_face",
        "several_faces",
        "photo_not_found",
        "photo_not_found",
        "enrolled",
    ]
    assert len(gallery) == SUBJECTS + 1


def test_a_portrait_with_somebody_behind_is_enrolled_and_the_row_says_which_face(
    gallery: Gallery, extractor: Extractor, cohort: Cohort, tmp_path: Path
) -> None:
    portrait = group_photos.write(tmp_path / "portrait.png", cohort.probes[:2], (1, 0.6))
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:2], (1, 0.95))
    photos = [PhotoOfSubject(path, Subject("C-9")) for path in (portrait, group, cohort.probes[2])]
    rows = [outcome.row() for outcome in enrol(gallery, extractor, photos)]
    assert [row["status"] for row in rows] == ["enrolled", "failed", "enrolled"]
    assert [row["face"] for row in rows] == ["1 of 2 faces, the dominant one", "", ""]
    assert (rows[1]["code"], "got 2 faces" in rows[1]["reason"]) == ("several_faces", True)
    (stored,) = (
        face for face in gallery.faces_of(["C-9"])["C-9"] if "portrait" in face.photo.reference
    )
    (alone,) = extractor.extract(cohort.probes[0])
    assert float(stored.vector @ alone.vector) > 0.99
    (again,) = enrol(gallery, extractor, [photos[1]], choose="largest")
    assert again.row()["face"] == "1 of 2 faces, the largest one"


def test_the_row_of_a_refused_face_says_which_of_several_it_was(
    gallery: Gallery, extractor: Extractor, cohort: Cohort, tmp_path: Path
) -> None:
    portrait = group_photos.write(tmp_path / "portrait.png", cohort.probes[:2], (1, 0.6))
    nothing = replace(POLICIES["off"], name="nothing is good enough", sharpness=2.0)
    (outcome,) = enrol(
        gallery, extractor, [PhotoOfSubject(portrait, Subject("C-9"))], policy=nothing
    )
    assert outcome.row()["code"] == "face_refused"
    assert outcome.row()["face"] == "1 of 2 faces, the dominant one"


def test_a_poor_face_is_refused_with_its_measures_and_can_be_overridden(
    gallery: Gallery, extractor: Extractor, cohort: Cohort, tmp_path: Path
) -> None:
    poor = tmp_path / "poor.png"
    with Image.open(cohort.probes[0]) as image:
        image.resize((56, 56)).save(poor)
    photo = PhotoOfSubject(poor, Subject("C-9"))
    (refused,) = enrol(gallery, extractor, [photo])
    assert refused.error is not None
    assert refused.error.code == "face_refused"
    assert "eyes" in str(refused.error.got)
    (stored,) = enrol(gallery, extractor, [photo], policy=POLICIES["off"])
    assert stored.status == "enrolled"


def test_the_same_photo_under_two_subjects_is_kept_and_reported(
    gallery: Gallery, extractor: Extractor, cohort: Cohort
) -> None:
    photo = read_manifest(cohort.manifest).photos[0]
    (outcome,) = enrol(gallery, extractor, [replace(photo, subject=Subject("C-9"))])
    assert outcome.status == "enrolled"
    assert outcome.also_under == (photo.subject.subject_id,)
    assert outcome.row()["also_under"] == photo.subject.subject_id


def test_copies_in_one_run_are_stored_once(
    gallery: Gallery, extractor: Extractor, cohort: Cohort, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.png"
    shutil.copy(cohort.probes[0], copy)
    photos = [PhotoOfSubject(path, Subject("C-9")) for path in (cohort.probes[0], copy)]
    assert [outcome.status for outcome in enrol(gallery, extractor, photos)] == [
        "enrolled",
        "already there",
    ]


def test_dates_and_quality_reach_the_store(gallery: Gallery, cohort: Cohort) -> None:
    photo = read_manifest(cohort.manifest).photos[0]
    (record,) = gallery.photos(photo.subject.subject_id)
    assert (record.taken_on, record.age_at_capture) == (photo.taken_on, 9.0)
    assert record.reference == str(photo.path)
    assert gallery.subject(photo.subject.subject_id) == photo.subject


def test_interrupted_between_batches_the_next_run_goes_on(
    tmp_path: Path, extractor: Extractor, cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.enrolment.pipeline._BATCH", 2)

    def interrupt(step: str, done: int, total: int | None) -> None:
        if done == 4:
            raise KeyboardInterrupt

    photos = read_manifest(cohort.manifest).photos
    path = tmp_path / "g"
    with (
        pytest.raises(KeyboardInterrupt),
        Gallery.create(path, model=extractor.model) as first,
    ):
        enrol(first, extractor, photos, on_progress=interrupt)
    with Gallery.open(path, model=extractor.model) as second:
        assert len(second) == 4
        statuses = [outcome.status for outcome in enrol(second, extractor, photos)]
        assert statuses == ["already there"] * 4 + ["enrolled"] * 2
        assert second.verify().ok


def test_another_model_is_refused_before_any_photo_is_read(
    tmp_path: Path, extractor: Extractor
) -> None:
    other = replace(extractor.model, name="another")
    with (
        Gallery.create(tmp_path / "g", model=other) as opened,
        pytest.raises(GalleryModelError, match="another"),
    ):
        enrol(opened, extractor, [])


def test_a_photo_given_by_a_relative_path_is_found_from_any_folder(
    tmp_path: Path, extractor: Extractor, cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    shutil.copy(cohort.probes[0], tmp_path / "here" / "photo.png")
    shutil.copy(cohort.probes[1], tmp_path / "there" / "photo.png")  # somebody else
    monkeypatch.chdir(tmp_path / "here")
    with Gallery.create(tmp_path / "g", model=extractor.model) as gallery:
        enrol(gallery, extractor, [PhotoOfSubject(Path("photo.png"), Subject("C-1"))])
    monkeypatch.chdir(tmp_path / "there")
    with Gallery.open(tmp_path / "g") as gallery:
        (photo,) = gallery.photos("C-1")
    assert Path(photo.reference) == tmp_path / "here" / "photo.png"
    assert sha256_of(Path(photo.reference)) == photo.sha256


def test_hostile_photos_are_one_outcome_each_and_end_no_run(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    good = [tmp_path / f"good-{number}.jpg" for number in range(2)]
    for path in good:
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    progressive = tmp_path / "scans.jpg"
    Image.new("L", (64, 64), 128).save(progressive, progressive=True)
    data = progressive.read_bytes()
    table, end = data.rfind(b"\xff\xc4"), data.rfind(b"\xff\xd9")
    progressive.write_bytes(data[:end] + data[table:end] * 9000 + data[end:])
    huge = tmp_path / "huge.jpg"
    huge.write_bytes(good[0].read_bytes())
    with huge.open("r+b") as file:
        file.truncate(300 * 10**9)
    strange = tmp_path / "strange.jpg"
    shutil.copy(good[0], strange)
    strange.write_bytes(strange.read_bytes() + b"1")
    photos = [
        PhotoOfSubject(path, Subject(path.stem))
        for path in (good[0], progressive, huge, strange, good[1])
    ]

    class Stumbling(FakeDetector):
        def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
            if any(photo.path == strange for photo in photos):
                raise AssertionError("of a detector")
            return super().detect(photos)

    extractor = Extractor(Stumbling(), FakeEmbedder(16))
    with (
        Gallery.create(tmp_path / "gallery", model=extractor.model) as gallery,
        extractor.decoding_apart() as apart,
    ):
        for one in (extractor, apart):
            outcomes = enrol(gallery, one, photos, policy=POLICIES["off"])
            codes = [outcome.error.code for outcome in outcomes if outcome.error is not None]
            assert codes == ["photo_too_large", "photo_too_large", "photo_failure"]
            assert "AssertionError: of a detector" in outcomes[3].row()["reason"]
