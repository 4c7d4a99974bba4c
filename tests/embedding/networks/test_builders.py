"""Networks by name: every record has one, every name builds, and what does not suit is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import made_model
import numpy as np
import pytest
from made_pictures import pictures

from matcher._lazy import load
from matcher.embedding import get_record, list_models, load_model
from matcher.embedding.networks import (
    NETWORKS,
    NetworkKind,
    Networks,
    Weights,
    build,
    network_kind,
)
from matcher.embedding.weights import VerifiedWeights
from matcher.errors import InputError, ModelError, UnknownModelError

RECORD = get_record("dlib-resnet")


def test_every_registered_model_has_a_network() -> None:
    assert {record.network for record in list_models()} <= set(NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_name_stands_for_a_builder(name: str) -> None:
    assert callable(load(NETWORKS[name].built_by))


def test_the_names_are_known_without_torch() -> None:
    script = (
        "import sys; from matcher.embedding.networks import NETWORKS; "
        "print(len(NETWORKS), 'torch' in sys.modules, 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(len(NETWORKS)), "False", "False"]


def test_an_unknown_network_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        UnknownModelError,
        match=r"dlib-resnet, youth-dlib, youth-experts, youth-resnet.*got 'transformer'",
    ):
        network_kind(replace(RECORD, network="transformer"), "float32")


@pytest.mark.parametrize("precision", ["float16", "", "BFLOAT16"])
def test_an_unknown_precision_is_refused(precision: str) -> None:
    with pytest.raises(InputError, match="float32, bfloat16"):
        network_kind(RECORD, precision)


def test_an_onnx_model_has_one_precision(tmp_path: Path) -> None:
    record = get_record(str(made_model.write(tmp_path)))
    assert network_kind(record, "float32").precisions == ("float32",)
    with pytest.raises(InputError, match="must be one of auto, float32; got 'bfloat16'"):
        network_kind(record, "bfloat16")


def test_a_device_that_is_not_there_is_refused_before_the_weights_are_read() -> None:
    unread = VerifiedWeights(b"no weights", {}, "00" * 32)
    weights = Weights(RECORD, unread, "cuda:7", "float32")
    with pytest.raises(ModelError, match="cuda"):
        build(NETWORKS["dlib-resnet"], weights)


def brightness(weights: Weights) -> Networks:
    """A network of three numbers, the mean of each channel."""
    return Networks(lambda pixels: pixels.mean(axis=(1, 2)) + 1)


def test_a_new_network_is_one_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = made_model.write(tmp_path)
    text = record.read_text().replace(f"dimension = {made_model.DIMENSION}", "dimension = 3")
    record.write_text(text)
    module = ModuleType("brightness")
    module.build = brightness  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "brightness", module)
    mine = {**NETWORKS, "onnx": NetworkKind("brightness:build")}
    monkeypatch.setattr("matcher.embedding.networks.builders.NETWORKS", mine)
    model = load_model(str(record))
    vectors = model.embed(pictures(4, made_model.SIZE))
    assert vectors.shape == (4, 3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
