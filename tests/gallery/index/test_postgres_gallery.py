"""What only an index on PostgreSQL promises: transactions, VACUUM, rights, an end of waiting."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gallery_builders import MODEL, enrolment
from index_servers import postgres
from postgres_server import PASSWORD, PostgresOnLoopback

from matcher.errors import GalleryFormatError, IndexServerError
from matcher.gallery import Gallery
from matcher.gallery.index import postgres_connection, postgres_index
from matcher.gallery.index import remote_index as sending
from matcher.gallery.index.postgres_index import PostgresIndex
from matcher.testing import clustered_unit_vectors

pytestmark = pytest.mark.slow

FACES = clustered_unit_vectors(500, 4, MODEL.dimension, seed=1)


@pytest.fixture
def server(postgres: PostgresOnLoopback, monkeypatch: pytest.MonkeyPatch) -> PostgresOnLoopback:
    monkeypatch.setenv(postgres.variable, postgres.url)
    for name, value in postgres.environment.items():
        monkeypatch.setenv(name, value)
    return postgres


@pytest.fixture
def path(tmp_path: Path, server: PostgresOnLoopback) -> Iterator[Path]:
    """A gallery of 1,000 faces in two commits, closed, its index on the server."""
    with Gallery.create(tmp_path / "g", model=MODEL, index=server.index) as gallery:
        gallery.add(entries(0, 500))
        gallery.add(entries(500, 1000))
        index = table(gallery)
    yield tmp_path / "g"
    index.drop()


def entries(start: int, stop: int) -> list[Any]:
    return [enrolment(number, vector=FACES[number]) for number in range(start, stop)]


def table(gallery: Gallery) -> PostgresIndex:
    index = gallery._index.index
    assert isinstance(index, PostgresIndex)
    return index


def assert_finds_everything(gallery: Gallery, stop: int) -> None:
    scores, found = gallery.nearest(FACES[:stop], 1)
    np.testing.assert_array_equal(found[:, 0], np.arange(1, stop + 1))
    np.testing.assert_allclose(scores, 1, atol=1e-6)


def test_a_server_that_is_killed_while_it_is_sent_to_loses_nothing(
    path: Path, server: PostgresOnLoopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SENT_AT_ONCE", 99)
    put, pages = PostgresIndex.put, []

    def dying(self: PostgresIndex, ids: Any, vectors: Any) -> None:
        put(self, ids, vectors)
        pages.append(len(ids))
        if len(pages) == 3:
            server.kill()

    with Gallery.open(path) as gallery:
        for start in range(1000, 1500, 100):
            gallery.add(entries(start, start + 100))
        with monkeypatch.context() as patch:
            patch.setattr(PostgresIndex, "put", dying)
            with pytest.raises(IndexServerError):
                gallery._index.save()
        server.start()
        assert len(table(gallery)) == 1200, "two steps came whole, and the third not at all"
        assert_finds_everything(gallery, 1500)
        monkeypatch.setattr(PostgresIndex, "put", lambda *one: (put(*one), pages.append(0)))
        gallery._index.save()
        assert pages.count(0) == 3, "only what was missing is sent"
        assert len(table(gallery)) == 1500
        assert gallery.verify().ok, gallery.verify().faults


def test_the_same_object_goes_on_after_a_restart(path: Path, server: PostgresOnLoopback) -> None:
    with Gallery.open(path) as gallery:
        assert_finds_everything(gallery, 20)
        server.kill()
        server.start()
        assert_finds_everything(gallery, 20)


def test_a_removal_leaves_no_row_and_no_dead_one(path: Path, server: PostgresOnLoopback) -> None:
    with Gallery.open(path) as gallery, server.connect() as asked:
        name = table(gallery).name
        gallery.remove_subjects([f"subject-{number:04d}" for number in range(10)])
        asked.execute("SELECT pg_stat_force_next_flush()")
        (dead,) = asked.execute(
            "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = %s", (name,)
        ).fetchone()
        assert dead == 0
        np.testing.assert_array_equal(table(gallery).ids(), np.arange(41, 1001))
        assert (table(gallery).facts() or {})["postgres.uncleared"] == "no"


@pytest.mark.parametrize(("graph_from", "cleared"), [(10**9, 0), (0, 0), (0, 1000)])
def test_the_bytes_of_a_removed_vector_are_overwritten_where_that_is_promised(
    path: Path,
    server: PostgresOnLoopback,
    graph_from: int,
    cleared: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres_index, "_CLEARED", cleared)
    monkeypatch.setattr(PostgresIndex, "graph_from", graph_from)
    gone = [*range(400, 420), *range(996, 1000)]  # from pages in between, and the last rows
    with Gallery.open(path) as gallery, server.connect() as asked:
        index = table(gallery)
        index.finish()
        there = server.files_of(asked, index.name, index._graph)
        assert all(FACES[row].tobytes() in data for data in there for row in gone)
        gallery.remove_subjects([f"subject-{row // 4:04d}" for row in gone[::4]])
        files = server.files_of(asked, index.name, index._graph)
        assert len(files) == (2 if graph_from == 0 else 1)
        if (graph_from, cleared) == (0, 0):
            files = files[1:]  # the free space of the table may hold them
        assert not any(FACES[row].tobytes() in data for data in files for row in gone)
        assert all(FACES[0].tobytes() in data for data in files)


def test_a_clearing_that_was_interrupted_is_done_by_the_next_sending(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Gallery.open(path) as gallery:
        with monkeypatch.context() as patch:
            patch.setattr(
                PostgresIndex, "finish", lambda _: (_ for _ in ()).throw(KeyboardInterrupt)
            )
            with pytest.raises(KeyboardInterrupt):
                gallery.remove_subject("subject-0003")
        assert (table(gallery).facts() or {})["postgres.uncleared"] == "yes"
        assert not np.isin(gallery.nearest(FACES[12:16], 10)[1], [13, 14, 15, 16]).any()
        gallery._index.save()
        assert (table(gallery).facts() or {})["postgres.uncleared"] == "no"


def test_a_graph_is_built_when_it_pays_and_built_anew_after_many_faces(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresIndex, "graph_from", 900)
    with Gallery.open(path) as gallery:
        assert not table(gallery)._has_graph()
        gallery.add(entries(1000, 1010))
        gallery._index.save()
        assert table(gallery)._has_graph()
        gallery.add(entries(1010, 2000))
        put, graphs = PostgresIndex.put, []

        def watched(self: PostgresIndex, ids: Any, vectors: Any) -> None:
            put(self, ids, vectors)
            graphs.append(self._has_graph())

        monkeypatch.setattr(PostgresIndex, "put", watched)
        gallery._index.save()
        assert graphs == [False]
        assert table(gallery)._has_graph()
        assert_finds_everything(gallery, 2000)


@pytest.mark.parametrize("scanned", [20_000, 1])
def test_deleted_rows_in_the_graph_cost_no_place(
    path: Path, scanned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", f"-c hnsw.max_scan_tuples={scanned} -c enable_seqscan=off")
    monkeypatch.setattr(postgres_index, "_CLEARED", 0)
    monkeypatch.setattr(PostgresIndex, "graph_from", 0)
    monkeypatch.setattr(PostgresIndex, "search_effort", 256)
    fill, ways = PostgresIndex._fill, []
    monkeypatch.setattr(
        PostgresIndex, "_fill", lambda *one, graph: (fill(*one, graph=graph), ways.append(graph))
    )
    with Gallery.open(path) as gallery:
        index = table(gallery)
        index.finish()
        index.delete(np.arange(2, 900))  # and no VACUUM
        (some,) = index.candidates(FACES[:1], 90)
        assert np.isin(some, [1, *range(900, 1001)]).all()
        assert len(np.unique(some)) == 90
        (everything,) = index.candidates(FACES[:1], 200)
        np.testing.assert_array_equal(np.sort(everything[everything > 0]), [1, *range(900, 1001)])
    assert (False in ways) == (scanned == 1)


def test_a_server_with_little_shared_memory_builds_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    monkeypatch.setattr(PostgresIndex, "graph_from", 900)
    build, settings = PostgresIndex._build_with, []

    def cramped(self: PostgresIndex, rows: int, setting: str) -> None:
        settings.append(setting)
        if not setting:
            with self._session():
                raise psycopg.errors.DiskFull("could not resize shared memory segment")
        build(self, rows, setting)

    monkeypatch.setattr(PostgresIndex, "_build_with", cramped)
    with Gallery.open(path) as gallery:
        gallery._index.save()
        assert table(gallery)._has_graph()
    assert settings == ["", "SET LOCAL max_parallel_maintenance_workers = 0"]


def test_a_table_of_somebody_else_is_left_alone(path: Path, server: PostgresOnLoopback) -> None:
    with Gallery.open(path) as gallery, server.connect() as other:
        name = table(gallery).name
        for comment in ("NULL", "'about cheese'", "'[1]'"):
            other.execute(f"DROP TABLE {name}")
            other.execute(f"CREATE TABLE {name} (cheese text)")
            other.execute(f"COMMENT ON TABLE {name} IS {comment}")
            with pytest.raises(GalleryFormatError, match="got no format"):
                gallery.nearest(FACES[:1], 1)


def test_a_wrong_password_is_an_error_that_does_not_repeat_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PGPASSWORD", "rosebud")
    with Gallery.open(path) as gallery:
        with pytest.raises(IndexServerError, match="password authentication failed") as caught:
            gallery.nearest(FACES[:1], 1)
        gallery.add(entries(1000, 1001))
    assert "PGPASSWORD" in caught.value.next_step
    assert "rosebud" not in str(caught.value) + caplog.text
    assert "index_server" in caplog.text


@pytest.fixture
def weak(server: PostgresOnLoopback, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a database without the extension, for a user who may not create one."""
    with server.connect() as administrator:
        administrator.execute("CREATE DATABASE bare")
        administrator.execute(f"CREATE ROLE weak LOGIN PASSWORD '{PASSWORD}'")
    monkeypatch.setenv("PGUSER", "weak")
    yield f"postgresql://127.0.0.1:{server.port}/bare"
    with server.connect() as administrator:
        administrator.execute("DROP DATABASE bare WITH (FORCE)")
        administrator.execute("DROP ROLE weak")


def test_without_the_extension_the_error_says_what_to_run(weak: str, tmp_path: Path) -> None:
    with (
        Gallery.create(tmp_path / "g", model=MODEL, index=f"postgres:{weak}") as gallery,
        pytest.raises(IndexServerError, match=r"pgvector 0\.8 or newer") as caught,
    ):
        gallery.rebuild()
    assert "CREATE EXTENSION vector" in caught.value.next_step


def test_an_old_extension_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_index, "OLDEST", (9, 1))
    with Gallery.open(path) as gallery:
        with pytest.raises(IndexServerError, match=r"pgvector 9\.1 or newer.*got version 0\.8"):
            gallery.rebuild()
        assert_finds_everything(gallery, 10)


def test_a_server_that_hangs_is_left(
    path: Path, server: PostgresOnLoopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connection, "_CONNECTED_WITHIN", 2)
    monkeypatch.setattr(postgres_connection, "_MARGIN", 0)
    with Gallery.open(path) as gallery:
        gallery.nearest(FACES[:1], 1)
        here = pytest.importorskip("psutil").Process(server.pid)
        everyone = [here, *here.children(recursive=True)]
        for one in everyone:
            os.kill(one.pid, signal.SIGSTOP)
        try:
            with pytest.raises(IndexServerError, match="must be reachable"):
                gallery.nearest(FACES[:1], 1)
        finally:
            for one in everyone:
                os.kill(one.pid, signal.SIGCONT)
        assert_finds_everything(gallery, 10)


def test_it_goes_to_the_machine_that_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.2")
    monkeypatch.setenv("PGHOST", "127.0.0.2")
    monkeypatch.setenv("PGDATABASE", "other")
    with Gallery.open(path) as gallery:
        assert_finds_everything(gallery, 10)
        with table(gallery)._session() as connection:
            assert connection.info.hostaddr == "127.0.0.1"


def test_vectors_that_are_too_long_for_a_graph_are_compared_one_by_one(
    server: PostgresOnLoopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresIndex, "graph_from", 0)
    vectors = clustered_unit_vectors(10, 4, 2100, seed=2)
    index = PostgresIndex(server.url, "matcher_long", 2100)
    index.create({})
    index.add(np.arange(40), vectors)
    index.finish()
    np.testing.assert_array_equal(index.search(vectors, 1)[1][:, 0], np.arange(40))
    index.drop()


def test_several_threads_search_while_one_sends(path: Path) -> None:
    with Gallery.open(path) as gallery, ThreadPoolExecutor(4) as threads:
        searches = [threads.submit(assert_finds_everything, gallery, 20) for _ in range(40)]
        gallery.add(entries(1000, 1200))
        gallery._index.save()
        for search in searches:
            search.result()
        assert_finds_everything(gallery, 1200)


def test_nothing_about_a_face_is_logged(
    tmp_path: Path, server: PostgresOnLoopback, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    log = server.directory / "output.log"
    before = log.stat().st_size
    with Gallery.create(tmp_path / "g", model=MODEL, index=server.index) as gallery:
        gallery.add(entries(0, 20))
        gallery._index.save()
        gallery.nearest(FACES[:2], 3)
        gallery.remove_subject("subject-0001")
        gallery.rebuild("exact")
    written = caplog.text + log.read_bytes()[before:].decode()
    for secret in (PASSWORD, "subject-00", str(FACES[0, 0])[:7], "photo-"):
        assert secret not in written
