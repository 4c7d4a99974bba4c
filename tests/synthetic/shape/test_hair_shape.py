"""Hair: shells over the scalp, a curtain that hangs, a bun; and where the hairline runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.synthetic.person import make_identity
from matcher.synthetic.shape import Hairdo, Head, hair_mesh, hairline, head_at, load_pack
from matcher.synthetic.shape.hair import SHELLS
from matcher.synthetic.shape.hairdo import HairMesh, grid, join

SHORT = Hairdo(volume=0.12, length=0.0, fringe=0.0, bun=False, curl=0.3, parting=0.2, seed=5)
LONG = replace(SHORT, length=1.5)
CURTAIN, BUN = 2 * 16 * 56, 12 * 20

hairdos = st.builds(
    Hairdo,
    volume=st.floats(0.03, 0.42),
    length=st.sampled_from([0.0, 0.5, 1.2, 1.9]),
    fringe=st.floats(0, 0.36),
    bun=st.booleans(),
    curl=st.floats(0, 1),
    parting=st.floats(-1, 1),
    seed=st.integers(0, 2**31 - 1),
)


@pytest.fixture(scope="module")
def head() -> Head:
    return head_at(make_identity(0, 1), 10)


@pytest.fixture(scope="module")
def short(head: Head) -> HairMesh:
    return hair_mesh(head, SHORT)


def used(mesh: HairMesh) -> NDArray[np.float32]:
    """Return the vertices that triangles are made of."""
    return mesh.vertices[np.unique(mesh.faces)]


def shells(mesh: HairMesh) -> NDArray[np.float32]:
    """Return the shells of short hair, (shells, vertices, 3)."""
    return mesh.vertices.reshape(SHELLS, -1, 3)


def at(x: float, y: float, z: float) -> NDArray[np.float32]:
    return np.array([[x, y, z]], np.float32)


@settings(max_examples=20)
@given(hairdo=hairdos, subject=st.integers(0, 200), age=st.floats(2, 60))
def test_hair_is_a_sound_mesh(hairdo: Hairdo, subject: int, age: float) -> None:
    mesh = hair_mesh(head_at(make_identity(0, subject), age), hairdo)
    count = len(mesh.vertices)
    assert (mesh.faces.min() >= 0) & (mesh.faces.max() < count)
    for rows in (mesh.vertices, mesh.normals, mesh.strand):
        assert rows.shape == (count, 3)
        assert rows.dtype == np.float32
        assert np.isfinite(rows).all()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=0.16)
    assert mesh.cover.max() <= 1
    assert (mesh.level > 0).all()
    assert (mesh.level <= 1).all()


def test_the_same_seed_gives_the_same_hair_and_another_seed_other_hair(
    head: Head, short: HairMesh
) -> None:
    again, other = hair_mesh(head, SHORT), hair_mesh(head, replace(SHORT, seed=6))
    np.testing.assert_array_equal(again.vertices, short.vertices)
    assert not np.array_equal(other.vertices, short.vertices)


def test_every_shell_lies_outside_the_one_before(head: Head, short: HairMesh) -> None:
    steps = np.diff(shells(short), axis=0)
    outward = (steps * short.normals.reshape(SHELLS, -1, 3)[0]).sum(axis=-1)
    assert outward.min() > -1e-6
    hairy = short.cover.reshape(SHELLS, -1)[0] > 0.9
    assert np.median(outward[:, hairy]) > 0.02
    np.testing.assert_allclose(np.linalg.norm(steps, axis=-1).std(axis=0), 0, atol=1e-5)
    np.testing.assert_array_equal(np.unique(short.level), np.arange(1, SHELLS + 1) / SHELLS)


def test_more_volume_stands_off_further(head: Head) -> None:
    size = [
        float(np.ptp(used(hair_mesh(head, replace(SHORT, volume=volume))), axis=0).prod())
        for volume in (0.03, 0.10, 0.2, 0.4)
    ]
    assert size == sorted(size)
    assert size[-1] > 1.3 * size[0]


def test_hair_covers_the_crown_and_not_the_face(head: Head, short: HairMesh) -> None:
    pack = load_pack()
    covered = used(short)
    assert covered[:, 1].max() > head.vertices[:, 1].max()
    mouth = head.vertices[pack.masks["lips"] > 0.5]
    front = covered[(covered[:, 2] > 0) & (np.abs(covered[:, 0]) < head.left_eye[0])]
    assert front[:, 1].min() > 0.1 > mouth[:, 1].max()


@pytest.mark.parametrize(
    ("place", "above"),
    [
        pytest.param(at(0, 1.2, -0.6), True, id="crown"),
        pytest.param(at(0, 0, -1.5), True, id="back of the head"),
        pytest.param(at(0, 0.3, 0.3), False, id="forehead"),
        pytest.param(at(0.3, -0.4, 0.2), False, id="cheek"),
        pytest.param(at(0, -1.2, -1.2), False, id="nape"),
        pytest.param(at(0.75, -0.16, -0.70), False, id="ear"),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_the_hairline_runs_around_the_face(
    place: NDArray[np.float32], above: bool, seed: int
) -> None:
    for side in (1, -1):
        mirrored = place * np.array([side, 1, 1], np.float32)
        assert (hairline(mirrored, replace(SHORT, seed=seed))[0] > 0) == above


@given(fringe=st.floats(0.01, 0.45), seed=st.integers(0, 1000))
def test_a_fringe_comes_down_over_the_forehead_by_its_length(fringe: float, seed: int) -> None:
    bald = replace(SHORT, seed=seed)
    forehead, back = at(0, 0.5, 0.3), at(0, 0.0, -1.4)
    gained = hairline(forehead, replace(bald, fringe=fringe)) - hairline(forehead, bald)
    assert gained[0] == pytest.approx(fringe, abs=1e-5)
    assert hairline(back, replace(bald, fringe=fringe)) == hairline(back, bald)


@given(place=st.tuples(st.floats(0.05, 0.45), st.floats(0.0, 0.6), st.floats(-0.4, 0.3)))
def test_higher_up_is_further_inside_the_hair(place: tuple[float, float, float]) -> None:
    x, y, z = place
    higher = hairline(at(x, y + 0.3, z), SHORT) - hairline(at(x, y, z), SHORT)
    assert higher[0] == pytest.approx(0.3, abs=0.11)


@pytest.mark.parametrize("length", [0.8, 1.2, 1.9])
def test_long_hair_hangs_as_far_below_the_eyes_as_asked(head: Head, length: float) -> None:
    sheet = hair_mesh(head, replace(SHORT, length=length)).vertices[-CURTAIN:]
    assert sheet[:, 1].min() == pytest.approx(-length * head.height / 2.4, abs=0.06)
    assert np.abs(sheet[:, 0]).max() > np.abs(used(hair_mesh(head, SHORT))[:, 0]).max() - 0.1


def test_short_hair_has_no_curtain_and_no_bun(head: Head, short: HairMesh) -> None:
    count = len(short.vertices)
    assert len(hair_mesh(head, LONG).vertices) == count + CURTAIN
    assert len(hair_mesh(head, replace(SHORT, bun=True)).vertices) == count + BUN
    assert len(hair_mesh(head, replace(LONG, bun=True)).vertices) == count + CURTAIN + BUN


@pytest.mark.parametrize(("subject", "age"), [(1, 5), (5, 60), (7, 25), (10, 25)])
def test_long_hair_leaves_the_face_free_and_covers_the_ears(subject: int, age: float) -> None:
    head = head_at(make_identity(0, subject), age)
    sheet = hair_mesh(head, replace(LONG, volume=0.03)).vertices[-CURTAIN : -CURTAIN // 2]
    assert sheet[:, 2].max() < -0.08 * head.height
    for ear in head.vertices[load_pack().masks["ears"] > 0.5]:
        beside = sheet[np.sign(sheet[:, 0]) == np.sign(ear[0])]
        near = np.abs(beside[:, 1:] - ear[1:]).max(axis=1) < 0.2
        assert np.abs(beside[near, 0]).max() > abs(ear[0])


def test_the_curtain_thins_out_at_its_edges(head: Head) -> None:
    cover = hair_mesh(head, LONG).cover[-CURTAIN:].reshape(2, 16, 56)
    np.testing.assert_array_equal(cover[0], cover[1])
    assert (cover[:, -1] == 0).all()
    assert (np.diff(cover, axis=1) <= 1e-6).all()
    np.testing.assert_allclose(cover, cover[:, :, ::-1], atol=1e-6)
    assert cover[0, 0, 0] < cover[0, 0, 10] == 1


def test_a_bun_sits_at_the_back_of_the_crown(head: Head) -> None:
    ball = hair_mesh(head, replace(SHORT, bun=True)).vertices[-BUN:]
    middle = ball.mean(axis=0)
    assert abs(middle[0]) < 0.05
    assert middle[1] > 0.3
    assert middle[2] < -0.5
    assert 0.4 < np.ptp(ball[:, 0]) < 0.8


def test_joined_meshes_keep_their_triangles(head: Head, short: HairMesh) -> None:
    other = hair_mesh(head, replace(SHORT, seed=9))
    both = join([short, other, short])
    start = len(short.vertices)
    np.testing.assert_array_equal(
        both.vertices[both.faces],
        np.concatenate([mesh.vertices[mesh.faces] for mesh in (short, other, short)]),
    )
    assert len(both.cover) == len(both.level) == len(both.strand) == 3 * start


@given(rows=st.integers(2, 9), columns=st.integers(2, 9))
def test_a_grid_tiles_its_sheet_once(rows: int, columns: int) -> None:
    faces = grid(rows, columns)
    y, x = np.divmod(np.arange(rows * columns), columns)
    a, b, c = (np.stack([x, y], axis=1)[faces[:, k]] for k in range(3))
    area = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    np.testing.assert_array_equal(area, 0.5)
    assert area.sum() == (rows - 1) * (columns - 1)
    assert len(np.unique(np.sort(faces, axis=1), axis=0)) == len(faces)
    assert set(faces.ravel()) == set(range(rows * columns))
