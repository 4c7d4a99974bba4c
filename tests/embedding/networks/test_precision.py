"""The faster precision of a machine, by made-up listings of its processors, and who is told."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import made_model
import numpy as np
import pytest
from made_pictures import pictures

from matcher.embedding import Embedder, get_record, load_extractor, load_model, precision_for
from matcher.embedding.networks import faster_precision, processor_flags
from matcher.errors import InputError
from matcher.testing import FakeEmbedder

BOTH: Any = ("float32", "bfloat16")
PLAIN = "fpu sse2 avx2 avx512f avx512_vnni"
QUICK = f"{PLAIN} avx512_bf16"


def listing(*flags: str) -> str:
    """Return what Linux lists of processors, one for each text of flags."""
    return "\n".join(
        f"processor\t: {number}\nmodel name\t: avx512_bf16\nflags\t\t: {words}\nbugs\t\t: x\n"
        for number, words in enumerate(flags)
    )


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((QUICK, QUICK), "bfloat16"),
        ((f"{PLAIN} amx_bf16 amx_tile",), "bfloat16"),
        ((PLAIN, PLAIN), "float32"),
        ((QUICK, PLAIN), "float32"),  # a thread may run on either
        ((f"{PLAIN} avx512_bf16_of_another_name",), "float32"),
        (("",), "float32"),
    ],
)
def test_all_processors_must_have_the_instructions(flags: tuple[str, ...], expected: str) -> None:
    assert faster_precision(BOTH, "cpu", processor_flags(listing(*flags))) == expected


@pytest.mark.parametrize(
    "text", ["", "no colon", "Features\t: bf16 asimd", "flags", "processor\t: 0", "\0\n:::\nflags"]
)
def test_a_listing_without_flags_names_no_instruction(text: str) -> None:
    assert not {"avx512_bf16", "amx_bf16"} & processor_flags(text)
    assert faster_precision(BOTH, "cpu", processor_flags(text)) == "float32"


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_computes_in_float32(device: str) -> None:
    assert faster_precision(BOTH, device, frozenset({"avx512_bf16"})) == "float32"


def test_a_network_of_one_precision_keeps_it() -> None:
    assert faster_precision(("float32",), "cpu", frozenset({"avx512_bf16"})) == "float32"


def test_a_system_without_the_listing_computes_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.embedding.networks.precision._CPUINFO", tmp_path / "none")
    assert processor_flags() == frozenset()
    assert precision_for(get_record("youth-resnet")) == "float32"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that says which instructions this machine has from now on."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr("matcher.embedding.networks.precision._CPUINFO", file)
    return lambda flags: file.write_text(listing(flags, flags))


@pytest.mark.parametrize(("flags", "expected"), [(QUICK, "bfloat16"), (PLAIN, "float32")])
def test_a_model_takes_the_faster_precision_and_says_which(
    machine: Any, flags: str, expected: Any
) -> None:
    machine(flags)
    model, named = (load_model("dlib-resnet", precision=one) for one in ("auto", expected))
    crops = pictures(2, 150)
    np.testing.assert_array_equal(model.embed(crops), named.embed(crops))
    assert model.precision == named.precision == expected
    assert load_extractor("dlib-resnet", precision="auto").precision == expected


def test_what_is_asked_for_is_taken_on_every_machine(machine: Any) -> None:
    machine(QUICK)
    assert load_model("dlib-resnet", precision="float32").precision == "float32"
    assert load_model("dlib-resnet").precision == "float32", "unless somebody asks"
    machine(PLAIN)
    assert load_model("dlib-resnet", precision="bfloat16").precision == "bfloat16"


def test_an_onnx_model_computes_in_float32_on_every_machine(machine: Any, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    machine(QUICK)
    path = made_model.write(tmp_path)
    assert load_model(path, precision="auto").precision == "float32"
    assert load_extractor(path, precision="auto").precision == "float32"
    with pytest.raises(InputError, match="auto, float32; got 'bfloat16'"):
        load_model(path, precision="bfloat16")


def test_a_pickled_extractor_takes_the_precision_of_the_machine_that_reads_it(machine: Any) -> None:
    machine(QUICK)
    as_bytes = pickle.dumps(load_extractor("dlib-resnet", precision="auto"))
    fixed = pickle.dumps(load_extractor("dlib-resnet", precision="bfloat16"))
    machine(PLAIN)
    assert pickle.loads(as_bytes).precision == "float32"  # noqa: S301 - made just now
    assert pickle.loads(fixed).precision == "bfloat16"  # noqa: S301 - made just now


def test_an_embedder_of_other_code_says_its_precision() -> None:
    model: Embedder = FakeEmbedder()
    assert model.precision == "float32"
