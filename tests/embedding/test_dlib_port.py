"""The PyTorch port of dlib's network against dlib itself, and the life of its conversion."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_pictures import pictures

from matcher.embedding import Embedder, load_model
from matcher.embedding.networks import Networks
from matcher.embedding.networks.dlib_network import convert
from matcher.embedding.weights import weights_path
from matcher.errors import WeightsDamagedError


def _conversions(folder: Path) -> list[Path]:
    return sorted((folder / "weights").glob("*.safetensors"))


def test_vectors_are_those_of_dlib_scaled_to_unit_length(dlib_model: Embedder, cache: Path) -> None:
    dlib = pytest.importorskip("dlib")
    from dataclasses import replace

    from matcher.device import chosen_device
    from matcher.embedding.crop_embedder import CropEmbedder
    from matcher.embedding.networks.torch_network import as_network, dlib_resnet

    path = weights_path(dlib_model.record, Path("unused"))
    module = dlib_resnet(path.read_bytes(), dlib_model.identity.weights_sha256, cache / "weights")
    once = CropEmbedder(
        replace(dlib_model.record, mirrored=False),
        dlib_model.identity,
        Networks(as_network(module, chosen_device("cpu"), "float32")),
    )
    crops = pictures(5, 150)
    oracle = dlib.face_recognition_model_v1(str(path))
    expected = np.array([oracle.compute_face_descriptor(crop) for crop in crops])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)

    assert np.abs(once.embed(crops) - expected).max() < 1e-5


def test_default_vector_is_the_mean_of_picture_and_mirror_image(dlib_model: Embedder) -> None:
    crops = pictures(4, 150)

    assert np.array_equal(dlib_model.embed(crops), dlib_model.embed(crops[:, :, ::-1]))


def test_conversion_is_kept_and_read_again(tmp_path: Path) -> None:
    first = load_model("dlib-resnet", cache=tmp_path)
    (kept,) = _conversions(tmp_path)
    written = kept.stat().st_mtime_ns
    second = load_model("dlib-resnet", cache=tmp_path)

    assert kept.stat().st_mtime_ns == written
    assert np.array_equal(first.embed(pictures(2, 150)), second.embed(pictures(2, 150)))
    assert [path.name for path in kept.parent.glob("*.tmp")] == []


@pytest.mark.parametrize("damage", ["flip", "truncate", "no note", "wrong note"])
def test_damaged_conversion_is_made_again_and_said(
    damage: str, tmp_path: Path, dlib_model: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    load_model("dlib-resnet", cache=tmp_path)
    (kept,) = _conversions(tmp_path)
    note = kept.with_name(kept.name + ".sha256")
    sound = kept.read_bytes()
    if damage == "flip":
        kept.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    elif damage == "truncate":
        kept.write_bytes(sound[:1000])
    elif damage == "no note":
        note.unlink()
    else:
        note.write_text("0" * 64 + "\n")

    with caplog.at_level(logging.WARNING):
        model = load_model("dlib-resnet", cache=tmp_path)

    assert "converting again" in caplog.text
    assert kept.read_bytes() == sound
    assert np.array_equal(model.embed(pictures(2, 150)), dlib_model.embed(pictures(2, 150)))


def test_model_loads_where_the_cache_cannot_be_written(
    tmp_path: Path, dlib_model: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way of a folder")

    with caplog.at_level(logging.WARNING):
        model = load_model("dlib-resnet", cache=blocked)

    assert "cannot be kept" in caplog.text
    assert np.array_equal(model.embed(pictures(2, 150)), dlib_model.embed(pictures(2, 150)))


def test_two_processes_may_convert_at_once(tmp_path: Path) -> None:
    program = "from matcher.embedding import load_model; load_model('dlib-resnet')"
    environment = {**os.environ, "MATCHER_CACHE": str(tmp_path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program],
            env=environment,
            cwd=Path(__file__).parents[2],
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    errors = [process.communicate()[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], errors
    assert len(_conversions(tmp_path)) == 1
    assert list((tmp_path / "weights").glob("*.tmp")) == []


def test_loading_leaves_the_global_random_state_and_threads_alone(tmp_path: Path) -> None:
    import torch

    torch.manual_seed(1)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    load_model("dlib-resnet", cache=tmp_path).embed(pictures(1, 150))

    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    "cut",
    [0, 100, 341, 400, 20_000, 22_334_920, 22_400_000],
    ids=lambda cut: f"after {cut} bytes",
)
def test_truncated_file_is_refused(cut: int, dlib_model: Embedder) -> None:
    data = weights_path(dlib_model.record, Path("unused")).read_bytes()

    with pytest.raises(WeightsDamagedError):
        convert(data[:cut])


def test_file_with_other_extents_is_refused(dlib_model: Embedder) -> None:
    data = weights_path(dlib_model.record, Path("unused")).read_bytes()
    stem = data.index(b"con_4")
    second = data.index(b"con_4", stem + 1)

    with pytest.raises(WeightsDamagedError, match="numbers"):
        convert(data[:stem] + data[second:])
