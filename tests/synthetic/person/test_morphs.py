"""The table of morphs: complete, mirrored, and of shapes that the pack has."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from matcher.synthetic.person import ASYMMETRIES, OFFSETS, REGIONS, amplitude, make_identity
from matcher.synthetic.person.morphs import Offset
from matcher.synthetic.shape import load_pack
from matcher.synthetic.shape.head import offset_values, shape_weights


def moved(name: str) -> NDArray[np.float32]:
    pack = load_pack()
    return pack.morphs[pack.index[name]]


@pytest.fixture(scope="module")
def mirrored() -> NDArray[np.int64]:
    """For each vertex the one that lies opposite."""
    vertices = load_pack().vertices
    distance, opposite = cKDTree(vertices).query(vertices * [-1, 1, 1])
    assert distance.max() < 1e-6
    return np.asarray(opposite)


def test_no_two_offsets_are_the_same() -> None:
    assert len({offset.name for offset in OFFSETS}) == len(OFFSETS)
    ends = [offset.low + offset.high for offset in OFFSETS]
    assert len(set(ends)) == len(ends)
    assert all(set(offset.low).isdisjoint(offset.high) for offset in OFFSETS)


def test_the_regions_are_those_of_the_offsets() -> None:
    assert list(REGIONS) == sorted({offset.region for offset in OFFSETS})
    assert {"nose", "mouth", "eyes", "ears", "chin"} <= set(REGIONS)


@pytest.mark.parametrize("offset", OFFSETS, ids=lambda offset: offset.name)
def test_the_numbers_of_an_offset_make_sense(offset: Offset) -> None:
    assert 0 < offset.spread < 0.5
    assert -1 < offset.shared < 1
    assert 0 <= offset.early <= 1.3
    assert 0 < offset.lasting < 1


@pytest.mark.parametrize("offset", OFFSETS, ids=lambda offset: offset.name)
def test_both_ends_of_an_offset_move_something_and_not_the_same_way(offset: Offset) -> None:
    low = np.sum([moved(name) for name in offset.low], axis=0)
    high = np.sum([moved(name) for name in offset.high], axis=0)
    assert np.abs(low).max() > 0.005
    assert np.abs(high).max() > 0.005
    assert np.linalg.norm(high - low) > 0.5 * np.linalg.norm(high)


def test_what_is_on_both_sides_of_a_face_moves_both_sides_alike(
    mirrored: NDArray[np.int64],
) -> None:
    for offset in OFFSETS:
        for names in (offset.low, offset.high):
            both = np.sum([moved(name) for name in names], axis=0)
            step = np.abs(both).max() / 50 + 2e-3
            np.testing.assert_allclose(both, both[mirrored] * [-1, 1, 1], atol=step)


def test_the_left_morph_moves_the_subjects_left() -> None:
    vertices = load_pack().vertices
    for offset in OFFSETS:
        for name in (*offset.low, *offset.high):
            if name.startswith("local/l-"):
                where = vertices[np.abs(moved(name)).max(axis=1) > 0.005, 0]
                assert where.min() > 0, name


@pytest.mark.parametrize("stem", ASYMMETRIES)
def test_asymmetries_exist_on_both_sides_and_are_not_symmetric(
    stem: str, mirrored: NDArray[np.int64]
) -> None:
    for side in "lr":
        morph = moved(f"{stem}-{side}")
        assert np.abs(morph - morph[mirrored] * [-1, 1, 1]).max() > 0.01


def test_only_builds_without_a_morph_are_left_out_of_a_head() -> None:
    known = load_pack().index
    for subject in range(20):
        weights = shape_weights(make_identity(0, subject), 9.0)
        unknown = {name for name in weights if name not in known}
        assert all(name.startswith("build/") for name in unknown)
        assert {"build/male-child-average", "build/female-child-average"} <= unknown


@pytest.mark.parametrize("age", [3.0, 11.0, 40.0])
def test_an_offset_has_the_spread_of_the_table_at_its_age(age: float) -> None:
    values = np.array([offset_values(make_identity(0, subject), age) for subject in range(1500)])
    assert np.abs(values).max() < 0.9
    for offset, drawn in zip(OFFSETS, values.T, strict=True):
        adult = 1.4 * offset.spread * float(amplitude(np.array(offset.early), age))
        standard = np.arctanh(drawn / 0.9) * 0.9 / adult
        assert standard.std() == pytest.approx(1, abs=0.08), offset.name
        assert standard.mean() == pytest.approx(0, abs=0.1), offset.name


def test_an_offset_is_one_end_of_a_pair_never_both() -> None:
    for subject in range(20):
        person = make_identity(0, subject)
        weights = shape_weights(person, 30.0)
        values = offset_values(person, 30.0)
        for offset, value in zip(OFFSETS, values, strict=True):
            chosen, other = (offset.high, offset.low)[:: 1 if value > 0 else -1]
            assert all(weights[name] >= abs(value) - 1e-9 for name in chosen)
            assert all(weights.get(name, 0.0) < 0.01 for name in other)


def test_features_of_a_region_follow_their_shared_factor() -> None:
    people = [make_identity(0, subject) for subject in range(600)]
    values = np.array([offset_values(person, 30.0) for person in people])
    common = np.array([person.genes("region") for person in people])
    for column, offset in enumerate(OFFSETS):
        expected = np.sqrt(offset.lasting) * offset.shared
        factor = common[:, REGIONS.index(offset.region)]
        found = np.corrcoef(values[:, column], factor)[0, 1]
        assert found == pytest.approx(expected, abs=0.14), offset.name
