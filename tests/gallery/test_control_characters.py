"""Control characters are refused wherever a name comes in; what an older store holds is named."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gallery_builders import enrolment, filled, gallery
from hypothesis import given
from hypothesis import strategies as st

from matcher.enrolment import read_folder, read_manifest
from matcher.errors import InputError, ManifestError
from matcher.gallery import Filters, Gallery, Subject
from matcher.names import controls

CONTROLS = ("\0", "\x01", "\n", "\t", "\x1f", "\x7f", "\x85", "\x9f")


@given(st.text())
def test_a_control_character_is_found_wherever_it_stands(text: str) -> None:
    import unicodedata

    assert bool(controls(text)) == any(unicodedata.category(sign) == "Cc" for sign in text)


ENTRANCES: dict[str, Callable[[Gallery, str], Any]] = {
    "add": lambda g, name: g.add([enrolment(50, name)]),
    "tags": lambda g, name: g.add([enrolment(50, Subject("x", tags=(name,)))]),
    "region": lambda g, name: g.update_subject(Subject("subject-0001", region=name)),
    "case": lambda g, name: g.update_subject(Subject("subject-0001", case_reference=name)),
    "rename": lambda g, name: g.rename_subject("subject-0001", name),
    "filter": lambda _, name: Filters(subject_ids=name),
    "filter out": lambda _, name: Filters(not_subject_ids=(name,)),
    "filter regions": lambda _, name: Filters(regions=(name,)),
    "filter tags": lambda _, name: Filters(any_tags=(name,)),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("sign", CONTROLS, ids=ascii)
def test_no_name_with_a_control_character_comes_in(
    filled: Gallery, entrance: str, sign: str
) -> None:
    with pytest.raises(InputError, match="control characters"):
        ENTRANCES[entrance](filled, f"a{sign}b")
    assert len(filled) == 40
    assert filled.verify().ok


@pytest.mark.parametrize("field", ["source", "note"])
def test_free_text_has_lines_but_no_nul(filled: Gallery, field: str) -> None:
    record = filled.subject("subject-0001")
    filled.update_subject(replace(record, **{field: "one line\nanother\tline"}))
    assert getattr(filled.subject("subject-0001"), field) == "one line\nanother\tline"
    with pytest.raises(InputError, match="NUL"):
        filled.update_subject(replace(record, **{field: "a\0b"}))
    with pytest.raises(InputError, match="NUL"):
        filled.add([enrolment(50, captured_with="a\0b")])


@pytest.mark.parametrize("column", ["subject", "region", "tags", "case_reference"])
def test_a_manifest_refuses_the_row(tmp_path: Path, column: str) -> None:
    columns = dict.fromkeys(("subject", "region", "tags", "case_reference"), "x")
    columns[column] = '"a\x01b"'
    text = f"photo,{','.join(columns)}\n1.jpg,{','.join(columns.values())}\n2.jpg,x,x,x,x\n"
    (tmp_path / "m.csv").write_text(text)
    manifest = read_manifest(tmp_path / "m.csv")
    assert [photo.path.name for photo in manifest.photos] == ["2.jpg"]
    assert "control characters" in str(manifest.errors[0])


def test_a_manifest_with_nul_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b'photo,subject\n1.jpg,"a\x00b"\n')
    with pytest.raises(ManifestError, match="NUL"):
        read_manifest(tmp_path / "m.csv")


def test_a_folder_of_such_a_name_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    for name in ("anna", "be\nth"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(b"\xff\xd8\xff")
    manifest = read_folder(tmp_path)
    assert {photo.subject.subject_id for photo in manifest.photos} == {"anna"}
    assert "control characters" in str(manifest.errors[0])


def test_verify_names_what_an_older_store_holds_and_it_can_be_corrected(filled: Gallery) -> None:
    filled.close()
    with closing(sqlite3.connect(filled.path / "store.sqlite3")) as store, store:
        for table in ("subjects", "faces"):
            store.execute(
                f"UPDATE {table} SET subject_id = 'a' || char(0) || 'b' "  # noqa: S608 - constant
                "WHERE subject_id = 'subject-0001'"
            )
    with Gallery.open(filled.path) as gallery:
        (fault,) = gallery.verify().faults
        assert r"a\x00b" in fault
        gallery.rename_subject("a\0b", "beth")
        assert len(gallery.photos("beth")) == 4
        assert gallery.verify().ok


@pytest.mark.parametrize("path", ["a\0b", "\0"])
def test_a_path_with_nul_is_refused(path: str) -> None:
    for door in (Gallery.open, read_folder, read_manifest):
        with pytest.raises(InputError, match="NUL"):
            door(path)
