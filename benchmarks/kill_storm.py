"""Kill a process again and again that enrols, removes, rebuilds, re-indexes and switches.

    python benchmarks/kill_storm.py [FOLDER] [--kills 100] [--seed 1] [--record NAME]

It goes on until the process died that often in each of enrol, remove, rebuild and re-index; the
other steps lie between them. After each kill the gallery is opened for writing. Nothing that was
committed may be lost, nobody who was removed may be back, verify may find no fault, and no stale
file or folder may be left. Pictures are drawn and the model is made up. It ends with exit code 1
at the first contradiction. FOLDER is one that is made; without it, one of the system's is used.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from recording import NOTHING, Record
from reindex_disturbed import NEW, OLD, SETTINGS, draw

from matcher.embedding import Extractor
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.errors import JobError
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.jobs.reindexing import reindex
from matcher.jobs.switching import discard, prune, rollback, switch
from matcher.photos import sha256_of

PHOTOS: Final = 60
WANTED: Final = {"enrol": 0.1, "remove": 0.03, "rebuild": 0.015, "reindex": 0.5}
"""Steps that a process must die in, and the longest time to the kill, in seconds."""

SOONEST: Final = 0.0005
"""Shortest such time; times between are drawn evenly on a logarithmic scale."""

EXPECTED: Final = re.compile(
    r"(editions/\d{4}-[0-9a-f]{8}/)?(store\.sqlite3|index\.bin)"
    r"|editions(/\d{4}-[0-9a-f]{8})?|current\.json|reindex\.lock|reindex\.json"
)
"""What a gallery holds; `reindex.json` names a job that died, and the next job deletes it."""


@dataclass
class Journal:
    """Lines that are on the disk before and after each step: `word number`."""

    file: Path

    def note(self, word: str, *numbers: int) -> None:
        """Write lines that outlive the process."""
        with self.file.open("a", encoding="ascii") as lines:
            lines.write("".join(f"{word} {number}\n" for number in numbers))
            lines.flush()
            os.fsync(lines.fileno())

    def read(self) -> dict[int, str]:
        """Return the last word about each photo."""
        lines = self.file.read_text("ascii").splitlines() if self.file.exists() else []
        return {int(number): word for word, number in map(str.split, lines)}


class Writer:
    """The process that is killed: it does one step after another, drawn by chance."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._gallery = folder / "gallery"
        self._photos = list(folder.glob("photos/*.png"))
        self._journal = Journal(folder / "journal")
        self._chance = np.random.default_rng(seed)

    def run(self) -> None:
        """Work for ever."""
        steps: dict[str, tuple[float, Callable[[], None]]] = {
            "enrol": (0.35, self._enrol),
            "remove": (0.2, self._remove),
            "rebuild": (0.1, self._rebuild),
            "create": (0.05, self._create),
            "reindex": (0.1, self._job(lambda m: reindex(self._gallery, m, settings=SETTINGS))),
            "switch": (0.08, self._job(lambda m: switch(self._gallery, m, settings=SETTINGS))),
            "rollback": (0.06, self._job(lambda m: rollback(self._gallery, m, settings=SETTINGS))),
            "prune": (0.03, self._job(lambda _: prune(self._gallery))),
            "discard": (0.03, self._job(lambda _: discard(self._gallery))),
        }
        shares = [share for share, _ in steps.values()]
        while True:
            name = str(self._chance.choice([*steps], p=shares))
            print(name, flush=True)
            steps[name][1]()

    def _enrol(self) -> None:
        held = self._journal.read()
        free = [p for p in self._photos if held.get(int(p.stem)) in (None, "removed")]
        if not free:
            return
        chosen = self._chance.choice(len(free), size=min(len(free), 5), replace=False)
        photos = [free[number] for number in chosen]
        numbers = [int(photo.stem) for photo in photos]
        self._journal.note("adding", *numbers)
        with Gallery.open(self._gallery) as gallery:
            enrolled(gallery, photos)
            self._journal.note("added", *numbers)

    def _remove(self) -> None:
        held = self._journal.read()
        there = [p for p in self._photos if held.get(int(p.stem)) == "added"]
        if not there:
            return
        photo = there[self._chance.integers(len(there))]
        self._journal.note("removing", int(photo.stem))
        with Gallery.open(self._gallery) as gallery:
            gallery.remove_photo(sha256_of(photo))
            self._journal.note("removed", int(photo.stem))

    def _rebuild(self) -> None:
        with Gallery.open(self._gallery) as gallery:
            gallery.rebuild(str(self._chance.choice(["auto", "exact", "coded"])))

    def _create(self) -> None:
        other = self._gallery.with_name("other")
        if other.exists():
            shutil.rmtree(other)
        Gallery.create(other, model=OLD.model).close()

    def _job(self, work: Callable[[Extractor], object]) -> Callable[[], None]:
        def job() -> None:
            with Gallery.open(self._gallery) as gallery:
                model = NEW if gallery.model == OLD.model else OLD
            try:
                work(model)
            except JobError:  # nothing to switch to, or back to
                return

        return job


def enrolled(gallery: Gallery, photos: list[Path]) -> None:
    """Enrol photos with the gallery's model; each is a subject."""
    model = OLD if gallery.model == OLD.model else NEW
    new = [PhotoOfSubject(photo, subject(photo)) for photo in photos]
    enrol(gallery, model, new, policy=POLICIES["off"])


def subject(photo: Path) -> Subject:
    """Return the record of the subject of a photo."""
    return Subject(f"subject-{photo.stem}")


def storm(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill a writer again and again; check after each kill; return what was met.

    Raises
    ------
    ContradictionError
        At the first.
    """
    list(draw(folder / "photos", PHOTOS))
    _made(folder / "gallery").close()
    chance, met, died = np.random.default_rng(seed), Counter[str](), Counter[str]()
    while missing := [step for step in WANTED if died[step] < kills]:
        wanted = missing[died.total() % len(missing)]
        delay = float(np.exp(chance.uniform(np.log(SOONEST), np.log(WANTED[wanted]))))
        died[kill(folder, seed * 10_000 + died.total(), wanted, delay)] += 1
        met["stale before the next open"] += len(stale(folder)) > 0
        met.update(check(folder))
        if died.total() % 50 == 0:
            print(f"{died.total()} kills: {dict(died)}", file=sys.stderr, flush=True)
    return {"seed": seed, "kills": died.total(), "died in": died, **met}


def kill(folder: Path, seed: int, wanted: str, delay: float) -> str:
    """Start a writer, kill it some seconds after it began a step; return the step it died in."""
    command = [sys.executable, __file__, "--write", str(folder), "--seed", str(seed)]
    command += ["--record", NOTHING]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        begun = iter(running.stdout or ())
        last = next((step for step in begun if step.strip() == wanted), "")
        time.sleep(delay)
        alive = running.poll() is None
        running.kill()
        last = [last, *begun][-1].strip()
        said = running.stderr.read() if running.stderr else ""
    require(bool(last) and alive, f"the writer ended by itself: {said}")
    return last


def check(folder: Path) -> Counter[str]:
    """Open the gallery for writing, and hold it against the journal."""
    journal = Journal(folder / "journal")
    last = journal.read()
    with Gallery.open(folder / "gallery") as gallery:
        held = numbers(gallery)
        report = gallery.verify()
        gallery.remove_photo("0" * 64)  # a write that changes no face
        edition = gallery.edition
    there = {number for number, word in last.items() if word == "added"}
    gone = {number for number, word in last.items() if word == "removed"}
    require(there <= held, f"committed and lost: {sorted(there - held)}")
    require(not gone & held, f"removed and back: {sorted(gone & held)}")
    require(held <= set(last), f"from nowhere: {sorted(held - set(last))}")
    require(report.ok, f"faults: {report.faults}")
    opening = Gallery.open if (folder / "other").exists() else _made
    opening(folder / "other").close()
    left = stale(folder)
    require(not left, f"stale: {left}")
    journal.note("added", *(held - there))
    journal.note("removed", *(set(last) - held - gone))
    return Counter({"in a later edition": int(edition != "first"), "faces": len(held)})


class ContradictionError(Exception):
    """What must hold after every kill does not hold."""


def require(holds: bool, otherwise: str) -> None:
    """Raise ContradictionError unless something holds."""
    if not holds:
        raise ContradictionError(otherwise)


def _made(path: Path) -> Gallery:
    return Gallery.create(path, model=OLD.model)


def numbers(gallery: Gallery) -> set[int]:
    """Return the photos that a gallery holds, by number."""
    photos = gallery.photo_counts()
    return {int(name.rpartition("-")[2]) for name in photos}


def stale(folder: Path) -> list[str]:
    """Return files and folders that no gallery holds."""
    beside = [file.name for file in folder.iterdir()]
    known = {"gallery", "other", "photos", "journal"}
    found = [name for name in beside if name not in known]
    for gallery in (folder / "gallery", folder / "other"):
        for file in gallery.rglob("*"):
            place = file.relative_to(gallery).as_posix()
            if not EXPECTED.fullmatch(place):
                found.append(f"{gallery.name}/{place}")
    return found


def show(record: Record, found: Mapping[str, Any]) -> None:
    """Add the steps in which a process died, and what was met afterwards."""
    died = found["died in"]
    rows = [(step, died[step]) for step in sorted(died)]
    record.table(
        "kills", ("step in which the process died", "kills"), [*rows, ("all", died.total())]
    )
    record.table(
        "after the kills",
        ("what", "kills"),
        [
            ("a stale file lay there before the next open", found["stale before the next open"]),
            ("the gallery was in a later edition", found["in a later edition"]),
            ("a committed photo was lost, or a removed one was back", 0),
            ("verify found a fault, or a stale file was left", 0),
        ],
    )


def main() -> None:
    """Run the storm, or be the process that is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--kills", type=int, default=100, help="in each of the wanted steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    record = Record.begin(__file__, parser)
    options = record.options
    if options.write:
        Writer(options.folder, options.seed).run()
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        show(record, storm(options.folder, options.kills, options.seed))
    else:
        with tempfile.TemporaryDirectory() as folder:
            show(record, storm(Path(folder), options.kills, options.seed))
    record.write()


if __name__ == "__main__":
    main()
