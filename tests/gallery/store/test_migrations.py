"""A gallery of an older format is read as it is, and migrated whole by its first write."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import make_golden
import pytest
from older_store import format_1_gallery, format_of
from waiting import wait_until

from matcher.errors import GalleryFormatError, GalleryWriteError
from matcher.gallery import Gallery, PhotoRecord, Subject
from matcher.gallery.store import FORMAT_VERSION, columns, migrations
from matcher.gallery.store.store import Store

MODEL = make_golden.TWO_VECTORS.identity
FREE_TEXT = ("case_reference", "note", "captured_with", "hidden_because", "dated_by")
SCRIPT = Path(__file__).parents[2] / "helpers" / "killed_migration.py"


def added(**facts: str) -> object:
    entry = make_golden.enrolment(41, make_golden.random_unit_vectors(84, 16, seed=4))
    return replace(entry, photo=replace(entry.photo, **facts))


def schema_of(path: Path) -> dict[str, set[str]]:
    with closing(sqlite3.connect(path / "store.sqlite3")) as store:
        tables = [row[0] for row in store.execute("SELECT name FROM sqlite_master")]
        return {
            table: {
                row[0] for row in store.execute("SELECT name FROM pragma_table_info(?)", [table])
            }
            for table in tables
        }


def records_of(path: Path) -> tuple[list[Subject], list[PhotoRecord]]:
    with Gallery.open(path) as gallery:
        subjects = list(gallery.subjects())
        return subjects, [photo for one in subjects for photo in gallery.photos(one.subject_id)]


def test_the_steps_lead_to_the_version_that_is_written() -> None:
    assert 1 + len(migrations.MIGRATIONS) == FORMAT_VERSION
    assert all(migrations.MIGRATIONS)


def test_a_new_store_and_a_migrated_one_have_the_same_columns(tmp_path: Path) -> None:
    Gallery.create(tmp_path / "new", model=MODEL).close()
    old = format_1_gallery(tmp_path / "old")
    with Gallery.open(old) as gallery:
        gallery.migrate()
    assert schema_of(old) == schema_of(tmp_path / "new")
    assert format_of(old) == format_of(tmp_path / "new") == FORMAT_VERSION


def test_the_columns_are_those_of_the_records(tmp_path: Path) -> None:
    Gallery.create(tmp_path / "new", model=MODEL).close()
    schema = schema_of(tmp_path / "new")
    assert set(columns.SUBJECT) == schema["subjects"]
    assert set(columns.FACE) == schema["faces"]
    assert set(FREE_TEXT) <= {*columns.SUBJECT, *columns.PHOTO} & columns.OPTIONAL


def test_reading_leaves_an_older_store_as_it_is(tmp_path: Path) -> None:
    old = format_1_gallery(tmp_path / "old")
    before = (old / "store.sqlite3").read_bytes()
    with Gallery.open(old, model=MODEL) as gallery:
        assert gallery.info().format_version == 1
        assert {(one.case_reference, one.note) for one in gallery.subjects()} == {(None, None)}
        faces = gallery.faces(gallery.nearest(make_golden.QUERIES, 3)[1].ravel())
        assert {face.photo.captured_with for face in faces.values()} == {None}
        assert gallery.verify().faults == ()
    assert format_of(old) == 1
    assert (old / "store.sqlite3").read_bytes() == before


def test_the_first_write_migrates_and_keeps_every_record(tmp_path: Path) -> None:
    old = format_1_gallery(tmp_path / "old", more=50)
    before = records_of(old)
    with Gallery.open(old, model=MODEL) as gallery:
        scores, ids = gallery.nearest(make_golden.QUERIES, 10)
        gallery.update_subject(replace(gallery.subject("subject-0"), note="seen in the north"))
        assert gallery.info().format_version == FORMAT_VERSION
    assert format_of(old) == FORMAT_VERSION
    subjects, photos = records_of(old)
    assert photos == before[1]
    assert [replace(one, note=None) for one in subjects] == before[0]
    with Gallery.open(old, model=MODEL) as gallery:
        again_scores, again_ids = gallery.nearest(make_golden.QUERIES, 10)
        assert gallery.verify().faults == ()
    assert (again_ids == ids).all()
    assert (again_scores == scores).all()


def test_the_new_fields_come_back_as_they_were_given(tmp_path: Path) -> None:
    old = format_1_gallery(tmp_path / "old")
    subject = Subject(
        "new",
        date(2011, 1, 2),
        case_reference="2026/117, folder 3",
        note="Two rows:\n'quoted'; and a comma, Ünïcode",
    )
    entry = replace(added(source="a shop", captured_with="phone"), subject=subject)  # type: ignore[type-var]
    with Gallery.open(old, model=MODEL) as gallery:
        gallery.add([entry])
    with Gallery.open(old) as gallery:
        assert gallery.subject("new") == subject
        (photo,) = gallery.photos("new")
        assert (photo.source, photo.captured_with) == ("a shop", "phone")
        (face,) = gallery.faces_of(["new"])["new"]
        assert (face.subject, face.photo) == (subject, photo)


def test_an_open_reader_sees_what_a_migration_by_another_added(tmp_path: Path) -> None:
    old = format_1_gallery(tmp_path / "old")
    with Gallery.open(old) as reader, Gallery.open(old) as writer:
        assert reader.subject("subject-0").note is None
        writer.update_subject(replace(writer.subject("subject-0"), note="new"))
        assert reader.subject("subject-0").note == "new"
        assert reader.info().format_version == FORMAT_VERSION


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    old = format_1_gallery(tmp_path / "old")
    for _ in range(2):
        with Gallery.open(old) as gallery:
            gallery.migrate()
        assert format_of(old) == FORMAT_VERSION
    assert records_of(old)[0]


def test_a_step_that_fails_leaves_the_format_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = format_1_gallery(tmp_path / "old")
    broken = (*migrations.MIGRATIONS[0], "ALTER TABLE nowhere ADD COLUMN nothing TEXT")
    monkeypatch.setattr(migrations, "MIGRATIONS", (broken,))
    before = records_of(old)
    with Gallery.open(old) as gallery, pytest.raises(Exception, match="nowhere"):
        gallery.migrate()
    assert format_of(old) == 1
    assert "note" not in schema_of(old)["subjects"]
    assert records_of(old) == before


def test_a_store_that_lacks_what_is_needed_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = format_1_gallery(tmp_path / "old")
    with Gallery.open(old) as gallery:
        monkeypatch.setattr("matcher.gallery.store.store.OPTIONAL", frozenset({"note"}))
        with pytest.raises(GalleryFormatError, match=r"case_reference.*format 1.*gallery migrate"):
            gallery.subject("subject-0")
        gallery.migrate()
        assert gallery.subject("subject-0").subject_id == "subject-0"


@pytest.mark.parametrize(
    ("version", "advice"), [(FORMAT_VERSION + 1, "newer version"), (0, "backup"), (-1, "backup")]
)
def test_an_unknown_format_is_refused(tmp_path: Path, version: int, advice: str) -> None:
    old = format_1_gallery(tmp_path / "old")
    with closing(sqlite3.connect(old / "store.sqlite3")) as store:
        store.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(GalleryFormatError, match=f"format {version}.*{advice}"):
        Gallery.open(old)


def test_a_reader_in_a_transaction_does_not_keep_others_from_migrating(tmp_path: Path) -> None:
    old = format_1_gallery(tmp_path / "old")
    reader = Store(old, 1.0)
    with reader.reading():
        assert reader.faces == 36
        with Gallery.open(old, model=MODEL) as writer:
            writer.add([added()])  # type: ignore[list-item]
        assert reader.faces == 36
        assert reader.format_version == 1
    assert reader.faces == 37
    reader.close()


def test_a_store_that_cannot_be_written_is_read_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = format_1_gallery(tmp_path / "old")

    def full(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 1")
        raise full_disk(connection)

    def full_disk(connection: sqlite3.Connection) -> Exception:
        try:
            connection.execute("CREATE TABLE much AS SELECT randomblob(1000000)")
        except sqlite3.OperationalError as error:
            return error
        raise AssertionError

    monkeypatch.setattr(migrations, "migrate", full)
    with Gallery.open(old) as gallery:
        with pytest.raises(GalleryWriteError):
            gallery.migrate()
        assert gallery.subject("subject-0").subject_id == "subject-0"
    assert format_of(old) == 1


def has_begun(started: Path, running: subprocess.Popen[bytes]) -> bool:
    return started.exists() or running.poll() is not None


def kill_migrations(folder: Path, kills: int, seed: int, more: int) -> tuple[int, int]:
    """Kill a migration at random moments; return how many galleries were left in each format."""
    environment = os.environ | {"PYTHONPATH": f"{SCRIPT.parent}:{Path.cwd()}"}
    chance, left = random.Random(seed), {1: 0, FORMAT_VERSION: 0}
    pristine = records_of(format_1_gallery(folder / "pristine", more))
    for number in range(kills):
        gallery, started = format_1_gallery(folder / str(number), more), folder / f"{number}.go"
        running = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(gallery), str(started)], env=environment
        )
        wait_until(partial(has_begun, started, running))
        time.sleep(chance.uniform(0, 0.004))
        running.kill()
        running.wait()
        assert started.exists()
        left[format_of(gallery)] += 1
        subjects, photos = records_of(gallery)
        assert set(subjects) - set(pristine[0]) <= {make_golden.subject(10)}
        assert set(pristine[0]) <= set(subjects)
        assert set(pristine[1]) <= set(photos)
        with Gallery.open(gallery, model=MODEL) as opened:
            assert opened.verify().faults == ()
            (outcome,) = opened.add([added()])  # type: ignore[list-item]
            assert outcome.status in ("enrolled", "duplicate")
            assert opened.info().format_version == FORMAT_VERSION
    return left[1], left[FORMAT_VERSION]


def test_a_migration_killed_a_few_times_loses_nothing(tmp_path: Path) -> None:
    assert sum(kill_migrations(tmp_path, kills=3, seed=1, more=20)) == 3


@pytest.mark.slow
def test_a_migration_killed_fifty_times_loses_nothing(tmp_path: Path) -> None:
    before, after = kill_migrations(tmp_path, kills=50, seed=2, more=2000)
    assert before + after == 50
