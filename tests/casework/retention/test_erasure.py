"""An erased subject is in no place of its gallery, and the proof finds whatever is left."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from gallery_builders import photo_hash
from job_builders import NEW, draw
from made_casework import (
    EXTRACTOR,
    SEARCHING,
    VECTORS,
    by,
    casework_of,
    gallery_at,
    name_of,
    say,
    search,
    unit,
)
from made_erasure import (
    ERASED,
    KEEPER,
    KEPT,
    gallery_with_everything,
    holds,
    photos_of,
    take_in,
    tells_of,
)

import matcher
from matcher.casework import Casework, erase_case, erase_subject, run_retention, set_retention
from matcher.casework.retention import begun_erasures, finish_erasures
from matcher.casework.retention.collecting import traces_of_subject
from matcher.casework.retention.proof import lines_of, prove
from matcher.casework.retention.traces import Traces, keep_traces
from matcher.embedding import FACE
from matcher.encryption import GalleryKey
from matcher.errors import InputError, NotAuthorisedError, UnknownSubjectError
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject, files
from matcher.gallery.editions import names
from matcher.governance import ActivityLog, resolved


def opened(path: Path) -> Gallery:
    return Gallery.open(path, context=KEEPER)


def vectors_of(path: Path, subject: str) -> list[bytes]:
    """Return the bytes of the subject's vectors in every edition."""
    found = []
    for edition in names(path):
        with Gallery.open(path, edition=edition, context=KEEPER) as gallery:
            for face in gallery.faces_of([subject]).get(subject, []):
                found += [vector.tobytes() for vector in face.vectors.values()]
    assert found
    return found


@pytest.mark.parametrize("key", [None, GalleryKey.new()], ids=["plain", "encrypted"])
def test_nothing_in_the_gallery_tells_of_an_erased_subject(
    tmp_path: Path, key: GalleryKey | None
) -> None:
    path = gallery_with_everything(tmp_path, key)
    vectors = vectors_of(path, ERASED) + vectors_of(path / "watch", ERASED)
    hashes = [
        hashlib.sha256((tmp_path / "photos" / f"{number}.png").read_bytes()).hexdigest().encode()
        for number in range(4, 8)
    ]
    if key is None:
        assert tells_of(path, ERASED)
        assert all(holds(path, one) for one in (*vectors, *hashes))
    with casework_of(path, "reviewer-1") as casework:
        own = [one for one in casework.leads() if one.subject_id == ERASED]
        assert {one.state for one in own} == {"candidate"}
    with opened(path) as gallery:
        erasure = erase_subject(gallery, ERASED)
        assert erasure.proof.ok, list(lines_of(erasure.proof))
        assert begun_erasures(gallery) == []
        assert ERASED not in {one.subject_id for one in gallery.subjects()}
        with matcher.open_watch_list(gallery) as probes:
            assert list(probes.subjects()) == []
    assert not tells_of(path, ERASED)
    in_log = hashes[0]  # a photo of the subject was searched with
    assert not holds(path, *vectors, *hashes[1:])
    for file in path.rglob("*"):
        assert file.is_dir() or file.name in ("log.jsonl",) or in_log not in file.read_bytes()
    assert (erasure.faces, erasure.probes) == (6, 2 if len(own) > 1 else 1)
    assert erasure.reviews == 2 * len(own)
    assert erasure.proof.rows == erasure.proof.vectors_left == 0
    assert set(erasure.proof.editions) == {*names(path), "watch/first"}
    assert erasure.proof.vectors_compared >= 12 * 2
    with opened(path) as gallery:
        assert gallery.verify().faults == ()
        assert KEPT in {one.subject_id for one in gallery.subjects()}


def test_the_log_stays_whole_and_says_that_somebody_was_erased(tmp_path: Path) -> None:
    path = gallery_with_everything(tmp_path)
    log = ActivityLog.of(path)
    before = log.path.read_bytes()
    with opened(path) as gallery:
        erasure = erase_subject(gallery, ERASED)
    assert log.path.read_bytes().startswith(before)
    assert log.verify().ok
    records = [one for one in log.records() if one.kind == "erasure"]
    assert [one.outcome for one in records] == ["begun", "done"]
    assert records[0].facts == {"of": "subject", "tokens": sorted(erasure.tokens)}
    assert records[1].facts["proof"]["vectors_left"] == 0
    assert records[1].operator == "keeper-1"
    shown = str(list(resolved(log, list(log.records()))))
    assert ERASED not in shown.replace(KEPT, "")
    assert "erased" in shown


def test_a_probe_stays_unless_it_is_the_subject_s(tmp_path: Path) -> None:
    path = gallery_with_everything(tmp_path)
    own, other = (
        hashlib.sha256((tmp_path / "photos" / f"{number}.png").read_bytes()).hexdigest()
        for number in (4, 8)
    )
    with casework_of(path, "reviewer-1") as casework:
        assert casework.probe(own)
        assert casework.probe(other)
        listed = [one for one in casework.leads() if one.subject_id == ERASED]
        for lead in listed:  # nobody took the other probe for the subject any more
            if lead.probe_sha256 == other:
                number = casework.opinions(lead.lead_id)[0].review_id
                casework.withdraw(number, "another child")
    with opened(path) as gallery:
        erase_subject(gallery, ERASED)
    with casework_of(path, "reviewer-1") as casework:
        assert casework.probe(own) is None
        assert casework.probe(other)


def test_what_is_left_is_found_and_the_erasure_is_not_over(tmp_path: Path) -> None:
    """A program of somebody else wrote into the gallery's folder."""
    path = gallery_at(tmp_path / "g")
    (path / "notes.txt").write_text(f"see {name_of(3)}\n")
    with opened(path) as gallery:
        erasure = erase_subject(gallery, name_of(3))
        assert not erasure.proof.ok
        assert [(one.path, one.what, one.count) for one in erasure.proof.found] == [
            (path / "notes.txt", "identifier", 1)
        ]
        assert begun_erasures(gallery) == [("subject", name_of(3))]
        (path / "notes.txt").unlink()
        (again,) = finish_erasures(gallery)
        assert again.proof.ok
        assert begun_erasures(gallery) == []
        assert finish_erasures(gallery) == []
        with pytest.raises(UnknownSubjectError):
            erase_subject(gallery, name_of(3))


def test_what_a_killed_erasure_was_writing_goes_with_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    path = gallery_at(tmp_path / "g")
    with opened(path), monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", killed)
        patch.setattr(Path, "unlink", killed)  # a killed process clears nothing
        with pytest.raises(KilledError):
            keep_traces(path / "casework", traces_of_subject(path, name_of(3)))
        (half,) = (path / "casework").glob(".part-*")
        assert name_of(3).encode() in half.read_bytes()
    with opened(path) as gallery:
        assert erase_subject(gallery, name_of(3)).proof.ok
    assert not half.exists()


@pytest.mark.parametrize("of", ["photo hash", "reference", "vector"])
def test_other_bytes_of_the_subject_are_found_too(tmp_path: Path, of: str) -> None:
    path = gallery_at(tmp_path / "g")
    held = {
        "photo hash": photo_hash(9).encode(),
        "reference": b"photos/9.jpg",
        "vector": VECTORS[9].astype("<f4").tobytes(),
    }
    (path / "left.bin").write_bytes(b"some" + held[of] + b"thing")
    with opened(path) as gallery:
        proof = erase_subject(gallery, name_of(3)).proof
    assert [(one.path.name, one.what) for one in proof.found] == [("left.bin", of)]


def test_an_edition_that_got_its_rows_back_is_found(tmp_path: Path) -> None:
    """As a backup of one file would do."""
    path = gallery_at(tmp_path / "g")
    with opened(path) as gallery:
        erase_subject(gallery, name_of(3))
        gallery.add([_face(name_of(3), 9, VECTORS[9])])
    traces = Traces(
        "subject", name_of(3), names=(name_of(3),), faces=(61,), vectors=(VECTORS[9:10],)
    )
    proof = prove(path, traces)
    assert not proof.ok
    assert proof.rows >= 3
    assert proof.vectors_left >= 1


def _face(subject: str, number: int, vector: np.ndarray) -> Enrolment:
    photo = PhotoRecord(photo_hash(number), f"photos/{number}.jpg")
    return Enrolment(Subject(subject), photo, {FACE: vector}, (1.0, 2.0, 3.0, 4.0), 0.9)


def test_the_same_vector_of_somebody_else_is_found(tmp_path: Path) -> None:
    """The picture of the child is there once more, in another file."""
    path = gallery_at(tmp_path / "g")
    near = unit(VECTORS[9].astype(np.float64) + 2e-7).astype(np.float32)
    assert 0 < np.abs(near - VECTORS[9]).max() < 1e-6
    with opened(path) as gallery:
        gallery.add([_face("somebody", 500, near)])
        proof = erase_subject(gallery, name_of(3)).proof
    assert not proof.ok
    assert proof.vectors_left >= 1


def test_a_photo_of_two_subjects_stays_with_the_other(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    with opened(path) as gallery:
        gallery.add([_face("sibling", 9, VECTORS[9])])
        proof = erase_subject(gallery, name_of(3)).proof
        assert len(gallery.photos("sibling")) == 1
    assert proof.ok
    assert proof.same_photo >= 1
    assert any("another subject" in note for note in proof.notes)


def test_a_name_that_is_part_of_another_is_not_mistaken(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    with opened(path) as gallery:
        gallery.rename_subject(name_of(3), "child-0")  # a part of all the others
        assert erase_subject(gallery, "child-0").proof.ok


def test_a_name_that_is_too_short_for_bytes_is_said(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    with opened(path) as gallery:
        gallery.rename_subject(name_of(3), "x1")
        proof = erase_subject(gallery, "x1").proof
    assert any("too short" in note for note in proof.notes)


def test_former_names_go_too(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    with opened(path) as gallery:
        gallery.rename_subject(name_of(3), "another name")
        gallery.merge_subjects(name_of(5), into="another name")
        erasure = erase_subject(gallery, "another name")
        assert erasure.proof.ok
    for name in ("another name", name_of(3), name_of(5)):
        assert not holds(path, name.encode())
    assert len(erasure.tokens) == 2


def test_a_subject_that_took_over_a_former_name_is_left_alone(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    with opened(path) as gallery:
        gallery.rename_subject(name_of(3), "another name")
        gallery.rename_subject(name_of(4), name_of(3))
        erasure = erase_subject(gallery, "another name")
        assert erasure.proof.ok, list(lines_of(erasure.proof))
        assert len(gallery.photos(name_of(3))) == 2
        there = ActivityLog.of(path).pseudonyms.token_of("subject", name_of(3))
        assert there not in (None, *erasure.tokens)


def test_a_name_that_the_log_holds_in_clear_is_said_and_the_erasure_is_over(
    tmp_path: Path,
) -> None:
    """The authorisation of the search holds the identifier of the case."""
    path = gallery_at(tmp_path / "g")
    search(path, context=replace(SEARCHING, authorisation="order case-7"))
    with opened(path) as gallery:
        erasure = erase_case(gallery, "case-7")
        assert begun_erasures(gallery) == []
    assert not erasure.proof.ok
    assert erasure.proof.is_over
    assert [one.path.name for one in erasure.proof.found_in_log] == ["log.jsonl"]


def test_what_somebody_looked_at_can_be_accepted_and_the_log_says_so(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    (path / "notes.txt").write_text(f"not {name_of(3)}\n")
    with opened(path) as gallery:
        erasure = erase_subject(gallery, name_of(3), accept_left=True)
        assert begun_erasures(gallery) == []
    assert not erasure.proof.ok
    assert erasure.accepted
    assert erasure.ok
    *_, record = ActivityLog.of(path).records()
    assert (record.facts["accepted"], record.facts["proof"]["found"]) == (1, 1)


def test_rows_that_are_left_cannot_be_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = gallery_at(tmp_path / "g")
    with opened(path) as gallery:
        with monkeypatch.context() as patch:
            patch.setattr("matcher.casework.retention.erasure._remove", lambda *_: 0)
            erasure = erase_subject(gallery, name_of(3), accept_left=True)
        assert not erasure.accepted
        assert not erasure.ok
        assert erasure.proof.rows > 0
        assert erasure.proof.vectors_left > 0
        assert begun_erasures(gallery) == [("subject", name_of(3))]
        assert finish_erasures(gallery)[0].proof.ok


def test_a_name_that_is_a_word_of_the_files_is_said(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    search(path, context=replace(SEARCHING, case_id="case"))
    with opened(path) as gallery:
        erasure = erase_case(gallery, "case")
    assert erasure.proof.ok
    assert any("words that the files" in note for note in erasure.proof.notes)


def test_other_places_are_searched_and_left_alone(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    with opened(path) as gallery:
        gallery.rename_subject(name_of(3), "Ana <7> & Eva")
    places = {
        "sheet.html": b"<td>Ana &lt;7&gt; &amp; Eva</td>",
        "leads.jsonl": b'{"subject": "Ana <7> & Eva"}',
        "cache.vectors.sqlite": b"\0" + VECTORS[9].astype("<f4").tobytes(),
        "wide.txt": "Ana <7> & Eva".encode("utf-16-le"),
        "sheet.pdf": b"%PDF-1.7 compressed",
        "other.html": b"<td>Eva</td>",
    }
    (tmp_path / "out").mkdir()
    for name, content in places.items():
        (tmp_path / "out" / name).write_bytes(content)
    with opened(path) as gallery:
        also = [tmp_path / "out", str(path)]
        proof = erase_subject(gallery, "Ana <7> & Eva", also=also).proof
    assert proof.ok
    assert {one.path.name: one.what for one in proof.found_elsewhere} == {
        "sheet.html": "identifier",
        "leads.jsonl": "identifier",
        "cache.vectors.sqlite": "vector",
        "wide.txt": "identifier",
    }
    assert any("sheet.pdf" in note and "compressed" in note for note in proof.notes)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in places} == places


def test_a_case_is_erased_and_its_subjects_stay(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    photo, shared = (draw(tmp_path / f"{number}.png", number) for number in (1, 2))
    of_others = replace(SEARCHING, case_id="case-8")
    for context, photos in ((SEARCHING, (photo, shared)), (of_others, (shared,))):
        with Gallery.open(path, context=context) as gallery, Casework.open(gallery) as casework:
            for one in photos:
                matcher.Searcher(gallery, EXTRACTOR).search(one, top=2)
                casework.keep_probe(one.read_bytes())
    subjects = search(path)
    assert subjects
    with casework_of(path) as casework:
        leads = [one.lead_id for one in casework.leads(case="case-7")]
    for lead in leads:
        say(path, "reviewer-1", lead)
    with opened(path) as gallery:
        everybody = list(gallery.subjects())
        erasure = erase_case(gallery, "case-7")
        assert erasure.proof.ok
        assert list(gallery.subjects()) == everybody
        assert (erasure.probes, erasure.reviews) == (1, len(leads))
    assert not holds(path, b"case-7", b"saw it")
    assert holds(path, b"case-8")
    with Gallery.open(path, context=of_others) as gallery, Casework.open(gallery) as casework:
        assert casework.probe(hashlib.sha256(shared.read_bytes()).hexdigest())
        assert casework.probe(hashlib.sha256(photo.read_bytes()).hexdigest()) is None
    assert ActivityLog.of(path).verify().ok


def test_a_case_for_which_the_watch_list_ran_is_erased_there_too(tmp_path: Path) -> None:
    path = gallery_with_everything(tmp_path)
    assert holds(path / "watch", b"case-7")
    with opened(path) as gallery:
        erasure = erase_case(gallery, "case-7")
        assert erasure.proof.ok, list(lines_of(erasure.proof))
        assert begun_erasures(gallery) == []
    assert not holds(path, b"case-7")


def test_somebody_only_on_the_watch_list_is_erased_there(tmp_path: Path) -> None:
    path, name = gallery_with_everything(tmp_path), "watched-7"
    watched = replace(photos_of(tmp_path / "others")[0], subject=Subject(name))
    with opened(path) as gallery, matcher.open_watch_list(gallery) as probes:
        take_in(probes, NEW, [watched])
    with Gallery.open(path, context=SEARCHING) as gallery:
        matcher.run_watch_list(gallery)
    assert tells_of(path, name)
    with opened(path) as gallery:
        assert set_retention(gallery, date(2026, 1, 31), subjects=[name]) == 1
        (done,) = run_retention(gallery, today=date(2026, 2, 1))
        assert done.erasure is not None
        assert done.erasure.proof.ok, "\n".join(lines_of(done.erasure.proof))
        assert done.erasure.faces == 1
        with matcher.open_watch_list(gallery) as probes:
            assert name not in {one.subject_id for one in probes.subjects()}
        with pytest.raises(UnknownSubjectError, match=re.escape(str(path))):
            erase_subject(gallery, name)
    assert not tells_of(path, name)


def test_nobody_erases_the_case_of_the_own_context(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    search(path)
    with Gallery.open(path, context=by("officer-1")) as gallery:
        with pytest.raises(InputError, match="would name it again"):
            erase_case(gallery, "case-7")
        set_retention(gallery, date(2020, 1, 1), cases=["case-7"], subjects=[name_of(5)])
        outcomes = run_retention(gallery)
    assert [one.error is None for one in outcomes] == [False, True]


def test_what_cannot_be_erased_is_refused(tmp_path: Path) -> None:
    path = gallery_at(tmp_path / "g")
    with (
        Gallery.create(
            tmp_path / "plain", model=matcher.testing.FakeEmbedder(16).identity
        ) as plain,
        pytest.raises(NotAuthorisedError),
    ):
        erase_subject(plain, "a")
    with Gallery.open(path) as nobody, pytest.raises(NotAuthorisedError):
        erase_subject(nobody, name_of(3))
    with opened(path) as gallery:
        for call in (
            lambda: erase_case(gallery, "none"),
            lambda: erase_subject(gallery, name_of(3), also=[tmp_path / "none"]),
            lambda: erase_subject(gallery, 3),  # type: ignore[arg-type]
            lambda: erase_subject(None, name_of(3)),  # type: ignore[arg-type]
        ):
            with pytest.raises(InputError):
                call()
        with pytest.raises(UnknownSubjectError):
            erase_subject(gallery, "none")
        assert name_of(3) in {one.subject_id for one in gallery.subjects()}
    assert "erasure" not in {
        one.kind for one in ActivityLog.of(path).records() if one.outcome == "begun"
    }
