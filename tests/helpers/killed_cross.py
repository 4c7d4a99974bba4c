"""A cross-match in small steps, for the test that kills it.

python killed_cross.py FIRST SECOND PAIRS LOWEST
"""

from __future__ import annotations

import sys
from pathlib import Path

from matcher import Gallery, cross_match
from matcher.crossing import comparison
from matcher.gallery.store import vector_rows


def main() -> None:
    """Compare two galleries; say each step on a line."""
    first, second, pairs, lowest = sys.argv[1:]
    comparison._FACES = 1  # type: ignore[misc]
    vector_rows.PAGE = 5  # type: ignore[misc]
    with Gallery.open(first) as one, Gallery.open(second) as other:
        cross_match(
            one,
            other,
            threshold=float(lowest),
            pairs=Path(pairs),
            on_progress=lambda *step: print(*step, flush=True),  # noqa: T201 - read by the test
        )


if __name__ == "__main__":
    main()
