"""Re-index a gallery from one model to the next while searches go on.

    python benchmarks/reindex_versions.py PHOTOS [--old youth-resnet@5] [--new youth-resnet]
        [--size 300] [--probes 20] [--record NAME]

PHOTOS is a folder. Its first photos are enrolled with the old model, each as a subject of its own.
The figures:

- embedding alone: seconds in which the new model embeds these photos, with nothing around it. The
  photos are decoded in the same process.
- job alone: seconds of `matcher reindex run`, in a process of its own that also loads the model.
- job beside searches: the same, while this process searches one probe after the other, and opens
  the gallery anew for each. Then the gallery is switched, and the searches go on.
- lists: how many searches each model answered, and how many lists were those of that model alone:
  the same subjects with the same scores, to 0.0001, as in a gallery that has only this model. Any
  other list, an error, or a list of the old model after the switch, is counted as wrong.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from recording import Record

from matcher.embedding import Extractor, ModelIdentity, load_extractor
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.errors import MatcherError
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.heap import use_one_heap
from matcher.photos import find_photos
from matcher.search import CandidateList, Searcher

TOP = 5
WITHIN = 1e-4
AFTER = 10
"""Searches after the switch."""


@dataclass(frozen=True)
class Searches:
    """Probes, the two models, and the lists that each model alone gives.

    Parameters
    ----------
    probes
        Photos.
    extractors
        The models, the old one first.
    lists
        For each model a list for each probe, in a gallery that has only this model.
    """

    probes: Sequence[Path]
    extractors: Mapping[ModelIdentity, Extractor]
    lists: Mapping[ModelIdentity, Sequence[CandidateList]]

    def of(self, gallery: Path, number: int) -> tuple[ModelIdentity, str]:
        """Open a gallery and search it once; return its model, and "right" or what is wrong."""
        place = number % len(self.probes)
        with Gallery.open(gallery) as opened:
            model = opened.model
            try:
                found = _search(opened, self.extractors[model], self.probes[place])
            except MatcherError as error:
                return model, error.code
        return model, "right" if _alike(found, self.lists[model][place]) else "another list"


def _search(gallery: Gallery, extractor: Extractor, probe: Path) -> CandidateList:
    searcher = Searcher(gallery, extractor, policy=POLICIES["off"])
    return searcher.search(probe, top=TOP, choose="largest")


def _alike(one: CandidateList, other: CandidateList) -> bool:
    """Return whether two lists have one model, the same subjects and, nearly, the same scores."""
    named = [[c.subject.subject_id for c in found.candidates] for found in (one, other)]
    if one.model != other.model or named[0] != named[1]:
        return False
    scores = [[c.score for c in found.candidates] for found in (one, other)]
    return bool(np.allclose(scores[0], scores[1], rtol=0, atol=WITHIN))


def enrolled(gallery: Path, extractor: Extractor, photos: Sequence[Path]) -> int:
    """Enrol photos, each as a subject; return how many have a face."""
    subjects = [PhotoOfSubject(path, Subject(f"{n:05d}")) for n, path in enumerate(photos)]
    with Gallery.create(gallery, model=extractor.model) as made:
        enrol(made, extractor, subjects, choose="largest", policy=POLICIES["off"])
        return len(made)


def begun(step: str, gallery: Path, model: str) -> subprocess.Popen[bytes]:
    """Start a step of a re-index, as an operator does."""
    words = [sys.executable, "-m", "matcher", "reindex", step, str(gallery), "--model", model]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(running: subprocess.Popen[bytes]) -> None:
    """Wait for a command; end if it failed."""
    _, talk = running.communicate()
    if running.returncode:
        raise SystemExit(talk.decode(errors="replace"))


def beside_a_job(gallery: Path, model: str, searches: Searches) -> dict[str, Any]:
    """Search while a gallery is re-indexed, and after it was switched."""
    old = next(iter(searches.extractors))
    outcomes: Counter[tuple[str, str]] = Counter()
    spent: list[float] = []
    number = 0

    def search() -> ModelIdentity:
        nonlocal number
        started = time.perf_counter()
        used, outcome = searches.of(gallery, number)
        spent.append(time.perf_counter() - started)
        outcomes[f"{used.name} {used.version}", outcome] += 1
        number += 1
        return used

    started = time.perf_counter()
    running = begun("run", gallery, model)
    while running.poll() is None:
        search()
    seconds = time.perf_counter() - started
    ended(running)
    before = number
    ended(begun("switch", gallery, model))
    late = [search() for _ in range(AFTER)]
    return {
        "seconds": seconds,
        "searches during the job": before,
        "seconds of a search, median": float(np.median(spent[:before])),
        "searches after the switch": len(late),
        "lists": {f"{used}: {outcome}": count for (used, outcome), count in outcomes.items()},
        "answered by the old model after the switch": late.count(old),
    }


def story(home: Path, photos: Sequence[Path], old: str, new: str, probes: int) -> dict[str, Any]:
    """Measure all figures."""
    extractors = [load_extractor(name) for name in (old, new)]
    galleries = [home / name for name in ("old", "new")]
    faces = [
        enrolled(gallery, extractor, photos)
        for gallery, extractor in zip(galleries, extractors, strict=True)
    ]
    chosen = [photos[int(n)] for n in np.linspace(0, len(photos) - 1, probes)]
    lists = {}
    for gallery, extractor in zip(galleries, extractors, strict=True):
        with Gallery.open(gallery) as opened:
            lists[extractor.model] = [_search(opened, extractor, probe) for probe in chosen]
    searches = Searches(chosen, {each.model: each for each in extractors}, lists)
    started = time.perf_counter()
    for _ in extractors[1].extract_many(photos, choose="largest"):
        pass
    alone = time.perf_counter() - started
    quiet = shutil.copytree(galleries[0], home / "quiet")
    started = time.perf_counter()
    ended(begun("run", quiet, new))
    return {
        "photos": len(photos),
        "faces": faces,
        "embedding alone, seconds": alone,
        "job alone, seconds": time.perf_counter() - started,
        "job beside searches": beside_a_job(galleries[0], new, searches),
    }


def show(record: Record, found: Mapping[str, Any]) -> None:
    """Add the times, and how many lists were those of one model alone."""
    beside, photos = found["job beside searches"], found["photos"]
    faces = " and ".join(map(str, found["faces"]))
    record.table(
        "times",
        ("what", "figure"),
        [
            ("photos", photos),
            ("faces with the old and with the new model", faces),
            ("embedding alone, in one process", f"{found['embedding alone, seconds']:.0f} s"),
            ("the job alone", f"{found['job alone, seconds']:.0f} s"),
            ("the job beside searches", f"{beside['seconds']:.0f} s"),
            ("searches during the job", beside["searches during the job"]),
            ("a search, median", f"{beside['seconds of a search, median']:.1f} s"),
            ("searches after the switch", beside["searches after the switch"]),
            (
                "answered by the old model after the switch",
                beside["answered by the old model after the switch"],
            ),
        ],
    )
    lists = []
    for used, count in beside["lists"].items():
        model, _, outcome = used.rpartition(": ")
        lists.append((model, "of this model alone" if outcome == "right" else outcome, count))
    record.table("lists", ("answered by", "list", "searches"), lists)


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--old", default="youth-resnet@5")
    parser.add_argument("--new", default="youth-resnet")
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--probes", type=int, default=20)
    record = Record.begin(__file__, parser)
    options = record.options
    use_one_heap()
    photos = find_photos(options.photos)[: options.size]
    with tempfile.TemporaryDirectory() as folder:
        found = story(Path(folder), photos, options.old, options.new, options.probes)
    show(record, found)
    record.write()


if __name__ == "__main__":
    main()
