"""The site of the documentation: short pages, a complete reference, nothing left out."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import chromium
import pytest

from matcher import CaseContext, MatcherError

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FOLDERS = {"tutorials", "how-to", "explanation", "reference", "evidence", "design"}
MAY_BE_LONG = {"reference", "evidence", "design"}
MOST_WORDS = 900

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(ROOT / "tools")
    writing: ModuleType = importlib.import_module("write_reference")

PAGES = sorted(DOCS.rglob("*.md"))


def test_every_page_is_in_a_folder_that_says_what_for() -> None:
    assert {page.relative_to(DOCS).parts[0] for page in PAGES} == FOLDERS | {"index.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_that_is_read_from_top_to_bottom_is_short(page: Path) -> None:
    if page.relative_to(DOCS).parts[0] not in MAY_BE_LONG:
        text = re.sub(r"<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert len(text.split()) < MOST_WORDS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_has_one_title(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_stay_in_the_site(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).resolve().is_relative_to(DOCS), target


def test_the_reference_is_that_of_the_code() -> None:
    """Every public name has its entry, and every command and option."""
    made = writing.pages()
    written = {
        path.relative_to(DOCS / "reference"): path.read_text(encoding="utf-8")
        for folder in ("api", "commands")
        for path in (DOCS / "reference" / folder).glob("*.md")
    }
    assert written == made, "run tools/write_reference.py"


def test_every_public_name_is_in_the_reference() -> None:
    for door in writing.doors():
        page = (DOCS / "reference" / "api" / f"{door}.md").read_text(encoding="utf-8")
        for name in writing.names_of(door):
            shown = f"`{name}`" if door in writing.PACKAGES else f"::: {door}.{name}\n"
            assert shown in page, f"{door}.{name}"


def test_every_variable_of_the_environment_is_in_the_reference() -> None:
    sources = (path for name in ("matcher", "fairness") for path in (ROOT / name).rglob("*.py"))
    named = {
        name
        for path in sources
        for name in re.findall(r"\bMATCHER_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    named |= {f"MATCHER_{field.name.removesuffix('_id').upper()}" for field in fields(CaseContext)}
    page = (DOCS / "reference" / "environment.md").read_text(encoding="utf-8")
    assert named <= set(re.findall(r"`(MATCHER_[A-Z_]+)`", page))


def _kinds_of_error(kind: type[MatcherError] = MatcherError) -> Iterator[type[MatcherError]]:
    yield kind
    for smaller in kind.__subclasses__():
        yield from _kinds_of_error(smaller)


def test_every_code_of_an_error_is_explained() -> None:
    for door in writing.doors():
        importlib.import_module(door)
    page = (DOCS / "reference" / "error-codes.md").read_text(encoding="utf-8")
    for kind in _kinds_of_error():
        if kind.__module__.startswith("matcher"):
            assert f"| `{kind.code}` |" in page, kind


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built without a warning; a page that is not in the navigation is one."""
    for package in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_an_entry_for_every_public_name(site: Path) -> None:
    for door in writing.doors():
        page = (site / "reference" / "api" / f"{door}.html").read_text(encoding="utf-8")
        for name in writing.names_of(door) if door not in writing.PACKAGES else ():
            assert f'id="{door}.{name}"' in page, name


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """The site on a free port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_reading_the_site_fetches_nothing_from_elsewhere_and_the_search_finds(address: str) -> None:
    with chromium.started() as browser, chromium.opened(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for name in ("reference/commands/index.html", "how-to/remove-a-found-child.html"):
            page.goto(address + name)
        page.keyboard.press("s")
        page.keyboard.type("a child was found")
        page.wait_for_selector(".md-search-result__item a[href*='remove-a-found-child']")
        assert asked
        assert all(one.startswith((address, "data:", "blob:")) for one in asked), asked
