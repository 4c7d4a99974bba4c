"""The PyTorch port of dlib's network against dlib itself, and the reading of its file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from made_pictures import pictures
from safetensors.torch import save

from matcher.embedding import Embedder, load_model
from matcher.embedding.networks import Networks
from matcher.embedding.networks.dlib_network import convert
from matcher.embedding.weights import weights_path
from matcher.errors import WeightsDamagedError


def test_vectors_are_those_of_dlib_scaled_to_unit_length(dlib_model: Embedder) -> None:
    dlib = pytest.importorskip("dlib")
    from dataclasses import replace

    from matcher.device import chosen_device
    from matcher.embedding.crop_embedder import CropEmbedder
    from matcher.embedding.networks.torch_network import as_network, dlib_resnet

    path = weights_path(dlib_model.record, Path("unused"))
    module = dlib_resnet(path.read_bytes())
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


def test_what_lies_in_the_cache_changes_no_vector(tmp_path: Path, dlib_model: Embedder) -> None:
    """Earlier versions kept a converted copy there, beside a hash that anybody could rewrite."""
    state = convert(weights_path(dlib_model.record, Path("unused")).read_bytes())
    forged = save({name: values + 1 for name, values in state.items()})
    sha256 = dlib_model.identity.weights_sha256
    kept = tmp_path / "weights" / f"dlib-resnet-{sha256[:16]}-merged1.safetensors"
    kept.parent.mkdir()
    kept.write_bytes(forged)
    note = kept.with_name(f"{kept.name}.sha256")
    note.write_text(f"{hashlib.sha256(forged).hexdigest()}  {kept.name}\n")

    model = load_model("dlib-resnet", precision="float32", cache=tmp_path)

    assert np.array_equal(model.embed(pictures(2, 150)), dlib_model.embed(pictures(2, 150)))
    assert sorted(kept.parent.iterdir()) == [kept, note]


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
