"""A lead report as one self-contained HTML page."""

from __future__ import annotations

import base64
import json
from typing import Final

from markupsafe import Markup

from matcher.casework.exports.photos import FACE_SIDE
from matcher.casework.exports.wording import Wording
from matcher.search.lead_sheet.environment import page_environment

_PAGE, _PAGES = "\ue000", "\ue001"  # private characters, which no message holds


def html_page(report: Wording) -> bytes:
    """Return a report as an HTML page in UTF-8; it loads nothing and runs nothing."""
    words = report.words
    environment = page_environment("matcher.casework.exports", "matcher.search.lead_sheet")
    environment.filters["base64"] = _base64
    environment.filters["css"] = _css
    environment.filters["css_page"] = _css_page
    page = environment.get_template("lead_report.html").render(
        language=words.language,
        title=words("report.title"),
        words=words,
        report=report,
        side_px=FACE_SIDE,
        page_of=words("report.page", page=_PAGE, pages=_PAGES),
    )
    # A name of a file may hold bytes that are no text; they are shown as numbers.
    return page.encode("utf-8", "backslashreplace")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _css(text: str) -> Markup:
    """Return a message as a string of CSS. Messages are the program's own texts."""
    return Markup(json.dumps(text, ensure_ascii=False))  # noqa: S704 - no text of a case


def _css_page(text: str) -> Markup:
    """Return the message of the page number with counters of CSS in place of its numbers."""
    quoted = json.dumps(text, ensure_ascii=False)
    counters: Final = {_PAGE: '" counter(page) "', _PAGES: '" counter(pages) "'}
    for sign, counter in counters.items():
        quoted = quoted.replace(sign, counter)
    return Markup(quoted)  # noqa: S704 - no text of a case
