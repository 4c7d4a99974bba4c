"""The letters of a PDF: fonts that the package carries, and what they cannot write."""

from __future__ import annotations

import unicodedata
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Final

from matcher.words import visible

if TYPE_CHECKING:
    from fpdf import FPDF

FAMILY, DEVANAGARI = "sans", "devanagari"
_FILES: Final = {FAMILY: "NotoSans", DEVANAGARI: "NotoSansDevanagari"}
_JOINERS: Final = "\u200c\u200d"


def add_letters(pdf: FPDF) -> Letters:
    """Give a PDF the fonts of the package: Latin, Greek, Cyrillic and Devanagari.

    Letters are shaped, so that those of Devanagari join and change places as they must.
    """
    for family, name in _FILES.items():
        for style, weight in (("", "Regular"), ("B", "Bold")):
            font = files("matcher.casework.exports") / "fonts" / f"{name}-{weight}.ttf"
            with as_file(font) as file:
                pdf.add_font(family, style, file)
    pdf.set_fallback_fonts([DEVANAGARI])
    pdf.set_text_shaping(True)
    return Letters({sign for font in pdf.fonts.values() for sign in getattr(font, "cmap", ())})


class Letters:
    """Writes texts with the characters that the fonts have, and notes those that they lack.

    Parameters
    ----------
    known
        Code points that the fonts have.
    """

    def __init__(self, known: set[int]) -> None:
        self._known = known
        self.lacking: set[str] = set()

    def of(self, text: str) -> str:
        """Return a text in which each character that the fonts lack is its number, as [U+4E2D].

        Characters that cannot be seen are escapes, as `visible` writes them. Joiners stay between
        letters of Devanagari, where they choose the form of a letter.
        """
        whole = unicodedata.normalize("NFC", text)
        seen = visible(whole, keep=f"\n{_JOINERS}")
        return "".join(self._sign(seen, place) for place in range(len(seen)))

    def _sign(self, text: str, place: int) -> str:
        sign = text[place]
        if sign in _JOINERS and (place == 0 or not _is_devanagari(text[place - 1])):
            return visible(sign)
        if sign == "\n" or ord(sign) in self._known:
            return sign
        self.lacking.add(sign)
        return f"[U+{ord(sign):04X}]"


def _is_devanagari(sign: str) -> bool:
    return "\u0900" <= sign <= "\u097f"
