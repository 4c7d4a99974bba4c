"""Light on surfaces and the colour of skin, hair and eyes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.synthetic.person import (
    Identity,
    SkinTone,
    make_identity,
    with_fixed_colour,
    with_tone,
)
from matcher.synthetic.rendering import shading
from matcher.synthetic.rendering.assembly import Material, Mesh, assemble
from matcher.synthetic.rendering.scene import Scene, scene_for
from matcher.synthetic.rendering.shading import opaque, shade
from matcher.synthetic.rendering.skin import SkinPoints, hair_albedo, iris_albedo, skin_albedo
from matcher.synthetic.shape import load_pack

Rows = NDArray[np.float32]
PERSON, AGE = make_identity(0, 3), 25.0
SCENE = replace(scene_for(PERSON, AGE, 0), glasses=(0.05, 0.05, 0.05))
LINEAR = (Material.SKIN, Material.HAIR, Material.CLOTH, Material.TEETH)
FAIR = next(p for p in (make_identity(0, k) for k in range(200)) if p.hair_colour.mean() > 0.15)
FRECKLED = next(p for p in (make_identity(0, k) for k in range(200)) if p.freckles > 0.4)


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return assemble(PERSON, AGE, SCENE)


def shaded(mesh: Mesh, scene: Scene = SCENE, person: Identity = PERSON) -> Rows:
    """Shade the middle of every triangle, seen from the front."""
    triangle = np.arange(len(mesh.faces))
    middle = np.full((len(triangle), 3), 1 / 3, np.float32)
    return shade(mesh, triangle, middle, person, AGE, scene, np.eye(3, dtype=np.float32))


def lit(factor: float) -> Scene:
    """Return the scene under as many times the light."""
    light = {
        name: tuple(factor * part for part in getattr(SCENE.light, name))
        for name in ("key", "sky", "ground")
    }
    return replace(SCENE, light=replace(SCENE.light, **light))


def skin_points() -> SkinPoints:
    """Return every vertex of the pack's skin as a point that is seen."""
    pack = load_pack()
    skin = pack.vertices_of("skin")
    masks = {name: mask[skin] for name, mask in pack.masks.items()}
    return SkinPoints(rest=pack.vertices[skin], openness=pack.openness[skin], **masks)


def skin_of(person: Identity, age: float = 10.0) -> Rows:
    return skin_albedo(skin_points(), person, age, scene_for(person, age, 0).hairdo)


def test_everything_is_painted_in_colours_that_light_can_have(mesh: Mesh) -> None:
    colour = shaded(mesh)
    assert colour.shape == (len(mesh.faces), 3)
    assert np.isfinite(colour).all()
    assert set(np.unique(mesh.material)) == set(Material)
    assert colour.min() > 0
    assert colour.max() < 3


@pytest.mark.parametrize("factor", [0.5, 2.0, 8.0])
def test_twice_the_light_is_twice_as_bright(mesh: Mesh, factor: float) -> None:
    once, more = shaded(mesh), shaded(mesh, lit(factor))
    matt = np.isin(mesh.material, LINEAR)
    np.testing.assert_allclose(more[matt], factor * once[matt], rtol=1e-4)


def test_without_a_lamp_it_does_not_matter_where_the_lamp_stands(mesh: Mesh) -> None:
    dark = replace(SCENE.light, key=(0.0, 0.0, 0.0))
    elsewhere = replace(dark, direction=(-1.0, 0.0, 0.0), softness=0.3)
    skin = mesh.material == Material.SKIN
    one, other = (shaded(mesh, replace(SCENE, light=light))[skin] for light in (dark, elsewhere))
    np.testing.assert_array_equal(one, other)


def test_in_the_shadow_it_is_as_if_there_were_no_lamp(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    dark = replace(SCENE, light=replace(SCENE.light, key=(0.0, 0.0, 0.0)))
    matt = np.isin(mesh.material, LINEAR)
    without = shaded(mesh, dark)[matt]
    nothing = np.zeros(len(mesh.vertices), np.float32)
    monkeypatch.setattr(shading, "visibility", lambda *_: nothing)
    np.testing.assert_allclose(shaded(mesh)[matt], without, rtol=1e-5)
    monkeypatch.setattr(shading, "visibility", lambda *_: nothing + 1)
    assert shaded(mesh)[matt].mean() > 1.3 * without.mean()


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_lamp_at_the_side_lights_that_cheek(mesh: Mesh, side: float) -> None:
    lamp = replace(SCENE.light, direction=(side, 0.0, 0.1))
    colour = shaded(mesh, replace(SCENE, light=lamp)).mean(axis=1)
    middle = mesh.vertices[mesh.faces].mean(axis=1)
    cheeks = (mesh.material == Material.SKIN) & (np.abs(middle[:, 1] + 0.5) < 0.2)
    cheeks &= (np.abs(middle[:, 0]) > 0.3) & (middle[:, 2] > 0)
    towards = cheeks & (np.sign(middle[:, 0]) == side)
    assert colour[towards].mean() > 2 * colour[cheeks & ~towards].mean()


def test_red_light_is_red_on_everything_matt(mesh: Mesh) -> None:
    light = replace(SCENE.light, key=(1.0, 0.0, 0.0), sky=(0.4, 0.0, 0.0), ground=(0.2, 0.0, 0.0))
    colour = shaded(mesh, replace(SCENE, light=light))[np.isin(mesh.material, LINEAR)]
    assert (colour[:, 0] > 0).all()
    assert not colour[:, 1:].any()


def test_only_hair_and_lashes_have_gaps(mesh: Mesh) -> None:
    triangle = np.arange(len(mesh.faces))
    keep = opaque(mesh, triangle, np.full((len(triangle), 3), 1 / 3, np.float32), 0.3)
    airy = np.isin(mesh.material, (Material.HAIR, Material.LASHES))
    assert keep[~airy].all()
    for material in (Material.HAIR, Material.LASHES):
        assert 0.2 < keep[mesh.material == material].mean() < 0.95
    cover = mesh.cover[mesh.faces].mean(axis=1)
    bare = (mesh.material == Material.HAIR) & (cover <= 0)
    assert bare.any()
    assert not keep[bare].any()


def test_the_outer_shells_of_hair_are_thinner(mesh: Mesh) -> None:
    triangle = np.flatnonzero(mesh.material == Material.HAIR)
    keep = opaque(mesh, triangle, np.full((len(triangle), 3), 1 / 3, np.float32), 0.3)
    level = mesh.level[mesh.faces[triangle]].mean(axis=1)
    full = mesh.cover[mesh.faces[triangle]].min(axis=1) >= 1
    share = [keep[full & (np.abs(level - shell) < 0.01)].mean() for shell in (0.5, 0.75, 1.0)]
    assert share[0] >= share[1] > share[2] > 0.5


def test_hair_turns_grey_late_and_fair_hair_darkens_early() -> None:
    boy, man, old = (hair_albedo(FAIR, age).mean() for age in (3.0, 25.0, 60.0))
    assert boy > 1.3 * man
    dark = make_identity(0, 3)
    greying = [hair_albedo(dark, age).mean() for age in (25.0, 45.0, 60.0)]
    assert greying[0] < greying[1] < greying[2]
    assert old == pytest.approx(0.65 * man + 0.35 * 0.25, rel=0.02)


@settings(max_examples=25)
@given(subject=st.integers(0, 300), age=st.floats(2, 60))
def test_skin_reflects_hardly_more_light_than_falls_on_it(subject: int, age: float) -> None:
    colour = skin_of(make_identity(0, subject), age)
    assert colour.min() > 0
    assert colour.max() < 1.03


@pytest.mark.parametrize("tone", [SkinTone(30, 54), SkinTone(55, 58), SkinTone(82, 60)])
def test_cheeks_have_the_tone_and_lips_are_redder(tone: SkinTone) -> None:
    points = skin_points()
    colour = skin_of(with_tone(make_identity(0, 3), tone))
    rest = points.rest
    forehead = (np.abs(rest[:, 0]) < 0.3) & (np.abs(rest[:, 1] - 0.45) < 0.08) & (rest[:, 2] > 0)
    assert colour[forehead].mean(axis=0) == pytest.approx(tone.albedo, rel=0.25)
    redness = colour[:, 0] / colour[:, 1]
    assert redness[points.lips > 0.9].mean() > 1.15 * redness[forehead].mean()


def test_freckles_darken_fair_skin_and_come_with_the_years() -> None:
    plain = replace(FRECKLED, genome=FRECKLED.genome.copy())
    plain.genes("freckles")[:] = -3
    assert plain.freckles == 0
    fainter = skin_of(plain, 9.0) - skin_of(FRECKLED, 9.0)
    assert fainter.min() >= 0
    assert fainter.max() > 0.02
    assert (skin_of(plain, 2.0) - skin_of(FRECKLED, 2.0)).sum() < fainter.sum()


def test_only_grown_men_have_a_shadow_of_a_beard() -> None:
    rest = skin_points().rest
    chin = (np.abs(rest[:, 0]) < 0.2) & (rest[:, 1] < -0.9) & (rest[:, 1] > -1.1) & (rest[:, 2] > 0)
    person = make_identity(0, 3)
    for age, differs in ((9.0, False), (30.0, True)):
        man, woman = (skin_of(replace(person, male=male), age)[chin] for male in (True, False))
        assert (man.mean() < 0.95 * woman.mean()) == differs


def test_in_fixed_colours_the_skin_says_nothing_of_who_it_is() -> None:
    people = [with_fixed_colour(make_identity(0, subject)) for subject in (1, 2)]
    one, other = (skin_of(person, 10.0) for person in people)
    rest = skin_points().rest
    cheek = (np.abs(rest[:, 0]) > 0.2) & (np.abs(rest[:, 1] + 0.5) < 0.2) & (rest[:, 2] > 0)
    assert one[cheek].mean(axis=0) == pytest.approx(other[cheek].mean(axis=0), rel=0.03)


@pytest.mark.parametrize("gaze", [(0.0, 0.0), (0.4, 0.0), (-0.3, 0.2)])
def test_the_pupil_is_where_the_eye_looks(gaze: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    toward = rng.normal(size=(4000, 3)).astype(np.float32)
    toward[:, 2] = np.abs(toward[:, 2])
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    colour = iris_albedo(toward, PERSON, gaze).mean(axis=1)
    left, up = gaze
    axis = [np.sin(left) * np.cos(up), np.sin(up), np.cos(left) * np.cos(up)]
    away = np.arccos(np.clip(toward @ axis, -1, 1))
    assert colour[away < 0.15].max() < 0.02
    assert colour[away > 0.6].min() > 0.4
    assert 0.02 < colour[(away > 0.25) & (away < 0.45)].mean() < 0.4
