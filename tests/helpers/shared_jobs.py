"""Galleries whose job is shared, and a process that starts shares at once, to be killed.

    python shared_jobs.py

reads a command a line, `share FOLDER I/N` or `merge GALLERY`, forks a process for it before any
thread is started, and prints its id.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from job_builders import NEW, SETTINGS, made

from matcher.errors import MatcherError
from matcher.gallery.editions import directory_of, shadow_of
from matcher.jobs import MergeReport, Share, merge_shares, reindex, run_share, share_out
from matcher.photos import load_photo

BATCH = 4
PLANNED = replace(SETTINGS, batch=BATCH)
SLOWNESS = 0.02
"""Seconds that a process of `Starter` rests after each batch, so that it can be killed in time."""


class Direct:
    """Decodes in this process: what is tested here is what survives, not how it is decoded."""

    def __init__(self, _: object) -> None: ...

    def __enter__(self) -> Direct:
        return self

    def __exit__(self, *_: object) -> None: ...

    def read_all(self, paths: Iterator[Path], ahead: int) -> Iterator[object]:
        """Decode each photo when it is wanted."""
        assert ahead > 0
        return map(_loaded, paths)


def _loaded(path: Path) -> object:
    try:
        return load_photo(path)
    except MatcherError as error:
        return error


def dealt(folder: Path, photos: int, of: int) -> tuple[Path, Path]:
    """Make a gallery, and one like it beside it; deal the photos of the first."""
    gallery = made(folder, photos)
    shutil.copytree(gallery, folder / "quiet")
    share_out(gallery, folder / "shares", NEW, of=of, settings=PLANNED)
    return gallery, folder / "shares"


def work(folder: Path, number: int, of: int) -> int:
    """Do a share; return the number of photos that were left to do."""
    return run_share(folder, Share(number, of), NEW, settings=PLANNED).worked


def result_files(folder: Path) -> list[Path]:
    """Return the files of results that wait."""
    return sorted(folder.glob("shards-*/results/*.shard"))


def rows_of(gallery: Path) -> dict[str, list[Any]]:
    """Return all that a job wrote into a shadow, but the number of the transaction."""
    edition = shadow_of(gallery)
    assert edition is not None
    held = {}
    with closing(sqlite3.connect(directory_of(gallery, edition) / "store.sqlite3")) as store:
        store.row_factory = sqlite3.Row
        for table in ("subjects", "subject_tags", "faces", "vectors", "outcomes"):
            rows = [dict(row) for row in store.execute(f"SELECT * FROM {table}")]  # noqa: S608
            for row in rows:
                row.pop("generation", None)
            held[table] = sorted(rows, key=lambda row: tuple(map(str, row.values())))
    return held


def assert_as_in_one_process(gallery: Path, report: MergeReport) -> None:
    """Compare every byte with a job on this machine, of the same gallery as it is now."""
    assert report.complete
    quiet = gallery.with_name("quiet")
    here = reindex(quiet, NEW, settings=PLANNED)
    assert (report.job.counts, report.job.lost) == (here.counts, here.lost)
    found, wanted = rows_of(gallery), rows_of(quiet)
    assert len(found["faces"]) == here.counts.get("done", 0)
    assert found == wanted


class Starter:
    """Starts shares and merges in processes of their own, each at once."""

    def __init__(self) -> None:
        here = Path(__file__)
        environment = os.environ | {
            "PYTHONPATH": f"{here.parent}{os.pathsep}{here.parents[2]}",
            "OMP_NUM_THREADS": "1",
        }
        self._running = subprocess.Popen(
            [sys.executable, str(here)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, *words: object) -> int:
        """Start a process; return its id."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        print(*words, sep="\t", file=self._running.stdin, flush=True)
        return int(self._running.stdout.readline())

    def stop(self) -> None:
        """End the process that starts others."""
        self._running.communicate("")


@contextmanager
def starter() -> Iterator[Starter]:
    """Give a starter until the block ends."""
    made = Starter()
    try:
        yield made
    finally:
        made.stop()


def main() -> None:
    """Fork a process for each line."""
    import matcher.jobs.sharing.working as working
    from matcher.gallery import Gallery
    from matcher.jobs.shadow import Shadow

    _ = Gallery, merge_shares, run_share, NEW  # all is loaded before the first fork
    working.Decoders = Direct  # type: ignore[assignment,misc]
    commit = Shadow.commit

    def slowly(shadow: Shadow, results: Any) -> None:
        commit(shadow, results)
        time.sleep(SLOWNESS)

    Shadow.commit = slowly  # type: ignore[method-assign]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid:
            print(pid, flush=True)  # noqa: T201 - the answer
            continue
        try:
            _obey(line.rstrip("\n").split("\t"))
        except BaseException:  # noqa: BLE001 - the process ends here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)


def _obey(words: list[str]) -> None:
    def slowly(step: str, done: int, total: int | None) -> None:
        time.sleep(SLOWNESS)

    if words[0] == "share":
        share = Share.of_text(words[2])
        run_share(words[1], share, NEW, settings=PLANNED, on_progress=slowly)
    else:
        merge_shares(words[1])


if __name__ == "__main__":
    main()
