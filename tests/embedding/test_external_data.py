"""ONNX files that keep weights in other files: every byte that makes a vector is verified."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import made_model
import numpy as np
import pytest
from made_pictures import pictures

from matcher.embedding import ModelIdentity, fetch, load_model, verify_weights
from matcher.errors import InputError, ModelError, WeightsDamagedError, WeightsMissingError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnx.external_data_helper")
pytest.importorskip("onnxruntime")

SIZE, DIMENSION = made_model.SIZE, made_model.DIMENSION
DATA = "new-model.data"
CROPS = pictures(3, SIZE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a record whose ONNX file is whole."""
    folder = tmp_path / "models"
    folder.mkdir()
    made_model.write(folder)
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def split(folder: Path, names: Mapping[str, str] | None = None, **changes: str) -> Path:
    """Move the weights into `DATA`, and rewrite the record; return it.

    With `names`, the record lists those files. A change of `location` is written into the file.
    """
    path = folder / "new-model.onnx"
    model = onnx.load(path)
    onnx.external_data_helper.convert_model_to_external_data(
        model, location=DATA, size_threshold=0, convert_attribute=True
    )
    path.unlink()
    onnx.save(model, path)
    if "location" in changes:
        model = onnx.load(path, load_external_data=False)
        for entry in model.graph.initializer[0].external_data:
            if entry.key == "location":
                entry.value = changes["location"]
        path.write_bytes(model.SerializeToString())
    return describe(folder, {DATA: sha256(folder / DATA)} if names is None else names)


def describe(folder: Path, names: Mapping[str, str]) -> Path:
    """Rewrite the record for the ONNX file as it is now, with these files of external data."""
    record = folder / "new-model.toml"
    kept = [
        line
        for line in record.read_text("utf-8").splitlines()
        if not line.startswith(("sha256", "external_data", "url"))
    ]
    listed = ", ".join(f'"{name}" = "{digits}"' for name, digits in names.items())
    kept.append(f'sha256 = "{sha256(folder / "new-model.onnx")}"')
    kept += [f"external_data = {{{listed}}}"] if names else []
    record.write_text("\n".join(kept), "utf-8")
    return record


def identity(record: Path) -> ModelIdentity:
    return load_model(record).identity


def other_bytes(path: Path) -> None:
    """Write other numbers of the same length into a file of external data."""
    count = path.stat().st_size // 4
    path.write_bytes(np.random.default_rng(5).normal(size=count).astype(np.float32).tobytes())


def test_vectors_are_those_of_the_whole_file(folder: Path) -> None:
    whole = load_model(folder / "new-model.toml")
    vectors = whole.embed(CROPS)
    assert whole.identity.weights_sha256 == sha256(folder / "new-model.onnx")

    parted = load_model(split(folder))

    np.testing.assert_array_equal(parted.embed(CROPS), vectors)
    hashes = [sha256(folder / name) for name in ("new-model.onnx", DATA)]
    listed = "".join(f"{digits}\n" for digits in hashes)
    assert parted.identity.weights_sha256 == hashlib.sha256(listed.encode()).hexdigest()
    status = verify_weights(str(folder / "new-model.toml"))
    assert status.state == "present"
    assert "of the hashes of 2 files, each as the record names it" in status.detail


def test_the_working_directory_changes_no_vector(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = split(folder)
    vectors, before = load_model(record).embed(CROPS), identity(record)
    decoy = tmp_path / "elsewhere"
    decoy.mkdir()
    shutil.copy(folder / DATA, decoy / DATA)
    other_bytes(decoy / DATA)
    monkeypatch.chdir(decoy)

    np.testing.assert_array_equal(load_model(record).embed(CROPS), vectors)
    assert identity(record) == before
    (folder / DATA).unlink()
    with pytest.raises(WeightsMissingError, match=DATA):
        load_model(record)


def test_other_bytes_are_refused_or_are_another_model(folder: Path) -> None:
    record = split(folder)
    before = identity(record)
    other_bytes(folder / DATA)
    with pytest.raises(WeightsDamagedError, match="SHA-256 must be"):
        load_model(record)
    assert verify_weights(str(record)).state == "damaged"

    describe(folder, {DATA: sha256(folder / DATA)})
    assert identity(record).weights_sha256 != before.weights_sha256


def test_a_file_that_the_record_does_not_name_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = split(folder, {})
    monkeypatch.chdir(folder)
    with pytest.raises(ModelError, match=f"none in the record, '{DATA}' in the file"):
        load_model(record)


def test_a_file_that_the_network_does_not_need_is_refused(folder: Path) -> None:
    (folder / "more.bin").write_bytes(b"more")
    record = split(folder)
    describe(folder, {DATA: sha256(folder / DATA), "more.bin": sha256(folder / "more.bin")})
    with pytest.raises(ModelError, match=r"'more\.bin', 'new-model\.data' in the record"):
        load_model(record)


@pytest.mark.parametrize(
    "place",
    [
        "../outside.data",
        "{folder}/../outside.data",
        "inner/outside.data",
        "./new-model.data",
        "",
        "*/_ORT_MEM_ADDR_/*",  # by such a name onnxruntime reads its own memory
        "*/_ORT_NATIVE_ENDIAN_MEM_ADDR_/*",
    ],
)
def test_a_place_outside_the_folder_is_refused(
    folder: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = place.format(folder=folder)
    record = split(folder, location=location)
    (folder / "inner").mkdir()
    for copy in (folder.parent / "outside.data", folder / "inner" / "outside.data"):
        shutil.copy(folder / DATA, copy)
    monkeypatch.chdir(folder)
    with pytest.raises(ModelError, match="external_data must name the files"):
        load_model(record)

    describe(folder, {location: sha256(folder / DATA)})
    with pytest.raises(InputError, match="external_data must be a table"):
        load_model(record)


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right of its own there")
@pytest.mark.parametrize("target", ["outside.data", "between", "new-model.data", "absent.data"])
def test_a_link_out_of_the_folder_is_refused(folder: Path, target: str) -> None:
    record = split(folder)
    outside = folder.parent / "outside.data"
    (folder / DATA).rename(outside)
    (folder.parent / "between").symlink_to(outside)
    (folder / DATA).symlink_to(folder / DATA if target == DATA else folder.parent / target)
    with pytest.raises(WeightsDamagedError, match=r"behind a link|must be readable"):
        load_model(record)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", [DATA, "new-model.onnx"])
@pytest.mark.parametrize("make", ["mkfifo", "mkdir"])
def test_what_is_no_file_is_refused(folder: Path, name: str, make: str) -> None:
    record = split(folder)
    (folder / name).unlink()
    getattr(os, make)(folder / name)
    with pytest.raises(WeightsDamagedError, match="must lie in a file"):
        load_model(record)


def test_a_linked_folder_is_the_folder_that_it_leads_to(folder: Path) -> None:
    before = identity(split(folder))
    (folder.parent / "linked").symlink_to(folder)
    assert identity(folder.parent / "linked" / "new-model.toml") == before


def _constant(model) -> None:
    weights = model.graph.initializer.pop()
    node = onnx.helper.make_node("Constant", [], ["matrix"], value=weights)
    model.graph.node.insert(0, node)


def _without_name(model) -> None:
    del model.graph.initializer[0].external_data[:]


def _two_names(model) -> None:
    model.graph.initializer[0].external_data.add(key="location", value="second.data")


@pytest.mark.parametrize("change", [_constant, _without_name, _two_names])
def test_external_data_of_another_kind_are_refused(
    folder: Path, change: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    split(folder)
    path = folder / "new-model.onnx"
    model = onnx.load(path, load_external_data=False)
    change(model)
    path.write_bytes(model.SerializeToString())
    record = describe(folder, {DATA: sha256(folder / DATA)})
    monkeypatch.chdir(folder)
    with pytest.raises(WeightsDamagedError, match="only weights of the graph"):
        load_model(record)


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_file_that_is_too_short_is_refused(folder: Path, content: bytes) -> None:
    split(folder)
    (folder / DATA).write_bytes(content)
    with pytest.raises(WeightsDamagedError, match="that onnxruntime can run"):
        load_model(describe(folder, {DATA: sha256(folder / DATA)}))


def test_onnxruntimes_own_format_is_refused(folder: Path, tmp_path: Path) -> None:
    """It could hold what was not checked; only ONNX is read."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "model.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    path = folder / "new-model.onnx"
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    shutil.copy(tmp_path / "model.ort", path)
    with pytest.raises(WeightsDamagedError, match="must be an ONNX file"):
        load_model(describe(folder, {}))


def test_a_file_that_changes_while_it_is_loaded_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session is built from the bytes that were hashed."""
    from matcher.embedding import loading

    record = split(folder)
    expected = load_model(record)
    build = loading.build

    def late(*arguments):
        other_bytes(folder / DATA)
        (folder / "new-model.onnx").unlink()
        return build(*arguments)

    monkeypatch.setattr(loading, "build", late)
    model = load_model(record)
    assert model.identity == expected.identity
    np.testing.assert_array_equal(model.embed(CROPS), expected.embed(CROPS))


def test_external_data_are_fetched_with_the_file(folder: Path, tmp_path: Path) -> None:
    record = split(folder)
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(record, bare)
    name = str(bare / record.name)
    assert verify_weights(name).state == "missing"

    path = fetch(name, from_file=folder / "new-model.onnx")

    assert path == bare / "new-model.onnx"
    assert verify_weights(name).state == "present"
    assert identity(bare / record.name) == identity(record)


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right of its own there")
def test_a_link_is_replaced_by_the_file(folder: Path, tmp_path: Path) -> None:
    record = split(folder)
    source = tmp_path / "disk"
    shutil.copytree(folder, source)
    (folder / DATA).unlink()
    (folder / DATA).symlink_to(source / DATA)

    fetch(str(record), from_file=source / "new-model.onnx")

    assert not (folder / DATA).is_symlink()
    assert verify_weights(str(record)).state == "present"


def test_an_older_onnxruntime_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matcher.embedding.networks import onnx_session
    from matcher.errors import MissingExtraError

    record = split(folder)
    runtime = onnx_session.import_silent("onnxruntime")

    class Older(runtime.SessionOptions):
        add_external_initializers_from_files_in_memory = None

    monkeypatch.setattr(runtime, "SessionOptions", Older)
    with pytest.raises(MissingExtraError, match="newer onnxruntime"):
        load_model(record)
