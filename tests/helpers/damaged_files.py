"""A gallery of every kind of record, damage to one of its files, and all that a reader gets."""

from __future__ import annotations

import random
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from gallery_builders import MODEL, VECTORS, enrolment

from matcher.gallery import Enrolment, Filters, Gallery, Subject


def made_gallery(path: Path, index: str = "auto") -> Path:
    """Make a gallery of subjects with records of every kind, corrected, and close it."""
    with Gallery.create(path, model=MODEL, index=index) as gallery:
        gallery.add([_enrolment(number) for number in range(40)])
        gallery.update_subject(Subject("subject-0002", region="south", note="seen twice"))
        gallery.rename_subject("subject-0003", "subject-renamed")
        gallery.take_out_photo(gallery.photos("subject-0004")[0].sha256, "subject-0004")
        gallery.remove_subject("subject-0005")
        gallery.merge_subjects("subject-0006", "subject-0007")
    return path


def _enrolment(number: int) -> Enrolment:
    subject = Subject(
        f"subject-{number // 4:04d}",
        date_of_birth=date(2010, 1, 1 + number // 8),
        recorded_sex="female",
        tags=("north", "school"),
        source="case file",
    )
    made: Enrolment = enrolment(number, subject, taken_on=date(2020, 2, 3), source="a school")
    return made


def answers(path: Path) -> dict[str, Any]:
    """Return what every reading method of a gallery gives."""
    aged = Filters(any_tags=("north",), min_age=8, max_age=12, age_on=date(2021, 1, 1))
    with Gallery.open(path, model=MODEL) as gallery:
        subjects = list(gallery.subjects())
        named = [subject.subject_id for subject in subjects]
        faces = [face for held in gallery.faces_of(named).values() for face in held]
        scores, ids = gallery.nearest(VECTORS[:5], 10)
        chosen = gallery.select(aged)
        assert chosen.allowed is not None
        info = vars(gallery.info())
        return {
            "subjects": subjects,
            "records": [vars(face) | {"vectors": None} for face in faces],
            "vectors": [face.vector.tobytes() for face in faces],
            "photos": [gallery.photos(name) for name in named],
            "changes": gallery.changes(),
            "nearest": (scores.tobytes(), ids.tobytes(), gallery.owners(ids)),
            "chosen": (chosen.allowed.tolist(), chosen.exclusions),
            "info": {name: info[name] for name in ("created", "index", "faces", "generation")},
        }


def damaged_copy(gallery: Path, copy: Path, chance: random.Random) -> str:
    """Copy a gallery, flip a bit of one of its files or cut it short; say what was done."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(gallery, copy)
    files = sorted(file for file in copy.rglob("*") if file.is_file())
    file = chance.choice(files)
    data = bytearray(file.read_bytes())
    at, bit = chance.randrange(len(data)), chance.randrange(8)
    if chance.random() < 0.2:
        data = data[:at]
    else:
        data[at] ^= 1 << bit
    file.write_bytes(data)
    return f"{file.relative_to(copy)}, byte {at}, bit {bit}, {len(data)} bytes left"
