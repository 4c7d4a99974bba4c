"""Texts in a CSV file that a spreadsheet opens."""

from __future__ import annotations

import re
from typing import Final

_BLANK: Final = (
    r" \x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u1680\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u3000\ufeff"
)
"""Blanks, and characters that cannot be seen; without those at which a cell may be split."""

_SIGN: Final = (
    "[=+\\-@\u207a\u207c\u208a\u208c\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]"
)
"""The signs that begin a formula, and the forms that Unicode takes for the same (NFKC)."""

_AT_START: Final = re.compile(rf"[\t\r\n]|[{_BLANK}\t\r\n]*{_SIGN}")
_INSIDE: Final = re.compile(rf'(?<=[;\t\r\n])(?=[{_BLANK}"]*{_SIGN})')


def guarded(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula: an apostrophe stands before the sign.

    A sign begins a formula also after blanks, and in its full-width form. A program that splits
    cells at other places, as many languages do at a semicolon, meets the sign in the middle of a
    text; so an apostrophe stands there too.
    """
    inside = _INSIDE.sub("'", text)
    return f"'{inside}" if _AT_START.match(text) else inside
