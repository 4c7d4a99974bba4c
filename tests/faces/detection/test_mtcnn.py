"""The real detector on rendered faces and on bad input."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from matcher.errors import InputError, ModelError, WeightsDamagedError, WeightsMissingError
from matcher.faces import POLICIES
from matcher.faces.detection import mtcnn
from matcher.faces.detection.mtcnn import MtcnnDetector
from matcher.photos import load_photo
from matcher.synthetic import sample_photos


@pytest.fixture(scope="module")
def detector():
    return MtcnnDetector()


@pytest.fixture(scope="module")
def portraits():
    return [photo.pixels for photo in sample_photos(4, (8.0, 25.0))]


def faces_in(detector, *pictures):
    return detector.detect([load_photo(np.ascontiguousarray(picture)) for picture in pictures])


def scaled(pixels, side):
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))


def eye_distance(face):
    return np.linalg.norm(face.landmarks[1] - face.landmarks[0])


def test_every_rendered_portrait_has_one_upright_face(detector, portraits):
    for faces in faces_in(detector, *portraits):
        (face,) = faces
        assert face.found_by == "as is"
        right_eye, left_eye, nose, mouth_right, mouth_left = face.landmarks
        assert right_eye[0] < left_eye[0]
        assert mouth_right[0] < mouth_left[0]
        assert max(right_eye[1], left_eye[1]) < nose[1] < min(mouth_right[1], mouth_left[1])
        left, top, right, bottom = face.box
        assert (face.landmarks > (left, top)).all()
        assert (face.landmarks < (right, bottom)).all()
        assert 0.8 <= face.probability <= 1
        assert face.quality.probability == face.probability


@pytest.mark.parametrize(("turns", "turned"), [(1, 270), (2, 180), (3, 90)])
def test_a_photo_on_its_side_gives_the_same_landmarks(detector, portraits, turns, turned):
    for pixels in portraits[2:4]:
        (upright,) = faces_in(detector, pixels)[0]
        (lying,) = faces_in(detector, np.rot90(pixels, turns))[0]
        assert (lying.found_by, lying.turned) == ("turned", turned)
        points = lying.landmarks
        for _ in range(turns):
            points = np.column_stack([255 - points[:, 1], points[:, 0]])
        np.testing.assert_allclose(points, upright.landmarks, atol=0.5)


def test_a_mirrored_photo_gives_mirrored_landmarks(detector, portraits):
    for pixels in portraits[:3]:
        (face,) = faces_in(detector, pixels)[0]
        (mirrored,) = faces_in(detector, pixels[:, ::-1])[0]
        back = mirrored.landmarks[[1, 0, 2, 4, 3]] * (-1, 1) + (255, 0)
        error = np.linalg.norm(back - face.landmarks, axis=1).mean()
        assert error < 0.2 * eye_distance(face)


@pytest.mark.parametrize("side", [64, 32])
def test_a_small_photo_still_gives_the_face(detector, portraits, side):
    errors = []
    for pixels in portraits:
        (large,) = faces_in(detector, pixels)[0]
        (small,) = faces_in(detector, scaled(pixels, side))[0]
        points = (small.landmarks + 0.5) * 256 / side - 0.5
        error = np.linalg.norm(points - large.landmarks, axis=1).mean()
        errors.append(error / eye_distance(large))
    assert np.mean(errors) < 0.2


def test_the_first_look_finds_every_face_that_the_standard_policy_could_take(detector, portraits):
    for pixels in portraits:
        (large,) = faces_in(detector, pixels)[0]
        limit = POLICIES["standard"].inter_eye_distance
        (small,) = faces_in(detector, scaled(pixels, round(256 * limit / eye_distance(large))))[0]
        assert small.found_by == "as is"
        assert small.probability > 0.95


@pytest.mark.parametrize("height", [1.0, 0.9])
def test_a_face_cut_by_the_edge_has_its_landmarks_in_place(detector, portraits, height):
    in_place = 0
    for pixels in portraits:
        (face,) = faces_in(detector, pixels)[0]
        left, top, right, bottom = face.box.round().astype(int)
        cut = pixels[top : round(top + height * (bottom - top)), left:right]
        for found in faces_in(detector, cut)[0]:
            wanted = face.landmarks - (left, top)
            error = np.linalg.norm(found.landmarks - wanted, axis=1).mean()
            in_place += error < 0.15 * eye_distance(face)
    assert in_place >= len(portraits) - 1


def test_many_faces_are_all_found_the_largest_first(detector, portraits):
    row = [scaled(pixels, side) for pixels, side in zip(portraits, (256, 160, 128), strict=False)]
    montage = np.full((256, 600, 3), 120, np.uint8)
    left = 0
    for picture in row:
        montage[: len(picture), left : left + len(picture)] = picture
        left += len(picture)
    (faces,) = faces_in(detector, montage)
    assert len(faces) == 3
    boxes = np.array([face.box for face in faces])
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    assert (np.diff(areas) < 0).all()
    assert (np.diff(boxes[:, 0]) > 0).all()


def test_the_photos_beside_it_do_not_change_a_result(detector, portraits):
    mixed = [*portraits[:3], scaled(portraits[3], 200), portraits[4], np.zeros((9, 5, 3), np.uint8)]
    together = faces_in(detector, *mixed)
    alone = [faces_in(detector, picture)[0] for picture in mixed]
    backwards = faces_in(detector, *mixed[::-1])[::-1]
    for a, b, c in zip(together, alone, backwards, strict=True):
        assert len(a) == len(b) == len(c)
        for first, second, third in zip(a, b, c, strict=True):
            np.testing.assert_allclose(first.landmarks, second.landmarks, atol=0.01)
            np.testing.assert_allclose(first.landmarks, third.landmarks, atol=0.01)
            assert first.probability == pytest.approx(second.probability, abs=1e-4)


def test_the_same_photo_gives_the_same_bits(detector, portraits):
    (first,) = faces_in(detector, portraits[0])[0]
    (second,) = faces_in(detector, portraits[0])[0]
    np.testing.assert_array_equal(first.landmarks, second.landmarks)
    assert first.probability == second.probability


def test_a_grey_photo_is_as_good(detector, portraits):
    grey = portraits[0].mean(axis=2).astype(np.uint8)[..., None].repeat(3, 2)
    assert len(faces_in(detector, grey)[0]) == 1


def test_a_huge_photo_is_reduced_and_the_coordinates_are_its_own(detector, portraits):
    (small,) = faces_in(detector, portraits[0])[0]
    (huge,) = faces_in(detector, scaled(portraits[0], 3000))[0]
    ratio = 3000 / 256
    error = np.linalg.norm(huge.landmarks / ratio - small.landmarks, axis=1).mean()
    assert error < 0.15 * eye_distance(small)


NOISE = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)


@pytest.mark.parametrize(
    "pixels",
    [
        NOISE,
        np.full((150, 150, 3), 200, np.uint8),
        NOISE[:2, :2],
        NOISE[:1, :1],
        NOISE[:19, :21],
        np.zeros((10, 2000, 3), np.uint8),
        np.random.default_rng(1).integers(0, 256, (2000, 10, 3), np.uint8),
    ],
    ids=["noise", "blank", "two pixels", "one pixel", "tiny", "very wide", "very high"],
)
def test_a_photo_without_a_face_gives_none(detector, pixels):
    assert faces_in(detector, pixels) == [[]]


def test_any_cut_of_a_face_is_handled(detector, portraits):
    random = np.random.default_rng(3)
    cuts = []
    for _ in range(40):
        left, top = random.integers(0, 200, 2)
        width, height = random.integers(3, 56, 2) * random.integers(1, 4)
        cuts.append(portraits[1][top : top + height, left : left + width])
    for cut, faces in zip(cuts, faces_in(detector, *cuts), strict=True):
        for face in faces:
            assert np.isfinite(face.landmarks).all()
            assert face.landmarks.min() > -max(cut.shape)
            assert face.landmarks.max() < 2 * max(cut.shape)


def test_no_photos_give_no_faces(detector):
    assert detector.detect([]) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_an_absent_gpu_is_an_error_not_a_fallback(device):
    with pytest.raises(ModelError, match="no other is taken instead"):
        MtcnnDetector(device)


@pytest.mark.parametrize("device", ["potato", "meta", ""])
def test_a_device_that_is_none_is_an_error(device):
    with pytest.raises(InputError, match="Choose one of these"):
        MtcnnDetector(device)


@pytest.mark.parametrize("wrong", [{"minimum_probability": 1.0}, {"smallest_face": 11}])
def test_settings_out_of_range_are_an_error(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        MtcnnDetector(**wrong)


def test_other_weights_are_refused(monkeypatch):
    monkeypatch.setitem(mtcnn.WEIGHTS, "RNet", "0" * 64)
    with pytest.raises(WeightsDamagedError, match="RNet"):
        MtcnnDetector()


def test_absent_weights_are_an_error_that_names_the_file(monkeypatch, tmp_path):
    monkeypatch.setattr(mtcnn.facenet_pytorch, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(WeightsMissingError, match=r"pnet\.pt"):
        MtcnnDetector()


def test_importing_the_room_does_not_import_torch():
    code = "import sys, matcher.faces; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
