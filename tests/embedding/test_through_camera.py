"""Photos seen through a poor camera: the probe that a search would make of the picture."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from rendered_cohort import Cohort

from matcher.degradation import CAMERAS, Camera
from matcher.embedding import Extractor, FaceVectors, Purpose, embed_cached, extract_through
from matcher.faces import Face
from matcher.photos import DecodeLimits, Photo, load_photo
from matcher.testing import FakeDetector, FakeEmbedder

NOTHING = Camera("as it is", 10_000)
SMALL = CAMERAS["24px-q30"]


class Near(FakeDetector):
    """Counts the photos that it is given, and finds no face in a small one."""

    def __init__(self, smallest: int = 0, stop_after: int = 10**9) -> None:
        self.seen = 0
        self._smallest = smallest
        self._stop_after = stop_after

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        self.seen += len(photos)
        if self.seen > self._stop_after:
            raise KeyboardInterrupt
        return [
            faces if min(photo.size) >= self._smallest else []
            for photo, faces in zip(photos, super().detect(photos), strict=True)
        ]


class Graded(FakeEmbedder):
    """Searches with another vector than a gallery keeps."""

    def embed_all(self, crops: NDArray[np.uint8], *, purpose: Purpose = "gallery") -> FaceVectors:
        made = super().embed_all(crops)
        return made if purpose != "search" else replace(made, probes=-made.vectors)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Five noisy pictures and, in the middle, a file that is none."""
    rng = np.random.default_rng(4)
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (80, 64, 3), np.uint8)).save(path)
    paths[2].write_text("not a picture")
    return paths


def test_the_probe_is_that_of_the_picture_that_the_camera_takes(
    cohort: Cohort, extractor: Extractor
) -> None:
    path = cohort.probes[0]
    (found,) = extract_through(SMALL, extractor, [path])
    (clear,) = extractor.extract(path, choose="largest")
    picture = SMALL.photograph(clear.face.photo.pixels, clear.face.box)
    (wanted,) = extractor.extract(picture, choose="largest", purpose="search")
    (face,) = found.faces
    np.testing.assert_array_equal(face.probe, wanted.probe)
    np.testing.assert_array_equal(face.face.box, wanted.face.box)
    assert face.degraded
    assert not np.array_equal(face.probe, face.vector)
    assert found.photo is not None
    assert (found.source, found.photo.path, found.photo.sha256) == (
        path,
        path,
        clear.face.photo.sha256,
    )
    assert face.face.photo.path == path
    assert face.face.quality.compression == 30


def test_each_photo_is_one_outcome_in_its_place(photos: list[Path]) -> None:
    extractor = Extractor(Near(), FakeEmbedder(16))
    found = list(extract_through(SMALL, extractor, [*photos, photos[0]]))
    assert [one.source for one in found] == [*photos, photos[0]]
    assert ["" if one.error is None else one.error.code for one in found] == [
        "photo_format" if path == photos[2] else "" for path in (*photos, photos[0])
    ]
    assert [one.faces[0].face.photo.size for one in found if one.faces] == [(19, 24)] * 6
    assert list(extract_through(SMALL, extractor, [])) == []


def test_a_face_that_is_lost_in_the_picture_is_no_face(photos: list[Path]) -> None:
    (found,) = extract_through(SMALL, Extractor(Near(30), FakeEmbedder(16)), photos[:1])
    assert found.error is not None
    assert (found.error.code, found.error.path) == ("no_face", photos[0])
    assert found.photo is not None
    assert found.photo.sha256 == load_photo(photos[0]).sha256
    (nobody,) = extract_through(NOTHING, Extractor(Near(90), FakeEmbedder(16)), photos[:1])
    assert nobody.error is not None
    assert nobody.error.code == "no_face"


def test_a_picture_that_would_be_too_large_is_never_taken(
    photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Camera, "photograph", lambda *_: pytest.fail("it was taken"))
    limits = DecodeLimits(max_pixels=4 * 80 * 64)
    extractor = Extractor(Near(), FakeEmbedder(16), limits=limits)
    (found,) = extract_through(replace(NOTHING, enlarged=3), extractor, photos[:1])
    assert found.error is not None
    assert (found.error.code, found.error.path) == ("photo_too_large", photos[0])


def test_a_camera_that_fails_is_one_outcome(
    photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Camera, "photograph", fail)
    found = list(extract_through(SMALL, Extractor(Near(), FakeEmbedder(16)), photos))
    codes = [one.error.code for one in found if one.error is not None]
    assert codes == ["photo_failure"] * 2 + ["photo_format"] + ["photo_failure"] * 3


def test_the_cache_keeps_the_vector_to_search_with(photos: list[Path], tmp_path: Path) -> None:
    extractor = Extractor(Near(), Graded(16))
    cache = tmp_path / "vectors.sqlite"
    for _ in range(2):
        clear = embed_cached(extractor, photos, cache)
        probes = embed_cached(extractor, photos, cache, camera=NOTHING)
        for one, other in zip(clear, probes, strict=True):
            assert (one.sha256, one.code) == (other.sha256, other.code)
            if one.vector is None:
                assert other.vector is None
            else:
                np.testing.assert_array_equal(-one.vector, other.vector)


def test_clear_vectors_and_those_of_each_camera_are_never_mixed_up(
    photos: list[Path], tmp_path: Path
) -> None:
    cache, kept = tmp_path / "vectors.sqlite", {}
    for _ in range(2):
        for camera in (None, *CAMERAS.values()):
            detector = Near()
            found = embed_cached(
                Extractor(detector, FakeEmbedder(16)), photos, cache, camera=camera
            )
            vectors = [face.vector for face in found if face.vector is not None]
            if camera in kept:
                assert detector.seen == 0
                np.testing.assert_array_equal(vectors, kept[camera])
            kept[camera] = vectors
    assert len({np.array(vectors).tobytes() for vectors in kept.values()}) == 1 + len(CAMERAS)


def test_a_camera_of_other_words_is_the_same_camera(photos: list[Path], tmp_path: Path) -> None:
    cache, detector = tmp_path / "vectors.sqlite", Near()
    embed_cached(Extractor(Near(), FakeEmbedder(16)), photos, cache, camera=SMALL)
    other = replace(SMALL, meaning="the camera at the gate")
    embed_cached(Extractor(detector, FakeEmbedder(16)), photos, cache, camera=other)
    assert detector.seen == 0


def test_a_run_through_a_camera_that_was_interrupted_goes_on(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.embedding.vector_cache._BATCH", 2)
    whole, part = tmp_path / "whole.sqlite", tmp_path / "part.sqlite"
    wanted = embed_cached(Extractor(Near(), FakeEmbedder(16)), photos, whole, camera=SMALL)
    stopping = Extractor(Near(stop_after=5), FakeEmbedder(16))
    with pytest.raises(KeyboardInterrupt):
        embed_cached(stopping, photos, part, camera=SMALL)
    detector = Near()
    resumed = embed_cached(Extractor(detector, FakeEmbedder(16)), photos, part, camera=SMALL)
    assert detector.seen == 2 * 3  # each photo, and its picture
    for one, other in zip(wanted, resumed, strict=True):
        assert (one.sha256, one.code, one.facts) == (other.sha256, other.code, other.facts)
        if one.vector is not None:
            np.testing.assert_array_equal(one.vector, other.vector)


def test_progress_tells_probes_from_photos(photos: list[Path], tmp_path: Path) -> None:
    steps = []
    for camera in (None, SMALL):
        embed_cached(
            Extractor(Near(), FakeEmbedder(16)),
            photos,
            tmp_path / "vectors.sqlite",
            camera=camera,
            on_progress=lambda *call: steps.append(call),
        )
    assert steps == [("faces", 0, 6), ("faces", 6, 6), ("probes", 0, 6), ("probes", 6, 6)]


def test_a_photo_of_the_largest_face_alone_is_shrunk_by_that_face(
    cohort: Cohort, extractor: Extractor, tmp_path: Path
) -> None:
    shutil.copy(cohort.probes[1], tmp_path / "one.png")
    (face,) = extractor.extract(tmp_path / "one.png", choose="largest")
    side = max(face.face.box[2] - face.face.box[0], face.face.box[3] - face.face.box[1])
    (found,) = extract_through(Camera("48", 48), extractor, [tmp_path / "one.png"])
    width, _ = found.faces[0].face.photo.size
    assert width == pytest.approx(face.face.photo.size[0] * 48 / side, abs=1)
