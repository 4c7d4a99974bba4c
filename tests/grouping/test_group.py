"""All faces of a folder in groups: what counts, what is folded, what does not change a group."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tiled_people import (
    THRESHOLD,
    CountingExtractor,
    by_file,
    grouped,
    numbered,
    partition,
    write,
)

from matcher import load_extractor
from matcher.embedding import DEFAULT_MODEL, get_record
from matcher.errors import GroupFileError, InputError, PhotoNotFoundError
from matcher.faces import POLICIES
from matcher.grouping import GroupFile, group
from matcher.grouping.thresholds import how_sure, measured_threshold


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three people in several photos, one of them with two people, and a person seen once."""
    for picture in range(3):
        write(tmp_path / "photos" / f"anna{picture}.png", (1, picture))
        write(tmp_path / "photos" / "sub" / f"bert{picture}.png", (2, picture))
    write(tmp_path / "photos" / "both.png", (1, 9), (2, 9))
    write(tmp_path / "photos" / "clara.png", (3, 0), (3, 1))
    write(tmp_path / "photos" / "once.png", (4, 0))
    return tmp_path / "photos"


ANNA = frozenset({"anna0.png:1", "anna1.png:1", "anna2.png:1", "both.png:1"})
BERT = frozenset({"bert0.png:1", "bert1.png:1", "bert2.png:1", "both.png:2"})
CLARA = frozenset({"clara.png:1", "clara.png:2"})


def test_every_face_of_every_photo_is_in_one_group_or_ungrouped(folder: Path) -> None:
    found = grouped(folder)
    assert by_file(found) == {ANNA, BERT, CLARA}
    assert [Path(one.files[0]).name for one in found.ungrouped] == ["once.png"]
    faces = [(one.sha256, one.number) for one in found.every_face()]
    assert len(faces) == len(set(faces)) == found.faces == 11
    assert len({one.face_id for one in found.every_face()}) == 11
    assert (found.photos, found.files, found.failures) == (9, 9, {})


def test_a_group_with_two_faces_of_one_photo_is_to_be_looked_at_first(folder: Path) -> None:
    found = grouped(folder)
    (doubtful,) = (one for one in found if one.has_two_of_one_photo)
    assert {Path(one.files[0]).name for one in doubtful.faces} == {"clara.png"}
    assert any(
        f"with two faces of one photo, who are hardly one person: {doubtful.number}" in said
        for said in found.cautions()
    )


@pytest.mark.parametrize("seed", range(3))
def test_names_and_order_of_the_photos_change_nothing(
    folder: Path, tmp_path: Path, seed: int
) -> None:
    files = sorted(path for path in folder.rglob("*.png"))
    random.Random(seed).shuffle(files)
    (tmp_path / "again").mkdir()
    for number, path in enumerate(files):
        shutil.copy(path, tmp_path / "again" / f"{number:02d}.png")
    assert numbered(grouped(tmp_path / "again")) == numbered(grouped(folder))


def test_a_run_in_parts_gives_the_groups_of_one_run(folder: Path, tmp_path: Path) -> None:
    files = sorted(folder.rglob("*.png"))
    random.Random(5).shuffle(files)
    (tmp_path / "parts").mkdir()
    for path in files:
        shutil.copy(path, tmp_path / "parts")
        found = grouped(tmp_path / "parts", state=tmp_path / "s.groups")
    assert partition(found) == partition(grouped(folder))


def test_a_face_that_is_far_from_all_changes_no_group(folder: Path, tmp_path: Path) -> None:
    before = grouped(folder, state=tmp_path / "s.groups")
    write(folder / "aaa.png", (77, 0))
    write(folder / "zzz.png", (78, 0))
    after = grouped(folder, state=tmp_path / "s.groups")
    assert numbered(after).items() >= numbered(before).items()
    assert after.groups == before.groups
    assert len(after.ungrouped) == len(before.ungrouped) + 2
    assert partition(grouped(folder)) == partition(before)


def test_a_new_photo_joins_its_group_which_keeps_its_number(folder: Path, tmp_path: Path) -> None:
    before = grouped(folder, state=tmp_path / "s.groups")
    write(folder / "a new one.png", (2, 50))
    after = grouped(folder, state=tmp_path / "s.groups")
    assert by_file(after) == {ANNA, BERT | {"a new one.png:1"}, CLARA}
    assert numbered(after).items() >= numbered(before).items()


def test_near_identical_pictures_count_once(folder: Path) -> None:
    plain = grouped(folder)
    shutil.copy(folder / "anna0.png", folder / "same bytes.png")
    write(folder / "compressed.jpg", (1, 0), quality=60)
    write(folder / "larger.png", (1, 0), scale=2.0)
    write(folder / "smaller.jpg", (1, 9), (2, 9), scale=0.7, quality=80)
    found = grouped(folder)
    copies = {"same bytes.png:1", "compressed.jpg:1", "larger.png:1", "smaller.jpg:1"}
    assert by_file(found) == {ANNA | copies, BERT | {"smaller.jpg:2"}, CLARA}
    assert [len(one.faces) for one in found] == [len(one.faces) for one in plain]
    anna = next(one for one in found if len(one.copies) == 3)
    kept = {one.face_id: Path(one.files[0]).name for one in anna.faces}
    assert {kept[one.copy_of or 0] for one in anna.copies} == {"larger.png", "both.png"}
    assert (found.photos, found.files) == (12, 13)
    assert found.headline() == (
        "3 groups; 15 faces in 12 photos (13 files), 4 near-identical pictures among them"
    )


def test_two_people_in_one_photo_are_never_folded(tmp_path: Path) -> None:
    write(tmp_path / "p" / "twins.png", (1, 0), (2, 0), (1, 0))
    write(tmp_path / "p" / "twins.jpg", (1, 0), (2, 0), (1, 0), quality=70)
    found = grouped(tmp_path / "p")
    assert [(len(one.faces), len(one.copies)) for one in found] == [(2, 2)]
    (of_it,) = found
    assert {one.number for one in of_it.faces} == {1, 3}
    assert len({one.copy_of for one in of_it.copies}) == 2


def test_one_person_alone_in_two_copies_is_in_no_group(tmp_path: Path) -> None:
    write(tmp_path / "p" / "a.png", (1, 0))
    write(tmp_path / "p" / "a.jpg", (1, 0), quality=70)
    found = grouped(tmp_path / "p")
    assert len(found) == 0
    assert [one.copy_of is None for one in found.ungrouped].count(True) == 1
    assert found.reasons == {"no other face is as similar": 2}


def test_a_face_that_the_policy_refuses_is_shown_with_the_reason(folder: Path) -> None:
    write(folder / "tiny.png", (1, 60), scale=0.25)
    found = grouped(folder, policy=POLICIES["standard"])
    refused = [one for one in found.ungrouped if "eyes close" in one.reason]
    assert "tiny.png" in {Path(one.files[0]).name for one in refused}
    assert all(one.reason.startswith("quality (") for one in refused)
    assert sum(found.reasons.values()) == len(found.ungrouped)
    assert any("eyes close" in said for said in found.cautions())


def test_days_come_from_the_caller_and_a_group_has_the_first_and_the_last(folder: Path) -> None:
    dates = {
        folder / "anna0.png": date(2019, 5, 28),
        folder / "sub" / ".." / "anna1.png": date(2021, 1, 2),
        folder / "nobody.png": date(2001, 1, 1),
    }
    found = grouped(folder, dates=dates)
    days = {one.days for one in found}
    assert days == {None, (date(2019, 5, 28), date(2021, 1, 2))}
    assert found.left_out == {"date of a photo not in the folder": 1}


def test_each_group_names_the_one_that_is_most_similar(folder: Path) -> None:
    for picture in range(2):
        write(folder / f"like anna{picture}.png", (1, 20 + picture))
    found = grouped(folder, threshold=0.75)  # so high that one person is in several groups
    numbers = {one.number for one in found}
    assert len(found) > 1
    for one in found:
        assert one.closest in numbers - {one.number}
        assert -1 <= (one.closest_similarity or -2) <= 1
    alone = next(one for one in grouped(folder) if "clara" in one.faces[0].files[0])
    assert alone.closest is not None
    for name in ("bert", "both", "clara"):
        for path in folder.rglob(f"{name}*"):
            path.unlink()
    (only,) = grouped(folder)
    assert (only.closest, only.closest_similarity) == (None, None)


def test_only_new_photos_are_read_again(folder: Path, tmp_path: Path) -> None:
    first, second = CountingExtractor(), CountingExtractor()
    grouped(folder, first, state=tmp_path / "s.groups")
    assert len(first.read) == 9
    write(folder / "new.png", (1, 70))
    shutil.copy(folder / "new.png", folder / "new too.png")
    (folder / "once.png").rename(folder / "moved.png")
    found = grouped(folder, second, state=tmp_path / "s.groups")
    assert second.read == ["new too.png"] or second.read == ["new.png"]
    assert (found.photos, found.files, found.not_there) == (10, 11, 0)
    (folder / "new.png").unlink()
    (folder / "moved.png").unlink()
    found = grouped(folder, second, state=tmp_path / "s.groups")
    assert (found.photos, found.files, found.not_there) == (10, 10, 1)
    assert [Path(one.files[0]).name for one in found.ungrouped] == ["moved.png"]
    assert any(said.startswith("1 photo of earlier runs") for said in found.cautions())


def test_a_photo_that_was_replaced_stays_until_it_is_forgotten(
    folder: Path, tmp_path: Path
) -> None:
    before = grouped(folder, state=tmp_path / "s.groups")
    write(folder / "once.png", (2, 40))
    found = grouped(folder, state=tmp_path / "s.groups")
    (old,) = found.ungrouped
    assert (old.files, old.sha256) == ((), before.ungrouped[0].sha256)
    assert (found.photos, found.files, found.not_there) == (10, 9, 1)
    assert by_file(found) == {ANNA, BERT | {"once.png:1"}, CLARA}
    with GroupFile.open(tmp_path / "s.groups") as file:
        assert file.forget([old.sha256[:8]]) == 1
        assert file.grouping().ungrouped == ()
    assert grouped(folder, state=tmp_path / "s.groups").not_there == 0


def test_a_broken_photo_is_one_outcome_and_is_tried_again(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "cut.png").write_bytes((folder / "once.png").read_bytes()[:300])
    (folder / "notes.txt").write_text("no picture, and not named as one")
    found = grouped(folder, state=tmp_path / "s.groups")
    assert found.failures == {"photo_format": 1, "photo_damaged": 1}
    assert found.left_out == {"file that is no picture": 1}
    assert any(said.startswith("Failed: 2 files") for said in found.cautions())
    shutil.copy(folder / "once.png", folder / "cut.png")
    (folder / "broken.png").unlink()
    assert grouped(folder, state=tmp_path / "s.groups").failures == {}


def test_one_in_thirty_is_broken_and_nothing_else_is_lost(tmp_path: Path) -> None:
    for number in range(120):
        path = write(tmp_path / "p" / f"{number:03d}.png", (number // 4, number))
        if number % 30 == 7:
            path.write_bytes(path.read_bytes()[:200])
    found = grouped(tmp_path / "p")
    assert found.failures == {"photo_damaged": 4}
    assert found.faces == 116
    assert sorted(len(one.faces) for one in found) == [3] * 4 + [4] * 26


class Stop(KeyboardInterrupt):
    """Ctrl-C."""


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    for number in range(70):
        write(tmp_path / "p" / f"{number:03d}.png", (number // 2, number))
    state, first, second = tmp_path / "s.groups", CountingExtractor(), CountingExtractor()

    def stop(step: str, done: int, total: int | None) -> None:
        if done >= 32:
            raise Stop

    with pytest.raises(Stop):
        grouped(tmp_path / "p", first, state=state, on_progress=stop)
    found = grouped(tmp_path / "p", second, state=state)
    assert len(second.read) == 70 - 32
    assert partition(found) == partition(grouped(tmp_path / "p"))


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    for number in range(200):
        write(tmp_path / "p" / f"{number:03d}.png", (number // 2, number))
    words = [sys.executable, str(Path(__file__).parent.parent / "helpers" / "killed_group.py")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [*words, str(tmp_path / "p"), str(tmp_path / "s.groups")],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("photos 64"):
                process.kill()
                break
    extractor = CountingExtractor()
    found = grouped(tmp_path / "p", extractor, state=tmp_path / "s.groups")
    assert len(extractor.read) <= 200 - 64
    assert partition(found) == partition(grouped(tmp_path / "p"))


def test_the_file_is_private_and_one_run_at_a_time_uses_it(folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "s.groups"
    old = os.umask(0)
    try:
        grouped(folder, state=state)
    finally:
        os.umask(old)
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    with GroupFile.open(state):
        began = time.monotonic()
        with pytest.raises(GroupFileError, match="in use"):
            grouped(folder, state=state)
        assert time.monotonic() - began < 60


def test_a_file_of_another_kind_is_refused_and_stays_as_it_is(folder: Path, tmp_path: Path) -> None:
    for content in (b"text", b"SQLite format 3\0" + bytes(200)):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(GroupFileError, match="cannot be used"):
            grouped(folder, state=tmp_path / "other")
        assert (tmp_path / "other").read_bytes() == content
    with pytest.raises(GroupFileError, match="must be there"), GroupFile.open(tmp_path / "none"):
        pass
    assert not (tmp_path / "none").exists()


def test_a_file_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    grouped(folder, state=tmp_path / "s.groups")
    with pytest.raises(GroupFileError, match="was made by fake 1"):
        grouped(folder, CountingExtractor("2"), state=tmp_path / "s.groups")


def test_a_model_without_a_measured_threshold_needs_one(folder: Path, tmp_path: Path) -> None:
    extractor = CountingExtractor()
    with pytest.raises(InputError, match="measured for youth-resnet"):
        group(folder, extractor, state=tmp_path / "s.groups")
    assert not extractor.read
    assert not (tmp_path / "s.groups").exists()
    with pytest.raises(InputError, match=r"in \[-1, 1\]"):
        grouped(folder, threshold=1.5)


def test_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(PhotoNotFoundError):
        grouped(tmp_path / "none", state=tmp_path / "s.groups")
    assert not (tmp_path / "s.groups").exists()


def test_an_empty_folder_has_no_groups(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    found = grouped(tmp_path / "p", state=tmp_path / "s.groups")
    assert (len(found), found.faces, found.files) == (0, 0, 0)
    assert found.headline() == "0 groups; 0 faces in 0 photos (0 files)"
    assert found.threshold == THRESHOLD


def test_the_default_model_has_a_measured_threshold(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    assert group(tmp_path / "p", load_extractor()).threshold == 0.58


def test_more_faces_need_a_higher_threshold() -> None:
    model = get_record(DEFAULT_MODEL)
    identity = replace(CountingExtractor().model, name=model.name, version=model.version)
    sizes = (0, 3_000, 3_001, 30_000, 30_001, 10**7)
    found = [measured_threshold(identity, faces) for faces in sizes]
    assert found == [0.58, 0.58, 0.66, 0.66, 0.74, 0.74]
    assert "0.66 for up to 30,000" in how_sure(identity, 0.66)
    assert "not measured" in how_sure(identity, 0.6)


@pytest.mark.parametrize("fault", [OSError("of the caller"), sqlite3.OperationalError("a table")])
def test_a_fault_of_the_caller_is_not_blamed_on_the_file(
    folder: Path, tmp_path: Path, fault: Exception
) -> None:
    def hook(*_: object) -> None:
        raise fault

    with pytest.raises(type(fault), match=str(fault)):
        grouped(folder, state=tmp_path / "one.groups", on_progress=hook)
    grouped(folder, state=tmp_path / "two.groups")
    with pytest.raises(type(fault), match=str(fault)), GroupFile.open(tmp_path / "two.groups"):
        raise fault
