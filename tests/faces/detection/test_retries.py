"""When and how a photo is looked at again; a stand-in detector sees a bright upright mark."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from matcher.faces.detection.retries import (
    ATTEMPTS,
    ENLARGED_PIXELS,
    PADDED_SIDES,
    WORKING_SIDE,
    Detection,
    bordered,
    enlarged_views,
    find,
    original_views,
    padded_views,
    rotated_views,
    turned,
    view,
)

SURE = 0.99


MARKS = np.array([(20, 12), (60, 14), (42, 30), (25, 46), (58, 44)])


def picture_with(mark, height=60, width=90):
    """Return black pixels with one white square, centred on the mark."""
    x, y = mark
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[y - 2 : y + 3, x - 2 : x + 3] = 255
    return pixels


def centre_of_light(made):
    """Return where the light inside the border has its centre."""
    edge = made.padding
    rows, columns = made.pixels.shape[:2]
    light = made.pixels[edge : rows - edge, edge : columns - edge, 0].astype(float)
    y, x = np.indices(light.shape)
    return (light * x).sum() / light.sum() + edge, (light * y).sum() / light.sum() + edge


def sighting_at(points, probability=1.0):
    points = np.asarray(points, np.float32)
    box = np.concatenate([points.min(0), points.max(0)])
    return Detection(box.astype(np.float32), points, probability)


class Detector:
    """Sees one face where `probability_of` a picture is above zero; remembers the pictures."""

    points = np.array([(20, 20), (24, 20), (22, 22), (20, 24), (24, 24)])

    def __init__(self, probability_of):
        self.probability_of = probability_of
        self.pictures = []

    def __call__(self, pictures):
        self.pictures += pictures
        return [self._see(picture) for picture in pictures]

    def _see(self, picture):
        probability = self.probability_of(picture)
        return [sighting_at(self.points, probability)] if probability else []


def white_edge(picture):
    """Tell which edge of the picture is white: 0 top, 1 left, 2 bottom, 3 right."""
    edges = picture[0], picture[:, 0], picture[-1], picture[:, -1]
    return int(np.argmax([edge.mean() for edge in edges]))


UPRIGHT = np.zeros((40, 60, 3), np.uint8)
ENLARGED = (95, 143)  # (40, 60) times 2 ** 1.25
UPRIGHT[:4] = 255


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("scale", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("padded", [False, True])
def test_coordinates_come_back_to_the_photo(degrees, scale, padded):
    views = [turned(view(picture_with(mark), scale=scale), degrees) for mark in MARKS]
    views = [bordered(made) for made in views] if padded else views
    back = views[0].back(sighting_at([centre_of_light(made) for made in views]))
    np.testing.assert_allclose(back.landmarks, MARKS, atol=0.05)
    left, top, right, bottom = back.box
    assert left < right
    assert top < bottom


@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.sampled_from([0, 90, 180, 270]),
    st.booleans(),
)
def test_the_picture_corners_come_back_to_the_photo_corners(height, width, degrees, padded):
    bare = turned(view(np.zeros((height, width, 3), np.uint8)), degrees)
    made = bordered(bare) if padded else bare
    rows, columns = (side - 2 * made.padding for side in made.pixels.shape[:2])
    corners = np.array([(-0.5, -0.5), (columns - 0.5, rows - 0.5)] * 2 + [(0, 0)]) + made.padding
    box = made.back(sighting_at(corners)).box
    np.testing.assert_allclose(box, (-0.5, -0.5, width - 0.5, height - 0.5), atol=1e-4)


def test_a_sure_face_is_looked_for_once():
    detector = Detector(lambda _: SURE)
    found = find([UPRIGHT] * 3, detector, sure=SURE)
    assert len(detector.pictures) == 3
    assert [(f.found_by, f.turned, f.best) for f in found] == [("as is", 0, SURE)] * 3


@pytest.mark.parametrize(("turns", "turned"), [(1, 270), (2, 180), (3, 90)])
def test_a_photo_on_its_side_is_turned_until_upright(turns, turned):
    detector = Detector(lambda picture: float(white_edge(picture) == 0))
    lying = np.ascontiguousarray(np.rot90(UPRIGHT, turns))
    (found,) = find([lying], detector, sure=SURE)
    assert (found.found_by, found.turned) == ("turned", turned)


def test_a_detector_may_believe_a_face_in_the_turned_photo_that_is_not_sure():
    detector = Detector(lambda picture: 0.985 if white_edge(picture) == 0 else 0.96)
    lying = np.rot90(UPRIGHT, 2).copy()
    found = [find([lying], detector, sure=SURE, replaces=least)[0] for least in (0.98, 0.99)]
    assert [(one.turned, one.best) for one in found] == [(180, 0.985), (0, 0.96)]


def test_a_doubtful_face_gives_way_to_a_surer_one_in_the_turned_photo():
    detector = Detector(lambda picture: 0.999 if white_edge(picture) == 0 else 0.97)
    (found,) = find([np.rot90(UPRIGHT, 2).copy()], detector, sure=SURE)
    assert (found.turned, found.best) == (180, 0.999)


def test_a_doubtful_face_stays_when_turning_finds_nothing_better():
    detector = Detector(lambda picture: 0.95 if white_edge(picture) == 0 else 0.94)
    (found,) = find([UPRIGHT], detector, sure=SURE)
    assert (found.found_by, found.best) == ("as is", 0.95)
    assert len(detector.pictures) == 4


def test_a_doubtful_face_does_not_give_way_to_a_doubtful_one_in_the_turned_photo():
    detector = Detector(lambda picture: 0.9 if white_edge(picture) == 0 else 0.98)
    (found,) = find([UPRIGHT], detector, sure=SURE)
    assert (found.found_by, found.best) == ("as is", 0.9)


def test_enlarging_is_believed_before_a_doubtful_face_in_the_turned_photo():
    doubtful = {(60, 40): 0.98, ENLARGED: 0.85}
    detector = Detector(lambda picture: doubtful.get(picture.shape[:2], 0.0))
    (found,) = find([UPRIGHT], detector, sure=SURE)
    assert (found.found_by, found.best) == ("enlarged", 0.85)


def test_a_doubtful_face_in_the_turned_photo_counts_when_there_is_no_other():
    detector = Detector(lambda picture: 0.95 * (picture.shape == (60, 40, 3)))
    (found,) = find([UPRIGHT], detector, sure=SURE)
    assert found.found_by == "turned"


def test_an_improbable_face_in_a_turned_photo_is_not_believed():
    detector = Detector(lambda picture: 0.85 if white_edge(picture) == 1 else 0.0)
    (found,) = find([UPRIGHT], detector, sure=SURE)
    assert found.detections == ()


def test_a_small_face_is_found_enlarged():
    detector = Detector(lambda picture: 0.95 * (picture.shape[:2] == ENLARGED))
    (found,) = find([UPRIGHT], detector, sure=SURE)
    assert found.found_by == "enlarged"


def test_a_face_that_fills_the_photo_is_found_padded():
    detector = Detector(lambda picture: 0.95 * bool((picture[:10] == 128).all()))
    (found,) = find([UPRIGHT], detector, sure=SURE)
    assert found.found_by == "padded"


def test_no_face_anywhere_is_no_face():
    detector = Detector(lambda _: 0.0)
    (found,) = find([UPRIGHT], detector, sure=SURE)
    assert found.detections == ()
    assert len(detector.pictures) == 1 + 3 + 1 + len(PADDED_SIDES)


def test_each_photo_is_judged_by_itself():
    detector = Detector(lambda picture: float(white_edge(picture) == 0))
    found = find([UPRIGHT, np.rot90(UPRIGHT, 2).copy(), UPRIGHT], detector, sure=SURE)
    assert [f.turned for f in found] == [0, 180, 0]


def test_faces_are_sorted_by_the_size_of_their_box():
    small, large = (sighting_at(15 + np.eye(5)[:, :2] * side) for side in (5, 9))
    (found,) = find([UPRIGHT], lambda pictures: [[small, large] for _ in pictures], sure=SURE)
    assert [s.box[2] for s in found.detections] == [24, 20]


def test_no_photos_give_no_findings():
    assert find([], lambda pictures: [[] for _ in pictures], sure=SURE) == []


@pytest.mark.parametrize("size", [(10, 2000), (4000, 3000), (1, 1), (9000, 9)])
def test_every_look_is_bounded(size):
    pixels = np.zeros((*size, 3), np.uint8)
    for made in (*original_views(pixels), *rotated_views(pixels)):
        assert max(made.pixels.shape) <= WORKING_SIDE
    for made in (*enlarged_views(pixels), *padded_views(pixels)):
        assert made.pixels.shape[0] * made.pixels.shape[1] <= ENLARGED_PIXELS * 1.05
    assert [name for name, _ in ATTEMPTS] == ["as is", "turned", "enlarged", "padded"]


@pytest.mark.parametrize("size", [(3000, 2000), (1201, 900), (1500, 1300), (2401, 1)])
def test_a_large_photo_is_reduced_as_pillow_does_it(size):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (*size, 3), np.uint8)
    pixels.setflags(write=False)
    (made,) = original_views(pixels)
    rows, columns = made.pixels.shape[:2]
    assert max(rows, columns) == WORKING_SIDE
    wanted = Image.fromarray(pixels).resize((columns, rows), Image.Resampling.BICUBIC)
    difference = np.abs(made.pixels.astype(int) - np.asarray(wanted))
    assert difference.max() <= 2
    assert difference.mean() < 0.01
