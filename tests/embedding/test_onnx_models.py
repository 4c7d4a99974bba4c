"""ONNX files beside TOML records: small networks built here, and records that contradict them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_pictures import pictures

from matcher.embedding import load_model
from matcher.errors import (
    InputError,
    MissingExtraError,
    ModelError,
    UnknownModelError,
    WeightsDamagedError,
    WeightsMissingError,
)

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SIZE, DIMENSION = 32, 6
FACTS: dict[str, str] = {
    "name": '"tiny"',
    "version": '"1"',
    "file": '"tiny.onnx"',
    "licence": '"CC0-1.0"',
    "training_data": '"none: random numbers"',
    "size": str(SIZE),
    "template": "[[10, 12], [22, 12], [16, 18], [11, 24], [21, 24]]",
    "colour_order": '"BGR"',
    "mean": "[10, 20, 30.5]",
    "scale": "127.5",
    "dimension": str(DIMENSION),
    "mirrored": "false",
}
Shape = tuple[int | str, ...]


def _matrix() -> np.ndarray[Any, np.dtype[np.float32]]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(3 * SIZE * SIZE, DIMENSION)).astype(np.float32)


def _network(
    given: Shape = ("n", 3, SIZE, SIZE),
    returned: Shape = ("n", DIMENSION),
    kind: int = 1,
    extra_input: bool = False,
) -> bytes:
    """Return an ONNX file that multiplies the flattened input by `_matrix`."""
    from onnx import TensorProto, helper, numpy_helper

    inputs = [helper.make_tensor_value_info("pixels", kind, given)]
    nodes = [
        helper.make_node("Cast", ["pixels"], ["single"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["single"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "matrix"], ["vectors"]),
    ]
    if extra_input:
        inputs.append(helper.make_tensor_value_info("more", kind, given))
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, returned)],
        [numpy_helper.from_array(_matrix(), "matrix")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes file and record, and returns the record's path."""

    def write(content: bytes, **changes: str | None) -> str:
        (tmp_path / "tiny.onnx").write_bytes(content)
        sha256 = f'"{hashlib.sha256(content).hexdigest()}"'
        facts = {**FACTS, "sha256": sha256, **changes}
        lines = [f"{key} = {value}" for key, value in facts.items() if value is not None]
        path = tmp_path / "tiny.toml"
        path.write_text("\n".join(lines))
        return str(path)

    return write


@pytest.mark.parametrize("batch", ["n", 1], ids=["any batch", "one by one"])
def test_vectors_follow_record_and_file(write: Write, batch: int | str) -> None:
    model = load_model(write(_network((batch, 3, SIZE, SIZE), (batch, DIMENSION))))
    crops = pictures(5, SIZE)
    pixels = (crops[..., ::-1] - np.array([10, 20, 30.5])) / 127.5
    expected = pixels.transpose(0, 3, 1, 2).reshape(5, -1) @ _matrix()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)

    np.testing.assert_allclose(model.embed(crops), expected, atol=1e-5)
    assert model.embed(crops[:0]).shape == (0, DIMENSION)
    assert model.record.crop.points[2] == (16.0, 18.0)
    assert model.identity.weights_sha256 == model.record.weights.sha256


def test_file_with_open_dimensions_is_taken_at_its_word(write: Write) -> None:
    model = load_model(write(_network(("n", "c", "h", "w"), ("n", "d"))))

    assert model.embed(pictures(2, SIZE)).shape == (2, DIMENSION)


def test_dimension_that_the_file_leaves_open_is_inferred_and_compared(write: Write) -> None:
    with pytest.raises(ModelError, match="output must be of shape"):
        load_model(write(_network(returned=("n", "d")), dimension="5"))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (_network(("n", SIZE, SIZE, 3)), "input must be of shape"),
        (_network((4, 3, SIZE, SIZE)), "input must be of shape"),
        (_network(("n", 3 * SIZE * SIZE)), "input must be of shape"),
        (_network(kind=11), "input must be float32"),
        (_network(extra_input=True), "must have one input"),
    ],
    ids=["channels last", "batch of four", "flat", "float64", "two inputs"],
)
def test_file_that_contradicts_its_record_is_refused(
    write: Write, content: bytes, rule: str
) -> None:
    with pytest.raises(ModelError, match=rule):
        load_model(write(content))


def test_record_of_another_size_is_refused(write: Write) -> None:
    with pytest.raises(ModelError, match=r"input must be of shape \(n or 1, 3, 64, 64\)"):
        load_model(write(_network(), size="64"))


def test_record_of_another_dimension_is_refused(write: Write) -> None:
    with pytest.raises(ModelError, match=r"output must be of shape \(n or 1, 7\)"):
        load_model(write(_network(), dimension="7"))


def test_bytes_that_are_no_onnx_file_are_refused(write: Write) -> None:
    with pytest.raises(WeightsDamagedError, match="cannot be read"):
        load_model(write(b"not a network"))


def test_changed_file_is_refused(write: Write, tmp_path: Path) -> None:
    path = write(_network())
    (tmp_path / "tiny.onnx").write_bytes(_network(("n", 3, SIZE, SIZE), ("n", "d")))

    with pytest.raises(WeightsDamagedError, match="SHA-256 must be"):
        load_model(path)


def test_file_of_unknown_hash_is_not_loaded_before_it_was_fetched(
    write: Write, tmp_path: Path
) -> None:
    from matcher.embedding import fetch

    path = write(_network(), sha256=None)
    with pytest.raises(WeightsDamagedError, match="recorded when they were fetched"):
        load_model(path)

    fetch(path, from_file=tmp_path / "tiny.onnx")
    assert load_model(path).embed(pictures(1, SIZE)).shape == (1, DIMENSION)


def test_missing_file_is_reported(write: Write, tmp_path: Path) -> None:
    path = write(_network())
    (tmp_path / "tiny.onnx").unlink()

    with pytest.raises(WeightsMissingError, match=r"models fetch RECORD\.toml --from FILE"):
        load_model(path)


def test_bfloat16_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match="precision"):
        load_model(write(_network()), precision="bfloat16")


def test_absent_gpu_is_an_error(write: Write) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("has a GPU")
    with pytest.raises(ModelError, match="no other is taken instead"):
        load_model(write(_network()), device="cuda")
    with pytest.raises(InputError, match="device is unknown"):
        load_model(write(_network()), device="tpu")


def test_absent_onnxruntime_names_the_extra(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(MissingExtraError, match=r'pip install "onnxruntime>=1\.18"'):
        load_model(write(_network()))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"name": None}, "must have name"),
        ({"licence": '" "'}, "licence must be a text"),
        ({"extra": "1"}, "no other keys"),
        ({"size": "0"}, "size must be"),
        ({"size": "true"}, "size must be"),
        ({"size": "112.0"}, "size must be"),
        ({"scale": "0"}, "scale must be"),
        ({"scale": "nan"}, "scale must be"),
        ({"mean": "[1, 2]"}, "mean must be"),
        ({"mean": "1"}, "mean must be"),
        ({"mean": "[1, 2, inf]"}, "mean must be"),
        ({"template": "[[1, 2]]"}, "template must be"),
        ({"colour_order": '"GBR"'}, "colour_order must be"),
        ({"mirrored": "1"}, "mirrored must be"),
        ({"sha256": '"abc"'}, "sha256 must be"),
        ({"url": '"http://example.org/x.onnx"'}, "url must be"),
        ({"file": '"../x.onnx"'}, "file must be"),
        ({"file": '"a/x.onnx"'}, "file must be"),
        ({"external_data": '"a.bin"'}, "external_data must be"),
        ({"external_data": '["a.bin"]'}, "external_data must be"),
        ({"external_data": '{"a.bin" = "abc"}'}, "external_data must be"),
        ({"external_data": '{"a.bin" = 1}'}, "external_data must be"),
        ({"external_data": f'{{"/a.bin" = "{64 * "0"}"}}'}, "external_data must be"),
        ({"external_data": f'{{"tiny.onnx" = "{64 * "0"}"}}'}, "external_data must be"),
        ({"name": '"a b"'}, "name must be"),
        ({"name": "]"}, "readable TOML"),
        ({"mean": "[" * 50_000}, "readable TOML"),
        ({"mean": "[1, 2, 1e999]"}, "readable TOML"),
        ({"size": "99999999999999999999"}, "readable TOML"),
        ({"size": "1000000000000"}, "size must be"),
        ({"dimension": "1000000000000"}, "dimension must be"),
        ({"scale": "true"}, "scale must be"),
    ],
    ids=str,
)
def test_record_that_breaks_a_rule_is_refused(
    write: Write, changes: dict[str, str | None], rule: str
) -> None:
    with pytest.raises(InputError, match=rule):
        load_model(write(_network(), **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": '"2"'},
        {"template": "[[10, 12], [22, 12], [16, 18], [11, 24], [21, 24.5]]"},
        {"colour_order": '"RGB"'},
        {"mean": "[10, 20, 30]"},
        {"scale": "127"},
        {"mirrored": "true"},
    ],
    ids=str,
)
def test_every_fact_that_changes_a_vector_changes_the_identity(
    write: Write, changes: dict[str, str]
) -> None:
    before = load_model(write(_network())).identity
    assert load_model(write(_network(), **changes)).identity != before
    again = load_model(write(_network(), licence='"other words"', training_data='"others"'))
    assert again.identity == before


def test_each_file_is_read_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes that are run are the bytes that were hashed."""
    read, paths = Path.read_bytes, []

    def counted(path: Path) -> bytes:
        paths.append(path.name)
        return read(path)

    record = write(_network())
    monkeypatch.setattr(Path, "read_bytes", counted)
    load_model(record)
    assert paths == ["tiny.toml", "tiny.onnx"]


def test_absent_record_is_an_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="no such file"):
        load_model(str(tmp_path / "absent.toml"))
