"""A migration that may be killed; run by the tests of migrations.

    python killed_migration.py GALLERY STARTED

It makes the file STARTED just before it migrates, and enrols one face afterwards.
"""

from __future__ import annotations

import sys
from pathlib import Path

import make_golden

from matcher.gallery import Gallery


def main() -> None:
    """Migrate a gallery by writing to it."""
    path, started = sys.argv[1], Path(sys.argv[2])
    added = make_golden.enrolment(41, make_golden.random_unit_vectors(84, 16, seed=4))
    with Gallery.open(path, model=make_golden.TWO_VECTORS.identity) as gallery:
        started.touch()
        gallery.add([added])


if __name__ == "__main__":
    main()
