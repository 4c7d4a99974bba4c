"""VICS in and out: by hashes alone, nothing lost without a word, and nothing followed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from job_builders import OLD, draw, made
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.enrolment import PhotoOfSubject, enrol, read_manifest
from matcher.errors import ExchangeFileError, InputError, PhotoNotFoundError
from matcher.exchange import VicsImport, export_vics, import_vics
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.hashes import HashList, vics_entries
from matcher.photos import file_hashes

CASES = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases"
MEDIA = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/Default/$metadata#Media"


def hashes(path: Path, **others: object) -> dict[str, Any]:
    data = path.read_bytes()
    md5, sha1 = (hashlib.new(name, data).hexdigest().upper() for name in ("md5", "sha1"))
    return {"MediaID": 1, "Category": 0, "MD5": md5, "SHA1": sha1, **others}


def case(*entries: object, **others: object) -> dict[str, Any]:
    return {"@odata.context": CASES, "value": [{"CaseID": "c", **others, "Media": list(entries)}]}


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Four photos, one of them in a folder of its own."""
    names = ("a.png", "b.png", "deep/er/c.png", "d.png")
    return [draw(tmp_path / "photos" / name, number) for number, name in enumerate(names)]


def imported(tmp_path: Path, document: object, **choices: Any) -> VicsImport:
    path = tmp_path / "case.json"
    if isinstance(document, bytes):
        path.write_bytes(document)
    else:
        path.write_text(document if isinstance(document, str) else json.dumps(document))
    return import_vics(path, tmp_path / "photos", tmp_path / "manifest.csv", **choices)


def manifest(tmp_path: Path) -> dict[Path, str]:
    read = read_manifest(tmp_path / "manifest.csv")
    assert not read.refused
    return {one.path: one.subject.subject_id for one in read.photos}


def test_what_was_exported_is_imported_as_the_same_photos(tmp_path: Path) -> None:
    place = made(tmp_path, 6)
    with Gallery.open(place) as gallery:
        done = export_vics(gallery, tmp_path / "case.json", subjects=True)
        before = sorted((photo.sha256, name) for name, photo in gallery.photo_records())
    assert (done.entries, done.without_hash) == (6, 0)
    found = import_vics(
        tmp_path / "case.json", tmp_path / "photos", tmp_path / "m.csv", subject_from="Comments"
    )
    assert (found.entries, found.rows, found.unnamed, found.is_whole) == (6, 6, 0, True)
    with Gallery.create(tmp_path / "again", model=OLD.model) as gallery:
        enrol(gallery, OLD, read_manifest(tmp_path / "m.csv").photos, policy=POLICIES["off"])
        after = sorted((photo.sha256, name) for name, photo in gallery.photo_records())
    assert after == before


def test_an_export_names_nobody_unless_asked(tmp_path: Path) -> None:
    place = made(tmp_path, 6)
    out = tmp_path / "case.json"
    with Gallery.open(place) as gallery:
        export_vics(gallery, out)
        plain = out.read_text()
        assert "subject" not in plain.lower()
        assert ".png" not in plain
        assert out.stat().st_mode & 0o077 == 0
        (entries,) = [one["Media"] for one in json.loads(plain)["value"]]
        for entry in entries:
            assert set(entry) == {"MediaID", "Category", "MD5", "SHA1"}
            assert entry["Category"] is None
        assert [entry["MediaID"] for entry in entries] == [1, 2, 3, 4, 5, 6]
        export_vics(gallery, out, paths=True)
    (entries,) = [one["Media"] for one in json.loads(out.read_text())["value"]]
    assert all(Path(one["MediaFiles"][0]["FilePath"]).is_file() for one in entries)


def test_a_photo_of_two_subjects_is_one_entry_or_two_with_their_names(tmp_path: Path) -> None:
    photo = draw(tmp_path / "a.png", 1)
    with Gallery.create(tmp_path / "g", model=OLD.model) as gallery:
        pair = [PhotoOfSubject(photo, Subject(name)) for name in ("a", "b")]
        enrol(gallery, OLD, pair, policy=POLICIES["off"])
        assert export_vics(gallery, tmp_path / "v.json").entries == 1
        assert export_vics(gallery, tmp_path / "v.json", subjects=True).entries == 2


def test_photos_are_found_by_their_bytes_wherever_they_lie(
    tmp_path: Path, photos: list[Path]
) -> None:
    entries = [
        hashes(photos[0], MediaID=7, RelativeFilePath="..\\..\\etc\\passwd"),
        hashes(photos[1], MediaID="x-8", SHA1=None),
        {"MediaID": 9, "SHA1": hashes(photos[2])["SHA1"]},
    ]
    found = imported(tmp_path, case(*entries))
    assert (found.rows, found.unnamed, found.not_named, found.is_whole) == (3, 3, 1, True)
    assert manifest(tmp_path) == {
        photos[0]: "vics-7",
        photos[1]: "vics-x-8",
        photos[2]: "vics-9",
    }


def test_a_list_of_media_without_a_case_is_read_too(tmp_path: Path, photos: list[Path]) -> None:
    document = {"@odata.context": MEDIA, "value": [hashes(photos[0]), hashes(photos[3])]}
    assert imported(tmp_path, document).rows == 2
    document = {"value": [hashes(photos[0])], "odata.metadata": "1.3"}
    assert imported(tmp_path, document).rows == 1


@pytest.mark.parametrize("name", ["Comments", "Series", "Tags"])
def test_a_field_can_name_the_subject(tmp_path: Path, photos: list[Path], name: str) -> None:
    entries = [
        hashes(photos[0], **{name: " case-1 "}),
        hashes(photos[1], **{name: ["case-1"]}),
        hashes(photos[2], **{name: ""}, MediaID=5),
        hashes(photos[3], **{name: {"Name": "x"}}, MediaID=6),
    ]
    found = imported(tmp_path, case(*entries), subject_from=name)
    assert found.unnamed == 2
    assert list(manifest(tmp_path).values()) == ["case-1", "case-1", "vics-5", "vics-6"]
    with pytest.raises(InputError, match="Comments, Series, Tags"):
        imported(tmp_path, case(*entries), subject_from="MD5")


def test_each_entry_that_gives_no_row_is_counted_and_named(
    tmp_path: Path, photos: list[Path]
) -> None:
    nobody = {"MD5": "0" * 32, "SHA1": "0" * 40}
    entries = [
        hashes(photos[0]),
        hashes(photos[0]),
        {"MediaID": 11, **nobody},
        {"MediaID": 12, **nobody, "MediaFiles": [{"FileName": "B.PNG", "FilePath": "/x"}]},
        hashes(photos[0], MediaID=13, SHA1=hashes(photos[1])["SHA1"]),
        hashes(photos[0], MediaID=14, MD5="0" * 32),
        {"MediaID": 15, "MD5": "=1+1", "SHA1": ""},
        {"MD5": 5},
        {"MediaID": 17, **nobody, "MimeType": "video/mp4"},
    ]
    (tmp_path / "photos" / "note.txt").write_text("no photo")
    found = imported(tmp_path, case(*entries))
    assert (found.entries, found.rows, found.repeated, found.videos) == (9, 1, 1, 1)
    assert (found.missing, found.changed) == (("11",), ("12",))
    assert found.contradicting == ("13", "14")
    assert found.without_hash == ("15", "entry 8")
    assert (found.not_named, found.left_out, found.is_whole) == (3, 1, False)
    said = list(found.remarks())
    assert "Left out, MD5 and SHA-1 are not of one file: 2 (13, 14)." in said
    assert "Left out, no hash that can be read: 2 (15, entry 8)." in said


def test_two_copies_of_one_photo_are_one_row(tmp_path: Path, photos: list[Path]) -> None:
    (tmp_path / "photos" / "copy.png").write_bytes(photos[0].read_bytes())
    found = imported(tmp_path, case(hashes(photos[0])))
    assert (found.rows, found.not_named) == (1, 3)


def test_fields_that_are_not_read_are_counted_and_said(tmp_path: Path, photos: list[Path]) -> None:
    entry = hashes(
        photos[0],
        VictimIdentified=True,
        Exifs=[{"PropertyName": "Make", "PropertyValue": "x"}],
        Empty="",
        MediaFiles=[{"FileName": "a.png", "FilePath": "/x", "Created": "2020"}],
    )
    found = imported(tmp_path, case(entry, entry, CaseNumber="OP-1", Empty=None) | {"extra": 1})
    assert found.unread == {
        "Category": 2,
        "VictimIdentified": 2,
        "Exifs": 2,
        "MediaFiles FilePath": 2,
        "MediaFiles Created": 2,
        "case CaseID": 1,
        "case CaseNumber": 1,
        "extra": 1,
    }
    assert "VictimIdentified (2)" in list(found.remarks())[-1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_encodings(tmp_path: Path, photos: list[Path], encoding: str) -> None:
    text = json.dumps(case(hashes(photos[0], Comments="Zo\u00eb")), ensure_ascii=False)
    found = imported(tmp_path, text.encode(encoding), subject_from="Comments")
    assert found.rows == 1
    assert list(manifest(tmp_path).values()) == ["Zo\u00eb"]


BAD = {
    "empty": ("", "no { in line 1, column 1"),
    "a list": ("[]", "no { in line 1, column 1"),
    "no value": ('{"a": 1}', "no list `value`"),
    "value is a text": ('{"value": "x"}', r"no \[ in line 1, column 11"),
    "a number as media": ('{"value": [{"Media": [1]}]}', "no { in line 1, column 23"),
    "cut": ('{"value": [\n {"Media": [\n  {"MD5": "ab', "in line 3, column 11"),
    "cut after a comma": ('{"value": [\n {"Media": [],', "no name in quotes in line 2, column 15"),
    "a comma at the end": ('{"value": [],}', "a comma before the end in line 1, column 14"),
    "a comma too many": ('{"value": [{"Media": [{},]}]}', "a comma before the end"),
    "text behind": ('{"value": []}\n x', "more text behind the end in line 2, column 2"),
    "twice in an entry": ('{"value": [{"Media": [\n{"MD5": "", "MD5": ""}]}]}', "twice.*line 2"),
    "twice in a case": ('{"value": [{"CaseID": 1, "CaseID": 2}]}', "twice"),
    "NaN": ('{"value": [{"Media": [{"MediaSize": NaN}]}]}', "NaN"),
    "a huge number": ('{"value": [{"Media": [{"MediaID": 1' + "0" * 5000 + "}]}]}", "line 1"),
    "nested": ('{"value": ' + "[" * 100_000, "in line 1"),
    "nested in an entry": ('{"value": [{"Media": [{"a": ' + "[" * 200_000, "line 1"),
    "NUL": ('{"value": [\0]}', "in line 1, column 12"),
    "a CSV": ("md5,sha1\n" + "0" * 32, "no { in line 1"),
}


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_vics_is_refused_with_its_place(
    tmp_path: Path, photos: list[Path], bad: str
) -> None:
    content, says = BAD[bad]
    with pytest.raises(ExchangeFileError, match=says) as caught:
        imported(tmp_path, content)
    assert caught.value.path == tmp_path / "case.json"
    assert len(str(caught.value)) < 2000
    assert not (tmp_path / "manifest.csv").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'{"value": "\xff"}', b"\x80" * 99])
def test_bytes_that_are_no_text_are_refused(
    tmp_path: Path, photos: list[Path], content: bytes
) -> None:
    with pytest.raises(ExchangeFileError):
        imported(tmp_path, content)


def test_a_file_that_is_too_large_and_a_place_that_is_none_are_refused(
    tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ExchangeFileError):
        import_vics(tmp_path / "none.json", tmp_path / "photos", tmp_path / "m.csv")
    (tmp_path / "case.json").write_text(json.dumps(case(hashes(photos[0]))))
    with pytest.raises(PhotoNotFoundError):
        import_vics(tmp_path / "case.json", tmp_path / "none", tmp_path / "m.csv")
    monkeypatch.setattr(vics_entries, "LARGEST", 100)
    with pytest.raises(ExchangeFileError, match="Split it by cases"):
        import_vics(tmp_path / "case.json", tmp_path / "photos", tmp_path / "m.csv")


def test_the_manifest_never_replaces_the_file_that_it_is_made_from(
    tmp_path: Path, photos: list[Path]
) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps(case(hashes(photos[0]))))
    (tmp_path / "link.csv").symlink_to(path)
    before = path.read_bytes()
    for out in (path, tmp_path / "photos" / ".." / "case.json", tmp_path / "link.csv"):
        with pytest.raises(InputError, match="must not be the VICS file itself"):
            import_vics(path, tmp_path / "photos", out)
    assert path.read_bytes() == before


def test_hostile_texts_reach_neither_a_spreadsheet_nor_a_terminal(
    tmp_path: Path, photos: list[Path]
) -> None:
    entries = [
        hashes(photos[0], Comments="=cmd|' /C calc'!A0"),
        {"MediaID": "\x1b]0;x\x07", "MD5": "0" * 32},
        {"MediaID": "1" * 10, "MD5": "x", "\x1b[31m": 1},
    ]
    found = imported(tmp_path, case(*entries), subject_from="Comments")
    assert found.guarded == 1
    assert all(text.isprintable() for text in found.remarks())
    with (tmp_path / "manifest.csv").open(newline="") as file:
        assert [row["subject"] for row in csv.DictReader(file)] == ["'=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("shape", ["case", "media"])
def test_a_vics_file_is_a_list_of_hashes_too(
    tmp_path: Path, photos: list[Path], shape: str, encoding: str
) -> None:
    entries = [
        hashes(photos[0]),
        {"MD5": hashes(photos[1])["MD5"]},
        {"MediaID": 3, "MD5": "=1+1"},
        hashes(photos[0], Category=2),
    ]
    document = case(*entries) if shape == "case" else {"@odata.context": MEDIA, "value": entries}
    (tmp_path / "set.json").write_text(json.dumps(document, indent=1), encoding=encoding)
    read = HashList.read(tmp_path / "set.json")
    assert [read.match(file_hashes(photo)) for photo in photos] == ["sha1", "md5", None, None]
    assert (len(read), read.duplicates, read.malformed, read.malformed_lines) == (2, 1, 1, (3,))


@pytest.mark.parametrize("content", ['{"value": [', '{"value": []}', '{"MD5": "0"}', "[]"])
def test_json_without_hashes_is_no_list(tmp_path: Path, content: str) -> None:
    (tmp_path / "set.json").write_text(content)
    with pytest.raises(ExchangeFileError):
        HashList.read(tmp_path / "set.json")


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes there")
def test_a_name_that_is_no_text_and_a_text_that_is_none(tmp_path: Path, photos: list[Path]) -> None:
    odd = os.fsencode(tmp_path / "photos") + b"/fot\xe9.png"
    os.rename(photos[0], odd)  # noqa: PTH104 - bytes
    place = Path(os.fsdecode(odd))
    entries = [hashes(place, Comments="a\ud800b", MediaID="\udfff"), {"MediaID": "\udfff"}]
    found = imported(tmp_path, case(*entries), subject_from="Comments")
    assert (found.rows, found.without_hash) == (1, ("\\udfff",))
    assert manifest(tmp_path) == {place: "a\\ud800b"}
    assert all(text.isprintable() for text in found.remarks())


def test_the_commands(tmp_path: Path, cohort: Cohort) -> None:
    def run(*words: object, code: int = 0) -> str:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == code, result.output
        return result.stderr

    place, vics, out = tmp_path / "g", tmp_path / "v.json", tmp_path / "m.csv"
    run("enrol", place, cohort.manifest)
    assert f"6 entries in {vics}." in run("vics", "export", place, vics)
    photos = ("--photos", cohort.manifest.parent, "--out", out)
    said = run("vics", "import", vics, *photos)
    assert f"6 entries; 6 rows in {out}. Enrol them with `matcher enrol`." in said
    assert "Fields that are not read, and go nowhere: case CaseID (1)" in said
    run("enrol", tmp_path / "again", out)
    vics.write_text("{")
    assert "line 1, column 2" in run("vics", "import", vics, *photos, code=3)
    run("vics", "export", tmp_path / "none", vics, code=5)
