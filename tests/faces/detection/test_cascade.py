"""The cascade against facenet-pytorch's own, and what it does at a photo's edge."""

import numpy as np
import pytest
import torch
from facenet_pytorch import ONet, PNet, RNet
from facenet_pytorch.models.utils.detect_face import detect_face

from matcher.faces.detection.cascade import Cascade
from matcher.faces.detection.mosaic import HIGHEST, SIDES_STEP, WIDEST
from matcher.faces.detection.mtcnn import MtcnnDetector
from matcher.photos import load_photo
from matcher.synthetic import sample_photos

SMALLEST = 36


@pytest.fixture(scope="module")
def portraits():
    return [photo.pixels for photo in sample_photos(6, (6.0, 40.0))]


@pytest.fixture(scope="module")
def detector():
    return MtcnnDetector(smallest_face=SMALLEST)


def oracle(pixels):
    """Return box, landmarks and probability as facenet-pytorch finds them; it counts from 1."""
    networks = [network().eval() for network in (PNet, RNet, ONet)]
    with torch.no_grad():
        boxes, points = detect_face(
            pixels[None], SMALLEST, *networks, (0.6, 0.7, 0.8), 0.709, torch.device("cpu")
        )
    ((*box, probability),) = boxes[0]
    return np.array(box, float) - 1, np.array(points[0][0], float) - 1, float(probability)


def overlap(one, other):
    """Return the intersection of two boxes over their union."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.prod(np.maximum(high - low, 0))
    return shared / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared)


def test_it_finds_what_facenet_pytorch_finds(detector, portraits):
    overlaps, errors = [], []
    for pixels in portraits:
        box, points, probability = oracle(pixels)
        ((face,),) = detector.detect([load_photo(pixels)])
        overlaps.append(overlap(face.box, box))
        error = np.linalg.norm(face.landmarks - points, axis=1).mean()
        errors.append(error / np.linalg.norm(points[1] - points[0]))
        assert face.probability == pytest.approx(probability, abs=0.05)
    assert min(overlaps) > 0.8
    assert np.median(overlaps) > 0.9
    assert max(errors) < 0.15
    assert np.median(errors) < 0.05


def test_photos_of_different_sizes_share_the_later_networks(detector, portraits):
    uneven = [pixels[i : 256 - i, : 256 - 3 * i] for i, pixels in enumerate(portraits)]
    photos = [load_photo(np.ascontiguousarray(pixels)) for pixels in uneven]
    for together, photo in zip(detector.detect(photos), photos, strict=True):
        (alone,) = detector.detect([photo])
        assert len(together) == len(alone) == 1
        np.testing.assert_allclose(together[0].landmarks, alone[0].landmarks, atol=0.01)
        np.testing.assert_allclose(together[0].box, alone[0].box, atol=0.01)


def test_landmarks_are_neither_left_nor_right_of_what_they_mark(detector, portraits):
    offsets = []
    for pixels in portraits:
        mirrored = np.ascontiguousarray(pixels[:, ::-1])
        (face,), (other,) = detector.detect([load_photo(pixels), load_photo(mirrored)])
        back = other.landmarks[[1, 0, 2, 4, 3]] * (-1, 1) + (255, 0)
        offsets.append((face.landmarks - back)[:, 0].mean() / 2)
    assert abs(np.median(offsets)) < 1


def recording(network, shapes):
    """Return the network, each shape that its first layer is given being noted."""
    network.conv1.register_forward_pre_hook(lambda _, given: shapes.append(tuple(given[0].shape)))
    return network


def recorded(pictures):
    """Return the shapes that each network is given while it looks for faces in the pictures."""
    seen = [], [], []
    networks = [
        recording(network().eval(), shapes)
        for network, shapes in zip((PNet, RNet, ONet), seen, strict=True)
    ]
    cascade = Cascade(networks, (0.6, 0.7, 0.8), SMALLEST, torch.device("cpu"))
    assert sum(map(len, cascade(pictures))) > 0
    return seen


def test_the_networks_see_few_shapes_whatever_the_sizes_of_photos(portraits):
    rng = np.random.default_rng(0)
    pictures = [
        pixels[: rng.integers(150, 257), : rng.integers(150, 257)]
        for pixels in portraits
        for _ in range(5)
    ]
    pyramid, *crops = recorded(pictures)
    sides = {side for *_, height, width in pyramid for side in (height, width)}
    assert all(side % SIDES_STEP == 0 and side <= max(WIDEST, HIGHEST) for side in sides)
    assert all(count % 8 == 0 and count <= 64 for shapes in crops for count, *_ in shapes)


def test_the_first_network_sees_the_pyramids_of_many_photos_at_once(portraits):
    pyramid, *_ = recorded([pixels[:200, : 200 + i] for i, pixels in enumerate(portraits)])
    assert 0 < len(pyramid) <= len(portraits) / 2


def test_a_sheet_without_a_proposal_gives_no_face(detector):
    blank = load_photo(np.full((150, 150, 3), 200, np.uint8))
    assert detector.detect([blank, blank]) == [[], []]
