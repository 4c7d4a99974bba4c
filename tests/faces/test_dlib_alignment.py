"""Our crops against those that dlib cuts itself."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from matcher.embedding.models import get_record
from matcher.faces import CropTemplate, align, load_detector
from matcher.photos import load_photo
from matcher.synthetic import sample_photos

dlib = pytest.importorskip("dlib")


@pytest.fixture(scope="module")
def derivation():
    path = Path(__file__).parents[2] / "tools" / "derive_dlib_template.py"
    spec = importlib.util.spec_from_file_location("derive_dlib_template", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def faces():
    photos = [load_photo(photo.pixels) for photo in sample_photos(3, (10.0, 30.0))]
    return [found[0] for found in load_detector().detect(photos)]


def moved(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


def test_the_resampling_gives_dlibs_own_chip(derivation, faces):
    photo = faces[0].photo
    box = dlib.rectangle(*map(int, faces[0].box))
    details = dlib.get_face_chip_details(
        derivation.DlibAligner()._landmarks(photo.pixels, box), 150, 0.25
    )
    chip = dlib.extract_image_chip(photo.pixels, details).astype(int)
    points = faces[0].landmarks
    wanted = moved(derivation.chip_transform(details), points)
    template = CropTemplate("dlib's own", 150, tuple(map(tuple, wanted.tolist())))
    ours = align(photo, points, template).astype(int)
    assert np.abs(ours - chip).mean() < 3


def test_the_template_lies_where_dlib_puts_the_landmarks(derivation, faces):
    aligner = derivation.DlibAligner()
    transforms = [(face, aligner.to_chip(face.photo, face)) for face in faces]
    placed = [moved(matrix, face.landmarks) for face, matrix in transforms if matrix is not None]
    assert len(placed) >= 4
    template = np.array(get_record("dlib-resnet").crop.points)
    away = np.linalg.norm(np.median(placed, axis=0) - template, axis=1)
    # Rendered faces are not LFW: the mouths of children lie higher.
    assert away[:2].max() < 4
    assert away.max() < 10


def test_the_template_prefers_neither_side():
    points = np.array(get_record("dlib-resnet").crop.points)
    np.testing.assert_allclose(points[[1, 0, 2, 4, 3]] * (-1, 1) + (149, 0), points, atol=1e-6)
