"""A garment: rings of cloth around the neck and over shoulders that nobody has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.synthetic.person import make_identity
from matcher.synthetic.shape import Garment, Head, garment_mesh, head_at, load_pack
from matcher.synthetic.shape.garment import GarmentMesh

PLAIN = Garment((0.2, 0.1, 0.1), (0.1, 0.1, 0.3), collar=0.06, stripes=0.0, shoulders=0.9)
AROUND, SHOULDER = 49, 13

garments = st.builds(
    Garment,
    colour=st.just((0.2, 0.1, 0.1)),
    second=st.just((0.1, 0.2, 0.1)),
    collar=st.floats(0.02, 0.2),
    stripes=st.just(0.0),
    shoulders=st.floats(0.5, 1.2),
)
people = st.builds(make_identity, st.integers(0, 5), st.integers(0, 500))


@pytest.fixture(scope="module")
def head() -> Head:
    return head_at(make_identity(0, 1), 10)


def rings(mesh: GarmentMesh) -> NDArray[np.float32]:
    return mesh.vertices.reshape(-1, AROUND, 3)


@settings(max_examples=20)
@given(garment=garments, person=people, age=st.floats(2, 60))
def test_a_garment_is_a_sound_closed_sheet(garment: Garment, person, age: float) -> None:
    mesh = garment_mesh(head_at(person, age), garment)
    assert np.isfinite(mesh.vertices).all()
    assert mesh.vertices.shape == mesh.normals.shape
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-5)
    assert set(np.unique(mesh.faces)) == set(range(len(mesh.vertices)))
    np.testing.assert_allclose(rings(mesh)[:, 0], rings(mesh)[:, -1], atol=1e-6)


@settings(max_examples=20)
@given(garment=garments, person=people, age=st.floats(2, 60))
def test_below_the_rim_cloth_only_falls_and_widens(garment: Garment, person, age: float) -> None:
    head = head_at(person, age)
    sheet = rings(garment_mesh(head, garment))
    assert (np.diff(sheet[2:, :, 1], axis=0) < 1e-5).all()
    width = np.ptp(sheet[2:, :, 0], axis=1)
    assert (np.diff(width) > -1e-5).all()
    assert sheet[:, :, 1].min() < head.vertices[:, 1].min() - head.height / 2


def test_along_runs_from_the_rim_to_the_last_ring(head: Head) -> None:
    mesh = garment_mesh(head, PLAIN)
    along = mesh.along.reshape(-1, AROUND)
    assert (np.ptp(along, axis=1) == 0).all()
    assert along[0, 0] == 0
    assert along[-1, 0] == 1
    np.testing.assert_allclose(np.diff(along[:, 0]), 1 / (len(along) - 1), atol=1e-6)


@pytest.mark.parametrize("age", [2.0, 8.0, 30.0])
@pytest.mark.parametrize("shoulders", [0.6, 0.9, 1.1])
def test_the_shoulders_are_as_wide_as_asked(age: float, shoulders: float) -> None:
    head = head_at(make_identity(0, 2), age)
    sheet = rings(garment_mesh(head, replace(PLAIN, shoulders=shoulders)))
    half = np.abs(sheet[SHOULDER, :, 0]).max()
    assert half == pytest.approx(shoulders * head.height, rel=0.01)


@pytest.mark.parametrize("collar", [0.02, 0.06, 0.16])
def test_the_collar_stands_as_high_as_asked(head: Head, collar: float) -> None:
    low, high = (
        rings(garment_mesh(head, replace(PLAIN, collar=height)))[1, :, 1] for height in (0, collar)
    )
    np.testing.assert_allclose(high - low, collar * head.height / 2.4, atol=1e-5)


@pytest.mark.parametrize("age", [2.0, 8.0, 30.0, 60.0])
@pytest.mark.parametrize("subject", range(4))
def test_no_skin_shows_below_the_cloth(subject: int, age: float) -> None:
    head = head_at(make_identity(0, subject), age)
    sheet = rings(garment_mesh(head, PLAIN))
    skin = head.vertices[load_pack().vertices_of("skin")]
    lowest = skin[skin[:, 1] < sheet[0, :, 1].max()]
    middle = sheet[1].mean(axis=0)
    rim, neck = (
        np.hypot(points[:, 0] - middle[0], points[:, 2] - middle[2])
        for points in (sheet[4], lowest)
    )
    assert len(lowest) > 0
    assert neck.max() < rim.max()


def test_the_cloth_looks_outwards(head: Head) -> None:
    mesh = garment_mesh(head, PLAIN)
    sheet, normals = rings(mesh), mesh.normals.reshape(-1, AROUND, 3)
    shoulders = normals[6 : SHOULDER + 1]
    assert (shoulders[..., 1] > 0).all()
    last = sheet[-2] - sheet[-2].mean(axis=0)
    assert ((normals[-2] * last)[:, [0, 2]].sum(axis=1) > 0).all()


def test_both_shoulders_are_alike(head: Head) -> None:
    sheet = rings(garment_mesh(head, PLAIN))
    mirrored = sheet[:, ::-1] * np.array([-1, 1, 1], np.float32)
    np.testing.assert_allclose(sheet[SHOULDER:], mirrored[SHOULDER:], atol=0.05)


def test_the_colours_do_not_change_the_cut(head: Head) -> None:
    other = replace(PLAIN, colour=(0.5, 0.5, 0.5), second=(0.0, 0.0, 0.0), stripes=5.0)
    np.testing.assert_array_equal(
        garment_mesh(head, PLAIN).vertices, garment_mesh(head, other).vertices
    )


def test_the_sheet_has_no_hole(head: Head) -> None:
    faces = garment_mesh(head, PLAIN).faces
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    rim, count = np.unique(edges, axis=0, return_counts=True)
    ring, place = np.divmod(rim[count == 1], AROUND)
    seam = np.isin(place, [0, AROUND - 1]).all(axis=1)
    ends = np.isin(ring, [0, faces.max() // AROUND]).all(axis=1)
    assert (seam | ends).all()
    assert count.max() == 2
