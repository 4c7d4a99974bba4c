"""Scenes: drawn from three numbers, within limits, with hair that is not cut between two photos."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.synthetic.person import Identity, make_identity
from matcher.synthetic.rendering.scene import Scene, scene_for
from matcher.synthetic.shape import load_pack

people = st.builds(make_identity, st.integers(0, 100), st.integers(0, 10_000))
ages = st.floats(2, 60)
shots = st.integers(0, 50)


@pytest.fixture(scope="module")
def many() -> list[tuple[Identity, float, Scene]]:
    """One photo of each of many people at many ages."""
    rng = np.random.default_rng(0)
    drawn = [(make_identity(2, subject), float(rng.uniform(2, 30))) for subject in range(800)]
    return [(person, age, scene_for(person, age, 0)) for person, age in drawn]


@given(person=people, age=ages, shot=shots)
def test_a_scene_follows_from_person_age_and_shot(person: Identity, age: float, shot: int) -> None:
    scene = scene_for(person, age, shot)
    assert scene == scene_for(person, age, shot)
    assert scene != scene_for(person, age, shot + 1)
    assert scene.hairdo == scene_for(person, age, shot + 1).hairdo


@given(person=people, age=ages, shot=shots)
def test_a_scene_stays_within_what_can_be_photographed(
    person: Identity, age: float, shot: int
) -> None:
    scene = scene_for(person, age, shot)
    camera, light = scene.camera, scene.light
    assert abs(camera.yaw) <= np.radians(24)
    assert abs(camera.pitch) <= np.radians(12)
    assert 4 <= camera.distance <= 8
    assert np.linalg.norm(light.direction) == pytest.approx(1)
    assert light.direction[1] > 0
    colours = [*light.key, *light.sky, *light.ground, *scene.garment.colour]
    colours += [*scene.garment.second, *scene.backdrop[0], *scene.backdrop[1]]
    assert min(colours) > 0
    assert min(camera.gain, camera.contrast, camera.noise, camera.blur, light.softness) > 0


@given(person=people, age=ages, shot=shots)
def test_faces_make_expressions_that_the_pack_has(person: Identity, age: float, shot: int) -> None:
    for name, weight in scene_for(person, age, shot).expression.items():
        assert f"expression/{name}" in load_pack().index
        assert 0 <= weight < 0.9


@given(person=people, year=st.integers(1, 29), shot=shots)
def test_hair_is_cut_every_two_years_only(person: Identity, year: int, shot: int) -> None:
    start = 2.0 * year
    early, late = (scene_for(person, start + passed, shot).hairdo for passed in (0.1, 1.9))
    if start >= 5:
        assert early == late
    assert early.seed == late.seed != scene_for(person, start + 2.1, shot).hairdo.seed


@given(person=people, age=st.floats(2, 4.99), shot=shots)
def test_small_children_have_no_very_long_hair(person: Identity, age: float, shot: int) -> None:
    assert scene_for(person, age, shot).hairdo.length <= 0.9


def test_shoulders_grow_with_their_bearer(many: list[tuple[Identity, float, Scene]]) -> None:
    for person, _, _ in many[:50]:
        width = [scene_for(person, age, 0).garment.shoulders for age in (3.0, 8.0, 14.0, 20.0)]
        assert width[0] < width[1] < width[3]
        assert width[2] < width[3] * 1.1


def test_poses_and_light_come_from_both_sides_alike(
    many: list[tuple[Identity, float, Scene]],
) -> None:
    yaws = np.array([scene.camera.yaw for _, _, scene in many])
    lamps = np.array([scene.light.direction[0] for _, _, scene in many])
    for values in (yaws, lamps):
        assert abs(values.mean()) < 0.15 * values.std()
    assert abs(np.corrcoef(yaws, lamps)[0, 1]) < 0.12


def test_eyes_look_back_towards_the_camera(many: list[tuple[Identity, float, Scene]]) -> None:
    yaws = np.array([scene.camera.yaw for _, _, scene in many])
    pitches = np.array([scene.camera.pitch for _, _, scene in many])
    left, up = np.array([scene.gaze for _, _, scene in many]).T
    assert np.corrcoef(yaws, left)[0, 1] < -0.9
    assert np.corrcoef(pitches, up)[0, 1] < -0.8


def test_some_wear_glasses_and_more_of_them_when_older(
    many: list[tuple[Identity, float, Scene]],
) -> None:
    shares = [
        np.mean([scene.glasses is not None for _, age, scene in many if low <= age < high])
        for low, high in ((2, 10), (20, 30))
    ]
    assert 0.02 < shares[0] < shares[1] < 0.35


def test_hair_follows_the_person_and_not_the_skin(
    many: list[tuple[Identity, float, Scene]],
) -> None:
    assert all(scene.hairdo.curl == person.hair_curl for person, _, scene in many)
    assert all(scene.hairdo.fringe == 0 for _, _, scene in many if scene.hairdo.bun)
    assert not any(scene.hairdo.bun for person, _, scene in many if person.male)
    long = {
        sex: [s.hairdo.length > 0 for p, _, s in many if p.male is sex] for sex in (True, False)
    }
    assert np.mean(long[True]) < 0.2 < np.mean(long[False])


@given(person=people, age=ages)
def test_all_numbers_of_a_scene_are_finite(person: Identity, age: float) -> None:
    scene = scene_for(person, age, 0)
    for part in (scene.camera, scene.light, scene.hairdo, scene.garment):
        numbers = np.concatenate([np.ravel(value).astype(float) for value in astuple(part)])
        assert np.isfinite(numbers).all()
