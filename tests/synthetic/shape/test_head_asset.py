"""The head pack as arrays: whole, consistent, and what the file says."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors import safe_open
from scipy.spatial import cKDTree

from matcher.synthetic.shape import head_asset, load_pack
from matcher.synthetic.shape.head_asset import PACK, HeadPack


@pytest.fixture(scope="module")
def pack() -> HeadPack:
    return load_pack()


def edges(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def test_the_arrays_have_the_documented_shapes_and_types(pack: HeadPack) -> None:
    count = len(pack.vertices)
    assert (pack.vertices.shape, pack.vertices.dtype) == ((count, 3), np.float32)
    assert (pack.faces.shape[1], pack.faces.dtype) == (3, np.int64)
    assert (pack.face_part.shape, pack.face_part.dtype) == ((len(pack.faces),), np.uint8)
    assert pack.morphs.shape == (len(pack.morph_names), count, 3)
    assert pack.morphs.dtype == np.float32
    assert set(pack.masks) == {"ears", "eyelids", "lips", "mouth"}
    for shares in (pack.openness, *pack.masks.values()):
        assert (shares.shape, shares.dtype) == ((count,), np.float32)
        assert 0 <= shares.min() < shares.max() <= 1


def test_everything_is_finite(pack: HeadPack) -> None:
    assert np.isfinite(pack.vertices).all()
    assert np.isfinite(pack.morphs).all()


def test_triangles_are_of_three_vertices_that_exist(pack: HeadPack) -> None:
    assert pack.faces.min() == 0
    assert pack.faces.max() == len(pack.vertices) - 1
    a, b, c = (pack.vertices[pack.faces[:, k]] for k in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 1e-6


def test_the_surface_has_no_fold_and_all_of_it_looks_the_same_way(pack: HeadPack) -> None:
    directed, count = np.unique(edges(pack.faces), axis=0, return_counts=True)
    assert count.max() == 1
    once = np.sort(directed, axis=1)
    assert np.unique(once, axis=0, return_counts=True)[1].max() == 2


def test_the_skin_ends_at_the_neck_only_and_eyes_end_nowhere(pack: HeadPack) -> None:
    for part in ("skin", "left_eye", "right_eye"):
        undirected = np.sort(edges(pack.faces_of(part)), axis=1)
        rim, count = np.unique(undirected, axis=0, return_counts=True)
        ends = np.unique(rim[count == 1])
        assert (len(ends) > 0) == (part == "skin")
        assert (pack.vertices[ends, 1] < -1).all()


def test_the_mesh_is_its_own_mirror_image(pack: HeadPack) -> None:
    mirrored = pack.vertices * [-1, 1, 1]
    distance, opposite = cKDTree(pack.vertices).query(mirrored)
    assert distance.max() < 1e-6
    np.testing.assert_array_equal(opposite[opposite], np.arange(len(opposite)))
    for name, mask in pack.masks.items():
        assert np.corrcoef(mask, mask[opposite])[0, 1] > 0.95, name


def test_parts_divide_the_mesh(pack: HeadPack) -> None:
    sizes = [len(pack.faces_of(part)) for part in pack.parts]
    assert min(sizes) > 0
    assert sum(sizes) == len(pack.faces)
    vertices = [set(pack.vertices_of(part)) for part in pack.parts]
    assert sum(map(len, vertices)) == len(set.union(*vertices)) == len(pack.vertices)
    both = pack.vertices_of("left_eye", "right_eye")
    assert set(both) == set(pack.vertices_of("left_eye")) | set(pack.vertices_of("right_eye"))
    assert (np.diff(both) > 0).all()
    with pytest.raises(ValueError, match="not in tuple"):
        pack.faces_of("tail")


def test_what_is_on_the_left_has_a_positive_x(pack: HeadPack) -> None:
    assert pack.vertices[pack.vertices_of("left_eye", "left_lashes"), 0].min() > 0
    assert pack.vertices[pack.vertices_of("right_eye", "right_lashes"), 0].max() < 0


def test_the_masks_lie_where_their_names_say(pack: HeadPack) -> None:
    middle = {name: pack.vertices[mask > 0.5] for name, mask in pack.masks.items()}
    assert np.abs(middle["ears"][:, 0]).min() > 0.5
    assert middle["lips"][:, 2].mean() > middle["mouth"][:, 2].mean()
    assert middle["lips"][:, 1].max() < middle["eyelids"][:, 1].min()


def test_names_of_morphs_are_found_in_their_rows(pack: HeadPack) -> None:
    assert len(set(pack.morph_names)) == len(pack.morph_names)
    assert [pack.index[name] for name in pack.morph_names] == list(range(len(pack.morph_names)))


def test_the_pack_is_read_once_and_shared() -> None:
    assert load_pack() is load_pack()
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_pack().collar = (0.0, 0.0)  # type: ignore[misc]


@pytest.mark.parametrize("row", [0, 17, 123, -1])
def test_a_morph_is_what_the_file_holds_of_it(pack: HeadPack, row: int) -> None:
    row = row % len(pack.morph_names)
    with safe_open(PACK, framework="numpy") as file:
        assert json.loads(file.metadata()["facts"])["morphs"][row] == pack.morph_names[row]
        start, end = (int(at) for at in file.get_tensor("morph_start")[row : row + 2])
        step = float(file.get_tensor("morph_scale")[row])
        expected = np.zeros_like(pack.vertices)
        for at in range(start, end):
            vertex = int(file.get_tensor("morph_index")[at])
            expected[vertex] = file.get_tensor("morph_delta")[at] * step
    np.testing.assert_allclose(pack.morphs[row], expected, atol=1e-7)


def test_a_damaged_pack_is_no_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = tmp_path / "head.safetensors"
    cut.write_bytes(PACK.read_bytes()[:-1000])
    monkeypatch.setattr(head_asset, "PACK", cut)
    with pytest.raises(Exception, match=r"(?i)incomplete|invalid"):
        load_pack.__wrapped__()
