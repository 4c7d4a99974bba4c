"""Names that look alike, and may be one person's."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

_SHOWN = 10


def in_one_form(name: str) -> str:
    """Return a name in Unicode's form NFC, so that an accent is written in one way only."""
    return unicodedata.normalize("NFC", name)


def spelling_remarks(read_as: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Say which subjects were written in several ways, and which are almost the same.

    Parameters
    ----------
    read_as
        Each subject as it is written, and as it is read.
    """
    pairs = dict.fromkeys(read_as)
    return (
        *_shortened(
            f"The names {_listed(names)} differ only in how an accent or a space around them is "
            "written; they are read as one subject."
            for names in _alike((read, written) for written, read in pairs)
        ),
        *_shortened(
            f"The names {_listed(names)} differ only in capitals, spaces or signs that nobody "
            "sees; they are read as different subjects."
            for names in _alike((_sketch(read), read) for _, read in pairs)
        ),
    )


def _alike(keyed: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    """Give the names that share a key, where several do."""
    by_key: dict[str, dict[str, None]] = {}
    for key, name in keyed:
        by_key.setdefault(key, {})[name] = None
    return (list(names) for names in by_key.values() if len(names) > 1)


def _sketch(name: str) -> str:
    """Return what a hasty reader sees of a name: no capitals, no spaces, no unseen signs."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(
        sign for sign in plain if not sign.isspace() and unicodedata.category(sign) != "Cf"
    )


def _listed(names: list[str]) -> str:
    return " and ".join(repr(name) for name in names)


def _shortened(remarks: Iterable[str]) -> list[str]:
    found = list(remarks)
    more = len(found) - _SHOWN
    return found[:_SHOWN] + ([f"There are {more} more such groups of names."] if more > 0 else [])
