"""Find numbers that somebody typed into a page, and that no file of results holds.

    python tools/typed_numbers.py [PAGE ...]

A number in the text of a page is one of these, or it is listed here:

- it stands in code, in a link's target, in the name of a standard, or between the marks of
  `tools/render_results.py`;
- the block (a paragraph, a list, a table), or a block of comments alone before it, names files of
  results that hold the number: `<!-- figures: age_gap, accuracy_fgnet -->`;
- a mark there names it, and says what kind of number it is: `<!-- setting: 20 0.5 -->`. Kinds:
  setting, date, quotation (from a source that the text names), definition (of a word, a formula or
  a law), example;
- a mark there has the day on which the block was measured, and the page shows this day to its
  reader, who so learns that it was not measured again: `<!-- measured: 2026-11-27 -->`;
- the page says of all its numbers that they are settings, `<!-- page of settings -->`, which
  reference pages may, or those of a dated log, `<!-- page of a dated log -->`, which those in
  design may.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from render_results import BLOCK, PAGES, ROOT, ResultsError, results

KINDS = ("setting", "date", "quotation", "definition", "example")
WHOLE_PAGES = {"<!-- page of settings -->": "reference", "<!-- page of a dated log -->": "design"}

_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_FENCE = re.compile(r"^( *)(```+).*?^\1\2\s*$", re.MULTILINE | re.DOTALL)
_NOT_TEXT = re.compile(
    r"(`+).+?\1"  # code
    r"|\]\([^)]*\)"  # where a link leads
    r"|https?://\S+"
    r"|<[^>]+>"  # a tag, with its attributes
    r"|ISO(?:/IEC)?(?: TR)? \d+(?:-\d+)?(?::\d{4})?"
    r"|x86-64",
    re.DOTALL,
)
_DAY = re.compile(r"\bmeasured on \d{4}-\d\d-\d\d\b", re.IGNORECASE)
_ORDINAL = re.compile(r"^(?:\s*|#+ )\d+\. ", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)\d[\d,]*(?:\.\d+)*(?:e-?\d+)?(?![A-Za-z_])")


def unexplained(path: Path) -> list[str]:
    """Return the numbers of a page that nothing explains, each with the start of its block."""
    page = path.read_text(encoding="utf-8")
    for mark, folder in WHOLE_PAGES.items():
        if mark in page:
            allowed = path.is_relative_to(ROOT / "docs" / folder)
            return [] if allowed else [f"{mark} is for pages in docs/{folder}"]
    shown = _COMMENT.sub("", page)
    return [
        f"{number}: {' '.join(text.split())[:70]}"
        for text, marks in _blocks(page)
        if not any(day in shown for day in _days(marks))
        for number in _missing(text, marks)
    ]


def _days(marks: Sequence[str]) -> Iterator[str]:
    """Give the days on which a block was measured."""
    for mark in marks:
        if found := re.fullmatch(r"measured: (\d{4}-\d\d-\d\d)", mark):
            yield found[1]


def _blocks(page: str) -> Iterator[tuple[str, list[str]]]:
    """Give each block of text with the marks that hold for it."""
    page = _FENCE.sub("", BLOCK.sub("", page))
    before: list[str] = []
    for block in re.split(r"\n\s*\n", page):
        marks = [mark.strip() for mark in _COMMENT.findall(block)]
        text = _COMMENT.sub("", block)
        if text.strip():
            yield text, [*before, *marks]
            before = []
        else:
            before += marks


def _missing(text: str, marks: Sequence[str]) -> Iterator[str]:
    known: set[float] = set()
    for mark in marks:
        kind, _, told = mark.partition(":")
        if kind == "figures":
            known |= {
                value for name in told.split(",") for value in _values_of_results(name.strip())
            }
        elif kind in KINDS:
            known |= {_value(word) for word in told.split()}
    for number in numbers(text):
        if _value(number) not in known:
            yield number


def numbers(text: str) -> list[str]:
    """Return the numbers in a text, without those in code, links and names."""
    text = _ORDINAL.sub("", _NOT_TEXT.sub(" ", _DAY.sub(" ", text)))
    return [found.rstrip(",") for found in _NUMBER.findall(text)]


def _value(number: str) -> float:
    """Return what a number is worth; of 3.11.7, which is none, its first two parts."""
    whole = ".".join(number.replace(",", "").split(".")[:2])
    try:
        return float(whole)
    except ValueError:
        return float("nan")


def _values_of_results(name: str) -> Iterator[float]:
    for table in results(name)["tables"].values():
        for cell in (*table["columns"], *(cell for row in table["rows"] for cell in row)):
            if isinstance(cell, str):
                yield from map(_value, _NUMBER.findall(cell))
            elif cell is not None:
                yield from _shown(float(cell))


def _shown(value: float) -> Iterator[float]:
    """Give the ways in which a text may round a number."""
    yield from (round(value, digits) for digits in range(-2, 4))
    yield float(f"{value:.3g}")


def main(arguments: Sequence[str]) -> int:
    """List what is not explained."""
    count = 0
    for path in [Path(word).resolve() for word in arguments] or PAGES:
        try:
            found = unexplained(path)
        except ResultsError as error:
            found = [str(error)]
        for line in found:
            print(f"{path.relative_to(ROOT)}: {line}")
        count += len(found)
    print(f"{count} numbers are not explained", file=sys.stderr)
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
