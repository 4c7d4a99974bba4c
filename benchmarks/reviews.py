"""Time of the casework of a governed gallery whose log has many searches.

    python benchmarks/reviews.py                   10,000 searches of 20 leads each, 20,000 faces

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

from matcher.casework import ActivityLog, CaseContext, Casework, Opinion, SearchIndex
from matcher.embedding import FACE, Extractor
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.search import Searcher
from matcher.testing import FakeDetector, FakeEmbedder, random_unit_vectors

DIMENSION = 128
CONTEXT = CaseContext("op", "missing_child", "case", "law", "order", date(2099, 1, 1))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time of casework with a long log.")
    parser.add_argument("--faces", type=int, default=20_000)
    parser.add_argument("--searches", type=int, default=10_000)
    parser.add_argument("--top", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.gallery"
        _make(path, options.faces, options.searches, options.top)
        print(f"bytes of the log: {(path / 'casework' / 'log.jsonl').stat().st_size:,}")
        with Gallery.open(path, context=CONTEXT) as gallery:
            _measure(gallery, path)


def _measure(gallery: Gallery, path: Path) -> None:
    index = SearchIndex(ActivityLog.of(path))
    casework = Casework.open(gallery, index=index)
    _print("the log, read for the first time", lambda: index.search(1))
    _print("the log, read again", lambda: index.search(1))
    leads = casework.leads(case="case 7")
    _print(f"the {len(leads)} leads of one case", lambda: casework.leads(case="case 7"))
    names = [lead.lead_id for lead in leads]
    _print("one lead", lambda: casework.lead(names[0]))
    _print("a briefing", lambda: casework.briefing(names[0]))
    for operator in ("ana", "bo"):
        context = replace(CONTEXT, operator=operator, case_id="case 7")
        with Gallery.open(path, context=context) as own, Casework.open(own, index=index) as work:
            begun = time.perf_counter()
            for name in names:
                work.review(name, Opinion("inconclusive", "seen"))
            took = (time.perf_counter() - begun) / len(names)
            print(f"a review by {operator}: {1000 * took:.1f} ms, mean of {len(names)}")
    _print("the audit of reviewers", casework.audit)
    _print("the report of the year", lambda: casework.report(date.today().year))
    _print(f"all {len(casework.leads()):,} leads", casework.leads)


def _print(what: str, work: Callable[[], object]) -> None:
    begun = time.perf_counter()
    work()
    print(f"{what}: {1000 * (time.perf_counter() - begun):,.1f} ms")


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
