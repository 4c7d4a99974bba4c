"""Time of the casework of a governed gallery whose log has many searches.

    python benchmarks/reviews.py [--faces 20000] [--searches 10000] [--top 20] [--record NAME]

Reading the log for the first time takes longer than all else; a server keeps one `SearchIndex`, so
that it happens once. A briefing looks through the whole gallery for other subjects within reach. A
review is on the disk, in the rows and in the log, when it returns.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from recording import Cell, Record

from matcher.casework import ActivityLog, CaseContext, Casework, Opinion, SearchIndex
from matcher.embedding import FACE, Extractor
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.search import Searcher
from matcher.testing import FakeDetector, FakeEmbedder, random_unit_vectors

DIMENSION = 128
CONTEXT = CaseContext("op", "missing_child", "case", "law", "order", date(2099, 1, 1))


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description="Time of casework with a long log.")
    parser.add_argument("--faces", type=int, default=20_000)
    parser.add_argument("--searches", type=int, default=10_000)
    parser.add_argument("--top", type=int, default=20)
    record = Record.begin(__file__, parser)
    options = record.options
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.gallery"
        _make(path, options.faces, options.searches, options.top)
        size = (path / "casework" / "log.jsonl").stat().st_size
        with Gallery.open(path, context=CONTEXT) as gallery:
            rows = _measure(gallery, path)
    record.table("times", ("what", "time"), rows)
    log = [("searches", options.searches), ("leads of a search", options.top)]
    log += [("faces", options.faces), ("bytes of the log", size)]
    record.table("sizes", ("what", "count"), log)
    record.write()


def _measure(gallery: Gallery, path: Path) -> list[list[Cell]]:
    index = SearchIndex(ActivityLog.of(path))
    casework = Casework.open(gallery, index=index)
    rows = [
        _timed("the log, read for the first time", lambda: index.search(1)),
        _timed("the log, read again", lambda: index.search(1)),
    ]
    leads = casework.leads(case="case 7")
    names = [lead.lead_id for lead in leads]
    rows += [
        _timed(f"the {len(leads)} leads of one case", lambda: casework.leads(case="case 7")),
        _timed("one lead", lambda: casework.lead(names[0])),
        _timed("a briefing", lambda: casework.briefing(names[0])),
    ]
    for which, operator in (("first", "ana"), ("second", "bo")):
        context = replace(CONTEXT, operator=operator, case_id="case 7")
        with Gallery.open(path, context=context) as own, Casework.open(own, index=index) as work:
            begun = time.perf_counter()
            for name in names:
                work.review(name, Opinion("inconclusive", "seen"))
            took = (time.perf_counter() - begun) / len(names)
        what = f"a review by the {which} operator, mean of {len(names)}"
        rows.append([what, f"{1000 * took:.1f} ms"])
    return [
        *rows,
        _timed("the audit of reviewers", casework.audit),
        _timed("the report of the year", lambda: casework.report(date.today().year)),
        _timed(f"all {len(casework.leads()):,} leads", casework.leads),
    ]


def _timed(what: str, work: Callable[[], object]) -> list[Cell]:
    begun = time.perf_counter()
    work()
    return [what, f"{1000 * (time.perf_counter() - begun):,.1f} ms"]


def _make(path: Path, faces: int, searches: int, top: int) -> None:
    extractor = Extractor(FakeDetector(), FakeEmbedder(DIMENSION))
    vectors = random_unit_vectors(faces, DIMENSION, seed=1)
    with Gallery.create(path, model=extractor.model, governed=True, context=CONTEXT) as made:
        made.add([_face(number, vectors[number]) for number in range(faces)])
    probes = random_unit_vectors(searches, DIMENSION, seed=2)
    cases = 100
    for number in range(cases):
        context = replace(CONTEXT, case_id=f"case {number}")
        with Gallery.open(path, context=context) as gallery:
            Searcher(gallery, extractor).search_many(list(probes[number::cases]), top=top)


def _face(number: int, vector: np.ndarray) -> Enrolment:
    photo = PhotoRecord(f"{number:064x}", f"{number}.jpg", taken_on=date(2025, 1, 1))
    subject = Subject(f"s{number:06d}", date_of_birth=date(2015, 1, 1), recorded_sex="female")
    return Enrolment(subject, photo, {FACE: vector}, (0.0, 0.0, 9.0, 9.0), 0.9)


if __name__ == "__main__":
    main()
