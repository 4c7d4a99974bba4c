"""A job fills a shadow, whatever its photos do, and whatever happens to the gallery meanwhile."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from job_builders import (
    HOSTILE,
    NEW,
    OLD,
    SETTINGS,
    TAKING,
    add,
    assert_made_by,
    assert_same_faces,
    draw,
    edition_holds,
    faces_in,
    listed,
    made,
)
from PIL import Image

from matcher.embedding import Extractor
from matcher.enrolment import PhotoOfSubject
from matcher.errors import GalleryWriteError, JobError, ModelError
from matcher.gallery import Gallery, Subject
from matcher.gallery.editions import directory_of, names, shadow_of
from matcher.jobs.reindexing import outcomes, reindex
from matcher.jobs.shadow import Shadow
from matcher.jobs.switching import discard, switch
from matcher.testing import FakeDetector, FakeEmbedder


def statuses(gallery: Path) -> dict[str, str]:
    return {Path(one.reference).name: one.status for one in outcomes(gallery)}


def test_the_shadow_has_every_face_under_its_number_and_searches_do_not_see_it(
    tmp_path: Path,
) -> None:
    gallery = made(tmp_path, 20)
    before = faces_in(gallery)
    seen: list[tuple[str, int, int | None]] = []
    report = reindex(gallery, NEW, settings=SETTINGS, on_progress=lambda *step: seen.append(step))
    assert (report.counts, report.worked, report.lost) == ({"done": 20}, 20, 0)
    assert seen == [("re-index", done, 20) for done in (8, 16, 20)]
    assert_same_faces(before, faces_in(gallery))
    with Gallery.open(gallery, model=OLD.model) as opened:
        assert opened.edition == "first"
    after = faces_in(gallery, report.edition)
    assert list(after) == list(before)
    assert_made_by(NEW, after)
    for face_id, face in after.items():
        old = before[face_id]
        assert (face.subject, face.photo, face.enrolled_at, face.box) == (
            old.subject,
            old.photo,
            old.enrolled_at,
            old.box,
        )


def test_a_second_run_does_nothing_and_a_third_only_what_is_new(tmp_path: Path) -> None:
    gallery = made(tmp_path, 12)
    first = reindex(gallery, NEW, settings=SETTINGS)
    assert reindex(gallery, NEW, settings=SETTINGS).worked == 0
    add(gallery, listed(tmp_path / "photos", range(12, 15)))
    third = reindex(gallery, NEW, settings=SETTINGS)
    assert (third.edition, third.worked, third.counts) == (first.edition, 3, {"done": 15})


def test_a_photo_with_other_bytes_is_done_again_and_one_merely_touched_is_not(
    tmp_path: Path,
) -> None:
    gallery = made(tmp_path, 8)
    report = reindex(gallery, NEW, settings=SETTINGS)
    draw(tmp_path / "photos" / "3.png", 1003)
    os.utime(tmp_path / "photos" / "4.png", (1, 1))
    again = reindex(gallery, NEW, settings=TAKING)
    assert (again.worked, again.counts) == (1, {"done": 7, "changed": 1})
    assert statuses(gallery)["3.png"] == "changed"
    assert_made_by(NEW, faces_in(gallery, report.edition))
    assert reindex(gallery, NEW, settings=SETTINGS).worked == 0


def test_a_photo_that_changed_since_enrolment_is_not_embedded_and_is_said(tmp_path: Path) -> None:
    """It may show somebody else, who would be found under the identifier of the subject."""
    gallery = made(tmp_path, 8)
    original = (tmp_path / "photos" / "3.png").read_bytes()
    draw(tmp_path / "photos" / "3.png", 1003)
    report = reindex(gallery, NEW, settings=SETTINGS)
    assert (report.counts, report.lost) == ({"done": 7, "changed": 1}, 1)
    (outcome,) = (one for one in outcomes(gallery) if one.status == "changed")
    assert outcome.code == "photo_changed"
    assert "a file that changed since" in outcome.reason
    assert 4 not in faces_in(gallery, report.edition)
    with pytest.raises(JobError, match="1 face without a vector"):
        switch(gallery)
    (tmp_path / "photos" / "3.png").write_bytes(original)
    assert reindex(gallery, NEW, settings=SETTINGS).counts == {"done": 8}
    assert_made_by(NEW, faces_in(gallery, report.edition))


def test_a_photo_that_changes_after_it_was_embedded_keeps_its_vector_and_is_said(
    tmp_path: Path,
) -> None:
    gallery = made(tmp_path, 8)
    report = reindex(gallery, NEW, settings=SETTINGS)
    before = faces_in(gallery, report.edition)
    original = (tmp_path / "photos" / "3.png").read_bytes()
    draw(tmp_path / "photos" / "3.png", 1003)
    again = reindex(gallery, NEW, settings=SETTINGS)
    assert (again.counts, again.lost) == ({"done": 7, "changed": 1}, 0)
    assert_same_faces(before, faces_in(gallery, report.edition))
    (tmp_path / "photos" / "3.png").write_bytes(original)
    assert reindex(gallery, NEW, settings=SETTINGS).counts == {"done": 8}


def test_a_changed_photo_that_its_subject_has_already_is_said_to_be_one(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    shutil.copy(tmp_path / "photos" / "1.png", tmp_path / "photos" / "2.png")
    report = reindex(gallery, NEW, settings=TAKING)
    assert (report.counts, report.lost) == ({"done": 7, "duplicate": 1}, 1)


def test_with_the_gallerys_own_model_only_changed_photos_are_embedded(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    before = faces_in(gallery)
    unchanged = reindex(gallery, OLD, settings=SETTINGS)
    assert (unchanged.edition, names(gallery)) == ("first", ["first"])
    draw(tmp_path / "photos" / "3.png", 1003)
    left = reindex(gallery, OLD, settings=SETTINGS)
    assert (left.worked, left.lost, left.counts) == (0, 0, {"done": 7, "changed": 1})
    assert_same_faces(before, faces_in(gallery, left.edition))
    report = reindex(gallery, OLD, settings=TAKING)
    assert (report.worked, report.counts) == (1, {"done": 7, "changed": 1})
    after = faces_in(gallery, report.edition)
    assert after[4].photo.sha256 != before[4].photo.sha256
    del before[4], after[4]
    assert_same_faces(before, after)


def test_an_edition_knows_what_found_the_faces_that_it_copies_and_embeds(tmp_path: Path) -> None:
    class Ours(FakeDetector):
        name = "ours"

    class Theirs(FakeDetector):
        name = "theirs"

    ours, theirs = (Extractor(one(), FakeEmbedder(16)) for one in (Ours, Theirs))
    gallery = tmp_path / "gallery"
    Gallery.create(gallery, model=ours.model).close()
    add(gallery, listed(tmp_path / "photos", range(8)), extractor=ours)
    draw(tmp_path / "photos" / "3.png", 1003)
    copied = reindex(gallery, theirs, settings=SETTINGS)
    assert _detectors(gallery, copied.edition) == _detectors(gallery, "first") == ("ours",)
    changed = reindex(gallery, theirs, settings=TAKING)
    assert _detectors(gallery, changed.edition) == ("ours", "theirs")
    discard(gallery)
    anew = reindex(gallery, NEW, settings=SETTINGS)
    assert _detectors(gallery, anew.edition) == ("not recorded",)


def _detectors(gallery: Path, edition: str) -> tuple[str, ...]:
    with Gallery.open(gallery, edition=edition) as opened:
        return opened.detectors


def test_photos_that_moved_are_found_where_they_are(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    (tmp_path / "photos").rename(tmp_path / "archive")
    lost = reindex(gallery, NEW, settings=SETTINGS)
    assert (lost.counts, lost.lost) == ({"missing": 8}, 8)
    moved = replace(SETTINGS, moved=((tmp_path / "photos", tmp_path / "archive"),))
    found = reindex(gallery, NEW, settings=moved)
    assert (found.worked, found.counts, found.lost) == (8, {"done": 8}, 0)
    faces = faces_in(gallery, found.edition)
    assert {Path(face.photo.reference).parent for face in faces.values()} == {tmp_path / "archive"}


def test_a_photo_that_hangs_or_crashes_its_decoder_costs_itself_only(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    photos = tmp_path / "photos"
    for number, name in enumerate(("hang", "crash", "die", "text", "gone")):
        photo = PhotoOfSubject(draw(photos / f"{name}.png", 100 + number), Subject("bad"))
        add(gallery, [photo])
    add(gallery, listed(photos, range(8, 12)))
    (photos / "text.png").write_text("not a picture")
    (photos / "gone.png").unlink()
    report = reindex(gallery, NEW, settings=HOSTILE)
    assert report.counts == {"done": 13, "failed": 3, "missing": 1}
    found = {Path(one.reference).name: one for one in outcomes(gallery)}
    assert found["hang.png"].status == "failed"
    assert f"{HOSTILE.decoding.longest:.0f} seconds" in found["hang.png"].reason
    assert "died" in found["crash.png"].reason
    assert found["die.png"].status == "done", "a worker that dies once is not the photo's fault"
    assert found["text.png"].code == "photo_format"
    assert found["gone.png"].code == "photo_not_found"
    assert not any(str(tmp_path) in one.reason for one in found.values())
    again = reindex(gallery, NEW, settings=replace(SETTINGS, retry=True))
    assert (again.worked, again.counts) == (4, {"done": 15, "failed": 1, "missing": 1})


def test_a_face_without_a_vector_costs_itself_only(tmp_path: Path) -> None:
    class Choosy(FakeEmbedder):
        def embed(self, crops):
            if (crops.std(axis=(1, 2, 3)) < 1).any():
                raise ModelError("vector", rule="must be finite", got="NaN", next_step="Look.")
            return super().embed(crops)

    gallery = made(tmp_path, 12)
    path = tmp_path / "photos" / "3.png"
    Image.new("RGB", (72, 72), "grey").save(path)
    choosy = Extractor(FakeDetector(), Choosy(24))
    report = reindex(gallery, choosy, settings=TAKING)
    assert report.counts == {"done": 11, "failed": 1}
    (failed,) = (one for one in outcomes(gallery) if one.status == "failed")
    assert (Path(failed.reference), failed.code) == (path, "model")


def test_of_several_faces_the_one_that_was_enrolled_is_taken(tmp_path: Path) -> None:
    from matcher.embedding import Extractor
    from matcher.faces import Face
    from matcher.testing import FakeDetector, FakeEmbedder

    class Two(FakeDetector):
        def detect(self, photos):
            return [
                [self._half(face, 0), self._half(face, 1)] for (face,) in super().detect(photos)
            ]

        @staticmethod
        def _half(face: Face, which: int) -> Face:
            left, top, right, bottom = face.box
            middle = (left + right) / 2
            box = (left, top, middle, bottom) if which == 0 else (middle, top, right, bottom)
            points = face.landmarks / (2, 1) + (which * middle, 0)
            return replace(face, box=np.array(box, np.float32), landmarks=np.float32(points))

    class Left(Two):
        def detect(self, photos):
            return [[left] for left, _ in super().detect(photos)]

    class Right(Two):
        def detect(self, photos):
            return [[right] for _, right in super().detect(photos)]

    old = Extractor(Right(), FakeEmbedder(16))
    gallery = tmp_path / "gallery"
    Gallery.create(gallery, model=old.model).close()
    add(gallery, listed(tmp_path / "photos", range(5)), old)
    report = reindex(gallery, Extractor(Two(), FakeEmbedder(24, "2")), settings=SETTINGS)
    faces = faces_in(gallery, report.edition)
    assert [face.box for face in faces.values()] == [(36.0, 0.0, 72.0, 72.0)] * 5
    discard(gallery)
    left = reindex(gallery, Extractor(Left(), FakeEmbedder(24, "2")), settings=SETTINGS)
    assert left.counts == {"failed": 5}
    assert {one.code for one in outcomes(gallery)} == {"no_face"}


@pytest.mark.parametrize(
    ("enrolled", "counts"), [(0, {"changed": 1, "done": 2}), (1, {"failed": 1, "done": 2})]
)
def test_in_a_changed_photo_a_dominant_face_counts_only_where_the_enrolled_face_was(
    tmp_path: Path, enrolled: int, counts: dict[str, int]
) -> None:
    class LargeAndSmall(FakeDetector):
        def detect(self, photos):
            boxes = ((0, 0, 48, 48), (50, 0, 72, 22))
            return [
                [replace(face, box=np.array(box, np.float32)) for box in boxes]
                for (face,) in super().detect(photos)
            ]

    class OneOfThem(LargeAndSmall):
        def detect(self, photos):
            return [[faces[enrolled]] for faces in super().detect(photos)]

    old = Extractor(OneOfThem(), FakeEmbedder(16))
    gallery = tmp_path / "gallery"
    Gallery.create(gallery, model=old.model).close()
    add(gallery, listed(tmp_path / "photos", range(3)), old)
    draw(tmp_path / "photos" / "1.png", 1001)
    report = reindex(gallery, Extractor(LargeAndSmall(), FakeEmbedder(24, "2")), settings=TAKING)
    assert report.counts == counts
    codes = {one.code for one in outcomes(gallery) if one.status == "failed"}
    assert codes == ({"several_faces"} if enrolled else set())


def test_a_job_begun_with_one_model_is_not_gone_on_with_by_another(tmp_path: Path) -> None:
    from matcher.embedding import Extractor
    from matcher.testing import FakeDetector, FakeEmbedder

    gallery = made(tmp_path, 4)
    reindex(gallery, NEW, settings=SETTINGS)
    with pytest.raises(JobError, match=r"fake 2 .*; got fake 3"):
        reindex(gallery, Extractor(FakeDetector(), FakeEmbedder(24, "3")), settings=SETTINGS)


def test_a_subject_removed_while_the_job_runs_is_in_no_file_of_any_edition(
    tmp_path: Path,
) -> None:
    gallery = made(tmp_path, 32)
    held = faces_in(gallery)
    gone = [face for face in held.values() if face.subject.subject_id in WHO]
    new = {face.face_id: NEW.extract(face.photo.reference)[0].vector for face in gone}
    removed: list[str] = []

    def remove(step: str, done: int, total: int | None) -> None:
        if removed:
            return
        removed.extend(WHO)
        with Gallery.open(gallery) as opened:
            assert opened.remove_subjects(WHO) == 12

    report = reindex(gallery, NEW, settings=SETTINGS, on_progress=remove)
    assert (report.counts, report.lost) == ({"done": 20}, 0)
    assert len(faces_in(gallery, report.edition)) == 20
    for face in gone:
        for trace in (
            face.vector.tobytes(),
            new[face.face_id].tobytes(),
            face.photo.sha256.encode(),
            face.photo.reference.encode(),
            face.subject.subject_id.encode(),
        ):
            assert not edition_holds(gallery, trace)


WHO = ("subject-000", "subject-002", "subject-006")
"""Of the first batch, which is stored; of the second, already decoded; of a later one."""


def test_what_is_removed_after_the_switch_leaves_the_kept_edition_too(tmp_path: Path) -> None:
    gallery = made(tmp_path, 12)
    held = faces_in(gallery)
    reindex(gallery, NEW, settings=SETTINGS)
    switch(gallery)
    with Gallery.open(gallery, model=NEW.model) as opened:
        opened.remove_photo(held[1].photo.sha256)
        opened.remove_subject("subject-001")
    for face_id in (1, 5, 6, 7, 8):
        assert not edition_holds(gallery, held[face_id].vector.tobytes())
        assert not edition_holds(gallery, held[face_id].photo.sha256.encode())
    assert list(faces_in(gallery, "first")) == [2, 3, 4, 9, 10, 11, 12]


def test_what_is_enrolled_and_corrected_while_the_job_runs_reaches_the_shadow(
    tmp_path: Path,
) -> None:
    gallery = made(tmp_path, 16)
    late = listed(tmp_path / "photos", range(16, 20))
    corrected = Subject("subject-000", region="south", tags=("c",))
    changed: list[int] = []

    def change(step: str, done: int, total: int | None) -> None:
        if not changed:
            changed.append(done)
            add(gallery, late)
            with Gallery.open(gallery) as opened:
                opened.update_subject(corrected)

    report = reindex(gallery, NEW, settings=SETTINGS, on_progress=change)
    assert (report.worked, report.counts) == (20, {"done": 20})
    switch(gallery)
    faces = faces_in(gallery)
    assert_made_by(NEW, faces)
    assert Counter(face.subject.subject_id for face in faces.values())["subject-004"] == 4
    with Gallery.open(gallery) as opened:
        assert opened.subject("subject-000") == corrected


def test_a_job_and_a_busy_writer_neither_block_nor_undo_each_other(tmp_path: Path) -> None:
    gallery = made(tmp_path, 120)
    late = listed(tmp_path / "late", range(200, 240))
    removed: list[str] = []

    def write() -> None:
        for number, photo in enumerate(late):
            add(gallery, [photo])
            if number % 4 == 3:
                with Gallery.open(gallery) as opened:
                    removed.append(f"subject-{len(removed):03d}")
                    opened.remove_subject(removed[-1])

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        report = reindex(gallery, NEW, settings=replace(SETTINGS, batch=4))
        writing.result()
    report = reindex(gallery, NEW, settings=SETTINGS)
    assert (report.counts, report.lost) == ({"done": 120}, 0)
    faces = faces_in(gallery, report.edition)
    assert list(faces) == list(faces_in(gallery))
    assert not {face.subject.subject_id for face in faces.values()} & set(removed)
    assert_made_by(NEW, faces)


def test_a_full_disk_ends_the_job_between_two_batches_and_room_lets_it_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, quiet = made(tmp_path / "a", 64), made(tmp_path / "b", 64)
    commit = Shadow.commit

    def short_of_room(shadow: Shadow, results) -> None:
        pages = shadow.store.value("PRAGMA page_count")
        if shadow.counts().get("done", 0) >= 16:
            shadow.store.query(f"PRAGMA max_page_count = {pages}")
        commit(shadow, results)

    with monkeypatch.context() as patch:
        patch.setattr(Shadow, "commit", short_of_room)
        with pytest.raises(GalleryWriteError, match="room on the disk"):
            reindex(gallery, NEW, settings=SETTINGS)
    edition = shadow_of(gallery)
    assert edition is not None
    begun = faces_in(gallery, edition)
    assert 16 <= len(begun) < 64
    assert len(begun) % 8 == 0
    report = reindex(gallery, NEW, settings=SETTINGS)
    assert report.worked == 64 - len(begun)
    undisturbed = reindex(quiet, NEW, settings=SETTINGS)
    assert_same_faces(
        faces_in(gallery, edition), faces_in(quiet, undisturbed.edition), same_place=False
    )
    assert directory_of(gallery, edition).is_dir()
