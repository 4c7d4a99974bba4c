"""Hidden subjects are in no list. All the rest is as if they had never been enrolled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import made_calibration
import numpy as np
import pytest
from gallery_builders import enrolment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rendered_cohort import SUBJECTS, Cohort

from matcher.embedding import LOW_RESOLUTION, Extractor, LowResolutionView
from matcher.gallery import Filters, Gallery, Subject
from matcher.search import (
    Calibration,
    Candidate,
    CandidateList,
    Searcher,
    lead_rows,
    nearest,
    write_leads,
    write_sheet,
)
from matcher.testing import FakeDetector, FakeEmbedder, clustered_unit_vectors

DIMENSION = 16
PEOPLE = 30
EXTRACTOR = Extractor(FakeDetector(), FakeEmbedder(DIMENSION))
FACES = clustered_unit_vectors(PEOPLE, 2, DIMENSION, seed=7)
PROBES = clustered_unit_vectors(PEOPLE, 3, DIMENSION, seed=7)[2::3]
WHY = "the investigator herself"


def name_of(person: int) -> str:
    return f"subject-{person:04d}"


def people(but: Sequence[int] = ()) -> list[int]:
    return [person for person in range(PEOPLE) if person not in but]


@contextmanager
def made(path: Path, whom: Sequence[int], index: str = "auto") -> Iterator[Gallery]:
    """A gallery with two photos of each of these people; every third one is of the north."""
    with Gallery.create(path, model=EXTRACTOR.model, index=index) as gallery:
        gallery.add(
            [
                enrolment(
                    number,
                    Subject(name_of(person), region=None if person % 3 else "north"),
                    FACES[number],
                )
                for person in whom
                for number in (2 * person, 2 * person + 1)
            ]
        )
        yield gallery


def timeless(found: CandidateList) -> CandidateList:
    """A list without what says that somebody was left out, and without counts of filters."""
    return replace(found, hidden=0, hidden_asked_for=(), exclusions=())


def subjects_of(found: CandidateList) -> list[str]:
    return [one.subject.subject_id for one in found]


WHOM = st.sets(st.integers(0, PEOPLE - 1), max_size=PEOPLE)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hidden=WHOM,
    person=st.integers(0, PEOPLE - 1),
    top=st.integers(1, PEOPLE + 1),
    threshold=st.none() | st.floats(-1, 1),
    region=st.booleans(),
)
def test_the_list_is_that_of_a_gallery_without_them(
    tmp_path_factory: pytest.TempPathFactory,
    hidden: set[int],
    person: int,
    top: int,
    threshold: float | None,
    region: bool,
) -> None:
    folder = tmp_path_factory.mktemp("galleries")
    filters = Filters(regions="north", keep_unknown=False) if region else Filters()
    probe = PROBES[person]

    def find(gallery: Gallery, top: int, **more: bool) -> CandidateList:
        searcher = Searcher(gallery, EXTRACTOR)
        wanted = replace(filters, **more)
        return searcher.search(probe, top=top, threshold=threshold, filters=wanted)

    with (
        made(folder / "whole", people()) as whole,
        made(folder / "without", people(sorted(hidden))) as without,
    ):
        before = find(whole, top)
        if hidden:
            whole.hide([name_of(one) for one in hidden], because=WHY)
        found = find(whole, top)
        assert timeless(found) == timeless(find(without, top))
        everybody = find(whole, PEOPLE, include_hidden=True)
        assert found.hidden == counted_plainly(everybody, top)
        assert find(whole, top, include_hidden=True).searched_faces == before.searched_faces
        if hidden:
            whole.unhide([name_of(one) for one in hidden])
        assert find(whole, top) == before


def counted_plainly(everybody: CandidateList, top: int) -> int:
    """Count the hidden subjects before the last of a full list, or all if it is not full."""
    hidden = shown = 0
    for one in everybody:
        if shown == top:
            return hidden
        hidden += one.subject.hidden_because is not None
        shown += one.subject.hidden_because is None
    return hidden


@pytest.mark.parametrize("index", ["exact", "coded"])
def test_every_kind_of_index_leaves_out_the_hidden_ones_and_nobody_else(
    tmp_path: Path, index: str
) -> None:
    hidden = range(0, PEOPLE, 2)
    with made(tmp_path / "g", people(), index) as gallery:
        searcher = Searcher(gallery, EXTRACTOR)
        before = [searcher.search(probe, top=PEOPLE) for probe in PROBES]
        gallery.hide([name_of(one) for one in hidden], because=WHY)
        some = Filters(regions="north")  # with a filter every index is exact
        for probe, whole in zip(PROBES, before, strict=True):
            left = [one for one in subjects_of(whole) if int(one[-4:]) not in hidden]
            assert subjects_of(searcher.search(probe, top=5)) == left[:5]
            assert subjects_of(searcher.search(probe, top=5, filters=some)) == scanned(
                probe, people(hidden)
            )


def scanned(probe: NDArray[np.float32], whom: Sequence[int]) -> list[str]:
    """Return the five closest people by a plain scan."""
    scores = (FACES.astype(np.float64) @ probe).reshape(PEOPLE, 2).max(axis=1)
    return [name_of(one) for one in sorted(whom, key=lambda one: -scores[one])[:5]]


def test_ranks_are_among_those_shown_and_the_count_is_of_who_stood_before_them(
    tmp_path: Path,
) -> None:
    with made(tmp_path / "g", people()) as gallery:
        searcher = Searcher(gallery, EXTRACTOR)
        ranked = subjects_of(searcher.search(PROBES[0], top=PEOPLE))
        gallery.hide([ranked[0], ranked[2], ranked[20]], because=WHY)
        found = searcher.search(PROBES[0], top=3)
        assert [(one.rank, one.subject.subject_id) for one in found] == [
            (1, ranked[1]),
            (2, ranked[3]),
            (3, ranked[4]),
        ]
        assert found.hidden == 2, "the third hidden one would not have been on the list"
        assert "Left out of this list: 2 hidden subjects." in str(found)
        lowest = found.candidates[-1].score
        above = searcher.search(PROBES[0], top=20, threshold=lowest)
        assert (len(above), above.hidden) == (3, 2)
        assert searcher.search(PROBES[0], top=1).hidden == 1
        assert searcher.search(PROBES[0], top=PEOPLE).hidden == 3


def test_everybody_may_be_hidden(tmp_path: Path) -> None:
    with made(tmp_path / "g", people()) as gallery:
        gallery.hide([name_of(one) for one in people()], because=WHY)
        searcher = Searcher(gallery, EXTRACTOR)
        found = searcher.search(PROBES[0], top=3)
        assert (found.outcome, len(found), found.hidden) == ("nobody to search", 0, PEOPLE)
        assert "filters and hiding leave nobody" in str(found)
        assert searcher.search(PROBES[0], threshold=1.0).hidden == 0


def test_who_is_asked_for_by_name_and_hidden_is_said(tmp_path: Path) -> None:
    with made(tmp_path / "g", people()) as gallery:
        gallery.hide(name_of(4), because=WHY)
        searcher = Searcher(gallery, EXTRACTOR)
        wanted = Filters(subject_ids=(name_of(4), name_of(5)))
        found = searcher.search(PROBES[4], filters=wanted)
        assert subjects_of(found) == [name_of(5)]
        assert found.hidden_asked_for == (name_of(4),)
        assert f"Hidden, although the search asks for them: {name_of(4)}." in str(found)
        assert "--include-hidden" in str(found)
        assert searcher.search(PROBES[4]).hidden_asked_for == ()
        shown = searcher.search(PROBES[4], filters=replace(wanted, include_hidden=True))
        assert subjects_of(shown) == [name_of(4), name_of(5)]
        assert (shown.hidden, shown.hidden_asked_for) == (0, ())
        assert f"hidden: {WHY}" in str(shown)


@pytest.fixture
def meaning(tmp_path: Path) -> Calibration:
    return Calibration.load(made_calibration.write(tmp_path / "record.json", EXTRACTOR.model))


def test_false_leads_and_the_threshold_of_a_rate_are_those_of_the_faces_that_can_be_listed(
    tmp_path: Path, meaning: Calibration
) -> None:
    """Nobody who is hidden can be a false lead."""
    with (
        made(tmp_path / "whole", people()) as whole,
        made(tmp_path / "half", people(range(15))) as half,
    ):
        whole.hide([name_of(one) for one in range(15)], because=WHY)
        found, other = (
            Searcher(gallery, EXTRACTOR, calibration=meaning).search(
                PROBES[20], max_fpir=0.3, age_at_capture=10.0
            )
            for gallery in (whole, half)
        )
        assert timeless(found) == timeless(other)
        assert found.searched_faces == 30
        assert found.threshold == meaning.threshold(0.3, faces=30, age=10.0)
        (first, *_) = found
        expected = meaning.false_leads(first.score, faces=30, age=10.0)
        assert first.expected_false_leads == expected


def test_several_photos_of_one_person_and_several_probes_at_once(tmp_path: Path) -> None:
    with made(tmp_path / "g", people()) as gallery:
        gallery.hide(name_of(3), because=WHY)
        searcher = Searcher(gallery, EXTRACTOR)
        together = searcher.search_person([PROBES[3], FACES[6]], top=2)
        assert (together.hidden, len(together)) == (1, 2)
        assert name_of(3) not in subjects_of(together)
        many = searcher.search_many(list(PROBES), top=2)
        assert many == [searcher.search(probe, top=2) for probe in PROBES]
        assert [found.hidden for found in many].count(0) < len(many)


def test_a_search_with_vectors_of_another_name_leaves_them_out_too(tmp_path: Path) -> None:
    embedder = FakeEmbedder(DIMENSION, low_resolution_views=(LowResolutionView(6),))
    extractor = Extractor(FakeDetector(), embedder)
    with Gallery.create(tmp_path / "g", model=extractor.model) as gallery:
        gallery.add(
            [enrolment(n, name_of(n), FACES[2 * n], FACES[2 * n + 1]) for n in range(PEOPLE)]
        )
        gallery.hide(name_of(0), because=WHY)
        selection = gallery.select(Filters())
        (closest,) = nearest._closest(gallery, [FACES[1]], 2, selection, LOW_RESOLUTION)
        assert closest[0] == name_of(0)
        assert len(closest) == 3, "up to the second who is shown"


def test_rows_csv_json_and_sheet_say_who_is_left_out_and_why_who_is_shown(
    gallery: Gallery, extractor: Extractor, cohort: Cohort, tmp_path: Path
) -> None:
    because = "=1+1\x1b[2J\u202etxet"
    gallery.hide(cohort.subjects[0], because=because)
    searcher, probes = Searcher(gallery, extractor), [cohort.probes[0]]
    found = searcher.search(probes[0], top=SUBJECTS)
    assert (len(found), found.hidden) == (SUBJECTS - 1, 1)
    assert {row["hidden_left_out"] for row in lead_rows(probes, [found])} == {1}
    assert json.loads(found.to_json())["hidden"] == 1
    write_sheet(tmp_path / "leads.html", probes, [found], title="Leads")
    page = (tmp_path / "leads.html").read_text("utf-8")
    assert "Left out of this list: 1 hidden subject." in page
    assert "nobody was left out" not in page
    assert f"<bdi>{cohort.subjects[0]}</bdi>" not in page
    shown = searcher.search(probes[0], filters=Filters(include_hidden=True))
    (row, *_) = lead_rows(probes, [shown])
    assert (row["subject"], row["hidden_because"]) == (cohort.subjects[0], because)
    assert write_leads(tmp_path / "leads.csv", probes, [shown]) == 1
    assert "\x1b" not in str(shown)
    write_sheet(tmp_path / "leads.html", probes, [shown], title="Leads")
    page = (tmp_path / "leads.html").read_text("utf-8")
    assert "hidden because" in page
    assert page.count("hidden because") == 1
    assert "nobody was left out" in page


def test_a_hidden_subject_of_many_photos_does_not_empty_the_list(tmp_path: Path) -> None:
    """The investigator tried the camera on herself five hundred times."""
    generator = np.random.default_rng(3)
    near = PROBES[0] + 0.01 * generator.standard_normal((500, DIMENSION))
    near = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
    with made(tmp_path / "g", people()) as gallery:
        gallery.add([enrolment(1000 + n, "herself", vector) for n, vector in enumerate(near)])
        gallery.hide("herself", because=WHY)
        found = Searcher(gallery, EXTRACTOR).search(PROBES[0], top=5)
        assert subjects_of(found) == scanned(PROBES[0], people())
        assert found.hidden == 1


def best(found: CandidateList) -> Candidate:
    return found.candidates[0]


def test_who_is_hidden_or_shown_again_between_two_searches_is_followed(tmp_path: Path) -> None:
    with made(tmp_path / "g", people()) as gallery:
        searcher = Searcher(gallery, EXTRACTOR)
        first = best(searcher.search(PROBES[0])).subject.subject_id
        gallery.hide(first, because=WHY)
        assert best(searcher.search(PROBES[0])).subject.subject_id != first
        gallery.undo()
        assert best(searcher.search(PROBES[0])).subject.subject_id == first
