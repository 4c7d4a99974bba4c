"""Whole pictures: repeatable to the byte, of the size asked for, and as the camera is set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.synthetic.person import Identity, SkinTone, linear, make_identity, with_tone
from matcher.synthetic.rendering import render
from matcher.synthetic.rendering.renderer import SKIN_GREY
from matcher.synthetic.rendering.scene import Scene, scene_for

Pixels = NDArray[np.uint8]
PERSON, AGE = make_identity(0, 3), 10.0


def studio(**camera: Any) -> Scene:
    """Return a scene with nothing left to chance in the camera, before a plain blue wall."""
    scene = scene_for(PERSON, AGE, 0)
    straight: dict[str, Any] = {
        **{"yaw": 0, "pitch": 0, "roll": 0, "distance": 6, "field": 1.8, "centre": (0.5, 0.5)},
        **{"gain": 1, "contrast": 1, "noise": 0, "blur": 0.3},
    }
    return replace(
        scene,
        camera=replace(scene.camera, **(straight | camera)),
        backdrop=((0.0, 0.0, 0.6), (0.0, 0.0, 0.6)),
        expression={},
        glasses=None,
    )


def shot(scene: Scene, size: int = 64, person: Identity = PERSON) -> Pixels:
    return render(person, AGE, size=size, scene=scene)


def wall(pixels: Pixels) -> NDArray[np.bool_]:
    """Tell which pixels are of the blue wall alone."""
    return np.asarray((pixels == pixels[0, 0]).all(axis=2))


def skin(scene: Scene, size: int = 64) -> NDArray[np.bool_]:
    """Tell where the skin is: there a change of tone shows most."""
    light, dark = (
        shot(scene, size, with_tone(PERSON, SkinTone(*tone))).astype(int)
        for tone in ((82, 60), (30, 54))
    )
    return np.asarray((light - dark).sum(axis=2) > 120)


@pytest.mark.parametrize("size", [64, 65, 97])
def test_a_picture_is_of_the_size_asked_for_and_repeats_to_the_byte(size: int) -> None:
    first = render(PERSON, AGE, 2, size=size)
    assert (first.shape, first.dtype) == ((size, size, 3), np.uint8)
    assert first.tobytes() == render(PERSON, AGE, 2, size=size).tobytes()
    assert len(np.unique(first)) > 64


def test_the_scene_of_a_shot_can_be_given_as_well() -> None:
    given = render(PERSON, AGE, 7, size=64, scene=scene_for(PERSON, AGE, 2))
    np.testing.assert_array_equal(given, render(PERSON, AGE, 2, size=64))


def test_every_pixel_is_of_the_person_or_of_the_wall() -> None:
    picture = shot(studio())
    behind = wall(picture)
    assert picture[0, 0].tolist() == [0, 0, 203]
    assert behind[:3].all()
    assert behind[:, :3][:32].all()
    assert not behind[28:36, 28:36].any()
    assert 0.3 < behind.mean() < 0.8
    assert picture.sum(axis=2).min() > 0


def test_a_large_picture_shows_what_a_small_one_does() -> None:
    small, large = shot(studio()), shot(studio(), 192)
    shrunk = large.reshape(64, 3, 64, 3, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 6


def test_the_point_between_the_eyes_falls_where_the_camera_says() -> None:
    rows, columns = np.nonzero(skin(studio()))
    moved_rows, moved_columns = np.nonzero(skin(studio(centre=(0.6, 0.45))))
    assert moved_columns.mean() - columns.mean() == pytest.approx(6.4, abs=1)
    assert moved_rows.mean() - rows.mean() == pytest.approx(-3.2, abs=1)


def test_a_wider_field_makes_a_smaller_face() -> None:
    near, far = (skin(studio(field=field)).sum() for field in (1.5, 3.0))
    assert near / far == pytest.approx(4, rel=0.15)


def test_rolling_the_head_turns_the_picture() -> None:
    upright = skin(studio())
    upside_down = skin(studio(roll=np.pi))
    differing = np.count_nonzero(upside_down != upright)
    assert np.count_nonzero(upside_down[::-1, ::-1] != upright) < differing / 4


def test_a_head_that_turns_to_its_left_shows_its_right_cheek() -> None:
    columns = {yaw: np.nonzero(skin(studio(yaw=yaw)))[1].mean() for yaw in (-0.4, 0.0, 0.4)}
    assert columns[0.4] < columns[0.0] - 2
    assert columns[-0.4] > columns[0.0] + 2


def test_from_behind_there_is_hair_and_no_face() -> None:
    assert skin(studio()).sum() > 400
    assert skin(studio(yaw=np.pi)).sum() < 20


def test_more_exposure_is_brighter_everywhere() -> None:
    dark, normal, bright = (shot(studio(gain=gain)).astype(int) for gain in (0.4, 1.0, 1.6))
    assert (normal - dark).min() >= 0
    assert (bright - normal).min() >= 0
    assert dark.mean() < 0.8 * normal.mean()


def test_contrast_darkens_the_dark_and_brightens_the_light() -> None:
    flat, steep = (shot(studio(contrast=contrast)).astype(int) for contrast in (1.0, 1.3))
    below, above = (flat > 10) & (flat < 90), flat > 150
    assert (steep - flat)[below].mean() < -3
    assert (steep - flat)[above].mean() > 3


def test_noise_is_of_the_strength_asked_for() -> None:
    clean = shot(studio()).astype(int)
    errors = {level: shot(studio(noise=level)).astype(int) - clean for level in (2.0, 6.0)}
    middle = np.abs(clean - 118) < 30
    for level, error in errors.items():
        assert error[middle].std() == pytest.approx(level, rel=0.25)
        assert abs(error[middle].mean()) < level / 4


def test_blur_takes_away_edges() -> None:
    def edges(blur: float) -> float:
        picture = shot(studio(blur=blur), 96).astype(float)
        return float(np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture)).mean())

    assert edges(0.1) > edges(2.0) > edges(4.0)


@pytest.mark.parametrize("tone", [SkinTone(30, 54), SkinTone(82, 60)])
def test_equalised_exposure_brings_skin_to_the_same_grey(tone: SkinTone) -> None:
    where = skin(studio())
    picture = render(with_tone(PERSON, tone), AGE, size=64, scene=studio(), exposure="equalised")
    grey = linear(picture[where] / 255) @ [0.2126, 0.7152, 0.0722]
    assert grey.mean() == pytest.approx(SKIN_GREY, rel=0.25)


def test_the_wall_is_the_same_for_both_exposures() -> None:
    physical, equalised = (
        render(PERSON, AGE, size=64, scene=studio(), exposure=exposure)
        for exposure in ("physical", "equalised")
    )
    behind = wall(physical)
    np.testing.assert_array_equal(physical[behind], equalised[behind])
    assert not np.array_equal(physical, equalised)


def test_glasses_are_seen_on_the_face_only() -> None:
    bare = shot(studio()).astype(int)
    worn = shot(replace(studio(), glasses=(0.02, 0.02, 0.02))).astype(int)
    rows, columns = np.nonzero((bare - worn).sum(axis=2) > 60)
    assert len(rows) > 20
    assert rows.min() >= 26
    assert rows.max() <= 40
    assert columns.min() < 26 < 38 < columns.max()


@pytest.mark.parametrize("size", [63, 0, -64])
def test_pictures_too_small_for_a_face_are_refused(size: int) -> None:
    with pytest.raises(InputError, match="64 pixels or more"):
        render(PERSON, AGE, size=size)
