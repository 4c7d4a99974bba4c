"""Pages of A4 with text that can be selected: headings, paragraphs, tables, pictures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Final, cast

from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from matcher._version import __version__
from matcher.casework.exports.letters import FAMILY, add_letters

MARGIN: Final = 12.0
WIDTH: Final = 210 - 2 * MARGIN
BOTTOM: Final = 297 - 18.0
"""Margins of a page, the width between them, and where the text ends; in millimetres."""

Size = tuple[float, float]
"""Width and height in millimetres."""

_LINE: Final = 0.45
"""Height of a line in millimetres for each point of the letters."""

_TOGETHER: Final = 60.0
"""Height in millimetres up to which a text is not parted by the end of a page."""


class Pages(FPDF):
    """Pages that are filled from the top. All sizes are millimetres; those of letters are points.

    Parameters
    ----------
    title
        Title of the file.
    language
        Code of its language.
    made_at
        Time that the file states.
    """

    def __init__(self, title: str, language: str, made_at: datetime) -> None:
        super().__init__(format="A4")
        self.letters = add_letters(self)
        self._broken: dict[tuple[str, float, float, str], list[str]] = {}
        self.alias_nb_pages("")  # no text of a case stands for a number of pages
        self.set_auto_page_break(False)
        self.set_margin(MARGIN)
        self.set_title(self.letters.of(title))
        self.set_lang(language)
        self.set_producer(f"matcher {__version__}")
        self.set_creation_date(made_at)

    def heading(self, text: str, size: float) -> None:
        """Write a heading, and keep it with what follows."""
        self.room_for(size * _LINE + 12)
        self.y += size / 8
        self.paragraph(text, size, style="B")

    def paragraph(self, text: str, size: float = 9, style: str = "") -> None:
        """Write a text over the whole width."""
        self.block(text, MARGIN, WIDTH, size, style)

    def bullets(self, texts: Iterable[str], size: float = 8.5) -> None:
        """Write texts, each with a bullet."""
        for text in texts:
            height = len(self._lines(text, WIDTH - 4, size, "")) * size * _LINE
            self.room_for(height if height <= _TOGETHER else size * _LINE)
            self._line("•", MARGIN, 4, size, "")
            self.block(text, MARGIN + 4, WIDTH - 4, size)

    def rows(self, rows: Iterable[Sequence[str]], widths: Sequence[float], size: float) -> None:
        """Write rows of a table; the first cell of a row is its name."""
        for row in rows:
            cells = [
                self._lines(text, width - 3, size, "")
                for text, width in zip(row, widths, strict=True)
            ]
            height = max(map(len, cells)) * size * _LINE
            if height <= _TOGETHER:
                self.room_for(height)
                self._row(cells, widths, size)
            else:  # line by line, so that the row can go on on the next page
                for part in zip_longest(*cells, fillvalue=""):
                    self.room_for(size * _LINE)
                    self._row([[line] for line in part], widths, size)
            self.set_draw_color(190)
            self.line(MARGIN, self.y + 0.2, MARGIN + WIDTH, self.y + 0.2)
            self.y += 0.5

    def _row(self, cells: Sequence[Sequence[str]], widths: Sequence[float], size: float) -> None:
        """Write the lines of cells beside each other, one cell after the other."""
        left, top = MARGIN, self.y
        for lines, width in zip(cells, widths, strict=True):
            for number, line in enumerate(lines):
                self.y = top + number * size * _LINE
                self._line(line, left, width, size, "")
            left += width
        self.y = top + max(map(len, cells)) * size * _LINE

    def block(self, text: str, left: float, width: float, size: float, style: str = "") -> None:
        """Write a text in a column; a long one may go on on the next page."""
        lines = self._lines(text, width, size, style)
        if len(lines) * size * _LINE <= _TOGETHER:
            self.room_for(len(lines) * size * _LINE)
        for line in lines:
            self.room_for(size * _LINE)
            self._line(line, left, width, size, style)
            self.y += size * _LINE

    def picture(self, jpeg: bytes, left: float, top: float, size: Size, alt: str) -> None:
        """Put a picture at a place, in a size. The bytes of a JPEG are taken as they are."""
        self.image(io.BytesIO(jpeg), left, top, *size, alt_text=self.letters.of(alt))

    def room_for(self, height: float) -> None:
        """Begin a new page unless this one has room for so much."""
        if self.y + height > BOTTOM:
            self.add_page()

    def footers(self, left: str, right: Sequence[str]) -> None:
        """Write a line under each page, with its own text at the right."""
        for number, text in enumerate(right, start=1):
            self.page = number
            self.y = BOTTOM + 4
            self._line(left, MARGIN, WIDTH, 8, "B")
            self._letters_of("", 8)
            width = self.get_string_width(self.letters.of(text)) + 2
            self._line(text, MARGIN + WIDTH - width, width, 8, "")

    def _letters_of(self, style: str, size: float) -> None:
        """Choose letters anew: a text that was measured, or ended in others, left its own."""
        self.font_family = ""
        self.set_font(FAMILY, style, size)

    def _lines(self, text: str, width: float, size: float, style: str) -> list[str]:
        """Return a text broken into lines of a width; most texts stand on many pages."""
        key = (text, width, size, style)
        if key not in self._broken:
            self._broken[key] = self._broken_into_lines(*key)
        return self._broken[key]

    def _broken_into_lines(self, text: str, width: float, size: float, style: str) -> list[str]:
        self._letters_of(style, size)
        written = self.letters.of(text)
        if not written.strip():
            return []
        if "\n" not in written and self.get_string_width(written) < width - 2 * self.c_margin:
            return [written]
        found = self.multi_cell(
            width, size * _LINE, written, dry_run=True, output=MethodReturnValue.LINES, align="L"
        )
        return cast(list[str], found)

    def _line(self, text: str, left: float, width: float, size: float, style: str) -> None:
        """Write one line at the height of the page that is reached, which stays.

        A reader of the file takes the text from `ActualText`: shaped letters of Devanagari have
        other places than their characters.
        """
        self._letters_of(style, size)
        top = self.y
        written = self.letters.of(text)
        actual = written.encode("utf-16-be", "replace").hex().upper()
        self._out(f"/Span <</ActualText <FEFF{actual}>>> BDC")
        self.set_xy(left, top)
        self.cell(width, size * _LINE, written)
        self._out("EMC")
        self.y = top
