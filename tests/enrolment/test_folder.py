"""Folders as people keep them: every photo is read, or said to be left out and why."""

from __future__ import annotations

import csv
import os
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from photo_bytes import encoded, picture
from typer.testing import CliRunner

from fairness.cohort import litter as litter_of_cohorts
from matcher.cli.commands import app
from matcher.enrolment import Manifest, read_folder
from matcher.errors import InputError, ManifestError, PhotoError
from matcher.photos import find_photos, litter

JPEG, PNG = encoded(picture(), "JPEG"), encoded(picture(), "PNG")
AVIF = b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1"


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def filled(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def written(report: Path) -> list[dict[str, str]]:
    with report.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names(manifest: Manifest) -> list[tuple[str, str]]:
    return [(photo.subject.subject_id, photo.path.name) for photo in manifest.photos]


def reasons(manifest: Manifest, folder: Path) -> dict[str, str]:
    return {item.path.relative_to(folder).as_posix(): item.reason.one for item in manifest.left_out}


def test_the_content_tells_a_photo_and_not_its_name(tmp_path: Path) -> None:
    files = {
        "C-1/from-a-post.jpg_large": JPEG,
        "C-1/without an ending": PNG,
        "C-1/photo.avif": AVIF,  # not read, perhaps: but its refusal is an outcome
        "C-1/broken.jpg": b"404 not found",  # named as a photo: the same
        "C-1/letter.docx": b"PK\x03\x04",
        "C-1/film.mp4": b"\x00\x00\x00\x18ftypmp42",
        "C-1/empty": b"",
    }
    found = read_folder(filled(tmp_path, files))
    assert [name for _, name in names(found)] == [
        "broken.jpg",
        "from-a-post.jpg_large",
        "photo.avif",
        "without an ending",
    ]
    assert found.remarks == ("Left out: 3 files that are no picture.",)


LITTER = (
    "@eaDir/C-1/a.jpg/SYNOPHOTO_THUMB_M.jpg",
    "C-1/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg",
    ".thumbnails/t.jpg",
    "__MACOSX/C-1/._a.jpg",
    "lost+found/a.jpg",
    "$RECYCLE.BIN/S-1-5/a.jpg",
    "System Volume Information/a.jpg",
    "#recycle/a.jpg",
    ".@__thumb/a.jpg",
    "@Recycle/a.jpg",
    ".git/a.jpg",
    ".Trash-1000/files/a.jpg",
    "C-1/Thumbs.db",
    "C-1/desktop.ini",
    "C-1/._a.jpg",
    "C-1/.DS_Store",
    "C-1/~$letter.docx",
)


def test_litter_is_nobody(tmp_path: Path) -> None:
    found = read_folder(filled(tmp_path, {"C-1/a.jpg": JPEG, **dict.fromkeys(LITTER, JPEG)}))
    assert names(found) == [("C-1", "a.jpg")]
    assert len(found.left_out) == len(LITTER)
    assert Counter(reasons(found, tmp_path).values()) == {
        "folder of the system": 8,
        "hidden folder": 4,
        "file of the system": 4,
        "hidden file": 1,
    }
    assert "@eaDir" in found.remarks[0]
    assert find_photos(tmp_path) == [tmp_path / "C-1" / "a.jpg"]


def test_both_packages_know_the_same_litter() -> None:
    assert litter_of_cohorts.LITTER == litter.LITTER
    assert litter_of_cohorts.LITTER_STARTS == litter.LITTER_STARTS


def test_links_stay_inside_and_are_said(tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out"
    filled(folder, {"C-1/a.jpg": JPEG, "C-2/b.jpg": JPEG})
    filled(outside, {"c.jpg": JPEG, "C-9/d.jpg": JPEG})
    (folder / "C-2" / "same.jpg").symlink_to(folder / "C-1" / "a.jpg")
    (folder / "C-2" / "other.jpg").symlink_to(outside / "c.jpg")
    (folder / "C-2" / "gone.jpg").symlink_to(folder / "none.jpg")
    (folder / "C-2" / "loop").symlink_to(folder)
    (folder / "C-9").symlink_to(outside / "C-9")
    os.mkfifo(folder / "C-2" / "pipe.jpg")  # reading it would never end
    found = read_folder(folder)
    assert names(found) == [("C-1", "a.jpg"), ("C-2", "b.jpg"), ("C-2", "same.jpg")]
    assert reasons(found, folder) == {
        "C-2/gone.jpg": "link that leads nowhere",
        "C-2/loop": "linked folder",
        "C-2/other.jpg": "link to a file outside the folder",
        "C-2/pipe.jpg": "entry that is no file",
        "C-9": "linked folder",
    }
    assert "2 linked folders (loop, C-9)" in found.remarks[0]
    assert "Links to files inside the folder, read as photos: 1." in found.remarks


def test_photos_at_the_top_and_deeper_are_counted(tmp_path: Path) -> None:
    files = {"C-1/a.jpg": JPEG, "C-1/school/b.jpg": JPEG, "stray.jpg": JPEG, "two.png": PNG}
    found = read_folder(filled(tmp_path, files))
    assert names(found) == [("C-1", "a.jpg"), ("C-1", "b.jpg")]
    assert found.remarks == (
        "Left out: 2 photos beside the subjects' folders.",
        "Photos in folders within a subject's folder: 1. They are photos of that subject.",
    )


YEARS = {
    "2019/C-1/a.jpg": JPEG,
    "2019/C-2/b.jpg": JPEG,
    "2020/C-1/c.jpg": JPEG + b"\0",
    "2020/d.jpg": JPEG,
}


def test_a_level_between_is_asked_about_and_can_be_told(tmp_path: Path) -> None:
    filled(tmp_path, YEARS)
    with pytest.raises(ManifestError) as asked:
        read_folder(tmp_path)
    assert "2 folders with photos a level deeper: 2019/C-1, 2019/C-2, 2020/C-1" in str(asked.value)
    assert "--subjects-at 2" in asked.value.next_step
    assert "--subjects-at 1" in asked.value.next_step
    inner = read_folder(tmp_path, subjects_at=2)
    assert names(inner) == [("C-1", "a.jpg"), ("C-2", "b.jpg"), ("C-1", "c.jpg")]
    assert "Left out: 1 photo beside the subjects' folders." in inner.remarks
    assert "Subjects with folders in several places, each read as one subject: 1." in inner.remarks
    outer = read_folder(tmp_path, subjects_at=1)
    assert [subject for subject, _ in names(outer)] == ["2019", "2019", "2020", "2020"]
    talk = run("enrol", tmp_path / "g", tmp_path, "--subjects-at", 2, "--dry-run").stderr
    assert "Would enrol 3 photos of 2 subjects" in talk
    assert "a level deeper" in run("enrol", tmp_path / "g", tmp_path, code=3).stderr


@pytest.mark.parametrize(
    "files",
    [
        {"C-1/photos/a.jpg": JPEG, "C-2/b.jpg": JPEG},
        {"2019/a.jpg": JPEG, "2019/C-1/b.jpg": JPEG},
        {"2019-05/a.jpg": JPEG, "2019-05/C-1/b.jpg": JPEG},
        {"all/2019/C-1/a.jpg": JPEG},
    ],
)
def test_nobody_becomes_a_subject_by_a_guess(tmp_path: Path, files: dict[str, bytes]) -> None:
    filled(tmp_path, files)
    with pytest.raises(ManifestError, match="at which level"):
        read_folder(tmp_path)
    assert read_folder(tmp_path, subjects_at=1).photos


def test_the_folder_of_a_manifest_is_no_folder_of_subjects(tmp_path: Path) -> None:
    filled(tmp_path, {"photos/a.jpg": JPEG, "manifest.csv": b"photo,subject\nphotos/a.jpg,C-1\n"})
    with pytest.raises(ManifestError, match=r"Give the manifest\.csv itself"):
        read_folder(tmp_path)


def test_a_level_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 1"):
        read_folder(tmp_path, subjects_at=0)


def test_a_subject_without_a_photo_is_named(tmp_path: Path) -> None:
    filled(tmp_path, {"C-1/a.jpg": JPEG, "C-2/notes.txt": b"tall", "C-4/.b.jpg": JPEG})
    (tmp_path / "C-3").mkdir()
    found = read_folder(tmp_path)
    assert found.without_photos == ("C-2", "C-3", "C-4")
    talk = run("enrol", tmp_path / "g", tmp_path, "--dry-run", code=1).stderr
    assert "No photo in the folder of: C-2, C-3, C-4" in talk


def test_a_subject_with_a_photo_elsewhere_is_not_without_one(tmp_path: Path) -> None:
    filled(tmp_path, {"2019/C-1/a.jpg": JPEG, "2020/C-1/notes.txt": b"tall"})
    found = read_folder(tmp_path, subjects_at=2)
    assert found.without_photos == ()
    assert reasons(found, tmp_path)["2020/C-1"] == "subject's folder without a photo"


def test_a_folder_of_photos_alone_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="2 photos beside the subjects' folders"):
        read_folder(filled(tmp_path, {"a.jpg": JPEG, "b.jpg": JPEG}))


def test_an_accent_written_in_two_ways_is_one_subject_and_said(tmp_path: Path) -> None:
    one, other = (unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD"))
    found = read_folder(filled(tmp_path, {f"{one}/a.jpg": JPEG, f"{other}/b.jpg": JPEG}))
    assert {subject for subject, _ in names(found)} == {one}
    assert {photo.path.parent.name for photo in found.photos} == {one, other}  # as on the disk
    (said,) = found.remarks
    assert one in said
    assert other in said
    assert "read as one subject" in said


@pytest.mark.parametrize("other", ["c-1", "C-1 ", "C - 1", "C-1\u200b", "\uff23-1"])
def test_names_that_look_alike_are_two_subjects_and_said(tmp_path: Path, other: str) -> None:
    found = read_folder(filled(tmp_path, {"C-1/a.jpg": JPEG, f"{other}/b.jpg": JPEG}))
    assert {subject for subject, _ in names(found)} == {"C-1", other}
    assert any("read as different subjects" in remark for remark in found.remarks)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_a_blank_name_is_one_refusal_for_each_photo(tmp_path: Path) -> None:
    filled(tmp_path, {"C-1/a.jpg": JPEG, " /b.jpg": JPEG, os.fsdecode(b"M\xfcller/c.jpg"): JPEG})
    (tmp_path / os.fsdecode(b"\xe9mpty")).mkdir()
    found = read_folder(tmp_path)
    assert names(found) == [("C-1", "a.jpg"), ("M\\xfcller", "c.jpg")]
    assert {row.subject for row in found.refused} == {" "}
    report = tmp_path / "report.csv"
    run("enrol", tmp_path / "g", tmp_path, "--report", report, code=1)
    rows = written(report)
    refused = [row for row in rows if row["code"] == "manifest"]
    assert [(row["status"], row["photo"]) for row in refused] == [
        ("failed", str(tmp_path / " " / "b.jpg"))
    ]


def test_a_folder_that_cannot_be_listed_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, {"C-1/a.jpg": JPEG, "C-2/b.jpg": JPEG})
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "C-2":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = read_folder(tmp_path)
    assert [row.subject for row in found.refused] == ["C-2"]
    assert found.without_photos == ()
    with pytest.raises(PhotoError, match="cannot be listed"):
        find_photos(tmp_path)
    (tmp_path / "C-1" / "a.jpg").unlink()
    with pytest.raises(ManifestError, match="1 folder that may not be listed"):
        read_folder(tmp_path)


def test_the_report_has_a_row_for_each_thing_left_out(tmp_path: Path) -> None:
    folder = filled(
        tmp_path / "in",
        {"C-1/a.jpg": JPEG, "C-1/notes.txt": b"-", "top.jpg": JPEG, "@eaDir/1/t.jpg": JPEG},
    )
    (folder / "C-2").mkdir()
    report = tmp_path / "report.csv"
    talk = run("enrol", tmp_path / "g", folder, "--report", report, code=1).stderr
    rows = written(report)
    left_out = {
        Path(row["photo"]).relative_to(folder).as_posix(): row["reason"]
        for row in rows
        if row["status"] == "left out"
    }
    assert left_out == {
        "top.jpg": "photo beside the subjects' folders",
        "@eaDir": "folder of the system",
        "C-1/notes.txt": "file that is no picture",
        "C-2": "subject's folder without a photo",
    }
    assert "No face is enrolled of: C-2" in talk
    assert "4 left out" in talk


PLAIN_NAMES = st.text(
    st.characters(categories=("L", "N", "Zs"), max_codepoint=0x2FFF), min_size=1, max_size=12
).filter(lambda name: name.strip() == name)


@given(name=PLAIN_NAMES, ending=st.sampled_from(["", ".jpg", ".txt", ".jpg_large", ".JPEG!", ".x"]))
def test_whatever_its_name_a_picture_is_found_and_a_text_is_not_lost(
    tmp_path_factory: pytest.TempPathFactory, name: str, ending: str
) -> None:
    folder = filled(
        tmp_path_factory.mktemp("any"),
        {f"{name}/{name}{ending}": JPEG, f"{name}/other{ending}": b"text"},
    )
    found = read_folder(folder)
    subject = unicodedata.normalize("NFC", name)
    assert (subject, f"{name}{ending}") in names(found)
    assert len(found.photos) + len(found.left_out) == 2
