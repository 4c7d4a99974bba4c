"""A governed gallery: without a context nothing is searched or changed; each use is recorded."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gallery_builders import MODEL, VECTORS, enrolment, files_hold, photo_hash
from governed import CONTEXT, EXPIRED, UPKEEP, governed_gallery, kinds_of

from matcher.errors import (
    ActivityLogError,
    GalleryReplacedError,
    InputError,
    NotAuthorisedError,
    UnknownSubjectError,
)
from matcher.gallery import Gallery, Subject
from matcher.governance import ActivityLog, resolved
from matcher.hashes import FileHashes

ONE, OTHER = "subject-0000", "subject-0001"

CHANGES: dict[str, Callable[[Gallery], object]] = {
    "enrolment": lambda g: g.add([enrolment(20)]),
    "removal": lambda g: g.remove_subjects([ONE]),
    "removal of a photo": lambda g: g.remove_photo(photo_hash(0)),
    "correction": lambda g: g.update_subject(Subject(ONE, region="north")),
    "correction by name": lambda g: g.rename_subject(ONE, "another"),
    "correction by merging": lambda g: g.merge_subjects(ONE, into=OTHER),
    "correction of a photo": lambda g: g.update_photo(
        ONE, replace(g.photos(ONE)[0], source="school")
    ),
    "correction by taking out": lambda g: g.take_out_photo(photo_hash(0), ONE),
    "correction by hashes": lambda g: g.fill_hashes(
        [FileHashes(md5="a" * 32, sha1="b" * 40, sha256=photo_hash(0))]
    ),
    "hiding": lambda g: g.hide([ONE], because="the investigator"),
}


def log_of(path: Path) -> list[tuple[str, str]]:
    return kinds_of(path)[1:]


def test_a_gallery_is_not_governed_unless_it_is_asked_for(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "plain", model=MODEL) as plain:
        plain.add([enrolment(0)])
        assert (plain.governed, plain.activity, plain.info().governed) == (False, None, False)
        plain.nearest(VECTORS[:1], 1)
    assert not (tmp_path / "plain" / "casework").exists()


def test_a_governed_gallery_says_so_and_its_records_can_be_read(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path) as gallery:
        assert gallery.governed
        assert gallery.info().governed
        assert [one.subject_id for one in gallery.subjects()] == [ONE, OTHER]
        assert gallery.verify().ok
        assert gallery.context is None
        for read in (
            lambda: gallery.faces_of([ONE]),
            lambda: gallery.faces([1]),
            lambda: next(gallery.pages_added(-1, 9)),
        ):
            with pytest.raises(NotAuthorisedError):
                read()
    assert log_of(path)[:2] == [("enrolment", "begun"), ("enrolment", "done")]
    assert log_of(path)[2:] == [("denied", "denied: no_context")] * 3


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_without_a_context(tmp_path: Path, change: str) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path) as gallery:
        before = gallery.generation
        with pytest.raises(NotAuthorisedError):
            CHANGES[change](gallery)
        assert gallery.generation == before
    assert log_of(path)[2:] == [("denied", "denied: no_context")]


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_recorded_before_and_after(tmp_path: Path, change: str) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path, context=UPKEEP) as gallery:
        CHANGES[change](gallery)
        assert gallery.verify_log().ok
        assert gallery.verify_log().not_ended == ()
    kind = change.split()[0]
    assert log_of(path)[2:] == [(kind, "begun"), (kind, "done")]
    *_, begun, done = ActivityLog.of(path).records()
    assert done.facts["ends"] == begun.number
    assert done.generation == begun.generation + 1
    assert (done.operator, done.purpose, done.case) == ("admin-1", "maintenance", "")
    assert begun.model == MODEL.weights_sha256


def test_a_change_that_fails_is_recorded_as_such(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path, context=UPKEEP) as gallery, pytest.raises(UnknownSubjectError):
        gallery.remove_subjects(["nobody"])
    assert log_of(path)[2:] == [("removal", "begun"), ("removal", "failed: unknown_subject")]
    assert not files_hold(path, b"nobody")


def test_a_search_by_vectors_needs_the_full_context_and_is_recorded(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    for context, code in (
        (None, "no_context"),
        (UPKEEP, "purpose"),
        (EXPIRED, "expired"),
        (replace(CONTEXT, case_id=""), "case"),
    ):
        with Gallery.open(path, context=context) as gallery:
            with pytest.raises(NotAuthorisedError):
                gallery.nearest(VECTORS[:1], 3)
            assert log_of(path)[-1] == ("denied", f"denied: {code}")
    with Gallery.open(path, context=CONTEXT) as gallery:
        scores, faces = gallery.nearest(VECTORS[:1], 3)
    *_, record = ActivityLog.of(path).records()
    assert (record.kind, record.facts["of"]) == ("search", "vectors")
    assert [one["face"] for one in record.facts["candidates"]] == faces[0].tolist()
    assert [one["score"] for one in record.facts["candidates"]] == scores[0].tolist()
    assert VECTORS[0].tobytes().hex()[:16] not in record.line().decode()


def test_a_search_that_cannot_be_recorded_returns_nothing(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path, context=CONTEXT) as gallery:
        kept = (path / "casework").rename(path / "elsewhere")
        with pytest.raises(ActivityLogError):
            gallery.nearest(VECTORS[:1], 1)
        with pytest.raises(ActivityLogError):
            gallery.add([enrolment(30)])
        kept.rename(path / "casework")
        gallery.nearest(VECTORS[:1], 1)


def test_the_log_of_another_gallery_is_not_taken(tmp_path: Path) -> None:
    one = governed_gallery(tmp_path / "one")
    other = governed_gallery(tmp_path / "other")
    (one / "casework" / "log.jsonl").write_bytes((other / "casework" / "log.jsonl").read_bytes())
    with Gallery.open(one, context=CONTEXT) as gallery:
        with pytest.raises(ActivityLogError):
            gallery.nearest(VECTORS[:1], 1)
        assert {fault.kind for fault in gallery.verify_log().faults} == {"other gallery"}


def test_verify_names_a_log_that_does_not_belong_to_the_store(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    log = path / "casework" / "log.jsonl"
    content = log.read_bytes()
    other = governed_gallery(tmp_path / "other") / "casework" / "log.jsonl"
    with Gallery.open(path) as gallery:
        assert gallery.verify().ok
        log.write_bytes(other.read_bytes())
        assert "another governed gallery" in gallery.verify().faults[0]
        log.write_bytes(b"x\n")
        assert "cannot be read" in gallery.verify().faults[0]
        log.unlink()
        assert "log is missing" in gallery.verify().faults[0]
        log.write_bytes(content)
        gallery._store.govern("")  # as somebody does who wants no more records
        assert "its store does not say so" in gallery.verify().faults[0]
        log.write_bytes(content.splitlines(keepends=True)[0])
        assert gallery.verify().ok


def test_the_log_and_all_files_forget_who_is_removed(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path, context=CONTEXT) as gallery:
        gallery.hide([ONE], because="first a reason")
        gallery.remove_subjects([ONE])
        assert gallery.verify_log().ok
    assert not files_hold(path, ONE.encode())
    assert files_hold(path, OTHER.encode())
    log = ActivityLog.of(path)
    named = [one["facts"].get("subjects") for one in resolved(log, log.records())]
    assert ["erased"] in named


def test_a_removal_that_was_cut_short_is_forgotten_at_the_next_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with monkeypatch.context() as patched, Gallery.open(path, context=UPKEEP) as gallery:
        for name in ("_forget_tokens", "_finish_removals"):
            patched.setattr(Gallery, name, lambda *_: None)
        gallery.remove_subjects([ONE])
    assert files_hold(path, ONE.encode())
    Gallery.open(path).close()
    assert not files_hold(path, ONE.encode())


def test_records_name_a_subject_as_the_gallery_does_now(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")

    def named() -> set[str]:
        log = ActivityLog.of(path)
        shown = resolved(log, log.records())
        return {name for one in shown for name in one["facts"].get("subjects", ())}

    with Gallery.open(path, context=UPKEEP) as gallery:
        gallery.rename_subject(ONE, "renamed")
        assert named() == {"renamed", OTHER}
        gallery.undo()
        assert named() == {ONE, OTHER}
        gallery.merge_subjects(ONE, into=OTHER)
        assert named() == {OTHER}
        gallery.undo()
        assert named() == {ONE, OTHER}


def test_a_gallery_becomes_governed_once_and_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "gallery"
    with Gallery.create(path, model=MODEL) as gallery:
        gallery.add([enrolment(number) for number in range(8)])
        with Gallery.open(path) as beside:
            assert gallery.govern(CONTEXT)
            assert not gallery.govern(UPKEEP)
            with pytest.raises(NotAuthorisedError):
                beside.nearest(VECTORS[:1], 1)
            with pytest.raises(NotAuthorisedError):
                beside.add([enrolment(9)])
        gallery.nearest(VECTORS[:1], 1)
    assert [kind for kind, _ in kinds_of(path)] == ["governed", "denied", "denied", "search"]


def test_a_write_that_began_before_the_gallery_became_governed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gallery"
    with Gallery.create(path, model=MODEL) as gallery, Gallery.open(path) as beside:
        with monkeypatch.context() as patched:
            patched.setattr(Gallery, "activity", None)
            gallery._store.govern("ab" * 16)
            with pytest.raises(GalleryReplacedError):
                beside.add([enrolment(0)])
        assert beside.generation == 0


def test_a_log_that_was_begun_by_a_process_that_died_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gallery"
    with Gallery.create(path, model=MODEL) as gallery:

        def die(self: object, gallery_id: str) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(type(gallery._store), "govern", die)
            with pytest.raises(KeyboardInterrupt):
                gallery.govern(CONTEXT)
        assert not gallery.governed
        assert gallery.govern(UPKEEP)
        assert gallery.verify_log().ok
    assert [kind for kind, _ in kinds_of(path)] == ["governed"]


@pytest.mark.parametrize("context", [CONTEXT, "somebody", 7])
def test_a_context_is_for_governed_galleries(tmp_path: Path, context: object) -> None:
    Gallery.create(tmp_path / "plain", model=MODEL).close()
    with pytest.raises(InputError):
        Gallery.open(tmp_path / "plain", context=context)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        Gallery.create(tmp_path / "new", model=MODEL, context=context)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        Gallery.create(tmp_path / "new", model=MODEL, governed=True)
    assert not (tmp_path / "new").exists()


def test_a_pickled_gallery_keeps_its_context(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path, context=CONTEXT) as gallery, pickle.loads(pickle.dumps(gallery)) as one:  # noqa: S301
        assert one.context == CONTEXT
        one.nearest(VECTORS[:1], 1)


def test_what_a_block_does_is_one_record_with_its_end(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path, context=CONTEXT) as gallery:
        with gallery.recorded("export", of="a-list") as end:
            gallery.nearest(VECTORS[:1], 1)
            gallery.hide([ONE], because="within")
            end["lines"] = 3
        with pytest.raises(RuntimeError), gallery.recorded("export", of="a-list"):
            raise RuntimeError
    assert log_of(path)[2:] == [
        ("export", "begun"),
        ("export", "done"),
        ("export", "begun"),
        ("export", "failed: unexpected"),
    ]
