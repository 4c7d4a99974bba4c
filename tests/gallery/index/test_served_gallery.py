"""A gallery whose index is on a server: the store stays the truth, whatever the server holds."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gallery_builders import MODEL, enrolment
from index_servers import IndexServer, confirmed, milvus, postgres, server

from matcher.errors import GalleryFormatError, IndexServerError
from matcher.gallery import Filters, Gallery
from matcher.gallery.editions import FIRST, drop
from matcher.gallery.index import RemoteIndex
from matcher.gallery.index import remote_index as served_index
from matcher.testing import clustered_unit_vectors

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("confirmed")]

FACES = clustered_unit_vectors(500, 4, MODEL.dimension, seed=1)
"""Photos 0 to 1999, four of each subject."""


def entries(start, stop):
    return [enrolment(number, vector=FACES[number]) for number in range(start, stop)]


def truth(queries, ids, k):
    """Return scores and ids of a scan; face id n has the vector of photo n - 1."""
    ids = np.asarray(ids)
    scores = queries.astype(np.float64) @ FACES[ids - 1].T.astype(np.float64)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), ids[order]


def assert_searches_like_a_scan(gallery, ids, least=0.99):
    queries = FACES[:200:10]
    scores, found = gallery.nearest(queries, 10)
    _true_scores, true_ids = truth(queries, ids, 10)
    assert np.isin(found, ids).all()
    recall = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(found, true_ids, strict=True)])
    assert recall >= least
    exact = np.einsum("nd,nkd->nk", queries.astype(np.float64), FACES[found - 1])
    np.testing.assert_allclose(scores, exact, atol=1e-6)


def collection(gallery):
    live = gallery._index
    assert isinstance(live, RemoteIndex)
    return live.index


@pytest.fixture
def path(tmp_path: Path, server: IndexServer, confirmed: None) -> Iterator[Path]:
    """A gallery of 1,000 faces, closed, its index on the server."""
    made = tmp_path / "g"
    with Gallery.create(made, model=MODEL, index=server.index) as gallery:
        gallery.add(entries(0, 1000))
        index = collection(gallery)
    yield made
    index.drop()


def test_enrol_search_filter_remove(path: Path, server: IndexServer) -> None:
    with Gallery.open(path) as gallery:
        info = gallery.info()
        assert (info.index_kind, info.index_rows, info.index_bytes) == (server.kind, 1000, 0)
        assert info.index == server.index
        everybody = np.arange(1, 1001)
        assert_searches_like_a_scan(gallery, everybody)
        some = gallery.select(Filters(subject_ids=("subject-0003", "subject-0120"))).allowed
        _scores, found = gallery.nearest(FACES[:2], 20, some)
        np.testing.assert_array_equal(found[:, :8], truth(FACES[:2], some, 8)[1])
        assert (found[:, 8:] == -1).all()
        half = everybody[::2]
        np.testing.assert_array_equal(
            gallery.nearest(FACES[:30], 20, half)[1], truth(FACES[:30], half, 20)[1]
        )
        gallery.remove_subjects([f"subject-{number:04d}" for number in range(10)])
        assert_searches_like_a_scan(gallery, np.arange(41, 1001))
        assert len(collection(gallery)) == 960
        assert gallery.verify().ok, gallery.verify().faults


def test_one_query_or_many_and_equal_scores_by_face_id(path: Path) -> None:
    with Gallery.open(path) as gallery:
        twins = [enrolment(5000 + n, subject="twin", vector=FACES[7]) for n in range(3)]
        gallery.add(twins)
        together = gallery.nearest(FACES[:20], 5)
        alone = [gallery.nearest(FACES[row : row + 1], 5) for row in range(20)]
        np.testing.assert_array_equal(together[1], np.vstack([ids for _, ids in alone]))
        np.testing.assert_array_equal(together[0], np.vstack([scores for scores, _ in alone]))
        np.testing.assert_array_equal(together[1][7, :4], [8, 1001, 1002, 1003])


def test_what_is_not_on_the_server_yet_is_found_all_the_same(path: Path) -> None:
    with Gallery.open(path) as writer, Gallery.open(path) as reader:
        writer.add(entries(1000, 1100))
        assert collection(reader).facts() is not None
        assert len(collection(reader)) == 1000
        for gallery in (writer, reader):
            assert_searches_like_a_scan(gallery, np.arange(1, 1101))
            assert gallery.nearest(FACES[1050:1051], 1)[1][0, 0] == 1051
        assert len(collection(reader)) == 1000
    with Gallery.open(path) as gallery:
        assert len(collection(gallery)) == 1100
        assert gallery.verify().notes == ()


def test_much_that_is_missing_is_sent_by_a_search(path: Path, monkeypatch) -> None:
    monkeypatch.setattr(served_index, "RECENT", 50)
    monkeypatch.setattr(served_index, "SENT_AT_ONCE", 300)
    with Gallery.open(path) as gallery:
        for start in range(1000, 2000, 100):
            gallery.add(entries(start, start + 100))
        assert_searches_like_a_scan(gallery, np.arange(1, 2001))
        assert len(collection(gallery)) == 2000
        assert gallery.verify().ok


def test_a_list_longer_than_the_server_gives_comes_from_the_store(path: Path) -> None:
    with Gallery.open(path) as gallery:
        _scores, found = gallery.nearest(FACES[:1], 5000)
        np.testing.assert_array_equal(np.sort(found[0, :1000]), np.arange(1, 1001))
        assert (found[0, 1000:] == -1).all()


def test_kill_9_and_restart_lose_nothing(path: Path, server: IndexServer, caplog) -> None:
    with Gallery.open(path) as gallery:
        gallery.add(entries(1000, 1050))
        gallery._index.save()
        gallery.remove_subject("subject-0000")
        server.kill()
        gallery.add(entries(1050, 1100))
        before = len(gallery)
        with pytest.raises(IndexServerError, match="must be reachable") as caught:
            gallery.nearest(FACES[:1], 3)
        assert caught.value.next_step.startswith("Start it")
        exact = gallery.nearest(FACES[1070:1071], 1, np.arange(1, 1101))
        assert exact[1][0, 0] == 1071, "a filtered search needs no server"
        gallery.remove_subject("subject-0001")
        assert len(gallery) == before - 4
    assert "index_server" in caplog.text
    with Gallery.open(path) as gallery:
        assert "could not be checked" in gallery.verify().faults[0]
        assert gallery.info().index_kind is None
    server.start()
    with Gallery.open(path) as gallery:
        expected = np.arange(9, 1101)
        wait_until_loaded(gallery)
        assert_searches_like_a_scan(gallery, expected)
        assert len(collection(gallery)) == len(expected)
        assert gallery.verify().ok, gallery.verify().faults


def wait_until_loaded(gallery: Gallery) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            gallery.nearest(FACES[:1], 1)
            return
        except IndexServerError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def test_a_missing_collection_is_made_anew(path: Path) -> None:
    with Gallery.open(path) as gallery:
        collection(gallery).drop()
        assert "builds it" in gallery.verify().notes[0]
        assert_searches_like_a_scan(gallery, np.arange(1, 1001))
        assert len(collection(gallery)) == 1000


def test_a_restored_backup_does_not_believe_a_later_collection(path, tmp_path, caplog) -> None:
    shutil.copytree(path, tmp_path / "backup")
    with Gallery.open(path) as gallery:
        gallery.add(entries(1000, 1010))
    with Gallery.open(tmp_path / "backup") as restored:
        other = [enrolment(3000 + n, vector=-FACES[n]) for n in range(10)]
        restored.add(other)
        assert "another gallery" not in restored.verify().faults
        assert restored.nearest(-FACES[3:4], 1)[1][0, 0] == 1004
        assert restored.verify().ok
    assert "another history" in caplog.text


def test_half_a_sending_is_finished_by_the_next(path: Path, server, monkeypatch) -> None:
    with Gallery.open(path) as gallery:
        gallery.add(entries(1000, 1100))
        index = collection(gallery)
        with monkeypatch.context() as patch:
            patch.setattr(
                type(index), "delete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
            )
            with pytest.raises(KeyboardInterrupt):
                gallery._index.save()
        assert len(index) == (1000 if server.transactions else 1100)
        assert_searches_like_a_scan(gallery, np.arange(1, 1101))
        gallery._index.save()
        assert len(index) == 1100
        assert gallery.verify().ok


def test_faces_that_only_the_server_has_are_never_returned_and_found_out(path, caplog) -> None:
    with Gallery.open(path) as gallery:
        index = collection(gallery)
        index.add(np.array([9000]), FACES[1500:1501])
        assert gallery.nearest(FACES[1500:1501], 5)[1].max() <= 1000
        assert "1 face that the store has not" in gallery.verify().faults[0]
        gallery.add(entries(1000, 1001))
    assert "another number of faces" in caplog.text
    with Gallery.open(path) as gallery:
        assert gallery.verify().ok


def test_a_wrong_vector_on_the_server_costs_a_place_but_no_score(path: Path) -> None:
    with Gallery.open(path) as gallery:
        collection(gallery).put(np.array([5]), -FACES[4:5])
        len(collection(gallery))
        assert_searches_like_a_scan(gallery, np.arange(1, 1001), least=0.9)
        assert "1 vector on the index server" in gallery.verify().faults[0]
        gallery.rebuild()
        assert gallery.verify().ok


@pytest.mark.parametrize("version", ["2", None])
def test_a_collection_of_another_format_is_left_alone(path: Path, version: str | None) -> None:
    with Gallery.open(path) as gallery:
        index = collection(gallery)
        if version is None:
            index.create({})
        else:
            index.note({"matcher.format": version})
        with pytest.raises(GalleryFormatError, match="reads format 1; got"):
            gallery.nearest(FACES[:1], 1)
        gallery.rebuild()
        assert_searches_like_a_scan(gallery, np.arange(1, 1001))


def test_the_index_moves_to_the_server_and_back(tmp_path: Path, server: IndexServer) -> None:
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        gallery.add(entries(0, 200))
        gallery.rebuild()
        with Gallery.open(tmp_path / "g") as reader:
            gallery.rebuild(server.index)
            index = collection(gallery)
            assert not (tmp_path / "g" / "index.bin").exists()
            assert collection(reader).name == index.name
            assert_searches_like_a_scan(reader, np.arange(1, 201))
        gallery.rebuild("coded")
        assert index.facts() is None
        assert gallery.info().index_kind == "coded"
        with pytest.raises(IndexServerError):
            gallery.rebuild(server.nowhere)
        assert gallery.info().index == "coded"
        assert_searches_like_a_scan(gallery, np.arange(1, 201))


def test_dropping_an_edition_drops_its_collection(path: Path) -> None:
    with Gallery.open(path) as gallery:
        index = collection(gallery)
    drop(path, FIRST)
    assert index.facts() is None
