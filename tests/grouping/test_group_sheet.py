"""The page and the table of groups: nothing is lost, nothing is foreign, counts add up."""

from __future__ import annotations

import csv
import json
import os
import re
import stat
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tiled_people import grouped, write

from matcher.grouping import GroupFile, Grouping, sheet, write_group_sheet, write_groups
from matcher.paths import from_reference
from matcher.photos import find_photos


@pytest.fixture
def found(tmp_path: Path) -> Grouping:
    """Two people with two photos each, a copy, a stranger, and a file that fails."""
    folder = tmp_path / "photos"
    write(folder / "a0.png", (1, 0), (2, 0))
    write(folder / "a1.png", (1, 1))
    write(folder / "b1.png", (2, 1))
    write(folder / "a1.jpg", (1, 1), quality=70)
    write(folder / "c <i>.png", (3, 0))
    (folder / "broken.png").write_bytes(b"no picture")
    return grouped(folder, state=tmp_path / "s.groups")


class Page(HTMLParser):
    """What stands on a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.images: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.sources += [str(held[name]) for name in ("src", "href") if name in held]
        if tag == "img":
            self.images.append(str(held["alt"]))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_every_face_and_holds_itself_together(
    found: Grouping, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    assert write_group_sheet(path, found, title="Groups <b>") == ()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    page = Page(path)
    shown = {int(re.findall(r"face (\d+) of", alt)[0]) for alt in page.images}
    kept = {one.face_id for group in found for one in group.faces}
    assert shown == kept | {one.face_id for one in found.ungrouped}
    assert all(source.startswith(("data:image/jpeg;base64,", "#group-")) for source in page.sources)
    assert "Groups <b>" in page.text
    assert "c <i>.png" in page.text
    assert "broken.png" in page.text
    assert found.headline() in page.text
    for caution in found.cautions():
        assert caution in page.text


def test_the_counts_of_the_page_add_up(found: Grouping, tmp_path: Path) -> None:
    write_group_sheet(tmp_path / "page.html", found, title="t")
    text = Page(tmp_path / "page.html").text
    counts = [
        tuple(map(int, numbers))
        for numbers in re.findall(r"Faces: (\d+); near-identical pictures of them: (\d+)", text)
    ]
    assert len(counts) == len(found)
    assert sum(map(sum, counts)) + len(found.ungrouped) == found.faces == 6


def test_a_photo_that_is_gone_or_changed_is_not_shown(found: Grouping, tmp_path: Path) -> None:
    (tmp_path / "photos" / "a1.png").unlink()
    write(tmp_path / "photos" / "b1.png", (9, 9))
    faults = write_group_sheet(tmp_path / "page.html", found, title="t")
    assert sorted(fault.rpartition(": ")[2] for fault in faults) == [
        "changed since it was read.",
        "photo not found.",
    ]
    assert len(Page(tmp_path / "page.html").images) == 3


def test_another_file_with_the_same_bytes_stands_in(tmp_path: Path) -> None:
    write(tmp_path / "p" / "a.png", (1, 0))
    (tmp_path / "p" / "b.png").write_bytes((tmp_path / "p" / "a.png").read_bytes())
    found = grouped(tmp_path / "p")
    (tmp_path / "p" / "a.png").unlink()
    assert write_group_sheet(tmp_path / "page.html", found, title="t") == ()


def test_a_page_has_a_bound_and_says_what_it_leaves_out(
    found: Grouping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "MOST_OF_GROUPS", 2)
    monkeypatch.setattr(sheet, "MOST_ON_A_PAGE", 2)
    faults = write_group_sheet(tmp_path / "page.html", found, title="t")
    assert faults == ("3 faces, for which the page has no room.",)
    page = Page(tmp_path / "page.html")
    assert len(page.images) == 2
    assert "Not on this page for lack of room: 1 group and 1 face in no group" in page.text
    monkeypatch.setattr(sheet, "MOST_OF_A_GROUP", 1)
    monkeypatch.setattr(sheet, "MOST_ON_A_PAGE", 9)
    assert write_group_sheet(tmp_path / "page.html", found, title="t") == (
        "2 faces, for which the page has no room.",
    )
    assert "Without a picture here: faces" in Page(tmp_path / "page.html").text


def test_the_table_has_every_face_and_every_file_once(found: Grouping, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    assert write_groups(path, found) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["status"] for row in rows) == {"grouped": 5, "ungrouped": 1, "failed": 1}
    faces = [row["face"] for row in rows if row["face"]]
    assert len(faces) == len(set(faces)) == found.faces
    assert {Path(row["photo"]) for row in rows} == set(find_photos(tmp_path / "photos"))
    (failed,) = (row for row in rows if row["status"] == "failed")
    assert (failed["code"], Path(failed["photo"]).name) == ("photo_format", "broken.png")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_no_text_or_a_formula_are_written_and_open_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    odd, formula = folder / os.fsdecode(b"caf\xe9.png"), folder / "=1+1.png"
    write(odd, (1, 0))
    write(formula, (1, 1))
    (folder / os.fsdecode(b"broken\xe9.png")).write_bytes(b"no picture")
    state = tmp_path / "s.groups"
    found = grouped(folder, state=state)
    assert grouped(folder, state=state) == found
    assert write_group_sheet(tmp_path / "page.html", found, title="t") == ()
    assert r"caf\xe9.png" in Page(tmp_path / "page.html").text
    write_groups(tmp_path / "t.csv", found)
    assert "broken%E9.png" in found.to_json()
    names = {from_reference(name) for one in found.every_face() for name in one.files}
    assert names == {odd, formula}
    with GroupFile.open(state) as file:
        assert file.forget([str(odd)]) == 1


def test_the_object_in_json_has_what_the_object_has(found: Grouping) -> None:
    held = json.loads(found.to_json())
    assert [one["number"] for one in held["groups"]] == [one.number for one in found]
    assert len(held["ungrouped"]) == 1
    assert held["failed"][0]["code"] == "photo_format"
    assert held["threshold"] == found.threshold
    assert held["groups"][0]["faces"][0]["box"] == list(found.groups[0].faces[0].box)
