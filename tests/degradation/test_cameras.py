"""Poor cameras: how large a picture is, how it was saved, and what it is called."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matcher.degradation import CAMERAS, Camera
from matcher.errors import InputError

BOX = (10.0, 20.0, 90.0, 130.0)
PHOTO = np.random.default_rng(0).integers(0, 256, (151, 203, 3), np.uint8)


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
@pytest.mark.parametrize("box", [BOX, (0, 0, 9, 9), (-40, -40, 400, 400)])
def test_the_size_of_a_picture_is_known_before_it_is_taken(
    camera: Camera, box: tuple[float, ...]
) -> None:
    picture = camera.photograph(PHOTO, box)
    assert camera.picture_size((203, 151), box) == (picture.shape[1], picture.shape[0])


def test_a_camera_that_neither_shrinks_nor_saves_changes_nothing() -> None:
    np.testing.assert_array_equal(Camera("as it is", 10_000).photograph(PHOTO, BOX), PHOTO)


@pytest.mark.parametrize(
    ("camera", "quality"),
    [
        (Camera("", 24), None),
        (Camera("", 24, quality=30), 30),
        (Camera("", 24, quality=30, enlarged=2), None),
        (Camera("", 24, quality=30, enlarged=2, quality_after=75), 75),
        (Camera("", 24, quality_after=75), 75),
    ],
)
def test_the_quality_is_that_of_the_last_save(camera: Camera, quality: int | None) -> None:
    assert camera.saved_at == quality


def test_a_camera_tells_its_name_and_what_it_does() -> None:
    camera = CAMERAS["16px-x4-q75"]
    assert str(camera) == (
        "16px-x4-q75, a face of 16 pixels, enlarged four times by a phone or messenger "
        "(at most 16 pixels, enlarged 4 times, saved as JPEG of quality 75)"
    )
    own = replace(camera, meaning="our camera at the gate", quality=20)
    assert str(own) == (
        "our camera at the gate (at most 16 pixels, saved as JPEG of quality 20, enlarged 4 times, "
        "saved as JPEG of quality 75)"
    )


@pytest.mark.parametrize("box", [(5, 5, 5, 5), (9, 9, 1, 1), (0, 0, np.nan, 9)])
def test_an_empty_box_is_refused(box: tuple[float, ...]) -> None:
    for ask in (
        lambda: CAMERAS["24px-q30"].photograph(PHOTO, box),
        lambda: CAMERAS["24px-q30"].picture_size((203, 151), box),
    ):
        with pytest.raises(InputError, match="box of a face"):
            ask()
