"""The sheet that a reviewer reads: every lead with its picture, and nothing injected by a name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from matcher.gallery import PhotoRecord, Subject
from matcher.photos import sha256_of
from matcher.search import Candidate, CandidateList, CandidatePhoto, ProbeFacts, write_sheet
from matcher.testing import FakeEmbedder

MODEL = FakeEmbedder(16).identity
HOSTILE = "<script>alert(1)</script>\"'&amp;{{ 7 * 7 }}{% raw %}"


class Page(HTMLParser):
    """What a browser makes of a page: its tags, its attributes and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def photo(path: Path, colour: tuple[int, int, int] = (200, 150, 100)) -> Path:
    Image.fromarray(np.full((300, 200, 3), colour, np.uint8)).save(path)
    return path


def candidate(rank: int, subject: Subject, reference: str, gap: float | None = None) -> Candidate:
    there = Path(reference).is_file()
    record = PhotoRecord(sha256_of(Path(reference)) if there else f"{rank:064x}", reference)
    shown = CandidatePhoto(record, 0.9 - rank / 10, {}, gap)
    return Candidate(rank, subject, shown.score, shown.score, (shown,))


def leads(*candidates: Candidate) -> CandidateList:
    return CandidateList(
        outcome="leads" if candidates else "none above the threshold",
        candidates=candidates,
        reasons=(),
        probe=ProbeFacts(),
        threshold=None if candidates else 0.5,
        exclusions=(),
        searched_faces=9,
        searched_subjects=7,
        model=MODEL,
    )


def written(folder: Path, probe: Path, result: CandidateList, **options: object) -> Page:
    write_sheet(folder / "sheet.html", [probe], [result], title="Leads", **options)  # type: ignore[arg-type]
    return Page((folder / "sheet.html").read_text(encoding="utf-8"))


def test_each_lead_stands_with_its_rank_score_and_picture(tmp_path: Path) -> None:
    people = [Subject(f"C-{number}") for number in (1, 2)]
    shown = [str(photo(tmp_path / f"{one.subject_id}.png")) for one in people]
    result = leads(*(candidate(n + 1, people[n], shown[n]) for n in range(2)))
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    assert re.findall(r"(\d)\.\s*(C-\d)", page.text) == [("1", "C-1"), ("2", "C-2")]
    assert "score 0.800" in page.text
    assert "7 subjects searched" in page.text
    assert [image["alt"] for image in page.all("img")] == ["probe", "lead", "lead"]
    assert "not a probability" in page.text


def test_pictures_are_inside_and_small(tmp_path: Path) -> None:
    result = leads(candidate(1, Subject("C-1"), str(photo(tmp_path / "a.png"))))
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    for image in page.all("img"):
        assert str(image["src"]).startswith("data:image/jpeg;base64,")
        assert len(str(image["src"])) < 20_000
    assert not page.all("script")
    assert not page.all("link")


@pytest.mark.parametrize(
    ("gap", "words"), [(4.25, "probe 4.2 years later"), (-3.0, "probe 3.0 years earlier")]
)
def test_the_age_gap_is_told_by_its_direction(tmp_path: Path, gap: float, words: str) -> None:
    result = leads(candidate(1, Subject("C-1"), "gone.png", gap))
    assert words in written(tmp_path, photo(tmp_path / "probe.png"), result).text


def test_without_ages_no_gap_is_told(tmp_path: Path) -> None:
    result = leads(candidate(1, Subject("C-1", date(2010, 1, 1)), "gone.png"))
    assert "years" not in written(tmp_path, photo(tmp_path / "probe.png"), result).text


def test_a_picture_that_cannot_be_shown_says_why(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    result = leads(
        candidate(1, Subject("C-1"), str(tmp_path / "gone.png")),
        candidate(2, Subject("C-2"), str(tmp_path / "text.png")),
    )
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    assert "photo not found" in page.text
    assert "photo format" in page.text
    assert len(page.all("img")) == 1


def test_a_search_without_leads_says_so(tmp_path: Path) -> None:
    page = written(tmp_path, photo(tmp_path / "probe.png"), leads())
    assert "No lead at or above 0.500" in page.text
    assert len(page.all("figure")) == 1


def test_the_mate_is_marked_only_where_it_is_known(tmp_path: Path) -> None:
    result = leads(
        candidate(1, Subject("C-1"), "gone.png"), candidate(2, Subject("C-2"), "gone.png")
    )
    probe = photo(tmp_path / "probe.png")
    marked = written(tmp_path, probe, result, mates=["C-2"])
    assert [one.get("class") for one in marked.all("figure")] == [None, "lead", "marked"]
    assert marked.text.count("(mate)") == 1
    assert "(mate)" not in written(tmp_path, probe, result).text


def test_no_name_title_or_note_becomes_markup(tmp_path: Path) -> None:
    probe = photo(tmp_path / "a <b onload=x> & c.png")
    result = leads(candidate(1, Subject(HOSTILE, region=HOSTILE), HOSTILE))
    write_sheet(tmp_path / "s.html", [probe], [result], title=HOSTILE, note=HOSTILE)
    page = Page((tmp_path / "s.html").read_text(encoding="utf-8"))
    assert not page.all("script")
    assert not page.all("b")
    assert page.text.count(HOSTILE) == 4  # title, heading, note, subject
    assert "a <b onload=x> & c.png" in page.text
    assert not any(name.startswith("on") for _, found in page.tags for name in found)


@given(st.text(min_size=1).filter(lambda text: text.strip() == text and "\r" not in text))
def test_any_name_comes_back_as_text(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("sheet")
    result = leads(candidate(1, Subject(f"[{name}]"), "gone.png"))
    write_sheet(folder / "s.html", [folder / "none.png"], [result], title="Leads")
    raw = (folder / "s.html").read_bytes().decode("utf-8")
    plain = Page(raw)
    assert f"[{name}]" in plain.text
    assert {tag for tag, _ in plain.tags} <= {
        "html", "meta", "title", "style", "h1", "p", "section", "div", "figure", "figcaption",
        "strong", "br", "img",
    }  # fmt: skip


def test_a_sheet_in_place_is_replaced(tmp_path: Path) -> None:
    probe = photo(tmp_path / "probe.png")
    first = written(tmp_path, probe, leads(candidate(1, Subject("first"), "gone.png")))
    second = written(tmp_path, probe, leads(candidate(1, Subject("second"), "gone.png")))
    assert "first" in first.text
    assert "first" not in second.text


def test_several_probes_have_a_section_each_in_order(tmp_path: Path) -> None:
    probes = [photo(tmp_path / f"probe-{number}.png") for number in range(3)]
    results = [leads(candidate(1, Subject(f"C-{number}"), "gone.png")) for number in range(3)]
    results[1] = replace(results[1], candidates=())
    write_sheet(tmp_path / "s.html", probes, results, title="Leads")
    page = Page((tmp_path / "s.html").read_text(encoding="utf-8"))
    assert len(page.all("section")) == 3
    assert re.findall(r"probe-\d", page.text) == ["probe-0", "probe-1", "probe-2"]


def test_a_photo_that_changed_since_enrolment_is_never_shown(tmp_path: Path) -> None:
    enrolled = photo(tmp_path / "a.png")
    result = leads(candidate(1, Subject("C-1"), str(enrolled)))
    photo(enrolled, (10, 200, 30))  # somebody else at the same place
    probe = photo(tmp_path / "probe.png")
    faults = write_sheet(tmp_path / "s.html", [probe], [result], title="Leads")
    page = Page((tmp_path / "s.html").read_text(encoding="utf-8"))
    assert "changed since enrolment" in page.text
    assert [image["alt"] for image in page.all("img")] == ["probe"]
    assert faults == (f"Subject C-1, {enrolled}: changed since enrolment.",)


def test_a_probe_that_changed_since_the_search_is_never_shown(tmp_path: Path) -> None:
    probe = photo(tmp_path / "probe.png")
    result = replace(leads(), probe=ProbeFacts(sha256_of(probe)))
    assert write_sheet(tmp_path / "s.html", [probe], [result], title="Leads") == ()
    photo(probe, (10, 200, 30))
    (fault,) = write_sheet(tmp_path / "s.html", [probe], [result], title="Leads")
    assert fault == "Probe probe.png: changed since the search."
    page = Page((tmp_path / "s.html").read_text(encoding="utf-8"))
    assert not page.all("img")


def test_every_picture_that_is_not_on_the_page_is_named(tmp_path: Path) -> None:
    result = leads(
        candidate(1, Subject("C-1"), str(photo(tmp_path / "a.png"))),
        candidate(2, Subject("C-2"), str(tmp_path / "gone.png")),
    )
    faults = write_sheet(tmp_path / "s.html", [tmp_path / "none.png"], [result], title="Leads")
    assert len(faults) == 2
    assert faults[0] == "Probe none.png: photo not found."
    assert faults[1].startswith("Subject C-2,")
