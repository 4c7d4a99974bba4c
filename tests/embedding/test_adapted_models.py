"""An adapted model is a model as any other: a record, a hash, vectors, and refusals."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import made_adaptation
import made_model
import numpy as np
import pytest
from made_pictures import pictures
from PIL import Image
from safetensors.numpy import save

from matcher.embedding import (
    VectorMap,
    fetch,
    get_record,
    load_extractor,
    load_model,
    verify_weights,
)
from matcher.errors import (
    GalleryModelError,
    InputError,
    ModelError,
    UnknownModelError,
    WeightsDamagedError,
    WeightsMissingError,
)
from matcher.gallery import Gallery

CROPS = pictures(5, made_model.SIZE)


@pytest.fixture
def base(tmp_path: Path) -> str:
    (tmp_path / "vendor").mkdir()
    return str(made_model.write(tmp_path / "vendor"))


@pytest.fixture
def record(base: str, tmp_path: Path) -> Path:
    return made_adaptation.write(tmp_path / "adapted", base)


def test_its_vectors_are_those_of_the_base_mapped(base: str, record: Path) -> None:
    vectors = load_model(base).embed(CROPS).astype(np.float64)
    given = made_adaptation.some_map(made_model.DIMENSION)
    wanted = (vectors - given.mean) @ given.matrix
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    model = load_model(record)
    np.testing.assert_allclose(model.embed(CROPS), wanted, atol=1e-6)
    np.testing.assert_array_equal(model.embed_all(CROPS).vectors, model.embed(CROPS))
    assert model.embed(CROPS[:0]).shape == (0, made_model.DIMENSION)
    assert model.embed(CROPS).dtype == np.float32


def test_a_map_to_fewer_numbers_makes_shorter_vectors(base: str, tmp_path: Path) -> None:
    given = made_adaptation.some_map(made_model.DIMENSION, 7)
    model = load_model(made_adaptation.write(tmp_path / "adapted", base, given))
    assert model.identity.dimension == model.record.dimension == 7
    assert model.embed(CROPS).shape == (5, 7)


def test_the_same_vectors_alone_and_together(record: Path) -> None:
    model = load_model(record)
    alone = np.concatenate([model.embed(CROPS[row : row + 1]) for row in range(5)])
    np.testing.assert_allclose(model.embed(CROPS), alone, atol=1e-5)


def test_the_identity_covers_base_and_map(base: str, record: Path, tmp_path: Path) -> None:
    identity = load_model(record).identity
    assert identity.weights_sha256 != load_model(base).identity.weights_sha256
    other = made_adaptation.some_map(made_model.DIMENSION, seed=1)
    assert load_model(made_adaptation.write(tmp_path / "b", base, other)).identity != identity
    assert load_model(made_adaptation.write(tmp_path / "c", base)).identity == identity


def test_a_gallery_refuses_the_base_and_the_other_way_round(
    base: str, record: Path, tmp_path: Path
) -> None:
    adapted, plain = load_model(record).identity, load_model(base).identity
    for mine, other in ((adapted, plain), (plain, adapted)):
        gallery = Gallery.create(tmp_path / mine.name, model=mine)
        with pytest.raises(GalleryModelError):
            gallery.require_model(other)


def test_an_adapted_registered_model_needs_nothing_beside_it(tmp_path: Path) -> None:
    record = made_adaptation.write(tmp_path / "adapted", "dlib-resnet")
    model = load_model(record)
    assert model.record.crop == get_record("dlib-resnet").crop
    assert model.embed(pictures(1, 150)).shape == (1, 128)
    assert verify_weights(str(record)).state == "present"


def test_an_extractor_of_it_travels_to_another_process(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(record.parent)
    extractor = load_extractor("model.toml")
    monkeypatch.chdir("/")
    assert pickle.loads(pickle.dumps(extractor)).model == extractor.model  # noqa: S301 - ours


@pytest.mark.parametrize("other", ["base", "map", "no map"])
def test_a_changed_map_is_damaged(record: Path, other: str) -> None:
    file = record.parent / "map.safetensors"
    content = {
        "base": b"not a map",
        "map": made_adaptation.some_map(made_model.DIMENSION, seed=1).to_bytes(),
        "no map": b"",
    }[other]
    file.write_bytes(content)
    with pytest.raises(WeightsDamagedError, match="SHA-256 must be"):
        load_model(record)
    assert verify_weights(str(record)).state == "damaged"
    with pytest.raises(WeightsDamagedError, match="SHA-256 must be"):
        fetch(str(record))


def test_an_absent_map_is_missing(record: Path) -> None:
    (record.parent / "map.safetensors").unlink()
    with pytest.raises(WeightsMissingError, match="must lie beside the record"):
        load_model(record)
    assert verify_weights(str(record)).state == "missing"
    (record.parent / "map.safetensors").mkdir()
    with pytest.raises(WeightsDamagedError, match="a folder or a device"):
        load_model(record)


def _arrays(**arrays: object) -> bytes:
    return save({name: np.asarray(array) for name, array in arrays.items()})


D = made_model.DIMENSION
UNFIT = {
    "no file of arrays": b"PK\x03\x04",
    "nothing in it": _arrays(),
    "no matrix": _arrays(mean=np.zeros(D)),
    "one array too many": _arrays(mean=np.zeros(D), matrix=np.eye(D), more=np.zeros(1)),
    "mean of another length": _arrays(mean=np.zeros(D - 1), matrix=np.eye(D)),
    "no column": _arrays(mean=np.zeros(D), matrix=np.zeros((D, 0))),
    "nan": _arrays(mean=np.zeros(D), matrix=np.full((D, D), np.nan)),
    "infinity": _arrays(mean=np.full(D, np.inf), matrix=np.eye(D)),
    "whole numbers": _arrays(mean=np.zeros(D, np.int64), matrix=np.eye(D, dtype=np.int64)),
    "a vector for a matrix": _arrays(mean=np.zeros(D), matrix=np.zeros(D)),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_file_with_the_right_hash_that_is_no_map_is_refused(
    base: str, tmp_path: Path, name: str
) -> None:
    from matcher.embedding.weights import sha256_of

    record = made_adaptation.write(tmp_path / "a", base, map_sha256=sha256_of(UNFIT[name]))
    (record.parent / "map.safetensors").write_bytes(UNFIT[name])
    with pytest.raises(WeightsDamagedError, match="with a mean and a matrix"):
        load_model(record)


@pytest.mark.parametrize("wrong", [{"dimension": 12}, {"dimension": D + 1}])
def test_a_map_of_another_dimension_is_refused(
    base: str, tmp_path: Path, wrong: dict[str, object]
) -> None:
    with pytest.raises(ModelError, match="matrix must be of shape"):
        load_model(made_adaptation.write(tmp_path / "a", base, **wrong))


def test_a_vector_in_the_centre_of_the_map_is_an_error(base: str, tmp_path: Path) -> None:
    nowhere = VectorMap(np.zeros(D), np.zeros((D, D)))
    model = load_model(made_adaptation.write(tmp_path / "a", base, nowhere))
    with pytest.raises(ModelError, match="to the origin"):
        model.embed(CROPS)


def test_a_changed_base_is_refused(base: str, record: Path) -> None:
    text = Path(base).read_text()
    Path(base).write_text(text.replace("scale = 127.5", "scale = 128"))
    with pytest.raises(ModelError, match="those that the map was fitted to"):
        load_model(record)


def test_base_and_record_may_move_together(base: str, record: Path, tmp_path: Path) -> None:
    before = load_model(record).identity
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "vendor", tmp_path / "elsewhere")
    shutil.move(record.parent, tmp_path / "elsewhere")
    assert load_model(tmp_path / "elsewhere" / "adapted" / "model.toml").identity == before
    assert not Path(base).exists()


def test_an_absent_base_is_named(base: str, record: Path) -> None:
    Path(base).unlink()
    with pytest.raises(UnknownModelError, match="Bring the base's record and files") as caught:
        load_model(record)
    assert "new-model.toml" in str(caught.value)
    with pytest.raises(UnknownModelError, match="Bring the base's record and files"):
        verify_weights(str(record))


def test_absent_weights_of_the_base_are_fetched_by_the_record(
    base: str, record: Path, tmp_path: Path
) -> None:
    file = Path(base).with_suffix(".onnx")
    file.rename(tmp_path / "brought.onnx")
    with pytest.raises(WeightsMissingError):
        load_model(record)
    assert verify_weights(str(record)).state == "missing"
    assert fetch(str(record), from_file=tmp_path / "brought.onnx").samefile(file)
    assert verify_weights(str(record)).state == "present"
    load_model(record)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"base": "youth-resnet@5"}, "one vector of a face"),
        ({"base": "model.toml"}, "not adapted itself"),
        ({"base": " "}, "base must be the name"),
        ({"base": 3}, "base must be the name"),
        ({"name": "a b"}, "name must be"),
        ({"name": None}, "must have name"),
        ({"version": ""}, "version must be a text"),
        ({"map": "../map.safetensors"}, "map must be a file name"),
        ({"map": "map.onnx"}, "map must be a file name"),
        ({"map_sha256": "abc"}, "map_sha256 must be"),
        ({"map_sha256": None}, "must have map_sha256"),
        ({"base_weights_sha256": 1}, "base_weights_sha256 must be"),
        ({"base_preprocessing_sha256": None}, "must have base_preprocessing_sha256"),
        ({"licence": None}, "must have licence"),
        ({"dimension": 0}, "dimension must be"),
        ({"dimension": "128"}, "dimension must be"),
        ({"cohort": 3}, "cohort must be a table"),
        ({"choice": "strong"}, "choice must be a table"),
        ({"file": "x.onnx"}, "no other keys"),
    ],
    ids=str,
)
def test_a_record_that_breaks_a_rule_is_refused(
    base: str, tmp_path: Path, changes: dict[str, object], rule: str
) -> None:
    with pytest.raises(InputError, match=rule):
        load_model(made_adaptation.write(tmp_path / "a", base, **changes))


def test_vectors_of_probes_are_mapped_and_the_base_says_which_are_degraded(tmp_path: Path) -> None:
    """The default model embeds degraded probes with a network of its own."""
    base = load_model("youth-resnet")
    given = made_adaptation.some_map(base.identity.dimension)
    model = load_model(made_adaptation.write(tmp_path / "a", "youth-resnet", given))
    size = base.record.crop.size
    small = [
        Image.fromarray(one).resize((12, 12)).resize((size, size)) for one in pictures(2, size)
    ]
    crops = np.concatenate([pictures(2, size), np.stack([np.asarray(one) for one in small])])
    plain, mapped = (each.embed_all(crops, purpose="search") for each in (base, model))
    assert any(plain.degraded)
    assert np.abs(plain.probes - plain.vectors).max() > 0.01
    np.testing.assert_allclose(mapped.probes, given(plain.probes.astype(np.float64)), atol=1e-5)
    np.testing.assert_allclose(mapped.vectors, given(plain.vectors.astype(np.float64)), atol=1e-5)
    assert (mapped.degraded, mapped.compared_with) == (plain.degraded, plain.compared_with)


def test_an_unregistered_base_is_unknown(base: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="base of the adapted model"):
        load_model(made_adaptation.write(tmp_path / "a", base, base="nobody"))


def test_an_adapted_model_is_no_base(base: str, record: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not adapted itself"):
        load_model(made_adaptation.write(tmp_path / "again", str(record)))


def test_a_map_reads_what_it_wrote() -> None:
    given = made_adaptation.some_map(6, 4)
    again = VectorMap.of(given.to_bytes())
    np.testing.assert_array_equal(again.mean, given.mean)
    np.testing.assert_array_equal(again.matrix, given.matrix)
    assert again.to_bytes() == given.to_bytes()
