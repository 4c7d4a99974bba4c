"""Vectors remembered between runs: nothing is done twice, nothing is mixed up, nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from rendered_cohort import SUBJECTS, Cohort

from matcher.embedding import Extractor, ModelIdentity, PhotoExtraction, Purpose, embed_cached
from matcher.enrolment import read_manifest
from matcher.errors import InputError
from matcher.faces import Choice
from matcher.photos import PhotoSource


class Counting(Extractor):
    """The extractor of the tests, counting the photos it is given."""

    def __init__(
        self, real: Extractor, stop_after: int = 10**9, precision: str | None = None
    ) -> None:
        self._real = real
        self._precision = precision or real.precision
        self.seen = 0
        self._stop_after = stop_after
        self.purposes: set[Purpose] = set()

    @property
    def model(self) -> ModelIdentity:
        return self._real.model

    @property
    def precision(self) -> str:
        return self._precision

    def extract_many(
        self,
        sources: Iterable[PhotoSource],
        *,
        choose: Choice = "one",
        purpose: Purpose = "gallery",
    ) -> Iterator[PhotoExtraction]:
        self.purposes.add(purpose)
        for extraction in self._real.extract_many(sources, choose=choose, purpose=purpose):
            self.seen += 1
            if self.seen > self._stop_after:
                raise KeyboardInterrupt
            yield extraction


@pytest.fixture
def photos(cohort: Cohort) -> list[Path]:
    return [photo.path for photo in read_manifest(cohort.manifest).photos]


def test_a_second_run_reads_no_photo_again_and_gives_the_same(
    photos: list[Path], extractor: Extractor, tmp_path: Path
) -> None:
    cache = tmp_path / "vectors.sqlite"
    first, second = Counting(extractor), Counting(extractor)
    before = embed_cached(first, photos, cache)
    after = embed_cached(second, photos, cache)
    assert (first.seen, second.seen) == (SUBJECTS, 0)
    assert first.purposes == {"pairs"}  # no time for vectors that nobody reads
    for one, other in zip(before, after, strict=True):
        assert one.vector is not None
        assert other.vector is not None
        np.testing.assert_array_equal(one.vector, other.vector)
        assert (one.sha256, one.code, one.facts) == (other.sha256, other.code, other.facts)


def test_a_damaged_row_is_made_anew(
    photos: list[Path], extractor: Extractor, tmp_path: Path
) -> None:
    cache = tmp_path / "vectors.sqlite"
    before = embed_cached(extractor, photos, cache)
    damage = ("vector = zeroblob(8)", "facts = '{'", "facts = '[]'", "code = 'x'", "vector = NULL")
    for change in damage:
        with closing(sqlite3.connect(cache)) as store, store:
            store.execute(f"UPDATE readings SET {change}")  # noqa: S608 - constant
        again = Counting(extractor)
        after = embed_cached(again, photos, cache)
        assert again.seen == SUBJECTS, change
        for one, other in zip(before, after, strict=True):
            np.testing.assert_array_equal(one.vector, other.vector)


def test_vectors_are_those_of_the_extractor(
    photos: list[Path], extractor: Extractor, tmp_path: Path
) -> None:
    reading = embed_cached(extractor, photos[:1], tmp_path / "vectors.sqlite")[0]
    (found,) = extractor.extract(photos[0])
    np.testing.assert_array_equal(reading.vector, found.vector)
    assert reading.sha256 == found.face.photo.sha256
    assert reading.facts["sharpness"] == found.face.quality.sharpness


def test_bad_photos_are_outcomes_in_their_place(
    photos: list[Path], extractor: Extractor, tmp_path: Path
) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("not a picture")
    readings = embed_cached(
        extractor, [text, photos[0], tmp_path / "absent.jpg"], tmp_path / "vectors.sqlite"
    )
    assert [reading.code for reading in readings] == ["photo_format", "", "photo_not_found"]
    assert [reading.vector is None for reading in readings] == [True, False, True]


def test_an_interrupted_run_keeps_the_batches_that_were_done(
    photos: list[Path], extractor: Extractor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.embedding.vector_cache._BATCH", 2)
    cache = tmp_path / "vectors.sqlite"
    with pytest.raises(KeyboardInterrupt):
        embed_cached(Counting(extractor, stop_after=3), photos, cache)
    resumed = Counting(extractor)
    readings = embed_cached(resumed, photos, cache)
    assert resumed.seen == SUBJECTS - 2
    assert all(reading.vector is not None for reading in readings)


@pytest.mark.parametrize("change", [{"choose": "one"}, {"version": "2"}])
def test_whatever_decides_a_reading_is_part_of_the_key(
    photos: list[Path], extractor: Extractor, tmp_path: Path, change: dict[str, str]
) -> None:
    cache = tmp_path / "vectors.sqlite"
    embed_cached(extractor, photos[:1], cache)
    again = Counting(extractor)
    embed_cached(again, photos[:1], cache, **change)  # type: ignore[arg-type]
    assert again.seen == 1


def test_vectors_of_another_precision_are_made_anew(
    photos: list[Path], extractor: Extractor, tmp_path: Path
) -> None:
    cache = tmp_path / "vectors.sqlite"
    runs = [
        Counting(extractor, precision=precision)
        for precision in ("float32", "bfloat16", "float32", "bfloat16")
    ]
    for run in runs:
        embed_cached(run, photos[:1], cache)
    assert [run.seen for run in runs] == [1, 1, 0, 0]


def test_further_measures_are_remembered(
    photos: list[Path], extractor: Extractor, tmp_path: Path
) -> None:
    cache = tmp_path / "vectors.sqlite"
    for _ in range(2):
        (reading,) = embed_cached(
            extractor, photos[:1], cache, measure=lambda face: {"width": face.photo.size[0]}
        )
        assert reading.facts["width"] == 256


def test_the_cache_holds_no_path_and_no_name(
    photos: list[Path], extractor: Extractor, tmp_path: Path
) -> None:
    cache = tmp_path / "vectors.sqlite"
    embed_cached(extractor, photos, cache)
    with closing(sqlite3.connect(cache)) as connection:
        dump = "\n".join(connection.iterdump())
    assert photos[0].name not in dump
    assert str(photos[0].parent) not in dump


def test_a_file_of_something_else_is_refused(
    photos: list[Path], extractor: Extractor, tmp_path: Path
) -> None:
    cache = tmp_path / "vectors.sqlite"
    cache.write_text("something else, long enough to be no empty database")
    with pytest.raises(InputError, match="delete this one"):
        embed_cached(extractor, photos, cache)
    assert cache.read_text().startswith("something else")
