"""One table, four commands: enrolment, audit, calibration and a re-index read it alike."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from photo_bytes import encoded, picture
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.cli.options import DEFAULT_MODEL


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@dataclass(frozen=True)
class Read:
    """What becomes of a table: photos and people, refused rows, what is said."""

    photos: int
    people: int
    refused: int = 0
    said: str = ""


PLAIN = "photo,subject,sex\na.jpg,C-1,female\nb.jpg,C-2,male\n"
TWO = Read(2, 2)
FORMS: dict[str, tuple[bytes, Read]] = {
    "commas": (PLAIN.encode(), TWO),
    "semicolons": (PLAIN.replace(",", ";").encode(), TWO),
    "tabs": (PLAIN.replace(",", "\t").encode(), TWO),
    "sep=": (b"sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n").encode(), TWO),
    "sep= of a tab": (b"sep=\t\n" + PLAIN.replace(",", "\t").encode(), TWO),
    "sep= in quotes": (b'"sep=;"\n' + PLAIN.replace(",", ";").encode(), TWO),
    "ends of lines of old Macs": (PLAIN.replace("\n", "\r").encode(), TWO),
    "a byte order mark": (PLAIN.encode("utf-8-sig"), TWO),
    "UTF-16": (PLAIN.encode("utf-16"), TWO),
    "Windows-1252": (
        PLAIN.replace("C-1", "Zoë Müller").encode("cp1252"),
        Read(
            2,
            2,
            said="read as Windows-1252, as Excel writes it. Check that these words are "
            "right: Zoë, Müller.",
        ),
    ),
    "capitals": (PLAIN.replace("photo,subject,sex", " Photo , SUBJECT,Sex").encode(), TWO),
    "quotes": (b'"photo","subject"\n"a, 1.jpg","C-1"\n', Read(1, 1)),
    "empty rows": (PLAIN.encode() + b"\n,,\n , ,\n", TWO),
    "trailing separators": (b"photo;subject;;\na.jpg;C-1;;\nb.jpg;C-2;;\n", TWO),
    "the index of pandas": (
        b",photo,subject\n0,a.jpg,C-1\n1,b.jpg,C-2\n",
        Read(2, 2, said="A column without a heading is not read."),
    ),
    "a cell too many": (PLAIN.encode() + b"c.jpg,C-3,male,x\n", Read(2, 2, 1, "c.jpg")),
    "a cell too few": (PLAIN.encode() + b"c.jpg,C-3\n", Read(2, 2, 1, "c.jpg")),
    "two open quotes": (
        PLAIN.encode() + b'c.jpg,"C-3,male\nd.jpg,C-4",male\n',
        Read(2, 2, 1, "quote"),
    ),
    "no subject": (PLAIN.encode() + b"c.jpg,,male\n", Read(2, 2, 1, "c.jpg")),
    "an unheard-of sex": (PLAIN.encode() + b"c.jpg,C-3,girl\n", Read(2, 2, 1, "c.jpg")),
    "an age in months": (
        b"photo,subject,age\na.jpg,C-1,3 months\nb.jpg,C-2,2y 6m\n",
        Read(2, 2, said="'3 months' as 0.25, and so on (2 in all)"),
    ),
    "a decimal comma": (b"photo;subject;age\na.jpg;C-1;7,5\n", Read(1, 1, said="'7,5' as 7.5")),
    "an age in words": (
        b"photo,subject,age\na.jpg,C-1,ten\nb.jpg,C-2,4\n",
        Read(1, 1, 1, "3 months"),
    ),
    "an age beyond life": (
        b"photo,subject,age\na.jpg,C-1,200\nb.jpg,C-2,4\n",
        Read(1, 1, 1, "130"),
    ),
    "a year alone": (
        b"photo,subject,taken_on\na.jpg,C-1,2019\nb.jpg,C-2,2019-05-28\n",
        Read(1, 1, 1, "age_at_capture"),
    ),
    "the day first": (
        b"photo,subject,taken_on\na.jpg,C-1,28.5.2019\nb.jpg,C-2,2019-05-28 00:00:00\n",
        Read(1, 1, 1, "a date such as 2019-05-28"),
    ),
    "a photo before the birth": (
        b"photo,subject,taken_on,dob\na.jpg,C-1,2010-01-01,2011-01-01\nb.jpg,C-2,,\n",
        Read(1, 1, 1, "date_of_birth"),
    ),
    "one accent in two ways": (
        "photo,subject\na.jpg,Zo\u00eb\nb.jpg,Zoe\u0308\n".encode(),
        Read(2, 1, said="they are read as one subject"),
    ),
    "two capitals": (
        b"photo,subject\na.jpg,Ann Lee\nb.jpg,ann  lee\n",
        Read(2, 2, said="they are read as different subjects"),
    ),
}
ALIASES = {
    "photo": ("file", "path", "image", "filename", "File Name"),
    "subject": ("subject_id", "identity", "person", "Person ID"),
    "date_of_birth": ("dob", "birth_date", "birthdate", "Date-of-Birth", "date of birth"),
    "sex": ("gender", "GENDER"),
    "age_at_capture": ("age", "Age at capture"),
}
FORMS |= {
    f"{alias} for {column}": (
        "photo,subject,date_of_birth,sex,age_at_capture\na.jpg,C-1,2011-05-01,male,4\n".replace(
            column, alias, 1
        ).encode(),
        Read(1, 1),
    )
    for column, aliases in ALIASES.items()
    for alias in aliases
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "UTF-16 without a mark": (PLAIN.encode("utf-16-le"), "UTF-16 without a byte order mark"),
    "UTF-16 of names without a mark": (
        PLAIN.replace("C-1", "Zoë").encode("utf-16-le"),
        "UTF-16 without a byte order mark",
    ),
    "UTF-32": (PLAIN.encode("utf-32"), "NUL"),
    "NUL": (PLAIN.encode() + b"c.jpg,C\x00,male\n", "NUL"),
    "half UTF-8": ("photo,subject\nä.jpg,".encode() + b"Zo\xeb\n", "Unicode elsewhere"),
    "no known encoding": (b"photo,subject\na.jpg,\x81\n", "neither UTF-8 nor Windows-1252"),
    "an open quote": (PLAIN.encode() + b'"c.jpg,C-3,male\n', "line 4: unexpected end of data"),
    "a quote within": (PLAIN.encode() + b'"c".jpg,C-3,male\n', "line 4"),
    "a column twice": (b"photo,subject,sex,Gender\na.jpg,C-1,male,male\n", "sex more than once"),
    "a label twice": (b"photo,subject,hair,Hair\na.jpg,C-1,red,fair\n", "hair more than once"),
    "no subject": (b"photo,child\na.jpg,C-1\n", "no column subject"),
    "nothing": (b"", "no column photo and subject"),
}


def commands(table: Path) -> dict[str, tuple[object, ...]]:
    folder = table.parent
    compare = ("reindex", "compare", folder / "none", "--model", DEFAULT_MODEL)
    return {
        "enrol": ("enrol", folder / "g", table, "--dry-run"),
        "audit": ("audit", table, "--out", folder / "audit", "--dry-run"),
        "calibrate": ("calibrate", table, "--out", folder / "c.json", "--dry-run"),
        "reindex": (*compare, "--probes", table),
    }


NO_GALLERY = 5
"""Exit code of a comparison whose probes were read, and whose gallery is not there."""


@pytest.mark.parametrize("form", FORMS)
def test_four_commands_read_one_table_alike(form: str, tmp_path: Path) -> None:
    content, expected = FORMS[form]
    table = tmp_path / "table.csv"
    table.write_bytes(content)
    for number, name in enumerate(("a", "b", "c", "d", "a, 1")):
        (tmp_path / f"{name}.jpg").write_bytes(encoded(picture(4 + number, 4), "JPEG"))
    for command, words in commands(table).items():
        reads_probes = command == "reindex"
        as_the_run = int(command == "enrol" and expected.refused > 0)
        talk = run(*words, code=NO_GALLERY if reads_probes else as_the_run).stderr
        said = re.search(r"Would \w+ (?:on )?(\d+) photos? of (\d+) subjects?", talk)
        assert (said is None) == reads_probes, command
        if said:
            counts = tuple(map(int, said.groups()))
            assert counts == (expected.photos, expected.people), (command, talk)
        assert len(re.findall("^(?:Refused|Would be refused):", talk, re.M)) == expected.refused, (
            talk
        )
        assert expected.said in talk, (command, talk)


@pytest.mark.parametrize("form", REFUSED)
def test_four_commands_refuse_one_table_alike(form: str, tmp_path: Path) -> None:
    content, why = REFUSED[form]
    table = tmp_path / "table.csv"
    table.write_bytes(content)
    for words in commands(table).values():
        assert why in run(*words, code=3).stderr


def test_an_audit_names_each_refused_row_in_its_report_without_its_content(tmp_path: Path) -> None:
    photos = [f"{person:02}-{photo}" for person in range(24) for photo in range(2)]
    lines = [f"{photo},{photo[:2]},{'fm'[int(photo[:2]) % 2]}," for photo in photos]
    broken = ["lost-1,secret,f,never", "lost-2,secret,f,2019-05-28,one cell too many"]
    table = tmp_path / "people.csv"
    table.write_text("\n".join(["photo,subject,kind,taken_on", *lines, *broken]))
    with (tmp_path / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["probe", "reference", "score"])
        for place, (one, other) in enumerate(combinations(photos, 2)):
            writer.writerow([one, other, 0.9 if one[:2] == other[:2] else 37 * place % 100 / 200])
    options = ("--scores", tmp_path / "scores.csv", "--by", "kind", "--draws", 5, "--fmr", 0.1)
    talk = run("audit", table, "--out", tmp_path / "report", *options, code=1).stderr
    assert "Refused: lost-1 people.csv, line 50: taken_on is not a date" in talk
    assert "Refused: lost-2 people.csv, line 51: 5 cells under 4 columns" in talk
    assert "Rows refused: 2." in talk
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    card = json.loads((tmp_path / "report" / "run.json").read_text(encoding="utf-8"))
    for line in ("people.csv, line 50", "people.csv, line 51"):
        assert line in page
        assert line in str(card)
    assert "Rows of the labels that could not be read: 2" in page
    for content in ("lost-1", "secret", "never,", "too many"):
        assert content not in page


def test_a_gate_is_not_judged_on_a_part_of_its_cohort(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text(
        '[[bound]]\nname = "b"\ntable = "rates"\nwhere = { metric = "FMR" }\nat_most = 0.5\n'
    )
    table = tmp_path / "people.csv"
    table.write_text("photo,subject,age\na.jpg,C-1,4\nb.jpg,C-2,ten\n")
    gate = ("--gate", tmp_path / "gate.toml", "--cohort", table, "--model", DEFAULT_MODEL)
    talk = run("reindex", "switch", tmp_path / "g", *gate, code=3).stderr
    assert "Refused: b.jpg people.csv, line 3" in talk
    assert "must be readable to the last row" in talk


def test_a_manifest_has_no_level_of_subjects(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(PLAIN)
    words = ("enrol", tmp_path / "g", table, "--subjects-at", 2, "--dry-run")
    assert "--subjects-at: is for a folder" in run(*words, code=3).stderr
