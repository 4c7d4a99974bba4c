"""An encrypted gallery: it does what a plain one does, and no file of it says of whom."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from gallery_builders import (
    DIMENSION,
    MODEL,
    VECTORS,
    assert_searches_like_a_scan,
    enrolment,
    files_hold,
    photo_hash,
)
from job_builders import NEW, OLD, SETTINGS, add, listed, made
from made_watch import gallery_with_list
from waiting import wait_until

from matcher import open_watch_list, run_watch_list, set_watch_list
from matcher.encryption import (
    KEY_FILE_VARIABLE,
    KEY_NAME,
    KEY_VARIABLE,
    GalleryKey,
    GalleryKeyError,
    change_key,
)
from matcher.errors import (
    GalleryDamagedError,
    GalleryExistsError,
    GalleryNotFoundError,
    InputError,
    JobError,
    MissingExtraError,
)
from matcher.gallery import Gallery, encrypt_copy
from matcher.gallery.editions import names
from matcher.gallery.index import INDEX_NAME
from matcher.gallery.store import STORE_NAME
from matcher.jobs import reindex, switch

KEY = GalleryKey.of_text("0f" * 32)
OTHER = GalleryKey.of_text("f0" * 32)
KINDS = ("exact", "coded")


@pytest.fixture(autouse=True)
def key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FILE_VARIABLE, raising=False)
    monkeypatch.setenv(KEY_VARIABLE, KEY.secret.hex())
    monkeypatch.setattr("matcher.encryption.envelope._GIVEN", [])


def fill(path: Path, key: GalleryKey | None, index: str = "auto") -> Path:
    with Gallery.create(path, model=MODEL, index=index, key=key) as gallery:
        gallery.add([enrolment(number) for number in range(400)])
        gallery.nearest(VECTORS[:1], 1)
    return path


def telling() -> list[bytes]:
    """Bytes that tell of somebody: identifiers, paths, hashes, and parts of vectors."""
    of_vectors = [VECTORS[number].tobytes() for number in (0, 7, 399)]
    parts = [one[place : place + 8] for one in of_vectors for place in range(0, 4 * DIMENSION, 8)]
    names_in_it = [b"subject-0001", b"photos/7.jpg", photo_hash(7).encode(), b"CREATE TABLE"]
    return [*names_in_it, *parts]


def tells(folder: Path) -> bool:
    return any(files_hold(folder, data) for data in telling())


@pytest.mark.parametrize("index", KINDS)
def test_no_file_tells_of_anybody_at_any_moment(tmp_path: Path, index: str) -> None:
    path = tmp_path / "g"
    with Gallery.create(path, model=MODEL, index=index, key=KEY) as gallery:
        gallery.add([enrolment(number) for number in range(400)])
        assert (path / f"{STORE_NAME}-wal").stat().st_size > 100_000, "the log is looked at too"
        assert not tells(path)
        with gallery._store.writing():  # with a change that is not committed
            gallery._store.change("UPDATE subjects SET region = 'subject-0001'")
            assert not tells(path)
        gallery.nearest(VECTORS[:1], 1)
        gallery.rebuild()
        assert (path / INDEX_NAME).is_file()
        assert not tells(path)
        gallery.remove_subject("subject-0002")
        assert not tells(path)
    assert not tells(tmp_path)
    assert {file.name for file in path.iterdir()} == {KEY_NAME, STORE_NAME, INDEX_NAME}


@pytest.mark.parametrize("index", KINDS)
def test_a_plain_gallery_tells_all_of_it(tmp_path: Path, index: str) -> None:
    """So the test above looks for what is there."""
    path = fill(tmp_path / "g", None, index)
    for data in telling():
        assert files_hold(path, data)
        assert len(data) != 8 or data in (path / INDEX_NAME).read_bytes()


@pytest.mark.parametrize("index", KINDS)
def test_it_finds_what_a_plain_one_finds(tmp_path: Path, index: str) -> None:
    plain, sealed = fill(tmp_path / "p", None, index), fill(tmp_path / "e", KEY, index)
    with Gallery.open(plain) as one, Gallery.open(sealed) as two:
        for first, second in zip(
            one.nearest(VECTORS[:50], 20), two.nearest(VECTORS[:50], 20), strict=True
        ):
            np.testing.assert_array_equal(first, second)
        assert list(one.subjects()) == list(two.subjects())
        assert two.verify().faults == ()
        assert (one.info().encrypted, two.info().encrypted) == (False, True)


def test_the_index_is_read_from_its_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = fill(tmp_path / "g", KEY)
    before = (path / INDEX_NAME).read_bytes()
    with caplog.at_level("INFO"), Gallery.open(path) as gallery:
        assert_searches_like_a_scan(gallery)
    assert caplog.text == ""
    assert (path / INDEX_NAME).read_bytes() == before


@pytest.mark.parametrize("where", [0, 8, 40, 300, -1])
def test_a_changed_byte_of_the_index_has_it_made_anew(tmp_path: Path, where: int) -> None:
    path = fill(tmp_path / "g", KEY)
    content = bytearray((path / INDEX_NAME).read_bytes())
    content[where] ^= 1
    (path / INDEX_NAME).write_bytes(content)
    with Gallery.open(path) as gallery:
        assert gallery.verify().faults != ()
        assert_searches_like_a_scan(gallery)
        assert gallery.verify().faults == ()


def test_an_index_of_another_gallery_or_a_plain_one_is_not_taken(tmp_path: Path) -> None:
    path = fill(tmp_path / "g", KEY)
    for other in (fill(tmp_path / "e", KEY), fill(tmp_path / "p", None)):
        (path / INDEX_NAME).write_bytes((other / INDEX_NAME).read_bytes())
        with Gallery.open(path) as gallery:
            assert gallery.verify().faults != ()
            assert_searches_like_a_scan(gallery)


def test_a_changed_byte_of_the_store_is_damage_and_sqlcipher_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = fill(tmp_path / "g", KEY)
    content = bytearray((path / STORE_NAME).read_bytes())
    for place in range(100, len(content), 4096):
        content[place] ^= 1
    (path / STORE_NAME).write_bytes(content)
    with pytest.raises(GalleryDamagedError), Gallery.open(path) as gallery:
        list(gallery.subjects())
    assert capfd.readouterr() == ("", "")


def test_without_its_key_it_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = fill(tmp_path / "g", KEY)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    monkeypatch.setattr("matcher.encryption.envelope._GIVEN", [])
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(GalleryKeyError, match=f"got none.*{KEY_FILE_VARIABLE}"):
        Gallery.open(path)
    monkeypatch.setenv(KEY_VARIABLE, OTHER.secret.hex())
    with pytest.raises(GalleryKeyError, match="got another key") as caught:
        Gallery.open(path)
    assert OTHER.secret.hex() not in f"{caught.value}{caught.value!r}{caught.value.__cause__}"
    with pytest.raises(GalleryKeyError, match="got another key"):
        Gallery.open(path, key=OTHER)
    monkeypatch.setenv(KEY_VARIABLE, KEY.secret.hex())
    with pytest.raises(GalleryKeyError, match="got another key"):
        Gallery.open(path, key=OTHER)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert capfd.readouterr() == ("", "")


def test_a_key_that_was_given_serves_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    path = fill(tmp_path / "g", KEY)
    again = pickle.loads(pickle.dumps(Gallery.open(path)))  # noqa: S301 - made here
    assert len(again) == 400
    assert KEY.secret not in pickle.dumps(again)
    ask = f"from matcher.gallery import Gallery; print(len(Gallery.open({str(path)!r})))"
    words = [sys.executable, "-c", ask]
    other = subprocess.run(words, capture_output=True, text=True, check=False)
    assert other.returncode != 0
    assert "needs its key" in other.stderr
    place = tmp_path / "key"
    KEY.save(place)
    environment = {**os.environ, KEY_FILE_VARIABLE: str(place)}
    told = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert told.stdout == "400\n"


def test_a_key_for_a_plain_gallery_is_an_error_and_one_in_the_environment_is_not(
    tmp_path: Path,
) -> None:
    path = fill(tmp_path / "g", None)
    Gallery.open(path).close()
    with pytest.raises(GalleryKeyError, match="must be encrypted if"):
        Gallery.open(path, key=KEY)


def test_without_the_extra_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fill(tmp_path / "g", KEY)
    monkeypatch.setattr("matcher.encryption.envelope.find_spec", {}.get)
    with pytest.raises(MissingExtraError):
        Gallery.create(tmp_path / "new", model=MODEL, key=KEY)
    with pytest.raises(MissingExtraError):
        Gallery.open(path)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("wrong", ["0f" * 32, b"\0" * 32, 5])
def test_what_is_no_key_is_a_typed_error(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(InputError, match="GalleryKey"):
        Gallery.create(tmp_path / "g", model=MODEL, key=wrong)  # type: ignore[arg-type]
    fill(tmp_path / "g", KEY)
    with pytest.raises(InputError, match="GalleryKey"):
        Gallery.open(tmp_path / "g", key=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "server", ["milvus:http://127.0.0.1:9", "postgres:postgresql://127.0.0.1:9/faces"]
)
def test_an_index_on_a_server_is_refused(tmp_path: Path, server: str) -> None:
    with pytest.raises(InputError, match="plain vectors"):
        Gallery.create(tmp_path / "new", model=MODEL, index=server, key=KEY)
    assert not (tmp_path / "new").exists()
    with (
        Gallery.open(fill(tmp_path / "g", KEY)) as gallery,
        pytest.raises(InputError, match="plain vectors"),
    ):
        gallery.rebuild(server)


def test_the_key_can_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fill(tmp_path / "g", KEY)
    change_key(path, OTHER)
    monkeypatch.setattr("matcher.encryption.envelope._GIVEN", [])
    with pytest.raises(GalleryKeyError):
        Gallery.open(path)
    with Gallery.open(path, key=OTHER) as gallery:
        assert_searches_like_a_scan(gallery)


def test_a_writer_that_is_killed_leaves_no_plain_byte(tmp_path: Path) -> None:
    path, journal = tmp_path / "g", tmp_path / "journal"
    Gallery.create(path, model=MODEL, key=KEY).close()
    journal.touch()
    helper = Path(__file__).parents[1] / "helpers" / "killed_writer.py"
    environment = {**os.environ, "PYTHONPATH": f"{helper.parent}:{Path.cwd()}"}
    for seed in range(4):
        before = journal.stat().st_size
        words = [sys.executable, str(helper), str(path), str(journal), str(seed)]
        writer = subprocess.Popen(words, env=environment)
        wait_until(lambda since=before: journal.stat().st_size > since + 400)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert not tells(path)
        with Gallery.open(path) as gallery:
            assert gallery.verify().faults == ()
            assert_searches_like_a_scan(gallery)
        assert not tells(path)


def test_the_editions_of_a_job_are_encrypted_too(tmp_path: Path) -> None:
    path = tmp_path / "g"
    Gallery.create(path, model=OLD.model, key=KEY).close()
    add(path, listed(tmp_path / "photos", range(8)))
    reindex(path, NEW, settings=SETTINGS)
    switch(path)
    with Gallery.open(path) as gallery:
        assert gallery.model == NEW.model
        assert gallery.verify().faults == ()
        held = gallery.faces_of(["subject-000"])["subject-000"]
    assert len(names(path)) == 2
    assert list(path.rglob(KEY_NAME)) == [path / KEY_NAME]
    for data in (b"subject-000", b".png", held[0].vector.tobytes()[:8]):
        assert not files_hold(path, data)


def test_a_watch_list_is_encrypted_by_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = gallery_with_list(tmp_path / "plain")
    sealed = tmp_path / "sealed"
    encrypt_copy(plain, sealed, KEY)
    for path in (plain, sealed):
        with Gallery.open(path) as gallery:
            run_watch_list(gallery)
        assert files_hold(path / "watch", b"m001") == (path == plain)
        assert files_hold(path / "watch", b"SQLite format 3") == (path == plain)
    for folder in (sealed / "watch", sealed):
        change_key(folder, OTHER)
    monkeypatch.setattr("matcher.encryption.envelope._GIVEN", [])
    monkeypatch.setenv(KEY_VARIABLE, OTHER.secret.hex())
    with Gallery.open(sealed) as gallery:
        run_watch_list(gallery)
        with open_watch_list(gallery) as probes:
            assert probes.info().encrypted


def test_a_new_watch_list_of_an_encrypted_gallery_is_encrypted(tmp_path: Path) -> None:
    path = gallery_with_list(tmp_path / "plain")
    encrypt_copy(path, tmp_path / "sealed", KEY)
    for file in sorted((tmp_path / "sealed" / "watch").iterdir()):
        file.unlink()
    (tmp_path / "sealed" / "watch").rmdir()
    with Gallery.open(tmp_path / "sealed") as gallery:
        set_watch_list(gallery, threshold=0.7)
        with open_watch_list(gallery) as probes:
            assert probes.info().encrypted


def test_a_copy_is_the_gallery_and_leaves_it_alone(tmp_path: Path) -> None:
    path, copy = made(tmp_path, 12), tmp_path / "copy"
    with Gallery.open(path) as gallery:
        gallery.hide(["subject-000"], because="asked for it")
        gallery.remove_subject("subject-002")
    reindex(path, NEW, settings=SETTINGS)
    switch(path)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    encrypt_copy(path, copy, KEY)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy", "gallery", "photos"]
    for edition in names(path):
        with (
            Gallery.open(path, edition=edition) as one,
            Gallery.open(copy, edition=edition) as two,
        ):
            assert list(one.subjects()) == list(two.subjects())
            assert one.moment == two.moment
            assert two.verify().faults == ()
            for table in ("faces", "vectors", "changes", "set_aside", "removed", "commits", "meta"):
                sql = f"SELECT * FROM {table}"  # noqa: S608 - constant
                assert one._store.query(sql) == two._store.query(sql)
            sql = "SELECT name, seq FROM sqlite_sequence ORDER BY name"
            assert one._store.query(sql) == two._store.query(sql)
    for data in (b"subject-00", b".png", b"asked for it", b"SQLite format 3"):
        assert files_hold(path, data)
        assert not files_hold(copy, data)
    assert all(file.stat().st_mode & 0o077 == 0 for file in (copy, *copy.rglob("*")))


def test_what_cannot_be_copied_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    path = fill(tmp_path / "g", None)
    (tmp_path / "there").mkdir()
    refused = [
        (tmp_path / "none", tmp_path / "copy", GalleryNotFoundError),
        (path, tmp_path / "there", GalleryExistsError),
        (fill(tmp_path / "e", KEY), tmp_path / "copy", GalleryKeyError),
    ]
    job = made(tmp_path, 2)
    reindex(job, NEW, settings=SETTINGS)
    refused.append((job, tmp_path / "copy", JobError))
    there = sorted(tmp_path.iterdir())
    for source, place, error in refused:
        with pytest.raises(error):
            encrypt_copy(source, place, KEY)
    assert sorted(tmp_path.iterdir()) == there


def test_python_s_own_sqlite_cannot_read_it(tmp_path: Path) -> None:
    path = fill(tmp_path / "g", KEY)
    with (
        closing(sqlite3.connect(path / STORE_NAME)) as store,
        pytest.raises(sqlite3.DatabaseError, match="not a database"),
    ):
        store.execute("SELECT * FROM sqlite_master")
