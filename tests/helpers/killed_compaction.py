"""Remove subjects and compact the gallery until the process is killed.

python killed_compaction.py GALLERY JOURNAL FIRST
"""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

from matcher.gallery import Gallery


def main(path: Path, journal: Path, first: int) -> None:
    """Remove one subject after the other; note each before and after, and compact."""
    with journal.open("a", encoding="ascii") as file:

        def note(word: str, number: int) -> None:
            file.write(f"{word} {number}\n")
            file.flush()
            os.fsync(file.fileno())

        for number in count(first):
            with Gallery.open(path) as gallery:
                note("unwanted", number)
                gallery.remove_subject(f"subject-{number:04d}")
                note("removed", number)
                gallery.compact()
                note("compacted", number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
