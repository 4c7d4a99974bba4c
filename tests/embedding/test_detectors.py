"""A detector by its name: loaded from verified weights, travelling with its extractor, refused."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import made_yunet
import numpy as np
import pytest

from matcher.embedding import (
    DETECTORS,
    Extractor,
    ModelRecord,
    fetch,
    get_any_record,
    get_record,
    list_detectors,
    load_extractor,
    load_model,
    load_named_detector,
    typed_name,
    verify_weights,
)
from matcher.embedding.models import registry
from matcher.errors import (
    InputError,
    MissingExtraError,
    ModelError,
    UnknownModelError,
    WeightsDamagedError,
    WeightsMissingError,
)
from matcher.faces import MTCNN, YUNET
from matcher.photos import Photo, load_photo
from matcher.synthetic import sample_photos

pytest.importorskip("onnxruntime")

FILE = "made_yunet.onnx"
MISPLACED = 9
"""The rendered photo in which YuNet misplaces the landmarks: a turned face with glasses."""


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the weights of the made network where those of YuNet belong."""
    data = made_yunet.put_in_place(monkeypatch, tmp_path)
    path = tmp_path / "weights" / FILE
    path.parent.mkdir()
    path.write_bytes(data)
    return path


def test_the_record_says_what_it_is_and_where_it_comes_from() -> None:
    (record,) = list_detectors()
    assert (record.kind, record.name, record.version) == ("detector", YUNET, "2023mar")
    assert get_any_record("yunet") == record
    assert typed_name(record) == "yunet"
    assert record.licence.startswith("MIT")
    assert not record.works_offline
    assert record.weights.url is not None
    assert record.weights.url.startswith("https://github.com/opencv/opencv_zoo/")
    assert record.weights.url.endswith(record.weights.filename)
    assert set(record.weights.sha256 or "") <= set("0123456789abcdef")
    assert {YUNET, MTCNN} == set(DETECTORS)


def test_a_name_is_found_among_models_and_detectors() -> None:
    assert isinstance(get_any_record("dlib-resnet"), ModelRecord)
    with pytest.raises(UnknownModelError, match="yunet"):
        get_record("yunet")  # a detector is no model
    with pytest.raises(UnknownModelError):
        get_any_record("nonesuch")


def test_the_file_is_taken_whatever_sizes_it_states(weights: Path) -> None:
    detector = load_named_detector("yunet")
    photo = load_photo(made_yunet.drawn(96, 128, (24, 40, 40)))
    ((face,),) = detector.detect([photo])
    assert face.box[2] - face.box[0] == pytest.approx(40)
    assert verify_weights("yunet").state == "present"


def test_the_usual_detector_needs_no_weights(tmp_path: Path) -> None:
    detector = load_named_detector(cache=tmp_path)
    (photo,) = sample_photos(1, (8.0,))
    assert len(detector.detect([load_photo(photo.pixels)])[0]) == 1


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="matcher models fetch yunet"):
        load_named_detector("yunet", cache=tmp_path)
    assert verify_weights("yunet", cache=tmp_path).state == "missing"


def test_other_bytes_are_refused(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(WeightsDamagedError, match="matcher models fetch yunet"):
        load_named_detector("yunet")
    assert verify_weights("yunet").state == "damaged"


def test_a_copy_of_the_file_is_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made_yunet.put_in_place(monkeypatch, tmp_path / "cache")
    brought = tmp_path / "brought.onnx"
    brought.write_bytes(data)
    path = fetch("yunet", from_file=brought)
    assert path == tmp_path / "cache" / "weights" / FILE
    assert path.read_bytes() == data
    load_named_detector("yunet")


@pytest.mark.parametrize("bad", [b"", b"no protocol buffer", b"\x3a\x02\x08"])
def test_a_file_that_is_no_network_is_refused(
    weights: Path, monkeypatch: pytest.MonkeyPatch, bad: bytes
) -> None:
    _instead(weights, monkeypatch, bad)
    with pytest.raises(WeightsDamagedError, match="yunet"):
        load_named_detector("yunet")


def test_a_network_without_the_outputs_is_refused(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_model_from_string(weights.read_bytes())
    del model.graph.output[-1]
    _instead(weights, monkeypatch, model.SerializeToString())
    with pytest.raises(ModelError, match="kps_32"):
        load_named_detector("yunet")


def _instead(weights: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    import hashlib

    weights.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    file = replace(registry._YUNET.weights, sha256=sha256)
    monkeypatch.setattr(registry, "_YUNET", replace(registry._YUNET, weights=file))


def test_without_onnxruntime_the_message_says_what_to_install(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("matcher.embedding.networks.onnx_session.import_silent", absent)
    with pytest.raises(MissingExtraError, match="pip install"):
        load_named_detector("yunet")


@pytest.mark.parametrize("name", ["dlib", "YUNET", "", None, 3, ["yunet"]])
def test_another_name_is_refused_before_a_model_is_loaded(name: object) -> None:
    for load in (lambda: load_named_detector(name), lambda: load_extractor(detector=name)):
        with pytest.raises(InputError, match="'mtcnn', 'yunet'"):
            load()


def test_a_device_that_is_absent_is_refused(weights: Path) -> None:
    with pytest.raises(ModelError, match="cuda"):
        load_named_detector("yunet", device="cuda")
    with pytest.raises(InputError, match="'cpu' or 'cuda'"):
        load_named_detector("yunet", device="npu")


def test_an_extractor_says_and_keeps_its_detector(weights: Path) -> None:
    extractor = load_extractor("dlib-resnet", detector="yunet")
    photo = made_yunet.drawn(96, 128, (24, 40, 40))
    (found,) = extractor.extract(photo)
    travelled = pickle.loads(pickle.dumps(extractor))  # noqa: S301 - made here
    assert extractor.detector == travelled.detector == "yunet"
    assert extractor.with_one_attempt().detector == "yunet"
    np.testing.assert_array_equal(travelled.extract(photo)[0].vector, found.vector)
    assert travelled.model == extractor.model == load_model("dlib-resnet").identity


def test_a_detector_of_ones_own_has_no_name() -> None:
    class Nothing:
        def detect(self, photos):
            return [[] for _ in photos]

    extractor = Extractor(Nothing(), load_model("dlib-resnet"))
    assert extractor.detector is None
    assert extractor.with_one_attempt() is extractor
    assert load_extractor("dlib-resnet").detector == "mtcnn"


def test_one_attempt_is_one_attempt_for_either_detector(weights: Path) -> None:
    """A photo on its side: found when it is turned, and not at once."""
    (photo,) = sample_photos(1, (25.0,))
    lying = load_photo(np.ascontiguousarray(np.rot90(photo.pixels)))
    usual = load_extractor("dlib-resnet")
    ((face,),) = usual.detect([lying])
    assert face.turned == 270
    assert all(found.turned == 0 for found in usual.with_one_attempt().detect([lying])[0])


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[Photo]:
    """Rendered photos, if the published file of YuNet is there."""
    monkeypatch.delenv("MATCHER_CACHE")  # the user's own, which the other tests keep out of
    if verify_weights("yunet").state != "present":
        pytest.skip("needs the published file: matcher models fetch yunet")
    return [load_photo(photo.pixels) for photo in sample_photos(8, (4.0, 8.0, 14.0, 25.0))]


def both_find(photos: list[Photo]) -> None:
    detectors = [load_named_detector(name) for name in DETECTORS]
    for usual, other in zip(*(detector.detect(photos) for detector in detectors), strict=True):
        (mine,), (theirs,) = other, usual
        apart = np.linalg.norm(mine.landmarks - theirs.landmarks, axis=1).mean()
        assert apart < 0.25 * theirs.quality.inter_eye_distance
        assert mine.probability >= 0.9


def test_the_published_file_finds_rendered_faces(rendered: list[Photo]) -> None:
    both_find([photo for number, photo in enumerate(rendered) if number != MISPLACED])


@pytest.mark.xfail(raises=AssertionError, strict=True, reason="takes brows for eyes, in OpenCV too")
def test_the_published_file_finds_a_turned_face_with_glasses(rendered: list[Photo]) -> None:
    both_find([rendered[MISPLACED]])


def test_the_published_file_says_here_what_it_says_in_opencv(rendered: list[Photo]) -> None:
    """OpenCV's own reader of the file found these landmarks in the same rendered photos."""
    kept = json.loads((Path(__file__).parent / "landmarks_of_opencv.json").read_text())
    found = load_named_detector("yunet").detect(rendered)
    for (face,), theirs in zip(found, kept["landmarks"], strict=True):
        apart = np.linalg.norm(face.landmarks - np.reshape(theirs, (5, 2)), axis=1)
        assert apart.max() < 0.02 * face.quality.inter_eye_distance
        assert face.probability >= 0.9
