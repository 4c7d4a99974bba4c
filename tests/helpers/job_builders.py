"""Galleries of drawn pictures, extractors without weights, and decoders that misbehave."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from matcher.decoding import Decoding
from matcher.decoding.worker import load, main
from matcher.embedding import Extractor, LowResolutionView
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.gallery.editions import directory_of, names
from matcher.jobs.settings import JobSettings
from matcher.testing import FakeDetector, FakeEmbedder

OLD = Extractor(FakeDetector(), FakeEmbedder(16))
NEW = Extractor(
    FakeDetector(),
    FakeEmbedder(
        24, version="2", low_resolution_views=(LowResolutionView(16),), degraded_above=1.1
    ),
)

SETTINGS = JobSettings(batch=8, decoding=Decoding(workers=1))
TAKING = replace(SETTINGS, take_changed=True)
HOSTILE = JobSettings(
    batch=4,
    decoding=Decoding(
        workers=2,
        seconds=8.0,
        program=(
            f"sys.path.insert(0, {str(Path(__file__).parent)!r}); "
            "from job_builders import misbehave; misbehave()"
        ),
    ),
)
"""With this decoder a photo does what its name says: hangs, crashes, or kills its worker once."""


def misbehave() -> None:
    """Run a worker that obeys the names of photos."""

    def obey(path, limits, salvage):
        if "hang" in path.name:
            time.sleep(600)
        if "crash" in path.name:
            os.abort()
        once = path.with_suffix(".died")
        if "die" in path.name and not once.exists():
            once.touch()
            sys.exit(1)
        return load(path, limits, salvage)

    main(obey)


def draw(path: Path, seed: int, side: int = 72) -> Path:
    """Draw blobs of colour that no other seed gives."""
    cells = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(cells).resize((side, side), Image.Resampling.BICUBIC).save(path)
    return path


def listed(folder: Path, numbers, name="{}.png"):
    """Draw photos; four for each subject."""
    return [
        PhotoOfSubject(
            draw(folder / name.format(number), number),
            Subject(f"subject-{number // 4:03d}", region="north", tags=("a", "b")),
            age_at_capture=float(number % 18),
        )
        for number in numbers
    ]


def add(gallery: Path, photos, extractor=OLD) -> None:
    """Enrol photos of which none fails."""
    with Gallery.open(gallery, model=extractor.model) as opened:
        outcomes = enrol(opened, extractor, photos, policy=POLICIES["off"])
    assert {outcome.status for outcome in outcomes} == {"enrolled"}


def made(folder: Path, count: int) -> Path:
    """Make a gallery of drawn photos."""
    Gallery.create(folder / "gallery", model=OLD.model).close()
    add(folder / "gallery", listed(folder / "photos", range(count)))
    return folder / "gallery"


def faces_in(gallery: Path, edition: str | None = None):
    """Return all faces of an edition by face id."""
    with Gallery.open(gallery, edition=edition) as opened:
        held = opened.faces_of([subject.subject_id for subject in opened.subjects()])
        assert opened.verify().faults == ()
    return {face.face_id: face for faces in held.values() for face in faces}


def assert_same_faces(one, other, *, same_place=True) -> None:
    """Compare records to the byte, and vectors to 1e-6."""
    assert list(one) == list(other)
    for face_id, face in one.items():
        twin = other[face_id]
        assert face.subject == twin.subject
        if same_place:
            assert face.photo == twin.photo
        assert (face.box, face.probability, face.quality, face.weight) == (
            twin.box,
            twin.probability,
            twin.quality,
            twin.weight,
        )
        np.testing.assert_allclose(vectors_of(face), vectors_of(twin), atol=1e-6)


def vectors_of(face) -> np.ndarray:
    """Return the vectors of a face, in the order of their names."""
    return np.stack([face.vectors[name] for name in sorted(face.vectors)])


def assert_made_by(extractor: Extractor, faces) -> None:
    """Compare each vector with that of its photo, extracted alone."""
    for face in faces.values():
        (alone,) = extractor.extract(face.photo.reference)
        np.testing.assert_allclose(vectors_of(face), vectors_of(alone), atol=1e-6)


def edition_holds(gallery: Path, data: bytes) -> bool:
    """Return whether any file of any edition contains the bytes."""
    return any(data in file.read_bytes() for file in gallery.rglob("*") if file.is_file())


def stores(gallery: Path) -> list[Path]:
    """Return the directory of every edition."""
    return [directory_of(gallery, name) for name in names(gallery)]
