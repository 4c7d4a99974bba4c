"""Compare names of people, places, labels and files as a reader would: in one form of Unicode."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path


def one_form(name: str) -> str:
    """Return a name in the form in which names are compared.

    An accented letter can be written as one character or as a letter with a mark, and systems
    differ in which one they type. Both look the same. The form is NFC (Unicode Standard Annex 15).
    """
    return unicodedata.normalize("NFC", name)


def controls(text: str) -> str:
    r"""Return the first control character of a text as `\x00` shows it; empty if there is none.

    No name of a person or a thing has one. SQLite ends a text at a NUL, so that a name with one is
    stored, and never found again.
    """
    if text.isprintable():
        return ""
    return next((ascii(sign)[1:-1] for sign in text if unicodedata.category(sign) == "Cc"), "")


def forms(name: str) -> frozenset[str]:
    """Return the forms in which a name may be written, itself among them: composed, decomposed."""
    return frozenset({name, one_form(name), unicodedata.normalize("NFD", name)})


def told_apart(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the name of each file, with as many of its folders as tell it from the other files.

    Parameters
    ----------
    paths
        Paths of files, in any order. The same path may stand there several times.

    Returns
    -------
    tuple of str
        One for each path, in order: `front.jpg`; or `q1/front.jpg`, if `q2/front.jpg` is there too.
    """
    names: dict[Path, str] = {}
    depth = 1
    while pending := {path for path in paths if path not in names}:
        tails = {path: str(Path(*path.parts[-depth:])) for path in pending}
        alike = Counter(map(one_form, tails.values()))
        names |= {
            path: tail
            for path, tail in tails.items()
            if alike[one_form(tail)] == 1 or depth >= len(path.parts)
        }
        depth += 1
    return tuple(names[path] for path in paths)
