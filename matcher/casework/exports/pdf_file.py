"""A lead report as a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from matcher.casework.exports.lead_wording import ShownLead
from matcher.casework.exports.photo_wording import ShownPhoto
from matcher.casework.exports.wording import ShownSearch, Wording
from matcher.errors import MissingExtraError

if TYPE_CHECKING:
    from matcher.casework.exports.pdf_pages import Pages, Size

FACE: Final = 88.0
"""Side of the picture of a face, in millimetres."""

_GAP: Final = 10.0
_WHOLE: Final = (36.0, 34.0)  # most width and height of the picture of a whole photo
_FACTS: Final = (62.0, 124.0)
_BOTH: Final = (58.0, 64.0, 64.0)
"""Widths of the columns of tables, in millimetres; each row fills the page."""


def pdf_file(report: Wording, made_at: datetime | None) -> tuple[bytes, tuple[str, ...]]:
    """Return a report as a PDF, and a sentence if its letters lack characters.

    The file states its title, its language, the time, and this program. It states no user, no
    machine and no path.

    Raises
    ------
    MissingExtraError
        The packages that write it are not installed.
    """
    words = report.words
    pages = _pages(words("report.title"), words.language, made_at or datetime.now(UTC))
    _first_page(pages, report)
    for search in report.searches:
        _search(pages, search)
        for lead in search.leads:
            _lead(pages, lead, report)
    faults = _lacking(pages, report)
    total = len(pages.pages)
    of = [words("report.page", page=page, pages=total) for page in range(1, total + 1)]
    pages.footers(words("report.caution"), of)
    return bytes(pages.output()), faults


def _pages(title: str, language: str, made_at: datetime) -> Pages:
    try:
        import uharfbuzz  # noqa: F401 - shapes letters; looked for before pages are begun

        from matcher.casework.exports.pdf_pages import Pages
    except ImportError as error:
        raise MissingExtraError(
            "a PDF",
            rule="needs the packages fpdf2 and uharfbuzz",
            got="an environment without them",
            next_step='Write HTML, or run: pip install "fpdf2>=2.8.9,<3" "uharfbuzz>=0.50"',
        ) from error
    return Pages(title, language, made_at)


def _first_page(pages: Pages, report: Wording) -> None:
    words = report.words
    pages.add_page()
    pages.heading(words("report.title"), 18)
    pages.paragraph(words("report.caution"), 12, "B")
    pages.heading(words("case.title"), 12)
    pages.rows(report.case, _FACTS, 9)
    for note in filter(None, (report.case_note, report.left_out)):
        pages.paragraph(note)
    pages.heading(words("report.reading"), 12)
    pages.bullets(report.reading)


def _search(pages: Pages, search: ShownSearch) -> None:
    pages.heading(search.title, 12)
    pages.rows(search.facts, _FACTS, 8)
    pages.bullets(search.notes)
    if not search.leads:
        pages.add_page()
        _side_by_side(pages, (search.probe,))
        pages.rows(search.probe.facts, _FACTS, 8)


def _lead(pages: Pages, lead: ShownLead, report: Wording) -> None:
    words = report.words
    pages.add_page()
    pages.heading(lead.title, 14)
    pages.paragraph(lead.under, 8)
    _side_by_side(pages, (lead.probe, lead.candidate))
    pages.heading(words("lead.notes"), 10)
    pages.bullets(lead.notes, 8)
    pages.heading(words("lead.both"), 10)
    pages.rows([("", lead.probe.role, lead.candidate.role), *lead.rows], _BOTH, 7.5)
    pages.heading(words("lead.subject"), 10)
    pages.rows(lead.subject, _FACTS, 8)
    pages.heading(words("lead.list"), 10)
    pages.paragraph(words("report.order_meaning"), 8)
    pages.rows(lead.place, _FACTS, 8)
    pages.heading(words("lead.reviews"), 10)
    pages.bullets(lead.reviews, 8)


def _side_by_side(pages: Pages, photos: Sequence[ShownPhoto]) -> None:
    """Put the faces beside each other at one height, and under each what was done to it."""
    from matcher.casework.exports.pdf_pages import MARGIN

    columns = [(photo, MARGIN + number * (FACE + _GAP)) for number, photo in enumerate(photos)]
    top = pages.y + 1
    for photo, left in columns:
        pages.y = top
        pages.block(photo.role, left, FACE, 10, "B")
    top = pages.y + 1
    ends = [_column(pages, photo, left, top) for photo, left in columns]
    pages.y = max(ends)


def _column(pages: Pages, photo: ShownPhoto, left: float, top: float) -> float:
    """Put one face, the whole photo and what was done under each other; return where they end."""
    pages.y = top
    if photo.pictures is None:
        pages.set_draw_color(0)
        pages.rect(left, top, FACE, FACE)
        pages.y = top + FACE / 2
        pages.block(photo.missing, left + 5, FACE - 10, 9)
        return top + FACE + 2
    pages.picture(photo.pictures.face, left, top, (FACE, FACE), photo.alt)
    below = top + FACE + 2
    width, height = size = _within(_WHOLE, photo.pictures.whole_size)
    pages.picture(photo.pictures.whole, left, below, size, photo.alt_whole)
    pages.y = below
    for line in photo.said:
        pages.block(line, left + width + 2, FACE - width - 2, 7.5)
    return max(below + height, pages.y) + 1


def _within(room: Size, pixels: tuple[int, int]) -> Size:
    """Return the largest size of a picture that fits."""
    scale = min(room[0] / pixels[0], room[1] / pixels[1])
    return scale * pixels[0], scale * pixels[1]


def _lacking(pages: Pages, report: Wording) -> tuple[str, ...]:
    """Say on the last page, and to the caller, which characters the letters lack."""
    if not pages.letters.lacking:
        return ()
    signs = " ".join(f"U+{ord(sign):04X}" for sign in sorted(pages.letters.lacking))
    pages.paragraph(report.words("report.glyphs", signs=signs), 8)
    return (f"The PDF has no letters for {signs}; they are written as numbers.",)
