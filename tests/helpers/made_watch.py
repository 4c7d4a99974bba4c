"""A made gallery with a watch list, and what a receiver got."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_sides import FOUND, MISSING, MODEL, face, faces, photo_of

from matcher import open_watch_list, run_watch_list, set_watch_list
from matcher.gallery import Gallery
from matcher.watching.outbox import Outbox

LOWEST = 0.7
ON_BOTH = {(f"m{one:03d}", f"f{one:03d}") for one in set(MISSING) & set(FOUND)}


def gallery_with_list(folder: Path, **settings: Any) -> Path:
    """Make a gallery with a watch list that was not run yet; return its directory."""
    path = folder / "found.gallery"
    with Gallery.create(path, model=MODEL) as gallery:
        gallery.add(faces("f", FOUND, np.random.default_rng(2)))
        set_watch_list(gallery, threshold=LOWEST, **settings)
        with open_watch_list(gallery) as probes:
            probes.add(faces("m", MISSING, np.random.default_rng(1)))
    return path


def enrol(gallery: Gallery, name: str, person: int, photo: int = 0, seed: int = 5) -> None:
    """Add one photo of a person under a name."""
    gallery.add([face(name, photo, photo_of(person, np.random.default_rng(seed)))])


def lines_of(file: Path) -> list[dict[str, Any]]:
    """Return what a file of leads holds, nothing if there is none; every line is whole."""
    if not file.exists():
        return []
    text = file.read_text(encoding="ascii")
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def pairs_in(file: Path) -> list[tuple[str, str]]:
    """Return the standing probe and the candidate of each line of a file of leads."""
    return [
        (one["probe"]["subject"]["subject_id"], one["candidate"]["subject"]["subject_id"])
        for one in lines_of(file)
    ]


def run_that_notes_nothing(gallery: Gallery) -> None:
    """Run a watch list that ends between a delivery and the note of it."""

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Outbox, "mark_received", ended)
        with pytest.raises(KeyboardInterrupt):
            run_watch_list(gallery)
