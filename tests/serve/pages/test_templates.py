"""What holds of every page, whatever the texts on it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import shown_pages
from hypothesis import given
from hypothesis import strategies as st

import matcher.serve
from matcher.search.lead_sheet.environment import page_environment
from matcher.words import visible

ROOT = Path(matcher.serve.__file__).parent
TEMPLATES = page_environment("matcher.serve")
HOSTILE = "</p><script>x</script>\"'><b onload=x style=x>&amp;\u202e\x1b{{ 7*7 }}"
EXAMPLES = shown_pages.pages(HOSTILE)
FRAGMENTS = {"page.html", "parts.html", "progress.html", "compare.html", "opinion.html"}
_FORBIDDEN = re.compile(r"\b(match(?!es\. Two|er\b)|confiden|solved|fair\b|identif(?!ies a))", re.I)


class Markup(HTMLParser):
    """The elements and words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.typed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text; what stands in a field is there as it was typed."""
        inside = self.elements[-1][0] if self.elements else ""
        (self.typed if inside == "textarea" and data.strip() else self.words).append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of some kinds."""
        return [facts for tag, facts in self.elements if tag in tags]


def rendered(path: str, text: str = HOSTILE) -> str:
    name, values = shown_pages.pages(text)[path]
    return TEMPLATES.get_template(name).render(**values)


def test_every_template_is_an_example() -> None:
    names = {path.name for path in (ROOT / "templates").iterdir()}
    assert names - FRAGMENTS == {name for name, _ in EXAMPLES.values()}


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_text_of_a_case_file_makes_no_element(path: str) -> None:
    """The same elements stand on the page whether texts are plain or look like markup."""
    plain, hostile = Markup(rendered(path, "plain")), Markup(rendered(path))
    assert [tag for tag, _ in plain.elements] == [tag for tag, _ in hostile.elements]
    assert [sorted(facts) for _, facts in plain.elements] == [
        sorted(facts) for _, facts in hostile.elements
    ]


@pytest.mark.parametrize("path", EXAMPLES)
def test_no_sign_without_a_look_of_its_own_is_shown(path: str) -> None:
    """A mark of direction in a name cannot turn the words around it."""
    markup = Markup(rendered(path))
    values = [
        text
        for tag, facts in markup.elements
        for name, text in facts.items()
        if (tag, name) not in (("input", "value"), ("option", "value"))
    ]
    for text in filter(None, [*markup.words, *values]):
        assert visible(text, "\n") == text


@pytest.mark.parametrize("path", EXAMPLES)
def test_pages_need_nothing_inline_and_nothing_from_elsewhere(path: str) -> None:
    markup = Markup(rendered(path))
    for tag, facts in markup.elements:
        assert tag != "style"
        assert "style" not in facts
        assert not [name for name in facts if name.startswith("on")]
    assert all((facts.get("src") or "").startswith("/static/") for facts in markup.all("script"))
    for facts in markup.all("a", "link", "img", "image", "form", "button"):
        for name in ("href", "src", "action", "formaction"):
            assert re.match(r"/(?!/)|#|$", facts.get(name) or ""), facts


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_form_that_changes_something_has_the_token(path: str) -> None:
    inside, forms = None, []
    for tag, facts in Markup(rendered(path)).elements:
        if tag == "form" and facts.get("method") == "post":
            inside = {"token": False}
            forms.append(inside)
        if tag == "input" and facts.get("name") == "csrf" and inside is not None:
            inside["token"] = facts["value"] == "token"
    assert all(form["token"] for form in forms), forms


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_field_has_a_label_and_every_name_stands_once(path: str) -> None:
    markup = Markup(rendered(path))
    ids = [str(facts["id"]) for _, facts in markup.elements if "id" in facts]
    assert len(ids) == len(set(ids))
    labelled = {facts.get("for") for facts in markup.all("label")}
    for facts in markup.all("input", "select", "textarea"):
        if facts.get("type") != "hidden" and not (facts.get("name") or "").startswith("mark-"):
            assert facts["id"] in labelled
    for facts in markup.all("input", "section", "article", "div"):
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((facts.get(name) or "").split()) <= set(ids)


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_browser_is_asked_to_keep_and_to_send_nothing(path: str) -> None:
    """Titles stand in its history. Checks of spelling and translations may ask a server."""
    text = rendered(path)
    markup = Markup(text)
    title = text[text.index("<title>") : text.index("</title>")]
    assert "{{ 7*7 }}" not in title
    assert markup.all("html")[0]["translate"] == "no"
    for facts in markup.all("input", "textarea"):
        if facts.get("type", "text") in ("text", "number", "date", "password"):
            assert facts["autocomplete"]
            assert facts["spellcheck"] == "false"


@pytest.mark.parametrize("path", EXAMPLES)
def test_headings_go_down_one_step_at_a_time(path: str) -> None:
    levels = [int(tag[1]) for tag, _ in Markup(rendered(path)).elements if re.match(r"h\d$", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", EXAMPLES)
def test_pages_speak_of_leads_and_never_of_matches(path: str) -> None:
    said = " ".join(Markup(rendered(path, "plain")).words)
    assert not _FORBIDDEN.findall(said.replace("· matcher", "").replace("matcher", ""))
    assert "Leads, not matches. Two people review each." in said


def test_score_and_rank_are_absent_until_the_opinion_is_written() -> None:
    name, values = EXAMPLES["/lead"]
    before = Markup(TEMPLATES.get_template(name).render(**values))
    after = Markup(rendered("/lead/after", "plain"))
    assert "Figures" not in " ".join(before.words)
    assert "Figures" in " ".join(after.words)
    shown = " ".join(Markup(rendered("/leads", "plain")).words)
    assert shown.count("Score ") == 1


@given(st.text(min_size=1).filter(lambda text: "\r" not in text and "\0" not in text))
def test_any_text_keeps_the_page_of_a_lead_whole(text: str) -> None:
    plain = Markup(rendered("/lead/after", "plain"))
    assert [tag for tag, _ in Markup(rendered("/lead/after", text)).elements] == [
        tag for tag, _ in plain.elements
    ]
