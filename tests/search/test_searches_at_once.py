"""Searches by several threads and processes at once give what one after the other gives."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import made_model
import pytest
from rendered_cohort import Cohort
from waiting import PATIENCE

from matcher.embedding import Extractor, load_extractor
from matcher.errors import InputError, ModelError
from matcher.gallery import Gallery
from matcher.search import CandidateList, Searcher
from matcher.testing import FakeDetector, FakeEmbedder


def test_threads_find_what_one_search_after_the_other_finds(
    gallery: Gallery, extractor: Extractor, cohort: Cohort
) -> None:
    searcher = Searcher(gallery, extractor)
    probes = cohort.probes * 2
    alone = [searcher.search(probe) for probe in probes]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(searcher.search, probes))
    assert list(map(_timeless, at_once)) == list(map(_timeless, alone))


def _timeless(found: CandidateList) -> str:
    return replace(found, searched_at=datetime(2026, 1, 1, tzinfo=UTC)).to_json()


def _travelled(extractor: Extractor) -> Extractor:
    read = pickle.loads(pickle.dumps(extractor))  # noqa: S301 - written by the same line
    assert isinstance(read, Extractor)
    return read


def test_a_pickled_extractor_is_loaded_again(extractor: Extractor, cohort: Cohort) -> None:
    again = _travelled(extractor)
    assert again.model == extractor.model
    (one,), (other,) = (made.extract(cohort.probes[0]) for made in (extractor, again))
    assert one.vector.tobytes() == other.vector.tobytes()


def test_settings_travel_with_it(tmp_path: Path, cohort: Cohort) -> None:
    cut = tmp_path / "cut.png"
    cut.write_bytes(cohort.probes[0].read_bytes()[:-2000])
    salvaging = _travelled(load_extractor("dlib-resnet", salvage=True))
    (found,) = salvaging.extract_many([cut])
    assert found.photo is not None
    assert any("lost" in note or "missing" in note for note in found.photo.notes)


def test_an_extractor_of_parts_says_how_to_make_one_that_can_be_pickled() -> None:
    parts = Extractor(FakeDetector(), FakeEmbedder(16))
    with pytest.raises(InputError, match="load_extractor"):
        pickle.dumps(parts)


def test_a_record_that_changed_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    made_model.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    kept = pickle.dumps(load_extractor("new-model.toml"))
    monkeypatch.chdir("/")
    assert pickle.loads(kept).model.name == "new-model"  # noqa: S301 - written above
    record = tmp_path / "new-model.toml"
    lines = record.read_text("utf-8").splitlines()
    changed = ['version = "another"' if line.startswith("version") else line for line in lines]
    record.write_text("\n".join(changed), encoding="utf-8")
    with pytest.raises(ModelError, match="pickled extractor"):
        pickle.loads(kept)  # noqa: S301 - written above


def _first(searcher: Searcher, probe: Path) -> str:
    return searcher.search(probe).candidates[0].subject.subject_id


def test_a_searcher_travels_to_a_process_that_is_started_anew(
    gallery: Gallery, extractor: Extractor, cohort: Cohort
) -> None:
    searcher = Searcher(gallery, extractor)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(_first, (searcher, cohort.probes[0]))
    assert there == _first(searcher, cohort.probes[0])


FORK = """
import os, sys
import matcher
from matcher.errors import MatcherError
from matcher.gallery import Gallery
extractor = matcher.load_extractor()
(face,) = extractor.extract(sys.argv[1])
if sys.argv[2] == "index":
    with Gallery.open(sys.argv[3]) as gallery:
        gallery.nearest(face.vector[None], 1)
process = os.fork()
if process == 0:
    try:
        if sys.argv[2] == "used":
            extractor.extract(sys.argv[1])
        elif sys.argv[2] == "loaded":
            matcher.load_extractor()
        else:
            with Gallery.open(sys.argv[3]) as gallery:
                gallery.nearest(face.vector[None], 1)
        print("worked", flush=True)
    except MatcherError as error:
        print(error.code, error, flush=True)
    os._exit(0)
os.waitpid(process, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("use", ["used", "loaded", "index"])
@pytest.mark.parametrize(("threads", "said"), [("2", "forked"), ("1", "worked")])
def test_a_forked_process_is_refused_where_it_would_hang(
    gallery: Gallery, cohort: Cohort, use: str, threads: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK, cohort.probes[0], use, gallery.path],
        env=os.environ | {"OMP_NUM_THREADS": threads},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout.startswith(said)
    if said == "forked":
        assert 'get_context("spawn")' in done.stdout
