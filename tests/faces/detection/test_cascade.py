"""The cascade against facenet-pytorch's own, and what it does at a photo's edge."""

import numpy as np
import pytest
import torch
from facenet_pytorch import ONet, PNet, RNet
from facenet_pytorch.models.utils.detect_face import detect_face
from torch.nn.functional import pad

from matcher.faces.detection.cascade import BORDER, Cascade
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
    """Return the network, each shape that it is given being noted."""
    network.register_forward_pre_hook(lambda _, given: shapes.add(tuple(given[0].shape)))
    return network


@pytest.mark.parametrize("height", [12, 13, 23, 24, 25, 56, 97])
@pytest.mark.parametrize("width", [16, 31, 64])
def test_grey_beyond_the_border_changes_nothing_that_is_seen(height, width):
    propose = PNet().eval().requires_grad_(False)
    cascade = Cascade([propose, RNet(), ONet()], (0.6, 0.7, 0.8), SMALLEST, torch.device("cpu"))
    level = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(height)) - 0.5
    bare = propose(pad(level, (BORDER,) * 4))
    for seen, expected in zip(cascade._in_every_window(level), bare, strict=True):
        torch.testing.assert_close(seen, expected, atol=1e-5, rtol=0)


def test_the_networks_see_few_shapes_whatever_the_sizes_of_photos(portraits):
    rng = np.random.default_rng(0)
    pictures = [
        pixels[: rng.integers(150, 257), : rng.integers(150, 257)]
        for pixels in portraits
        for _ in range(5)
    ]
    seen = [set(), set(), set()]
    networks = [
        recording(network().eval(), shapes)
        for network, shapes in zip((PNet, RNet, ONet), seen, strict=True)
    ]
    cascade = Cascade(networks, (0.6, 0.7, 0.8), SMALLEST, torch.device("cpu"))
    assert sum(map(len, cascade(pictures))) > 0
    pyramid, *crops = seen
    sides = {side for *_, height, width in pyramid for side in (height, width)}
    assert sides <= {32, 64, 96}
    assert all(count % 8 == 0 and count <= 64 for shapes in crops for count, *_ in shapes)
