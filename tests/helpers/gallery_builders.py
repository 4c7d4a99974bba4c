"""Builders and fixtures for the tests of the gallery; those import the fixtures by name."""

import hashlib

import numpy as np
import pytest

from matcher.embedding import FACE, LOW_RESOLUTION
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.testing import FakeEmbedder, random_unit_vectors

DIMENSION = 16
MODEL = FakeEmbedder(DIMENSION).identity
VECTORS = random_unit_vectors(40_000, DIMENSION, seed=99)


def photo_hash(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


def enrolment(number, subject=None, vector=None, low_resolution=None, **facts):
    """Return one face: photo `number` of `subject`, by default of a subject of four photos."""
    vectors = {FACE: VECTORS[number] if vector is None else vector}
    if low_resolution is not None:
        vectors[LOW_RESOLUTION] = low_resolution
    subject = subject or f"subject-{number // 4:04d}"
    return Enrolment(
        subject=subject if isinstance(subject, Subject) else Subject(subject),
        photo=PhotoRecord(photo_hash(number), f"photos/{number}.jpg", **facts),
        vectors=vectors,
        box=(1.0, 2.0, 30.0, 40.0),
        probability=0.98,
        quality={"sharpness": 0.5},
        weight=0.75,
    )


def files_hold(directory, data):
    """Return whether any file below the directory contains the bytes."""
    return any(data in file.read_bytes() for file in directory.rglob("*") if file.is_file())


def assert_searches_like_a_scan(gallery):
    """Compare the nearest faces with a scan of the vectors that the store returns."""
    held = gallery.faces_of([one.subject_id for one in gallery.subjects()])
    faces = [face for of_one in held.values() for face in of_one]
    if not faces:
        assert (gallery.nearest(VECTORS[:1], 1)[1] == -1).all()
        return
    ids = np.array([face.face_id for face in faces])
    vectors = np.stack([face.vector for face in faces])
    queries = VECTORS[:5]
    k = min(10, len(ids))
    scores = queries.astype(np.float64) @ vectors.astype(np.float64).T
    order = np.argsort(-scores, axis=1)[:, :k]
    found_scores, found_ids = gallery.nearest(queries, k)
    np.testing.assert_array_equal(found_ids, ids[order])
    np.testing.assert_allclose(found_scores, np.take_along_axis(scores, order, 1), atol=1e-6)


@pytest.fixture
def gallery(tmp_path):
    """An empty gallery."""
    with Gallery.create(tmp_path / "gallery", model=MODEL) as made:
        yield made


@pytest.fixture
def filled(gallery):
    """A gallery of ten subjects with four photos each: photos 0 to 39, face ids 1 to 40."""
    gallery.add([enrolment(number) for number in range(40)])
    return gallery
