"""YuNet as a detector: pictures made ready, two sizes, the scale of its scores, retries."""

from __future__ import annotations

from collections.abc import Callable

import made_yunet
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.embedding import load_named_detector
from matcher.faces import POLICIES, Face, refusals
from matcher.faces.detection.retries import TURNED_PROBABILITY
from matcher.faces.detection.yunet import LEAST, SCALE, SURE, WORKING_SIDE, YunetDetector
from matcher.faces.detection.yunet_outputs import OUTPUTS, STRIDES, VALUES
from matcher.photos import load_photo

pytest.importorskip("onnxruntime")

Search = Callable[..., list[list[Face]]]


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Search:
    """Search pictures with the made network, once each."""
    data = made_yunet.put_in_place(monkeypatch, tmp_path)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "made_yunet.onnx").write_bytes(data)
    detector = load_named_detector("yunet", retries=False)
    return lambda *pictures: detector.detect([load_photo(pixels) for pixels in pictures])


class Watched:
    """A network that finds nothing, and keeps the shapes of the pictures that it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def __call__(self, picture: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        self.seen.append(picture.shape)
        rows, columns = picture.shape[2:]
        return {
            f"{kind}_{stride}": np.zeros((1, rows // stride * (columns // stride), size), "f4")
            for kind, size in VALUES.items()
            for stride in STRIDES
        }


def test_a_face_is_found_where_it_is_drawn(search: Search) -> None:
    ((face,),) = search(made_yunet.drawn(96, 128, (24, 40, 40)))
    # The pixel lies on the grid of the finest stride alone: place (3, 5) of stride 8.
    np.testing.assert_allclose(face.box, [6, 11, 46, 61], atol=1e-3)
    points = np.array([[24, 40]]) + 8 * np.array(made_yunet.POINTS)
    np.testing.assert_allclose(face.landmarks, points, atol=1e-3)
    assert face.probability == 1
    assert face.quality.probability == 1
    assert (face.found_by, face.turned) == ("as is", 0)


@pytest.mark.parametrize("size", [(33, 41), (48, 60), (78, 108), (96, 128)])
def test_a_face_in_the_last_rows_and_columns_is_found(search: Search, size) -> None:
    height, width = size
    x, y = (8 * ((side - 1) // 8) for side in (width, height))
    ((face,),) = search(made_yunet.drawn(height, width, (x, y, 10)))
    np.testing.assert_allclose((face.box[:2] + face.box[2:]) / 2, [x + 2, y - 4], atol=1e-3)


def test_the_network_sees_blue_first(search: Search) -> None:
    """The made network takes the share of blue once, and that of red twice."""
    picture = made_yunet.drawn(64, 64, (24, 24, 20))
    picture[24, 24, 2] = 0.65 * 255
    ((face,),) = search(picture)
    score = np.sqrt(np.floor(0.65 * 255) / 255)
    assert face.probability == pytest.approx(np.interp(score, *SCALE), abs=1e-6)
    picture[24, 24] = picture[24, 24, ::-1]
    assert search(picture) == [[]]  # 0.65 is below the least score


def test_faces_come_with_the_largest_first(search: Search) -> None:
    (faces,) = search(made_yunet.drawn(200, 300, (24, 24, 20), (200, 120, 60), (120, 24, 30)))
    assert [round(float(face.box[2] - face.box[0])) for face in faces] == [60, 30, 20]


def test_a_large_face_is_found_in_half_the_size(search: Search) -> None:
    picture = np.zeros((640, 640, 3), np.uint8)
    picture[240:242, 304:306] = 255  # a face of 255 pixels in either size
    ((face,),) = search(picture)
    assert face.box[2] - face.box[0] == pytest.approx(510, abs=0.1)
    # Place (19, 15) of stride 8 in the half; its pixel is at 152, which is 304.5 in the whole.
    centre = 2 * (np.array([152, 120]) + 8 * np.array(made_yunet.OFFSET)) + 0.5
    np.testing.assert_allclose((face.box[:2] + face.box[2:]) / 2, centre, atol=0.1)


def test_a_small_face_is_found_in_the_whole_picture(search: Search) -> None:
    picture = np.zeros((640, 640, 3), np.uint8)
    picture[240:242, 304:306] = (255, 60, 255)  # 60 pixels; in the half it would be 120
    ((face,),) = search(picture)
    assert face.box[2] - face.box[0] == pytest.approx(60, abs=0.1)


def test_other_photos_do_not_change_the_faces_of_a_photo(search: Search) -> None:
    pictures = [
        made_yunet.drawn(96, 128, (24, 40, 40)),
        made_yunet.drawn(200, 70, (40, 120, 30)),
        made_yunet.drawn(33, 33),
    ]
    together = search(*pictures)
    for faces, picture in zip(together, pictures, strict=True):
        (alone,) = search(picture)
        assert [face.box.tolist() for face in faces] == [face.box.tolist() for face in alone]
    assert [len(faces) for faces in together] == [1, 1, 0]
    assert search() == []


@pytest.mark.parametrize("size", [(10, 10), (2000, 900), (641, 640), (333, 4000)])
def test_pictures_are_no_larger_than_the_working_side_and_multiples_of_32(size) -> None:
    network = Watched()
    detector = YunetDetector(network, retries=False)
    assert detector.detect([load_photo(np.zeros((*size, 3), np.uint8))]) == [[]]
    for one, channels, rows, columns in network.seen:
        assert (one, channels) == (1, 3)
        assert rows % 32 == columns % 32 == 0
        assert max(rows, columns) <= WORKING_SIDE


def test_a_photo_without_a_face_is_searched_again() -> None:
    photo = load_photo(np.zeros((300, 200, 3), np.uint8))
    network = Watched()
    YunetDetector(network).detect([photo])
    searched = len(network.seen)
    network.seen.clear()
    assert YunetDetector(network).with_one_attempt().detect([photo]) == [[]]
    assert len(network.seen) == 2  # the photo and its half
    assert searched > 10


def test_a_copy_with_one_attempt_leaves_the_detector_as_it_is() -> None:
    network = Watched()
    detector = YunetDetector(network)
    detector.with_one_attempt()
    detector.detect([load_photo(np.zeros((300, 200, 3), np.uint8))])
    assert len(network.seen) > 10


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True).map(sorted))
def test_a_higher_score_is_a_higher_probability(scores: list[float]) -> None:
    low, high = np.interp(scores, *SCALE)
    assert 0 <= low <= high <= 1


def test_the_limits_for_probabilities_lie_on_the_scale() -> None:
    for limit in (POLICIES["standard"].probability, POLICIES["strict"].probability, SURE):
        assert limit in SCALE[1]
    assert LEAST in SCALE[0]
    assert TURNED_PROBABILITY in SCALE[1]


def test_the_standard_policy_refuses_a_doubtful_face(search: Search) -> None:
    def doubtful(blue: int) -> bool:
        picture = made_yunet.drawn(64, 64, (24, 24, 20))
        picture[24, 24, 2] = blue
        ((face,),) = search(picture)
        reasons = refusals(face.quality, POLICIES["standard"])
        return any(reason.code == "doubtful" for reason in reasons)

    assert doubtful(round(0.85**2 * 255))
    assert not doubtful(round(0.87**2 * 255))


def test_the_made_network_has_the_outputs_of_the_real_one() -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_model_from_string(made_yunet.onnx_bytes())
    onnx.checker.check_model(model)
    assert tuple(output.name for output in model.graph.output) == OUTPUTS
