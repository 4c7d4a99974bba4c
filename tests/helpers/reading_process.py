"""A reader that opens a gallery again and again, and keeps one object open throughout.

    python reading_process.py GALLERY PHOTO SUBJECT STOP

Each time it searches with the photo, by whichever of the two models the gallery says it is of. It
prints the edition of each opening, and ends when the file STOP is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from job_builders import NEW, OLD

from matcher.faces import POLICIES
from matcher.gallery import Filters, Gallery
from matcher.search import Searcher

BY_MODEL = {NEW.model: NEW, OLD.model: OLD}


def search(gallery: Gallery, photo: str, subject: str) -> None:
    """Find the subject of the photo, first and with a score of 1, and nothing of another model."""
    extractor = BY_MODEL[gallery.model]
    leads = Searcher(gallery, extractor, policy=POLICIES["off"]).search(photo, top=3)
    first = leads.candidates[0]
    assert first.subject.subject_id == subject, leads
    assert abs(first.score - 1) < 1e-5, first.score
    assert leads.model == extractor.model
    held = gallery.faces_of([candidate.subject.subject_id for candidate in leads.candidates])
    sizes = {len(face.vector) for faces in held.values() for face in faces}
    assert sizes == {gallery.model.dimension}
    assert gallery.select(Filters(regions=("north",))).faces == len(gallery)


def main() -> None:
    path, photo, subject, stop = sys.argv[1:]
    with Gallery.open(path) as kept:
        model = kept.model
        while not Path(stop).exists():
            search(kept, photo, subject)
            assert kept.model == model
            with Gallery.open(path) as fresh:
                search(fresh, photo, subject)
                sys.stdout.write(f"{fresh.edition}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
