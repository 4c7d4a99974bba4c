"""The outputs of YuNet mean what a plain reading, number by number, says they mean."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.faces.detection.yunet_outputs import (
    OUTPUTS,
    SAME,
    STRIDES,
    VALUES,
    Candidates,
    decoded,
    joined,
)

Outputs = dict[str, NDArray[np.float32]]


class Read(NamedTuple):
    """One face, as plain numbers."""

    box: tuple[float, float, float, float]
    landmarks: list[tuple[float, float]]
    score: float


def made(seed: int, rows: int, columns: int) -> Outputs:
    """Return random outputs for a picture of so many times 32 pixels."""
    random = np.random.default_rng(seed)
    outputs = {}
    for name in OUTPUTS:
        kind, stride = name.split("_")
        places = rows * columns * (32 // int(stride)) ** 2
        if kind in ("cls", "obj"):  # some are a little outside [0, 1]
            numbers = random.uniform(-0.1, 1.1, (1, places, 1))
        else:
            numbers = random.normal(0, 1.5, (1, places, VALUES[kind]))
        outputs[name] = numbers.astype(np.float32)
    return outputs


def plain(outputs: Outputs, width: int, least: float) -> list[Read]:
    """Read the outputs one place at a time."""
    found = []
    for stride in STRIDES:
        columns = width // stride
        for place in range(outputs[f"cls_{stride}"].shape[1]):
            row, column = divmod(place, columns)
            cls, obj = (
                min(1.0, max(0.0, float(outputs[f"{kind}_{stride}"][0, place, 0])))
                for kind in ("cls", "obj")
            )
            score = math.sqrt(cls * obj)
            if score < least:
                continue
            right, down, wide, high = map(float, outputs[f"bbox_{stride}"][0, place])
            x, y = (column + right) * stride, (row + down) * stride
            w, h = math.exp(wide) * stride, math.exp(high) * stride
            kps = [float(number) for number in outputs[f"kps_{stride}"][0, place]]
            points = [
                ((kps[2 * i] + column) * stride, (kps[2 * i + 1] + row) * stride) for i in range(5)
            ]
            found.append(Read((x - w / 2, y - h / 2, x + w / 2, y + h / 2), points, score))
    return found


def overlap(one: Read, other: Read) -> float:
    """Return the share of the union of two boxes that both cover."""
    (a, b, c, d), (e, f, g, h) = one.box, other.box
    both = max(0.0, min(c, g) - max(a, e)) * max(0.0, min(d, h) - max(b, f))
    return both / ((c - a) * (d - b) + (g - e) * (h - f) - both)


def without_doubles(faces: list[Read]) -> list[Read]:
    kept: list[Read] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if all(overlap(face, better) <= SAME for better in kept):
            kept.append(face)
    return kept


def agree(found: Candidates, expected: list[Read]) -> None:
    assert len(found.scores) == len(expected)
    np.testing.assert_allclose(found.scores, [one.score for one in expected], atol=1e-6)
    if expected:
        boxes, points = ([getattr(one, name) for one in expected] for name in ("box", "landmarks"))
        np.testing.assert_allclose(found.boxes, boxes, rtol=1e-4, atol=1e-2)
        np.testing.assert_allclose(found.landmarks, points, rtol=1e-4, atol=1e-2)


@given(
    st.integers(0, 10**6),
    st.integers(1, 3),
    st.integers(1, 3),
    st.floats(0.3, 1.0),
)
def test_outputs_are_read_as_a_plain_reading_reads_them(
    seed: int, rows: int, columns: int, least: float
) -> None:
    outputs = made(seed, rows, columns)
    expected = plain(outputs, 32 * columns, least)
    agree(decoded(outputs, 32 * columns, least), expected)


@given(st.integers(0, 10**6))
def test_of_boxes_that_overlap_the_best_stays(seed: int) -> None:
    outputs = made(seed, 2, 3)
    expected = without_doubles(plain(outputs, 96, 0.6))
    agree(decoded(outputs, 96, 0.6).best(), expected)


def test_no_face_is_no_candidate() -> None:
    outputs = {name: np.zeros_like(array) for name, array in made(0, 1, 1).items()}
    found = decoded(outputs, 32, 0.5)
    assert found.boxes.shape == (0, 4)
    assert found.landmarks.shape == (0, 5, 2)
    assert found.sides.shape == found.best().scores.shape == (0,)


def test_a_picture_of_half_the_size_has_the_pixel_centres_of_two_pixels() -> None:
    """Pixels 0 and 1 of the picture became pixel 0, whose centre is theirs: at 0.5."""
    boxes = np.array([[0, 10, 20, 40]], np.float32)
    found = Candidates(boxes, np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32)).doubled()
    np.testing.assert_array_equal(found.boxes, [[0.5, 20.5, 40.5, 80.5]])
    np.testing.assert_array_equal(found.landmarks, np.full((1, 5, 2), 0.5))
    assert found.sides == pytest.approx([60])


def test_parts_are_joined_in_order() -> None:
    outputs = made(3, 1, 2)
    whole = decoded(outputs, 64, 0.5)
    again = joined([whole[:2], whole[2:]])
    np.testing.assert_array_equal(again.boxes, whole.boxes)
    np.testing.assert_array_equal(again.scores, whole.scores)
