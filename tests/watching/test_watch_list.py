"""A standing probe is compared with whoever is enrolled, and each lead is reported once."""

# ruff: noqa: ARG005 - the changes of a table have one signature

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import made_calibration
import numpy as np
import pytest
from made_sides import MISSING, MODEL, face, photo_of
from made_watch import LOWEST, ON_BOTH, enrol, lines_of, pairs_in

from matcher import Calibration, cross_match, open_watch_list, run_watch_list, set_watch_list
from matcher.errors import (
    CalibrationError,
    GalleryBusyError,
    InputError,
    MatcherError,
    WatchListError,
)
from matcher.gallery import Gallery, Subject
from matcher.testing import FakeEmbedder
from matcher.watching import (
    NoReceiver,
    ToCommand,
    ToFile,
    WatchLead,
    WatchRun,
    forget_removed,
    read_watch_list,
)
from matcher.watching.files import (
    FOLDER_NAME,
    OUTBOX_NAME,
    PAIRS_NAME,
    SETTINGS_NAME,
    alone,
)
from matcher.watching.outbox import open_outbox


def watched(run: WatchRun, of: str = "received") -> set[tuple[str, str]]:
    return {
        (one.pair.first.subject.subject_id, one.pair.second.subject.subject_id)
        for one in getattr(run, of)
    }


def test_leads_are_those_of_a_cross_match_and_each_is_delivered_once(
    gallery: Gallery, file: Path
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    first = run_watch_list(gallery)
    assert (first.new, len(first.received), first.waiting) == (10, 10, ())
    with open_watch_list(gallery) as probes:
        whole = cross_match(probes, gallery, threshold=LOWEST)
    scores = {one.pair.second.subject.subject_id: one.pair.score for one in first.received}
    assert scores == {one.second.subject.subject_id: one.score for one in whole}
    assert set(pairs_in(file)) == ON_BOTH
    for _ in range(2):
        again = run_watch_list(gallery)
        assert (again.new, again.received, again.waiting) == (0, (), ())
    enrol(gallery, "late", 3)
    late = run_watch_list(gallery)
    assert watched(late) == {("m003", "late")}
    assert len(pairs_in(file)) == len(set(pairs_in(file))) == 11


def test_a_line_has_all_of_the_lead(gallery: Gallery, file: Path) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    subject = Subject("=1+1\u202e", date_of_birth=date(2012, 3, 4), note="a\n\x1b[2J")
    gallery.add([face(subject, 0, photo_of(5, np.random.default_rng(1)), age_at_capture=7.0)])
    run = run_watch_list(gallery)
    (line,) = (one for one in lines_of(file) if one["probe"]["subject"]["subject_id"] == "m005")
    (lead,) = (one for one in run.received if one.lead_id == line["lead"])
    assert line["score"] == lead.pair.score
    assert line["gallery"] == str(gallery.path.absolute())
    assert line["candidate"]["subject"]["subject_id"] == subject.subject_id
    assert line["candidate"]["subject"]["date_of_birth"] == "2012-03-04"
    assert line["candidate"]["photo"]["age_at_capture"] == 7.0
    assert line["candidate"]["age"] == 7.0
    assert line["format"] == 1
    assert line["model"].startswith("fake")
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_photo_of_the_same_two_is_no_new_lead_but_all_are_reported(
    gallery: Gallery, file: Path
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    for number in range(8):  # more than a search would list
        enrol(gallery, f"like{number}", 4, seed=number)
    assert run_watch_list(gallery).new == 18
    enrol(gallery, "f030", 30, photo=9)
    assert run_watch_list(gallery).new == 0
    gallery.remove_photo(gallery.photos("f031")[0].sha256)
    assert run_watch_list(gallery).new == 0


def test_names_that_change_make_no_new_lead(gallery: Gallery, file: Path) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    gallery.rename_subject("f031", "somebody")
    with open_watch_list(gallery) as probes:
        probes.rename_subject("m032", "anybody")
        probes.merge_subjects("m033", "m003")
    gallery.merge_subjects("f034", "f088")
    (gallery.path / FOLDER_NAME / PAIRS_NAME).unlink()  # only the outbox knows what was reported
    again = run_watch_list(gallery)
    assert (again.new, again.received, again.dropped) == (0, (), 0)


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        (lambda gallery, probes: gallery.remove_subject("f030"), 1),
        (lambda gallery, probes: probes.remove_subjects(["m030", "m031"]), 2),
        (lambda gallery, probes: gallery.merge_subjects("f030", "f031"), 0),
        (lambda gallery, probes: gallery.rename_subject("f030", "m030"), 1),
        (lambda gallery, probes: gallery.take_out_photo(gallery.photos("f030")[0].sha256), 1),
        (lambda gallery, probes: set_watch_list(gallery, threshold=0.999), 10),
    ],
)
def test_leads_that_wait_go_with_whom_they_are_of_and_are_counted(
    gallery: Gallery, file: Path, change: Callable[[Gallery, Gallery], object], gone: int
) -> None:
    waiting = run_watch_list(gallery)
    assert len(waiting.waiting) == 10
    assert "no receiver" in str(waiting)
    with open_watch_list(gallery) as probes:
        change(gallery, probes)
    set_watch_list(gallery, receiver=ToFile(file))
    after = run_watch_list(gallery)
    assert after.dropped == gone
    assert len(after.received) == len(lines_of(file)) == 10 - gone
    assert {one.lead_id for one in after.received} <= {one.lead_id for one in waiting.waiting}
    assert ("that waited" in str(after)) == bool(gone)


def test_two_that_wait_and_become_one_are_one_lead(gallery: Gallery, file: Path) -> None:
    enrol(gallery, "again", 30)
    assert len(run_watch_list(gallery).waiting) == 11
    gallery.merge_subjects("again", "f030")
    set_watch_list(gallery, receiver=ToFile(file))
    after = run_watch_list(gallery)
    assert (len(after.received), after.dropped) == (10, 1)
    gallery.undo()  # taken apart again: the photos of both were reported
    assert run_watch_list(gallery).new == 0


def test_one_that_waits_and_is_taken_apart_gives_two_leads(gallery: Gallery, file: Path) -> None:
    enrol(gallery, "again", 30)
    gallery.merge_subjects("again", "f030")
    assert len(run_watch_list(gallery).waiting) == 10
    gallery.undo()
    set_watch_list(gallery, receiver=ToFile(file))
    after = run_watch_list(gallery)
    assert (after.new, after.dropped, len(after.received)) == (1, 0, 11)
    assert len({one.lead_id for one in after.received}) == 11
    assert {("m030", "f030"), ("m030", "again")} <= set(pairs_in(file))


def test_a_lower_score_compares_anew_and_reports_nothing_twice(
    gallery: Gallery, file: Path
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    set_watch_list(gallery, threshold=0.35)
    lower = run_watch_list(gallery)
    assert "lower score" in lower.compared.anew
    assert lower.new > 10
    assert watched(lower).isdisjoint(ON_BOTH)
    assert len(pairs_in(file)) == len(set(pairs_in(file))) == 10 + lower.new
    set_watch_list(gallery, threshold=LOWEST)
    assert run_watch_list(gallery).new == 0
    set_watch_list(gallery, threshold=0.35)
    assert run_watch_list(gallery).new == 0


def test_a_new_standing_probe_is_compared_with_everybody(gallery: Gallery, file: Path) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    with open_watch_list(gallery) as probes:
        enrol(probes, "sought", 80)
    assert watched(run_watch_list(gallery)) == {("sought", "f080")}


def test_an_identifier_on_both_sides_is_not_compared_and_it_is_said(
    gallery: Gallery, file: Path
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    enrol(gallery, "m005", 5)
    run = run_watch_list(gallery)
    assert ("m005", "m005") not in watched(run)
    assert "1 identifier on both sides" in str(run)


@pytest.mark.parametrize("fault", [RuntimeError, OSError, sqlite3.OperationalError])
def test_the_caller_takes_the_leads_of_a_list_without_a_receiver(
    gallery: Gallery, fault: type[Exception]
) -> None:
    got: list[WatchLead] = []

    def failing(leads: Sequence[WatchLead]) -> None:
        got.extend(leads)
        raise fault("of the caller")

    with pytest.raises(fault, match="of the caller"):
        run_watch_list(gallery, receive=failing)
    first = [one.lead_id for one in got]
    got.clear()
    run = run_watch_list(gallery, receive=got.extend)
    assert [one.lead_id for one in got] == first  # the same identifier at each delivery
    assert (run.new, len(run.received)) == (0, 10)
    assert run_watch_list(gallery, receive=got.extend).received == ()


def test_ids_that_stand_for_other_faces_after_a_backup_hide_no_lead(
    gallery: Gallery, file: Path, tmp_path: Path
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    path, backup = gallery.path, tmp_path / "backup"
    gallery.close()
    shutil.copytree(path, backup, ignore=shutil.ignore_patterns(FOLDER_NAME))
    with Gallery.open(path) as opened:
        enrol(opened, "one", 3)
        assert watched(run_watch_list(opened)) == {("m003", "one")}
    shutil.move(path / FOLDER_NAME, tmp_path / "kept")
    shutil.rmtree(path)
    shutil.move(backup, path)
    shutil.move(tmp_path / "kept", path / FOLDER_NAME)
    with Gallery.open(path) as opened:
        opened.add([face("other", 0, photo_of(3, np.random.default_rng(7)))])  # the same id
        run = run_watch_list(opened)
        assert watched(run) == {("m003", "other")}
        assert "another history" in run.compared.anew


def test_the_list_says_what_was_reported_and_what_was_compared(
    gallery: Gallery, file: Path
) -> None:
    before = read_watch_list(gallery)
    assert {one.compared_until for one in before.subjects} == {None}
    assert [one.subject_id for one in before.subjects] == [f"m{one:03d}" for one in MISSING]
    run_watch_list(gallery)
    assert sum(one.waiting for one in read_watch_list(gallery).subjects) == 10
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    with open_watch_list(gallery) as probes:
        enrol(probes, "m000", 0, photo=9)
    enrol(gallery, "late", 3)
    after = {one.subject_id: one for one in read_watch_list(gallery).subjects}
    assert sum(one.reported for one in after.values()) == 10
    assert (after["m031"].photos, after["m031"].reported, after["m031"].waiting) == (2, 1, 0)
    assert after["m031"].compared_until == 1
    assert after["m000"].compared_until is None
    assert read_watch_list(gallery).generation == 2
    assert "write 2" in read_watch_list(gallery).headline()


def test_a_removal_leaves_no_name_and_no_hash(gallery: Gallery, file: Path) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    folder = gallery.path / FOLDER_NAME
    held = gallery.faces_of(["f030"])["f030"][0]
    traces = [b"f030", held.photo.sha256.encode(), bytes.fromhex(held.photo.sha256)]
    files = [folder / name for name in (OUTBOX_NAME, PAIRS_NAME, SETTINGS_NAME)]
    for one in files:
        assert one.stat().st_mode & 0o777 == 0o600
        assert not [trace for trace in (*traces, b"m030", b"photos/") if trace in one.read_bytes()]
    ids = held.face_id
    gallery.remove_subject("f030")
    assert forget_removed(gallery) == 0
    assert sum(one.reported for one in read_watch_list(gallery).subjects) == 9
    with open_outbox(folder / OUTBOX_NAME) as outbox:
        assert ids not in {one.second for one in outbox.pairs()}
    assert ("m030", "f030") in pairs_in(file)  # what was delivered belongs to the user
    enrol(gallery, "f030", 30)  # enrolled again: it is a lead again
    assert watched(run_watch_list(gallery)) == {("m030", "f030")}


def test_a_removal_drops_leads_that_wait(gallery: Gallery) -> None:
    run_watch_list(gallery)
    gallery.remove_subjects(["f030", "f031"])
    assert forget_removed(gallery) == 2
    assert forget_removed(gallery) == 0


def test_one_run_at_a_time(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.watching.files.WAIT", 0.1)
    with alone(gallery.path / FOLDER_NAME):
        for work in (run_watch_list, read_watch_list, forget_removed):
            with pytest.raises(GalleryBusyError, match="another run"):
                work(gallery)
        with pytest.raises(GalleryBusyError, match="another run"):
            set_watch_list(gallery, threshold=0.1)
    assert run_watch_list(gallery).new == 10


def test_a_gallery_without_a_list_says_how_to_make_one(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "g", model=MODEL) as bare:
        for work in (run_watch_list, read_watch_list, forget_removed, open_watch_list):
            with pytest.raises(WatchListError, match="matcher watch add"):
                work(bare)  # type: ignore[operator]
        with pytest.raises(InputError, match="must be set by one number"):
            set_watch_list(bare, receiver=NoReceiver())
        assert not (tmp_path / "g" / FOLDER_NAME).exists()
        set_watch_list(bare, threshold=0.5)
        assert run_watch_list(bare).new == 0
        (tmp_path / "g" / FOLDER_NAME / SETTINGS_NAME).unlink()
        with pytest.raises(WatchListError, match="matcher watch set"):
            run_watch_list(bare)


def test_wrong_settings_are_refused_and_change_nothing(gallery: Gallery, tmp_path: Path) -> None:
    other = made_calibration.write(tmp_path / "c.json", FakeEmbedder(8).identity)
    settings = gallery.path / FOLDER_NAME / SETTINGS_NAME
    before = settings.read_bytes()
    wrong: list[dict[str, object]] = [
        {"threshold": 2},
        {"threshold": float("nan")},
        {"threshold": "0.5"},
        {"threshold": 0.5, "max_fpir": 0.1},
        {"max_fpir": 0.1},
        {"max_fpir": 2, "calibration": other},
        {"max_fpir": 0.1, "calibration": other},
        {"calibration": other},
        {"calibration": tmp_path / "none.json", "max_fpir": 0.1},
        {"calibration": 3, "max_fpir": 0.1},
        {"receiver": "leads.jsonl"},
    ]
    for given in wrong:
        with pytest.raises((InputError, CalibrationError)):
            set_watch_list(gallery, **given)  # type: ignore[arg-type]
    assert settings.read_bytes() == before


def test_a_calibration_is_copied_and_held_to_its_hash(gallery: Gallery, tmp_path: Path) -> None:
    record = made_calibration.write(tmp_path / "c.json", MODEL)
    set_watch_list(gallery, max_fpir=0.2, calibration=record)
    meaning = Calibration.load(record)
    record.unlink()
    run = run_watch_list(gallery)
    with open_watch_list(gallery) as probes:
        whole = cross_match(probes, gallery, max_fpir=0.2, calibration=meaning)
    assert watched(run, "waiting") == {
        (one.first.subject.subject_id, one.second.subject.subject_id) for one in whole
    }
    assert "at most 20 % of the subjects" in str(run)
    set_watch_list(gallery, max_fpir=0.1)  # with the calibration that is there
    (copy,) = (gallery.path / FOLDER_NAME).glob("calibration-*.json")
    assert copy.stat().st_mode & 0o777 == 0o600
    copy.write_bytes(copy.read_bytes() + b" ")
    with pytest.raises(CalibrationError, match="another one"):
        run_watch_list(gallery)
    copy.unlink()
    with pytest.raises(CalibrationError, match="No such file"):
        run_watch_list(gallery)
    assert read_watch_list(gallery).rule.startswith("A lead for at most 10 %")
    again = made_calibration.write(tmp_path / "again.json", MODEL)
    again.write_bytes(again.read_bytes() + b"\n")
    set_watch_list(gallery, calibration=again)  # with the share that is there
    run_watch_list(gallery)
    assert read_watch_list(gallery).rule.startswith("A lead for at most 10 %")
    set_watch_list(gallery, threshold=LOWEST)
    assert not list((gallery.path / FOLDER_NAME).glob("calibration-*"))
    run_watch_list(gallery)


def test_a_lead_that_waits_is_not_lost_while_the_gallery_grows(tmp_path: Path, file: Path) -> None:
    record = made_calibration.write(tmp_path / "c.json", MODEL)
    meaning = Calibration.load(record)
    generator = np.random.default_rng(1)
    sought = photo_of(1, generator)
    other = generator.standard_normal(len(sought))
    other -= (other @ sought) * sought
    alike = 0.6 * sought + 0.8 * other / np.linalg.norm(other)
    strangers = [face(f"s{n}", 0, photo_of(100 + n, generator)) for n in range(40)]
    assert meaning.lowest_score(0.2, faces=1, age=10.0).score < 0.6
    assert meaning.lowest_score(0.2, faces=41, age=10.0).score > 0.6
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        set_watch_list(gallery, max_fpir=0.2, calibration=record)
        with open_watch_list(gallery) as probes:
            probes.add([face("sought", 0, sought, age_at_capture=10.0)])
        gallery.add([face("found", 0, alike.astype(np.float32))])
        waiting = run_watch_list(gallery).waiting
        gallery.add(strangers)
        still = run_watch_list(gallery)
        assert [one.lead_id for one in still.waiting] == [one.lead_id for one in waiting]
        assert still.dropped == 0
        set_watch_list(gallery, receiver=ToFile(file))
        run = run_watch_list(gallery)
        assert (run.new, run.dropped, watched(run)) == (0, 0, {("sought", "found")})
        assert lines_of(file)[0]["score"] == pytest.approx(0.6, abs=1e-5)
        assert lines_of(file)[0]["expected_false_leads"] is not None
        assert run_watch_list(gallery).received == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"format": 2}',
        b'{"format": 1, "threshold": null, "max_fpir": null, "calibration_sha256": null}',
        b'{"format": 1, "threshold": 9, "max_fpir": null, "calibration_sha256": null, "model": {}}',
        b'{"format": 1, "threshold": 0.5, "max_fpir": null, "calibration_sha256": "../../x", '
        b'"model": {}, "receiver": {"kind": "none"}}',
        b"\xff\xfe",
    ],
)
def test_settings_that_no_version_writes_are_refused_and_can_be_given_again(
    gallery: Gallery, content: bytes
) -> None:
    (gallery.path / FOLDER_NAME / SETTINGS_NAME).write_bytes(content)
    for work in (run_watch_list, read_watch_list):
        with pytest.raises(WatchListError, match="settings of the watch list"):
            work(gallery)
    set_watch_list(gallery, threshold=LOWEST, receiver=NoReceiver())
    assert run_watch_list(gallery).new == 10


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + bytes(84)])
@pytest.mark.parametrize("name", [OUTBOX_NAME, PAIRS_NAME])
def test_a_file_that_is_something_else_is_left_alone(
    gallery: Gallery, name: str, content: bytes
) -> None:
    file = gallery.path / FOLDER_NAME / name
    file.write_bytes(content)
    with pytest.raises(MatcherError, match=r"outbox of the watch list|compared pairs"):
        run_watch_list(gallery)
    assert file.read_bytes() == content


def test_an_outbox_with_a_row_that_no_run_writes_is_refused(gallery: Gallery) -> None:
    run_watch_list(gallery)
    file = gallery.path / FOLDER_NAME / OUTBOX_NAME
    connection = sqlite3.connect(file)
    connection.execute("UPDATE leads SET found_at = 'yesterday'")
    connection.commit()
    connection.close()
    with pytest.raises(WatchListError, match="time that is none"):
        run_watch_list(gallery)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ToFile(3),  # type: ignore[arg-type]
        lambda: ToFile("a\0b"),  # type: ignore[arg-type]
        lambda: ToCommand(()),
        lambda: ToCommand(("",)),
        lambda: ToCommand("program --flag"),  # type: ignore[arg-type]
        lambda: ToCommand(("a", 3)),  # type: ignore[arg-type]
        lambda: ToCommand(("a", "b\0")),
        lambda: ToCommand(("a", "\udce9")),
        lambda: ToCommand(("a",), 0),
        lambda: ToCommand(("a",), float("nan")),
        lambda: ToCommand(("a",), 1e9),
        lambda: ToCommand(("a",), "30"),  # type: ignore[arg-type]
    ],
)
def test_receivers_that_cannot_be_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        call()


def test_a_hidden_subject_waits_until_it_is_shown_again(gallery: Gallery, file: Path) -> None:
    set_watch_list(gallery, receiver=NoReceiver())
    waiting = run_watch_list(gallery)
    hidden = "f031"
    of_hidden = {pair for pair in watched(waiting, "waiting") if hidden in pair}
    assert of_hidden
    gallery.hide(hidden, because="a relative")
    set_watch_list(gallery, receiver=ToFile(file))
    run = run_watch_list(gallery)
    assert watched(run) == watched(waiting, "waiting") - of_hidden
    assert run.dropped == len(of_hidden)
    gallery.unhide(hidden)
    assert watched(run_watch_list(gallery)) == of_hidden
    assert run_watch_list(gallery).received == ()
