"""Compare names of people, places and labels as a reader would: in one form of Unicode."""

from __future__ import annotations

import unicodedata


def one_form(name: str) -> str:
    """Return a name in the form in which names are compared.

    An accented letter can be written as one character or as a letter with a mark, and systems
    differ in which one they type. Both look the same. The form is NFC (Unicode Standard Annex 15).
    """
    return unicodedata.normalize("NFC", name)


def forms(name: str) -> frozenset[str]:
    """Return the forms in which a name may be written, itself among them: composed, decomposed."""
    return frozenset({name, one_form(name), unicodedata.normalize("NFD", name)})
