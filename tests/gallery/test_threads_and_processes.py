"""One gallery for several threads, opened anew in other processes, refused in forked ones."""

from __future__ import annotations

# ruff: noqa: F401, F811 - fixtures are imported by name
import multiprocessing
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gallery_builders import MODEL, VECTORS, enrolment, filled, gallery
from waiting import PATIENCE

from matcher.errors import ForkError, GalleryError, InputError
from matcher.gallery import Filters, Gallery

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


def test_several_threads_search_as_one_does(filled: Gallery) -> None:
    def found(number: int) -> list[int]:
        return list(filled.nearest(VECTORS[number : number + 1], 3)[1][0])

    alone = [found(number) for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(found, range(40))) == alone


def test_each_thread_gets_its_own_filter(filled: Gallery) -> None:
    names = [f"subject-{number:04d}" for number in range(10)] * 20

    def selected(name: str) -> tuple[int, list[int]]:
        chosen = filled.select(Filters(subject_ids=(name,)))
        assert chosen.allowed is not None
        return chosen.subjects, sorted(chosen.allowed.tolist())

    alone = [selected(name) for name in names]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(selected, names)) == alone


def test_threads_that_write_and_search_at_once_lose_nothing(gallery: Gallery) -> None:
    gallery.add([enrolment(0)])

    def work(number: int) -> int:
        if number % 4 == 3:
            return gallery.remove_subject(f"subject-{number // 4 - 1:04d}") if number > 4 else 0
        gallery.add([enrolment(number)])
        scores, ids = gallery.nearest(VECTORS[number : number + 1], 1)
        assert scores[0, 0] > 0.999
        return int(ids[0, 0] > 0)

    with ThreadPoolExecutor(6) as pool:
        for result in [pool.submit(work, 4 * number + 1) for number in range(60)]:
            assert result.result() == 1
    assert len(gallery) == 61
    assert gallery.verify().ok


def test_a_gallery_is_closed_for_all_threads(filled: Gallery) -> None:
    inside, leave = threading.Event(), threading.Event()
    seen: list[str] = []

    def work() -> None:
        len(filled)
        inside.set()
        leave.wait(PATIENCE)
        try:
            len(filled)
        except GalleryError as error:
            seen.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(PATIENCE)
    filled.close()
    leave.set()
    thread.join(PATIENCE)
    assert "was closed" in seen[0]
    assert not list(filled.path.glob("store.sqlite3-*")), "the log was emptied by the last to close"


def test_a_thread_that_ends_leaves_no_connection(filled: Gallery) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("no list of open files")

    def opened() -> int:
        return sum(
            "store.sqlite3" in str(one.readlink())
            for one in descriptors.iterdir()
            if one.is_symlink()
        )

    len(filled)
    before = opened()
    for _ in range(5):
        thread = threading.Thread(target=lambda: len(filled))
        thread.start()
        thread.join()
    assert opened() <= before + 1, "SQLite may keep one for its locks, not one for each thread"


def test_a_pickled_gallery_is_its_path_opened_anew(filled: Gallery) -> None:
    with pickle.loads(pickle.dumps(filled)) as again:  # noqa: S301 - made by the line itself
        assert again.path == filled.path.absolute()
        assert again.edition == filled.edition
        assert len(again) == 40
        again.add([enrolment(41)])
    assert len(filled) == 41


def _count(gallery: Gallery) -> int:
    with gallery:
        return len(gallery)


def test_a_process_that_was_started_anew_gets_a_gallery(filled: Gallery) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_count, (filled,)) == 40


@forks
def test_a_forked_process_cannot_use_the_gallery_of_its_parent(filled: Gallery) -> None:
    def child() -> int:
        with pytest.raises(ForkError, match="spawn"):
            len(filled)
        with pytest.raises(ForkError, match="spawn"):
            filled.add([enrolment(41)])
        filled.close()  # leaves the files of the parent alone
        with Gallery.open(filled.path) as own:
            return len(own)

    assert _in_fork(child) == 40
    filled.add([enrolment(42)])
    assert filled.verify().ok


def _in_fork(work) -> int:  # type: ignore[no-untyped-def]
    """Return what a forked process returns, or 255 when it fails."""
    process = os.fork()
    if process == 0:
        code = 255
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_text_that_no_store_holds_is_refused(filled: Gallery) -> None:
    with pytest.raises(InputError, match="Unicode"):
        filled.subject("\udce9")
