"""What to enrol: manifests with good and bad rows, and folders."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from matcher.enrolment import read_folder, read_manifest
from matcher.errors import ManifestError
from matcher.gallery import Subject


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_columns_are_read_and_others_are_left_alone(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "photo,subject,taken_on,age_at_capture,date_of_birth,sex,region,tags,source,skin_tone_l\n"
        "a/b.jpg,C-1,2019-05-28,7.5,2011-11-02,Female,Kent,school; park;school,poster,55\n",
    )
    (photo,) = read_manifest(path).photos
    assert photo.path == tmp_path / "a/b.jpg"
    assert photo.subject == Subject("C-1", date(2011, 11, 2), "female", "Kent", ("park", "school"))
    assert (photo.taken_on, photo.age_at_capture) == (date(2019, 5, 28), 7.5)
    assert photo.source == "poster"


def test_two_columns_are_enough(tmp_path: Path) -> None:
    (photo,) = read_manifest(_write(tmp_path, "subject,photo\nC-1,b.jpg\n")).photos
    assert photo.subject == Subject("C-1")
    assert photo.taken_on is None


def test_a_spreadsheet_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (photo,) = read_manifest(_write(tmp_path, "\ufeffphoto,subject\nb.jpg,C-1\n")).photos
    assert photo.subject.subject_id == "C-1"


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        (",C-1,,,,", "photo", "must not be empty"),
        ("b.jpg,,,,,", "subject", "must not be empty"),
        ("b.jpg,C-1,28.5.2019,,,", "taken_on", "a date such as"),
        ("b.jpg,C-1,,seven,,", "age_at_capture", "a number of years"),
        ("b.jpg,C-1,,-1,,", "age_at_capture", "between 0 and 130"),
        ("b.jpg,C-1,,nan,,", "age_at_capture", "between 0 and 130"),
        ("b.jpg,C-1,,,,girl", "sex", "one of female, male"),
        ("b.jpg,C-1,2010-01-01,,2011-01-01,", "taken_on", "not before date_of_birth"),
    ],
)
def test_a_bad_row_is_one_error_and_the_others_are_kept(
    tmp_path: Path, row: str, column: str, rule: str
) -> None:
    header = "photo,subject,taken_on,age_at_capture,date_of_birth,sex\n"
    manifest = read_manifest(_write(tmp_path, f"{header}{row}\ngood.jpg,C-2,,,,\n"))
    (error,) = manifest.errors
    assert error.what == f"line 2, column {column}"
    assert error.rule.startswith(rule)
    assert [photo.subject.subject_id for photo in manifest.photos] == ["C-2"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"photo,child\nb.jpg,C-1\n", "no column subject"),
        (b"", "no column photo and subject"),
        (b"photo,subject\n\x81\x81.jpg,C-1\n", "neither UTF-8 nor Windows-1252"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=says):
        read_manifest(path)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="No such file"):
        read_manifest(tmp_path / "none.csv")


def test_a_folder_names_its_subjects(tmp_path: Path) -> None:
    for name in ("C-2/x.png", "C-1/b.JPG", "C-1/a.jpg", "C-1/notes.txt", "stray.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"-")
    photos = read_folder(tmp_path).photos
    assert [(photo.subject.subject_id, photo.path.name) for photo in photos] == [
        ("C-1", "a.jpg"),
        ("C-1", "b.JPG"),
        ("C-2", "x.png"),
    ]


@pytest.mark.parametrize("name", ["none", "stray.jpg", "empty"])
def test_a_folder_without_photos_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "stray.jpg").write_bytes(b"-")
    with pytest.raises(ManifestError):
        read_folder(tmp_path / name)
