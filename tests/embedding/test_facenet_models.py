"""InceptionResnetV1 with random weights; the published ones are not on this machine."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import made_adaptation
import numpy as np
import pytest
import torch
from facenet_pytorch import InceptionResnetV1
from made_pictures import pictures

from matcher.embedding import fetch, load_model, verify_weights
from matcher.errors import WeightsDamagedError, WeightsMissingError

NAME = "facenet-casia-webface"


@pytest.fixture(scope="session")
def state() -> dict[str, Any]:
    """Return random weights, with the classifier that the published files hold."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights: dict[str, Any] = InceptionResnetV1(classify=True, num_classes=5).state_dict()
    return weights


def _place(state: object, folder: Path) -> Path:
    """Bring a file to the cache as somebody without a network would."""
    source = folder / "brought.pt"
    torch.save(state, source)
    fetch(NAME, cache=folder, from_file=source)
    return folder


def test_vectors_are_those_of_the_package(state: dict[str, Any], tmp_path: Path) -> None:
    model = load_model(NAME, precision="float32", cache=_place(state, tmp_path))
    module = InceptionResnetV1(classify=True, num_classes=5).eval()
    module.load_state_dict(state)
    module.classify = False
    crops = pictures(2, 160)
    both = torch.from_numpy(np.stack([crops, crops[:, :, ::-1]]).reshape(-1, 160, 160, 3))
    with torch.inference_mode():
        ahead, mirrored = module((both.permute(0, 3, 1, 2) - 127.5) / 128).numpy().reshape(2, 2, -1)
    expected = ahead + mirrored
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)

    assert np.abs(model.embed(crops) - expected).max() < 1e-5
    assert model.record.dimension == 512


def test_adapted_its_weights_stay_in_the_cache(
    state: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATCHER_CACHE", str(_place(state, tmp_path)))
    given = made_adaptation.some_map(512, 64)
    record = made_adaptation.write(tmp_path / "adapted", NAME, given)
    crops = pictures(2, 160)
    expected = given(load_model(NAME).embed(crops).astype(np.float64))
    assert np.abs(load_model(record).embed(crops) - expected).max() < 1e-5
    monkeypatch.setenv("MATCHER_CACHE", str(tmp_path / "elsewhere"))
    assert load_model(record, cache=tmp_path).identity.dimension == 64
    assert verify_weights(str(record), cache=tmp_path).state == "present"
    with pytest.raises(WeightsMissingError, match=f"matcher models fetch {NAME}"):
        load_model(record)


def test_first_use_is_recorded(state: dict[str, Any], tmp_path: Path) -> None:
    model = load_model(NAME, precision="float32", cache=_place(state, tmp_path))
    (weights,) = (tmp_path / "weights").glob("*.pt")

    assert model.identity.weights_sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(WeightsDamagedError, match=model.identity.weights_sha256):
        load_model(NAME, cache=tmp_path)


@pytest.mark.parametrize("change", ["missing", "unknown", "shape", "no dict"])
def test_other_weights_are_refused(change: str, state: dict[str, Any], tmp_path: Path) -> None:
    changed: Any = dict(state)
    if change == "missing":
        del changed["last_linear.weight"]
    elif change == "unknown":
        changed["more.weight"] = torch.zeros(1)
    elif change == "shape":
        changed["last_linear.weight"] = torch.zeros(128, 1792)
    else:
        changed = torch.zeros(3)

    with pytest.raises(WeightsDamagedError, match="must be a state dict"):
        load_model(NAME, cache=_place(changed, tmp_path))


class _Harmful:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("executed"),)


@pytest.mark.parametrize("plain", [True, False], ids=["pickle", "torch archive"])
def test_code_in_a_weights_file_is_not_executed(
    plain: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "harmful.pt"
    if plain:
        source.write_bytes(pickle.dumps(_Harmful(), protocol=2))
    else:
        torch.save({"x": _Harmful()}, source)
    fetch(NAME, cache=tmp_path, from_file=source)

    with pytest.raises(WeightsDamagedError):
        load_model(NAME, cache=tmp_path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02}", b"text"])
def test_bytes_that_are_no_weights_are_refused(content: bytes, tmp_path: Path) -> None:
    source = tmp_path / "nonsense.pt"
    source.write_bytes(content)
    fetch(NAME, cache=tmp_path, from_file=source)

    with pytest.raises(WeightsDamagedError):
        load_model(NAME, cache=tmp_path)
