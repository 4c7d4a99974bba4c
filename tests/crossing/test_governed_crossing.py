"""A comparison is recorded in the log of each governed gallery; a watch list in its gallery's."""

from __future__ import annotations

from pathlib import Path

import pytest
from gallery_builders import MODEL, enrolment
from governed import CONTEXT, UPKEEP, governed_gallery, kinds_of

from matcher import cross_match, open_watch_list, run_watch_list, set_watch_list
from matcher.errors import NotAuthorisedError
from matcher.exchange import export_hashes, export_vics
from matcher.gallery import Gallery
from matcher.governance import ActivityLog, resolved
from matcher.watching import ToFile


def test_both_logs_have_the_comparison_each_with_its_own_tokens(tmp_path: Path) -> None:
    first = governed_gallery(tmp_path / "first")
    with Gallery.create(tmp_path / "second", model=MODEL) as made:
        made.add([enrolment(number, f"other-{number}") for number in range(8)])
        made.govern(CONTEXT)
    with (
        Gallery.open(first, context=CONTEXT) as one,
        Gallery.open(tmp_path / "second", context=CONTEXT) as other,
    ):
        found = cross_match(one, other, threshold=0.99)
    assert len(found) == 8
    for path, side in ((first, "first"), (tmp_path / "second", "second")):
        log = ActivityLog.of(path)
        *_, record = resolved(log, log.records())
        assert (record["kind"], record["facts"]["side"]) == ("cross_match", side)
        named = {one[side] for one in record["facts"]["candidates"]}
        of_list = {getattr(lead, side).subject.subject_id for lead in found}
        assert named == of_list


def test_one_gallery_without_permission_stops_the_comparison(tmp_path: Path) -> None:
    first, second = (governed_gallery(tmp_path / name) for name in ("first", "second"))
    with (
        Gallery.open(first, context=CONTEXT) as one,
        Gallery.open(second, context=UPKEEP) as other,
        pytest.raises(NotAuthorisedError),
    ):
        cross_match(one, other, threshold=0.5)
    assert kinds_of(second)[-1] == ("denied", "denied: purpose")
    assert kinds_of(first)[-1] == ("enrolment", "done")


def test_a_watch_list_is_governed_with_its_gallery_and_each_run_is_recorded(
    tmp_path: Path,
) -> None:
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path) as gallery, pytest.raises(NotAuthorisedError):
        set_watch_list(gallery, threshold=0.99)
    with Gallery.open(path, context=CONTEXT) as gallery:
        set_watch_list(gallery, threshold=0.99, receiver=ToFile(tmp_path / "leads.jsonl"))
        with open_watch_list(gallery) as probes:
            assert probes.governed
            probes.add([enrolment(0, "sought")])
        assert run_watch_list(gallery).new == 1
        assert gallery.verify_log().ok
    assert [kind for kind, _ in kinds_of(path)[3:]] == [
        "denied",
        "calibration",
        "calibration",
        "watch_run",
    ][: len(kinds_of(path)) - 3]
    assert kinds_of(path)[-1] == ("watch_run", "done")
    assert kinds_of(path / "watch")[-1] == ("watch_run", "done")
    with Gallery.open(path, context=UPKEEP) as gallery, pytest.raises(NotAuthorisedError):
        run_watch_list(gallery)


def test_exports_of_hashes_are_recorded(tmp_path: Path) -> None:
    path = governed_gallery(tmp_path / "gallery")
    for export in (export_hashes, export_vics):
        with Gallery.open(path) as gallery, pytest.raises(NotAuthorisedError):
            export(gallery, tmp_path / "out")
        assert not (tmp_path / "out").exists()
    with Gallery.open(path, context=UPKEEP) as gallery:
        export_hashes(gallery, tmp_path / "hashes.csv", columns=("sha256", "subject"))
        export_vics(gallery, tmp_path / "vics.json")
    records = [one for one in ActivityLog.of(path).records() if one.kind == "export"]
    assert [(one.facts.get("of"), one.facts.get("names")) for one in records] == [
        ("hashes", True),
        (None, None),
        ("vics", False),
        (None, None),
    ]
    assert records[1].facts["lines"] == 8
