"""A writer that enrols, removes and saves until it is killed; run by the tests of crashes.

    python killed_writer.py GALLERY JOURNAL SEED

After each commit it appends a line to the journal and flushes it: what it says there must be true
of the gallery afterwards, whenever the process is killed.
"""

import os
import random
import sys
from pathlib import Path

from gallery_builders import enrolment, photo_hash

from matcher.gallery import Gallery


def main():
    path, journal_path, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    with Gallery.open(path) as gallery, journal_path.open("a", encoding="ascii") as journal:
        write_for_ever(gallery, Journal(journal), random.Random(seed))


class Journal:
    """Lines that are on the disk when `note` returns."""

    def __init__(self, file):
        self._file = file

    def note(self, word, numbers):
        self._file.write("".join(f"{word} {number}\n" for number in numbers))
        self._file.flush()
        os.fsync(self._file.fileno())


def numbers_held(gallery):
    return [
        int(photo.reference[7:-4])
        for one in gallery.subjects()
        for photo in gallery.photos(one.subject_id)
    ]


def write_for_ever(gallery, journal, chance):
    there = numbers_held(gallery)
    number = max(there, default=-1)
    while True:
        batch = list(range(number + 1, number + chance.randint(2, 12)))
        number = batch[-1]
        journal.note("adding", batch)
        gallery.add([enrolment(one) for one in batch])
        journal.note("added", batch)
        there += batch
        if chance.random() < 0.3:
            gone = there.pop(chance.randrange(len(there)))
            journal.note("removing", [gone])
            gallery.remove_photo(photo_hash(gone))
            journal.note("removed", [gone])
        if chance.random() < 0.1:
            gallery.rebuild()


if __name__ == "__main__":
    main()
