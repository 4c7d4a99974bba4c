"""Manifests as people write them: read as they are meant, or refused; no value moves over."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.enrolment import Manifest, read_manifest
from matcher.errors import ManifestError
from matcher.gallery import Subject
from matcher.names import one_form

HEADER = "photo,subject,date_of_birth,sex,region,tags,note\n"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "manifest.csv"
    path.write_bytes(text.encode(encoding))
    return path


def read(folder: Path, text: str, encoding: str = "utf-8") -> Manifest:
    return read_manifest(written(folder, text, encoding))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("photo,subject,sex\na.jpg,C-1,female\n", "utf-8"),
        ("photo;subject;sex\na.jpg;C-1;female\n", "utf-8"),
        ("photo\tsubject\tsex\na.jpg\tC-1\tfemale\n", "utf-8"),
        ("sep=;\r\nphoto;subject;sex\r\na.jpg;C-1;female\r\n", "utf-8-sig"),
        ("photo\tsubject\tsex\r\na.jpg\tC-1\tfemale\r\n", "utf-16"),
        ("Photo , SUBJECT,Sex\n a.jpg , C-1 ,Female\n", "utf-8"),
        ("file,subject_id,gender\na.jpg,C-1,female\n", "utf-8"),
        ('"photo","subject","sex"\n"a.jpg","C-1","female"\n,,\n', "utf-8"),
    ],
    ids=["comma", "semicolon", "tab", "excel", "utf-16", "capitals", "aliases", "quoted"],
)
def test_a_table_is_read_in_the_forms_that_programs_write(
    tmp_path: Path, text: str, encoding: str
) -> None:
    manifest = read(tmp_path, text, encoding)
    (photo,) = manifest.photos
    assert photo.path == tmp_path / "a.jpg"
    assert photo.subject == Subject("C-1", recorded_sex="female")
    assert manifest.refused == ()


def test_an_unclosed_quote_swallows_nobody(tmp_path: Path) -> None:
    rows = 'a.jpg,C-1,,,"Kent,,\nb.jpg,C-2,,,,,\nc.jpg,C-3,,,,,\n'
    with pytest.raises(ManifestError, match="line 4: unexpected end of data"):
        read(tmp_path, HEADER + rows)


def test_two_unclosed_quotes_swallow_nobody_either(tmp_path: Path) -> None:
    rows = 'a.jpg,C-1,,,"Kent,,\nb.jpg,C-2,,,Kent",,\nc.jpg,C-3,,,,,\n'
    manifest = read(tmp_path, HEADER + rows)
    assert [photo.subject.subject_id for photo in manifest.photos] == ["C-3"]
    (refused,) = manifest.refused
    assert (refused.photo, refused.subject) == ("a.jpg", "C-1")
    assert "a quote is not closed" in str(refused.error)


@pytest.mark.parametrize("row", ["a.jpg,C-1,,,Kent, Dover,,", "a.jpg,C-1"])
def test_a_row_that_is_moved_over_by_a_comma_is_refused_with_its_person(
    tmp_path: Path, row: str
) -> None:
    manifest = read(tmp_path, f"{HEADER}{row}\nb.jpg,C-2,,,,,\n")
    assert [photo.subject.subject_id for photo in manifest.photos] == ["C-2"]
    (refused,) = manifest.refused
    assert (refused.photo, refused.subject) == ("a.jpg", "C-1")
    assert "must have a cell for each column" in str(refused.error)
    assert "line 2" in str(refused.error)


@pytest.mark.parametrize("header", ["photo,subject,sex,sex", "photo,subject,sex,Gender"])
def test_a_column_that_stands_twice_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(ManifestError, match=r"sex more than once"):
        read(tmp_path, f"{header}\na.jpg,C-1,female,male\n")


def test_columns_that_nobody_reads_are_named(tmp_path: Path) -> None:
    manifest = read(tmp_path, "photo,subject,hair,skin_tone\na.jpg,C-1,red,5\n")
    assert manifest.unknown_columns == ("hair", "skin_tone")
    assert len(manifest.photos) == 1


def test_a_note_may_have_several_lines(tmp_path: Path) -> None:
    manifest = read(tmp_path, f'{HEADER}a.jpg,C-1,,,,,"tall\nleft-handed"\n')
    assert manifest.photos[0].subject.note == "tall\nleft-handed"


def test_a_path_of_windows_is_found_where_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").write_bytes(b"-")
    first, second = read(tmp_path, "photo,subject\nsub\\a.jpg,C-1\nnone\\b.jpg,C-2\n").photos
    assert first.path == tmp_path / "sub" / "a.jpg"
    assert second.path == tmp_path / "none\\b.jpg"


def test_rows_of_one_subject_complete_each_other(tmp_path: Path) -> None:
    rows = "a.jpg,C-1,2011-11-02,,,scar,\nb.jpg,C-1,,female,Kent,twin,\n"
    manifest = read(tmp_path, HEADER + rows)
    whole = Subject("C-1", date(2011, 11, 2), "female", "Kent", ("scar", "twin"))
    assert [photo.subject for photo in manifest.photos] == [whole, whole]


@pytest.mark.parametrize(
    ("one", "other", "column"),
    [
        ("2011-11-02,,,,", "2012-11-02,,,,", "date_of_birth"),
        (",female,,,", ",male,,,", "sex"),
        (",,Kent,,", ",,unknown,,", "region"),
        (",,,,tall", ",,,,short", "note"),
    ],
)
def test_rows_that_contradict_each_other_are_all_refused_with_both_lines(
    tmp_path: Path, one: str, other: str, column: str
) -> None:
    rows = f"a.jpg,C-1,{one}\nb.jpg,C-2,,,,,\nc.jpg,C-1,{other}\n"
    manifest = read(tmp_path, HEADER + rows)
    assert [photo.subject.subject_id for photo in manifest.photos] == ["C-2"]
    assert [row.photo for row in manifest.refused] == ["a.jpg", "c.jpg"]
    for error in manifest.errors:
        assert error.what == f"lines 2 and 4, column {column}"


PLAIN = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).filter(
    lambda text: text.strip() == text
)


@given(
    names=st.lists(PLAIN, min_size=1, max_size=4, unique_by=one_form),
    region=PLAIN,
    note=PLAIN,
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    region: str,
    note: str,
    separator: str,
    encoding: str,
) -> None:
    file = io.StringIO()
    rows = csv.writer(file, delimiter=separator)
    rows.writerow(("photo", "subject", "region", "note"))
    rows.writerows((f"{number}.jpg", name, region, note) for number, name in enumerate(names))
    manifest = read(tmp_path_factory.mktemp("manifest"), file.getvalue(), encoding)
    assert manifest.refused == ()
    assert [photo.subject.subject_id for photo in manifest.photos] == list(map(one_form, names))
    assert {photo.subject.region for photo in manifest.photos} == {one_form(region)}
    assert {photo.subject.note for photo in manifest.photos} == {one_form(note)}
