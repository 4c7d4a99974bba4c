"""From enrolment to another agency and back: each photo is found by each of its hashes."""

from __future__ import annotations

import csv
import hashlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from job_builders import NEW, OLD, SETTINGS, TAKING, draw, listed, made

from matcher.enrolment import EnrolmentOutcome, PhotoOfSubject, enrol, forecast
from matcher.errors import InputError, PhotoNotFoundError
from matcher.exchange import check_folder, check_gallery, export_hashes, fill_hashes
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.gallery.editions import directory_of, names
from matcher.hashes import ALGORITHMS, HashList
from matcher.jobs import reindex, switch
from matcher.photos import DecodeLimits, file_hashes


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A gallery of six photos of two subjects, and their folder beside it."""
    return made(tmp_path, 6)


def forget_hashes(gallery: Path) -> None:
    """Bring the photos to what an enrolment before format 4 kept."""
    for edition in names(gallery):
        with sqlite3.connect(directory_of(gallery, edition) / "store.sqlite3") as store:
            store.execute("UPDATE faces SET md5 = NULL, sha1 = NULL")
        store.close()


def exported(gallery: Path, out: Path, **choices: object) -> HashList:
    with Gallery.open(gallery) as opened:
        export_hashes(opened, out, **choices)
    return HashList.read(out)


def test_enrolment_keeps_the_hashes_of_each_file(place: Path) -> None:
    with Gallery.open(place) as gallery:
        held = [photo for _, photo in gallery.photo_records()]
    assert len(held) == 6
    for photo in held:
        data = photo.path.read_bytes()
        for name in ALGORITHMS:
            assert getattr(photo, name) == hashlib.new(name, data).hexdigest()


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_enrolled_photo_is_found_in_what_was_exported(
    place: Path, tmp_path: Path, name: str, plain: bool
) -> None:
    read = exported(place, tmp_path / "out", columns=[name], plain=plain)
    assert (len(read), read.malformed) == (6, 0)
    with Gallery.open(place) as gallery:
        check = check_gallery(gallery, read)
    assert {one.by for one in check.listed} == {name}
    assert (len(check.listed), check.checked, check.lacking) == (6, 6, 0)
    assert {one.subject for one in check.listed} == {"subject-000", "subject-001"}
    again = check_folder(tmp_path / "photos", read)
    assert {one.photo for one in again.listed} == {one.photo for one in check.listed}


def test_an_export_names_nobody_unless_asked(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with Gallery.open(place) as gallery:
        export_hashes(gallery, out)
        text = out.read_text()
        assert text.splitlines()[0] == "md5,sha1,sha256"
        assert len(text.splitlines()) == 7
        assert "subject" not in text
        assert str(tmp_path) not in text
        assert out.stat().st_mode & 0o077 == 0
        export_hashes(gallery, out, columns=["sha256", "subject", "reference"])
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["subject"] for row in rows} == {"subject-000", "subject-001"}
    assert [row["sha256"] for row in rows] == sorted(row["sha256"] for row in rows)
    assert all(Path(row["reference"]).is_file() for row in rows)


def test_names_that_are_formulas_are_guarded_and_the_hashes_still_found(tmp_path: Path) -> None:
    photo = draw(tmp_path / "=1+1.png", 1)
    out = tmp_path / "out.csv"
    with Gallery.create(tmp_path / "g", model=OLD.model) as gallery:
        photos = [PhotoOfSubject(photo, Subject("=cmd")), PhotoOfSubject(photo, Subject("b"))]
        enrol(gallery, OLD, photos, policy=POLICIES["off"])
        done = export_hashes(gallery, out, columns=["subject", "md5"])
        assert (done.lines, done.guarded) == (2, 1)
        assert "'=cmd" in out.read_text()
        assert HashList.read(out).match(file_hashes(photo)) == "md5"
        assert export_hashes(gallery, out).lines == 1  # one photo, though two have it


@pytest.mark.parametrize(
    "choices",
    [
        {"columns": []},
        {"columns": ["subject"]},
        {"columns": ["md5", "md5"]},
        {"columns": ["crc32"]},
        {"columns": "md5"},
        {"columns": ["md5", "sha1"], "plain": True},
    ],
)
def test_columns_that_make_no_list_are_refused(
    place: Path, tmp_path: Path, choices: dict[str, object]
) -> None:
    with Gallery.open(place) as gallery, pytest.raises(InputError):
        export_hashes(gallery, tmp_path / "out", **choices)
    assert not (tmp_path / "out").exists()


def test_an_export_says_how_many_photos_lack_a_hash(place: Path, tmp_path: Path) -> None:
    forget_hashes(place)
    with Gallery.open(place) as gallery:
        both = export_hashes(gallery, tmp_path / "both.csv")
        assert (both.lines, both.lacking["md5"], both.lacking["sha256"]) == (6, 6, 0)
        assert both.dropped == 0
        only = export_hashes(gallery, tmp_path / "md5.txt", columns=["md5"], plain=True)
        assert (only.lines, only.lacking["md5"], only.dropped) == (0, 6, 6)
    assert len(HashList.read(tmp_path / "both.csv")) == 6


def test_a_check_says_which_photos_it_could_not_look_up(place: Path, tmp_path: Path) -> None:
    of_md5 = exported(place, tmp_path / "md5.txt", columns=["md5"], plain=True)
    of_sha256 = exported(place, tmp_path / "sha256.txt", columns=["sha256"], plain=True)
    forget_hashes(place)
    with Gallery.open(place) as gallery:
        assert check_gallery(gallery, of_md5).lacking == 6
        assert check_gallery(gallery, of_sha256).lacking == 0
        assert len(check_gallery(gallery, of_sha256).listed) == 6


def test_older_photos_are_filled_from_files_that_still_agree(place: Path, tmp_path: Path) -> None:
    with Gallery.open(place) as gallery:
        before = list(gallery.photo_records())
        places = [photo.path for _, photo in before]
    forget_hashes(place)
    places[0].unlink()
    draw(places[1], 99)
    with Gallery.open(place) as gallery:
        done = fill_hashes(gallery)
        assert (done.filled, done.missing, done.changed, done.unreadable) == (4, 1, 1, 0)
        assert done.lacking == 2
        after = list(gallery.photo_records())
        assert [pair for pair in after if pair[1].md5] == before[2:]
        assert [replace(photo, md5=None, sha1=None) for _, photo in before[:2]] == [
            photo for _, photo in after[:2]
        ]
        generation = gallery.generation
        assert fill_hashes(gallery).filled == 0
        assert gallery.generation == generation  # with nothing to fill, nothing is written
        assert gallery.changes() == []
        assert gallery.verify().faults == ()


def test_the_file_of_another_subject_fills_a_photo_that_both_have(tmp_path: Path) -> None:
    one, copy = draw(tmp_path / "one.png", 1), draw(tmp_path / "copy.png", 1)
    with Gallery.create(tmp_path / "g", model=OLD.model) as gallery:
        photos = [PhotoOfSubject(one, Subject("a")), PhotoOfSubject(copy, Subject("b"))]
        enrol(gallery, OLD, photos, policy=POLICIES["off"])
    forget_hashes(tmp_path / "g")
    one.unlink()
    with Gallery.open(tmp_path / "g") as gallery:
        assert fill_hashes(gallery).filled == 1
        assert all(photo.md5 for _, photo in gallery.photo_records())


def test_every_edition_of_a_gallery_is_filled(place: Path) -> None:
    forget_hashes(place)
    reindex(place, NEW, settings=SETTINGS)
    with Gallery.open(place) as gallery:
        assert fill_hashes(gallery).filled == 6
    for edition in names(place):
        with Gallery.open(place, edition=edition) as gallery:
            assert all(photo.sha1 for _, photo in gallery.photo_records())
    switch(place)
    with Gallery.open(place) as gallery:
        assert fill_hashes(gallery).filled == 0


def test_a_reindex_job_keeps_the_hashes_of_the_file_that_it_read(place: Path) -> None:
    """Also of a file that changed and was taken, and of photos that lacked them before."""
    forget_hashes(place)
    draw(place.parent / "photos" / "3.png", 1003)
    report = reindex(place, NEW, settings=TAKING)
    assert report.counts == {"done": 5, "changed": 1}
    with Gallery.open(place, edition=report.edition) as gallery:
        held = [photo for _, photo in gallery.photo_records()]
    assert len(held) == 6
    for photo in held:
        hashes = file_hashes(photo.path)
        assert (photo.sha256, photo.sha1, photo.md5) == (hashes.sha256, hashes.sha1, hashes.md5)


def test_a_job_of_the_same_model_replaces_all_hashes_of_a_changed_file(place: Path) -> None:
    draw(place.parent / "photos" / "3.png", 1003)
    report = reindex(place, OLD, settings=TAKING)
    with Gallery.open(place, edition=report.edition) as gallery:
        for _, photo in gallery.photo_records():
            assert photo.md5 == file_hashes(photo.path).md5


def test_a_photo_that_was_taken_out_comes_back_with_its_hashes(place: Path) -> None:
    with Gallery.open(place) as gallery:
        (first, *others) = list(gallery.photo_records())
        gallery.take_out_photo(first[1].sha256)
        assert list(gallery.photo_records()) == others
        gallery.undo()
        assert list(gallery.photo_records()) == [first, *others]
        gallery.remove_photo(first[1].sha256)
    for file in place.iterdir():
        assert str(first[1].md5).encode() not in file.read_bytes()


def test_a_photo_that_an_earlier_version_took_out_comes_back(place: Path) -> None:
    """What was set aside in format 3 has no columns of format 4."""
    with Gallery.open(place) as gallery:
        before = list(gallery.photo_records())
        gallery.take_out_photo(before[0][1].sha256)
    with sqlite3.connect(place / "store.sqlite3") as store:
        store.execute(
            "UPDATE set_aside SET face = json_remove(face, '$.md5', '$.sha1', '$.dated_by')"
        )
    store.close()
    with Gallery.open(place) as gallery:
        assert gallery.verify().faults == ()
        gallery.undo()
        back, *others = gallery.photo_records()
        assert others == before[1:]
        assert back == (before[0][0], replace(before[0][1], md5=None, sha1=None))
        assert fill_hashes(gallery).filled == 1
        assert list(gallery.photo_records()) == before


def test_a_gallery_of_an_older_format_is_checked_exported_and_filled(tmp_path: Path) -> None:
    """The golden gallery of format 3 has no columns for these hashes, and none of its files."""
    golden = Path(__file__).parents[1] / "golden" / "format-3" / "gallery"
    shutil.copytree(golden, tmp_path / "g")
    with Gallery.open(tmp_path / "g") as gallery:
        photos = sum(1 for _ in gallery.photo_records())
        assert photos > 0
        assert export_hashes(gallery, tmp_path / "out.csv").lacking["md5"] > 0
        done = fill_hashes(gallery)
        assert done.filled == 0
        assert done.lacking == len({photo.sha256 for _, photo in gallery.photo_records()})
        assert gallery.info().format_version == 3  # nothing to write, so nothing was migrated


def outcomes_of(tmp_path: Path, **lists: HashList) -> tuple[EnrolmentOutcome, ...]:
    photos = listed(tmp_path / "photos", range(6))
    with Gallery.create(tmp_path / "g", model=OLD.model) as gallery:
        foreseen = forecast(photos, gallery, **lists)
        found = enrol(gallery, OLD, photos, policy=POLICIES["off"], **lists)
    as_said = ["enrolled" if one.status == "new" else one.status for one in foreseen]
    assert as_said == [one.status for one in found]
    assert [one.on_list for one in foreseen] == [one.on_list for one in found]
    return found


@pytest.mark.parametrize("name", ALGORITHMS)
def test_photos_on_a_list_are_skipped_by_any_hash(tmp_path: Path, name: str) -> None:
    known = [draw(tmp_path / f"{number}.png", number) for number in (1, 4)]
    (tmp_path / "skip.txt").write_text(
        "\n".join(getattr(file_hashes(path), name).upper() for path in known)
    )
    found = outcomes_of(tmp_path, skip=HashList.read(tmp_path / "skip.txt"))
    assert [one.status for one in found] == [
        *("enrolled", "skipped", "enrolled"),
        *("enrolled", "skipped", "enrolled"),
    ]
    assert {one.on_list.skip for one in found} == {None, name}
    assert found[1].row()["listed"].startswith("to skip, by ")
    with Gallery.open(tmp_path / "g") as gallery:
        assert len(gallery) == 4


def test_a_flagged_photo_is_enrolled_and_its_outcome_says_so(tmp_path: Path) -> None:
    known = draw(tmp_path / "known.png", 2)
    (tmp_path / "flag.txt").write_text(file_hashes(known).md5)
    found = outcomes_of(tmp_path, flag=HashList.read(tmp_path / "flag.txt"))
    assert {one.status for one in found} == {"enrolled"}
    assert [one.row()["listed"] for one in found] == ["", "", "to flag, by MD5", "", "", ""]


def test_a_photo_that_is_there_stays_and_its_outcome_says_that_it_is_listed(
    place: Path, tmp_path: Path
) -> None:
    skip = exported(place, tmp_path / "skip.csv")
    with Gallery.open(place, model=OLD.model) as gallery:
        found = enrol(gallery, OLD, listed(tmp_path / "photos", range(6)), skip=skip)
        assert len(gallery) == 6
    assert {one.status for one in found} == {"already there"}
    assert {one.on_list.skip for one in found} == {"sha256"}


def test_an_unreadable_photo_is_failed_as_without_lists(tmp_path: Path) -> None:
    (tmp_path / "skip.txt").write_text("0" * 32)
    skip = HashList.read(tmp_path / "skip.txt")
    with Gallery.create(tmp_path / "g", model=OLD.model) as gallery:
        photos = [PhotoOfSubject(tmp_path / "none.png", Subject("a"))]
        (found,) = enrol(gallery, OLD, photos, skip=skip, flag=skip)
    assert isinstance(found.error, PhotoNotFoundError)


def test_a_file_that_cannot_be_hashed_is_counted_in_a_folder(tmp_path: Path) -> None:
    draw(tmp_path / "photos" / "a.png", 1)
    (tmp_path / "photos" / "note.txt").write_text("no photo")
    (tmp_path / "photos" / "large.jpg").write_bytes(b"\xff\xd8\xff" + b"0" * 99999)
    (tmp_path / "list.txt").write_text(file_hashes(tmp_path / "photos" / "a.png").sha1)
    done = check_folder(
        tmp_path / "photos",
        HashList.read(tmp_path / "list.txt"),
        limits=DecodeLimits(max_bytes=50000),
    )
    assert (len(done.listed), done.checked, len(done.failed), done.left_out) == (1, 2, 1, 1)
    with pytest.raises(PhotoNotFoundError):
        check_folder(tmp_path / "none", HashList.read(tmp_path / "list.txt"))
