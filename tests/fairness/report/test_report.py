"""The report as a page and as a folder: complete, safe, the same each time, in plain words."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from made_report import made_report, small_report

import fairness.report.writer as folder_module
from fairness.errors import AuditError
from fairness.rates import clustered_rate
from fairness.report.audit_report import AuditReport
from fairness.report.summary import summarise
from fairness.report.wording import rate_title
from fairness.tables import Column, Curves, Table, audit_table, rate_row

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """Elements and texts of a page; complains of tags that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.elements if name == tag]


@pytest.fixture(scope="module")
def html() -> str:
    return made_report().to_html()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def bare(**more: Any) -> AuditReport:
    return replace(AuditReport("Empty", {}, 0.5, ()), **more)


def test_the_page_loads_nothing_and_runs_nothing(page: Page, html: str) -> None:
    assert page.all("script") == page.all("link") == page.all("iframe") == []
    assert not re.search(r"https?://|@import|url\(|javascript:", html)
    assert all(
        (image["src"] or "").startswith("data:image/svg+xml;base64,") for image in page.all("img")
    )
    assert not [
        name for _, attributes, _ in page.elements for name in attributes if name[:2] == "on"
    ]


def test_the_page_can_be_read_without_seeing_it(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert all(len(image["alt"] or "") > 20 for image in page.all("img"))
    assert len(page.all("caption")) == len(page.all("table"))
    headers = page.all("th")
    assert {header.get("scope") for header in headers} == {"row", "col"}
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_anchors_are_unique_and_links_arrive(page: Page) -> None:
    anchors = Counter(a["id"] for _, a, _ in page.elements if "id" in a)
    assert set(anchors.values()) == {1}
    assert all(re.fullmatch(r"\S+", anchor or "") for anchor in anchors)
    assert {(link["href"] or "")[1:] for link in page.all("a")} <= set(anchors)
    labelled = {a["aria-labelledby"] for _, a, _ in page.elements if "aria-labelledby" in a}
    assert labelled <= set(anchors)


def test_the_heads_of_tables_repeat_and_nothing_is_cut_in_print(html: str) -> None:
    printed = html.split("@media print", 1)[1]
    for rule in ("table-header-group", "size: A4", "break-inside: avoid", "overflow: visible"):
        assert rule in printed


def test_all_tables_and_plots_have_their_place(page: Page) -> None:
    by_metric = {"rates", "age_gap", "open_set", "gallery", "differentials"}
    for table in made_report().tables:
        metrics = map(rate_title, map(str, table.values("metric") if table.has("metric") else ()))
        for title in metrics if table.name in by_metric else [table.title]:
            assert title in page.text, table.name
    assert len(page.all("img")) == 15


@pytest.mark.parametrize(
    "word", ["unbiased", "fair ", "fairly", "solved", "is_match", "conforms", "compliant", "proves"]
)
def test_the_page_promises_nothing(page: Page, word: str) -> None:
    assert word not in page.text.lower()


def test_match_and_confidence_are_no_verdicts(page: Page) -> None:
    around = re.findall(r"(\w+)[ -]match(\w*)(?: (\w+))?", page.text.lower())
    assert {(a, c) for a, b, c in around if b == ""} <= {("false", "rate"), ("non", "rate")}
    assert not re.search(r"confidence (of )?\d", page.text.lower())


def test_labels_of_users_are_text_and_no_markup() -> None:
    hostile = "<script>alert(1)</script>"
    report = made_report(groups=(hostile, '" onload="x', "a & b"))
    report = replace(
        report, title=hostile, card={hostile: hostile}, caveats=(hostile,), curves=Curves()
    )
    text = report.to_html()
    page = Page(text)
    assert page.all("script") == []
    assert "<script>" not in text
    assert page.texts.count(hostile) >= 5
    assert not [
        name for _, attributes, _ in page.elements for name in attributes if name[:2] == "on"
    ]


def test_a_report_of_nothing_leaves_its_chapters_out() -> None:
    text = Page(bare().to_html()).text
    assert "No groups were compared." in text
    for absent in ("Who is in the cohort", "By age", "Caveats", "Declared bounds", "baseline"):
        assert absent not in text
    assert "Glossary" in text
    assert "Signature" in text


def test_a_table_that_the_catalogue_does_not_know_comes_at_the_end() -> None:
    own = Table("latency", "Seconds a photo", (Column("s", "Seconds", "number"),), ({"s": 0.25},))
    text = Page(bare(tables=(own,)).to_html()).text
    assert "Seconds a photo" in text
    assert "0.25" in text


def test_an_empty_table_has_no_chapter() -> None:
    report = bare(tables=(audit_table("kin", []), audit_table("rates", [])))
    assert not report.has("kin")
    assert "Relatives" not in Page(report.to_html()).text


def test_a_group_of_nine_leaves_no_count_on_the_page() -> None:
    rate = clustered_rate([733] * 9, [911] * 9)
    rows = [rate_row(rate, factor="sex", group=group, metric="FNMR") for group in ("f", "m")]
    text = bare(tables=(audit_table("rates", rows),)).to_html()
    assert "not shown" in text
    assert not re.search(r"\b(733|911|6597|6,597|8199|8,199)\b", text)


def test_the_summary_counts_what_became_of_the_bounds() -> None:
    outcome = summarise(made_report()).outcome
    assert outcome == "Of 3 declared bounds: 1 fail, 1 inconclusive, 1 pass."
    assert summarise(bare()).outcome == ""


def test_the_folder_has_the_page_tables_plots_and_a_record(tmp_path: Path) -> None:
    small_report().write(tmp_path / "deep" / "audit")
    found = {
        path.relative_to(tmp_path / "deep/audit").as_posix()
        for path in (tmp_path / "deep/audit").rglob("*")
        if path.is_file()
    }
    tables = {f"tables/{n}.{e}" for n in ("rates", "cross", "acceptance") for e in ("csv", "json")}
    plots = {
        f"plots/{n}.{e}" for n in ("forest_sex_FMR", "det_sex", "cross_sex") for e in ("png", "svg")
    }
    assert found == {"report.html", "run.json"} | tables | plots
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["audit"]


def test_the_record_has_the_hash_of_every_file(tmp_path: Path) -> None:
    report = small_report()
    report.write(tmp_path / "audit")
    record = json.loads((tmp_path / "audit/run.json").read_text())
    assert record["digest"] == report.digest
    assert report.digest in (tmp_path / "audit/report.html").read_text()
    assert record["facts"] == {"seed": 20}
    for name, digest in record["files"].items():
        assert hashlib.sha256((tmp_path / "audit" / name).read_bytes()).hexdigest() == digest
    assert (tmp_path / "audit/plots/det_sex.png").read_bytes()[:4] == b"\x89PNG"


def test_the_same_report_has_the_same_bytes_wherever_it_is_written(tmp_path: Path) -> None:
    small_report().write(tmp_path / "one")
    small_report().write(tmp_path / "elsewhere" / "two")
    first = contents(tmp_path / "one")
    assert first == contents(tmp_path / "elsewhere" / "two")
    assert not [name for name, data in first.items() if str(tmp_path).encode() in data]


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_another_number_is_another_digest() -> None:
    report = small_report()
    assert replace(report, threshold=0.613).digest != report.digest
    assert replace(report, card={**report.card, "Seed": "21"}).digest != report.digest
    assert replace(report).digest == report.digest


def test_an_earlier_report_is_replaced_whole(tmp_path: Path) -> None:
    small_report().write(tmp_path / "audit")
    bare().write(tmp_path / "audit")
    assert set(contents(tmp_path / "audit")) == {"report.html", "run.json"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    bare().write(tmp_path / "audit")
    assert (tmp_path / "audit/report.html").exists()


@pytest.mark.parametrize("name", ["notes.txt", "run.json", "tables/mine.csv"])
def test_what_is_no_report_is_left_alone(tmp_path: Path, name: str) -> None:
    target = tmp_path / "audit" / name
    target.parent.mkdir(parents=True)
    target.write_text("{}")
    with pytest.raises(AuditError, match="no report"):
        bare().write(tmp_path / "audit")
    assert contents(tmp_path / "audit") == {name: b"{}"}


def test_notes_of_a_reader_are_not_lost(tmp_path: Path) -> None:
    bare().write(tmp_path / "audit")
    (tmp_path / "audit/notes.txt").write_text("signed")
    with pytest.raises(AuditError, match=r"'notes\.txt' was added"):
        bare().write(tmp_path / "audit")
    assert (tmp_path / "audit/notes.txt").read_text() == "signed"


def test_a_file_or_a_link_in_the_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    bare().write(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("file", "link"):
        with pytest.raises(AuditError, match="a file or a link"):
            bare().write(tmp_path / name)


def test_a_report_that_fails_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare().write(tmp_path / "audit")
    before = contents(tmp_path / "audit")

    def fail(*_: object) -> bytes:
        raise OSError("disk full")

    monkeypatch.setattr(folder_module, "_record", fail)
    with pytest.raises(OSError, match="disk full"):
        bare(title="Other").write(tmp_path / "audit")
    assert contents(tmp_path / "audit") == before
    assert [path.name for path in tmp_path.iterdir()] == ["audit"]


def test_tables_are_found_by_name() -> None:
    report = small_report()
    assert report.table("rates").name == "rates"
    assert list(report.frame("rates")["group"]) == ["all", "female", "male"]
    with pytest.raises(KeyError, match="no table 'rate'"):
        report.table("rate")


def test_tables_have_names_of_their_own() -> None:
    with pytest.raises(ValueError, match="names of their own"):
        bare(tables=(audit_table("kin", []), audit_table("kin", [])))


def test_the_card_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        small_report().card["Model"] = "x"  # type: ignore[index]
