"""The page of a whole audit: grammar, captions that exist, landmarks, folding, phone and paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from audited import AGES, NAMES, TWO, Made, Person

from fairness import AuditReport, Bound
from fairness.report.figures import Picture, draw_all
from fairness.report.html_page import render
from fairness.report.wording import group_title
from fairness.tables import OVERALL, audit_table

REPORTS = {"two": TWO, "ages": AGES, "names": NAMES}
THINGS = "groups rates photos subjects people comparisons searches bounds rows errors files pairs"


class Page(HTMLParser):
    """Captions, alternative texts, attributes of elements, and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.captions: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.texts.append(data)
        if self._inside[-1:] == ["caption"]:
            self.captions.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@cache
def audited(name: str) -> AuditReport:
    return REPORTS[name].audit()


@pytest.fixture(scope="module", params=REPORTS)
def report(request: pytest.FixtureRequest) -> AuditReport:
    return audited(request.param)


@pytest.fixture(scope="module")
def pictures(report: AuditReport) -> tuple[Picture, ...]:
    return draw_all(report)


@pytest.fixture(scope="module")
def html(report: AuditReport, pictures: tuple[Picture, ...]) -> str:
    return render(report, pictures)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def wrong_counts(text: str) -> list[str]:
    """Return what no writer would write: "59.2 % comparisons", "1 more groups"."""
    nouns = "|".join(THINGS.split())
    one = rf"(?<![\d.,])(?<!in )1 (?:[a-z]+ )?(?:{nouns})\b(?! with)"
    return re.findall(rf"% (?:{nouns})\b|{one}", text)


def test_counts_and_shares_agree_with_their_nouns(page: Page) -> None:
    alts = " ".join(image["alt"] or "" for image in page.all("img"))
    assert wrong_counts(f"{page.text} {alts}") == []


def test_most_comparisons_missed_are_a_share_of_the_comparisons() -> None:
    report = Made({"female": Person(60, 2.5), "male": Person(60, 2.5)}).audit()
    missed = report.table("rates").where(group=OVERALL, metric="FNMR")[0]["estimate"]
    assert isinstance(missed, float)
    assert missed > 0.5
    assert wrong_counts(Page(render(report, ())).text) == []


@pytest.mark.parametrize("people", [1, 2])
def test_one_of_a_kind_is_in_the_singular(people: int) -> None:
    groups = {f"g{place}": Person(80, 1.5) for place in range(people)}
    report = Made(groups | {"few": Person(14)}, factor="origin").audit(
        bounds=[Bound("b", "rates", {"group": ("g0",), "metric": ("FNMR",)}, 0.9)]
    )
    text = Page(render(report, ())).text
    assert "Of 1 declared bound: " in text
    assert wrong_counts(text) == []


def test_an_alternative_text_names_a_table_of_the_page_or_says_the_values(page: Page) -> None:
    for image in page.all("img"):
        alt = image["alt"] or ""
        named = re.findall(r"“(.+?)”", alt)
        assert set(named) <= set(page.captions), alt
        assert named or re.search(r"\d", alt), alt


def test_without_the_table_an_alternative_text_says_the_values() -> None:
    report = audited("two")
    left = tuple(t for t in report.tables if t.name not in ("shift", "discard", "open_set"))
    for picture in draw_all(replace(report, tables=left)):
        if picture.kind in ("scores", "discard", "cmc", "det"):
            assert "table" not in picture.alt
            assert re.search(r"female: .*\d", picture.alt), picture.alt


KINDS = {
    "det": ("rates", {"metric": "FNMR"}, ("ok", "limited")),
    "cmc": ("open_set", {"metric": "FNIR_ranks", "rank": 1}, ("ok", "limited")),
    "discard": ("discard", {"discarded": 0.0}, ("ok", "limited")),
    "scores": ("rates", {"metric": "FNMR"}, ("ok", "limited", "bound_only")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_curve_is_of_a_group_that_the_tables_rate_and_the_caption_names_the_others(
    report: AuditReport, pictures: tuple[Picture, ...], kind: str
) -> None:
    table, keys, enough = KINDS[kind]
    for picture in pictures:
        if picture.kind != kind:
            continue
        rows = report.table(table).where(factor=picture.key[0], **keys)
        rows = [row for row in rows if row["group"] != OVERALL]
        rated = [row for row in rows if row["status"] in enough]
        curves = picture.figure.axes[0].get_legend_handles_labels()[1]
        assert 1 <= len(curves) <= len(rated)
        said = picture.caption.partition("Not drawn: ")[2]
        assert said.count("(") >= len(rows) - len(rated)


def test_a_curve_of_ranks_ends_where_five_misses_are_left(report: AuditReport) -> None:
    for curve in report.curves.cmc:
        assert round((1 - curve.hit_rate[-1]) * curve.subjects) >= 5


def test_some_group_is_left_out_of_the_trade_off() -> None:
    report = audited("ages")
    caption = next(p.caption for p in draw_all(report) if p.kind == "det")
    assert "50 to under 65 (not enough data)" in caption
    assert any(curve.group == "50 to under 65" for curve in report.curves.scores)


def test_the_interval_of_a_ratio_is_no_test(page: Page) -> None:
    assert "95 % interval, no test" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Largest ÷ smallest (never under 1)" in page.text
    assert re.search(r"The table “(Tests of equal rates: .+?)” says which", page.text)


def test_without_tests_the_page_says_that_there_are_none() -> None:
    report = audited("two")
    left = tuple(table for table in report.tables if table.name != "tests")
    assert "This audit has no test of these" in Page(render(replace(report, tables=left), ())).text


def test_a_remark_of_many_rows_is_written_once(page: Page, report: AuditReport) -> None:
    table = report.table("differentials")
    for remark in filter(None, table.values("flag")):
        assert page.text.count(f": {group_title(str(remark))}.") <= len(table.values("metric"))


def test_landmarks_have_names_of_their_own(page: Page) -> None:
    sections = [a["aria-labelledby"] for a in page.all("section")] + [
        a["aria-label"] for a in page.all("nav")
    ]
    assert max(Counter(sections).values()) == 1
    headings = {a["id"]: None for a in page.all("h2") if "id" in a}
    assert len(headings) == len(page.all("section"))
    assert not [a for _, a in page.elements if a.get("role") == "region"]


def test_factors_that_read_alike_have_chapters_of_their_own() -> None:
    rows = audited("two").table("rates").rows
    factors = ("a b", "a_b", "a*b", "a/b", "a-b-title")
    again = audit_table("rates", [row | {"factor": factor} for factor in factors for row in rows])
    text = render(replace(audited("two"), tables=(again,)), ())
    page = Page(text)
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    titles = re.findall(r'<h2 id="title:by[^>]*>(.*?)</h2>', text)
    assert len(set(titles)) == len(titles) == len(factors)


def test_a_table_of_another_name_does_not_take_the_anchor_of_a_part() -> None:
    report = audited("two")
    own = tuple(
        replace(report.table("tests"), name=name) for name in ("card", "summary", "glossary")
    )
    page = Page(render(replace(report, tables=(*report.tables, *own)), ()))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(ids)) == len(ids)


def test_links_and_folds_are_large_enough_to_touch(html: str) -> None:
    rule = re.search(r"nav a, summary \{[^}]*min-height: ([\d.]+)rem", html)
    assert rule
    assert 16 * float(rule[1]) >= 24  # px, WCAG 2.2, success criterion 2.5.8


def test_long_tables_are_folded_and_print_whole(html: str) -> None:
    for table in re.findall(r"<table.*?</table>", html, re.DOTALL):
        rows = table.partition("<tbody>")[2].count("<tr")
        caption = re.search(r"<caption[^>]*>(.*?)</caption>", table)
        assert caption
        folded = f"{caption[1]}: {rows} rows</summary>"
        assert (folded in html) == (rows > 12 and "card" not in table[:30]), caption[1]
    assert "details::details-content" in html.split("@media print", 1)[1]


def test_a_wide_table_says_that_it_goes_on(html: str) -> None:
    for block in re.findall(
        r'<div class="scroll" role="group"[^>]*>\s*<table.*?</table>', html, re.S
    ):
        columns = block.partition("</thead>")[0].count("<th ")
        sign = f"{columns} columns: swipe the table sideways"
        before = html[: html.index(block)][-200:]
        assert (sign in before) == (columns > 3)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NO_BROWSER = "needs Chromium, to print the page"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)
@pytest.mark.parametrize(("name", "most"), [("two", 12), ("ages", 20), ("names", 20)])
def test_pages_on_paper(tmp_path: Path, name: str, most: int) -> None:
    (tmp_path / "page.html").write_text(REPORTS[name].audit().to_html(), encoding="utf-8")
    paper = tmp_path / "page.pdf"
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
    where = (f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={paper}")
    assert CHROMIUM
    command = [CHROMIUM, *options, *where, (tmp_path / "page.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    pages = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
    assert 2 <= pages <= most
