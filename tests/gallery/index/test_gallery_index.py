"""The index follows the store; one that cannot be trusted is rebuilt, with a word in the log."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import json
import logging
import shutil
from dataclasses import replace

import numpy as np
import pytest
from gallery_builders import (
    DIMENSION,
    MODEL,
    VECTORS,
    assert_searches_like_a_scan,
    enrolment,
    filled,
    gallery,
    photo_hash,
)

from matcher.errors import GalleryFormatError, InputError
from matcher.gallery import Gallery
from matcher.gallery.index import INDEX_NAME, KINDS, read_header
from matcher.gallery.index import local_index as local_index
from matcher.gallery.index.mapped.index_header import MAGIC
from matcher.testing import FakeEmbedder


@pytest.fixture
def closed(tmp_path):
    """A gallery of forty faces, closed, with its index file."""
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        gallery.add([enrolment(number) for number in range(40)])
    return tmp_path / "g"


def test_closing_saves_the_index_with_what_it_is(closed):
    header = read_header(closed, MODEL)
    assert (header.model, header.name, header.kind, header.rows) == (MODEL, "face", "exact", 40)
    assert header.generation == 1
    assert (closed / INDEX_NAME).read_bytes().startswith(MAGIC)
    assert sorted(file.name for file in closed.iterdir()) == ["index.bin", "store.sqlite3"]


def test_an_index_behind_the_store_catches_up(closed, caplog):
    old = (closed / INDEX_NAME).read_bytes()
    with Gallery.open(closed) as gallery:
        gallery.add([enrolment(number) for number in range(40, 60)])
    (closed / INDEX_NAME).write_bytes(old)
    caplog.set_level(logging.INFO)
    with Gallery.open(closed) as gallery:
        assert "behind" in gallery.verify().notes[0]
        assert_searches_like_a_scan(gallery)
    assert "rebuil" not in caplog.text


def test_a_missing_index_is_rebuilt_and_saved(closed, caplog):
    (closed / INDEX_NAME).unlink()
    caplog.set_level(logging.INFO)
    with Gallery.open(closed) as gallery:
        assert_searches_like_a_scan(gallery)
    assert "building the index" in caplog.text
    assert read_header(closed, MODEL).rows == 40


def _flip(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:0],
        lambda data: data[:5],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: _flip(data, 0),
        lambda data: _flip(data, 20),
        lambda data: _flip(data, len(data) // 2),
        lambda data: _flip(data, len(data) - 1),
        lambda data: data[:8] + b"\xff\xff\xff\xff" + data[12:],
    ],
)
def test_a_damaged_index_is_found_and_rebuilt(closed, caplog, harm):
    path = closed / INDEX_NAME
    path.write_bytes(harm(path.read_bytes()))
    with Gallery.open(closed) as gallery:
        assert not gallery.verify().ok
        assert_searches_like_a_scan(gallery)
        assert gallery.verify().faults == ()
    assert "rebuilding the index" in caplog.text


def _with_header(path, **facts):
    data = path.read_bytes()
    length = int.from_bytes(data[8:12], "little")
    header = json.loads(data[12 : 12 + length]) | facts
    text = json.dumps(header).encode()
    path.write_bytes(data[:8] + len(text).to_bytes(4, "little") + text + data[12 + length :])


@pytest.mark.parametrize(
    "facts",
    [
        {"rows": 39},
        {"codes": True},
        {"stamp": "another history"},
        {"generation": 7},
        {"model": {"name": "other"}},
        {"rows": 41},
    ],
)
def test_an_index_that_says_something_else_is_not_believed(closed, caplog, facts):
    _with_header(closed / INDEX_NAME, **facts)
    with Gallery.open(closed) as gallery:
        assert not gallery.verify().ok
        assert_searches_like_a_scan(gallery)
    assert "rebuilding the index" in caplog.text


def test_a_newer_index_file_is_named_as_such(closed):
    _with_header(closed / INDEX_NAME, format_version=3)
    with pytest.raises(GalleryFormatError, match="format 2; got format 3"):
        read_header(closed, MODEL)
    with Gallery.open(closed) as gallery:
        assert gallery.verify().ok
        assert "another version" in gallery.verify().notes[0]
        assert_searches_like_a_scan(gallery)
        assert gallery.verify().notes == ()


def test_the_index_of_a_later_history_is_not_used_after_a_restore(closed, tmp_path, caplog):
    """A backup of the store, brought back and written on, may reach the same number again."""
    shutil.copytree(closed, tmp_path / "backup")
    with Gallery.open(closed) as gallery:
        gallery.add([enrolment(number) for number in range(40, 50)])
    shutil.copy(closed / INDEX_NAME, tmp_path / "backup" / INDEX_NAME)
    with Gallery.open(tmp_path / "backup") as restored:
        restored.add([enrolment(number) for number in range(60, 63)])
        assert restored.generation == read_header(restored.path, MODEL).generation
        assert_searches_like_a_scan(restored)
    assert "belong to this store" in caplog.text


def test_verify_finds_an_index_with_other_vectors(closed):
    with Gallery.open(closed) as gallery:
        live = gallery._index
        index = live.current()
        index.remove(np.array([5]))
        index.add(np.array([5]), VECTORS[999:1000])
        live.save()
        assert "1 vector of the index" in gallery.verify().faults[0]
        gallery.rebuild()
        assert gallery.verify().ok


@pytest.mark.parametrize("kind", ["exact", "coded"])
def test_every_kind_gives_true_cosines_and_loses_nothing_among_allowed(tmp_path, kind):
    with Gallery.create(tmp_path / "g", model=MODEL, index=kind) as gallery:
        gallery.add([enrolment(number) for number in range(2000)])
    with Gallery.open(tmp_path / "g") as gallery:
        scores, ids = gallery.nearest(VECTORS[:50], 20)
        assert gallery.info().index_kind == kind
        true = np.einsum("nd,nkd->nk", VECTORS[:50].astype(np.float64), VECTORS[ids - 1])
        np.testing.assert_allclose(scores, true, atol=1e-6)
        np.testing.assert_array_equal(ids[:, 0], np.arange(1, 51))
        allowed = np.arange(1, 2001, 3)
        found = gallery.nearest(VECTORS[:50], 20, allowed)[1]
        all_scores = VECTORS[:50].astype(np.float64) @ VECTORS[allowed - 1].T
        np.testing.assert_array_equal(found, allowed[np.argsort(-all_scores, axis=1)[:, :20]])
        assert gallery.verify().ok


def test_auto_changes_the_kind_as_the_gallery_grows(tmp_path, monkeypatch):
    limits = {"exact": 100, "coded": float("inf")}
    small = tuple(replace(kind, up_to=limits[kind.name]) for kind in KINDS)
    monkeypatch.setattr("matcher.gallery.index.mapped.kinds.KINDS", small)
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        for upto, kind in ((100, "exact"), (200, "coded")):
            gallery.add([enrolment(number) for number in range(upto)])
            gallery._index.save_if_possible()
            assert gallery.info().index_kind == kind
            assert gallery.nearest(VECTORS[:1], 1)[1][0, 0] == 1


def test_an_index_with_many_removals_is_built_anew(tmp_path):
    with Gallery.create(tmp_path / "g", model=MODEL, index="coded") as gallery:
        gallery.add([enrolment(number) for number in range(100)])
        gallery.rebuild()
        gallery.remove_photo(photo_hash(0))
        assert gallery.info().index_rows == 100
        gallery.remove_subjects([f"subject-{number:04d}" for number in range(1, 6)])
        assert gallery.info().index_rows == 79
        assert_searches_like_a_scan(gallery)


def test_an_interrupted_catch_up_does_not_leave_half_an_index(filled, monkeypatch):
    with Gallery.open(filled.path) as reader:
        reader.nearest(VECTORS[:1], 1)
        filled.add([enrolment(number) for number in range(40, 80)])
        real = local_index.vector_rows.vector_pages

        def interrupted(store, since, name):
            yield next(real(store, since, name=name))
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(local_index.vector_rows, "vector_pages", interrupted)
            with pytest.raises(KeyboardInterrupt):
                reader.nearest(VECTORS[:1], 1)
        assert_searches_like_a_scan(reader)


def test_bad_queries_are_refused(filled):
    for bad in (VECTORS[:1, :-1], VECTORS[0], VECTORS[:1] * 2, VECTORS[:1] * np.nan):
        with pytest.raises(InputError):
            filled.nearest(bad, 3)
    with pytest.raises(InputError):
        filled.nearest(VECTORS[:1], 0)
    with pytest.raises(InputError, match="must be one of"):
        Gallery.create(filled.path / "x", model=MODEL, index="annoy")


def test_the_fake_embedder_keeps_its_promises():
    embedder = FakeEmbedder(DIMENSION)
    crops = np.random.default_rng(1).integers(0, 256, size=(3, 64, 64, 3), dtype=np.uint8)
    vectors = embedder.embed(crops)
    assert vectors.shape == (3, DIMENSION)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors, FakeEmbedder(DIMENSION).embed(crops))
    assert embedder.identity == FakeEmbedder(DIMENSION).identity
    assert embedder.identity != FakeEmbedder(DIMENSION, version="2").identity
    grey = embedder.embed(np.full((1, 30, 30, 3), 128, dtype=np.uint8))
    np.testing.assert_allclose(np.linalg.norm(grey), 1, atol=1e-6)
