"""Everybody of one gallery against everybody of another, or of the same one."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path

import killed_cross
import made_calibration
import numpy as np
import pytest
from made_sides import FOUND, MISSING, MODEL, PEOPLE, face, faces, photo_of, plainly

from matcher import Calibration, CrossList, Gallery, Searcher, Subject, cross_match
from matcher.crossing import comparison, mark_reported, write_cross_leads
from matcher.errors import (
    CalibrationError,
    CrossFileError,
    GalleryModelError,
    InputError,
)
from matcher.gallery.store import STORE_NAME
from matcher.testing import FakeEmbedder

LOWEST = 0.7


def pairs_of(found: CrossList) -> dict[tuple[str, str], float]:
    return {
        (one.first.subject.subject_id, one.second.subject.subject_id): one.score for one in found
    }


@pytest.fixture
def calibration(tmp_path: Path) -> Calibration:
    return Calibration.load(made_calibration.write(tmp_path / "calibration.json", MODEL))


def test_people_on_both_sides_are_the_leads(missing: Gallery, found: Gallery) -> None:
    leads = cross_match(missing, found, threshold=LOWEST)
    on_both = sorted(set(MISSING) & set(FOUND))
    assert set(pairs_of(leads)) == {(f"m{one:03d}", f"f{one:03d}") for one in on_both}
    assert [one.rank for one in leads] == [1] * len(on_both)
    scores = [one.score for one in leads]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("lowest", [-1.0, 0.0, 0.3])
@pytest.mark.parametrize("top", [1, 3, 100])
def test_the_list_is_that_of_a_comparison_one_by_one(
    missing: Gallery, found: Gallery, lowest: float, top: int
) -> None:
    for second in (found, missing):
        wanted = plainly(missing, second, lowest, top)
        other = None if second is missing else second
        got = pairs_of(cross_match(missing, other, threshold=lowest, top=top))
        assert got.keys() == wanted.keys()
        assert got == pytest.approx(wanted, abs=1e-5)


def test_the_score_and_the_photos_are_those_of_a_search(missing: Gallery, found: Gallery) -> None:
    for lead in cross_match(missing, found, threshold=LOWEST):
        probes = missing.faces_of([lead.first.subject.subject_id])
        (probe,) = (
            one
            for one in probes[lead.first.subject.subject_id]
            if one.photo.sha256 == lead.first.photo.sha256
        )
        scores, ids = found.nearest(probe.vector[None], 1)
        assert found.faces(ids[0])[int(ids[0, 0])].photo.sha256 == lead.second.photo.sha256
        assert lead.score == pytest.approx(scores[0, 0], abs=1e-5)


def test_who_is_registered_twice_is_found_once(missing: Gallery) -> None:
    missing.add([face("again", 0, photo_of(7, np.random.default_rng(9)))])
    leads = cross_match(missing, threshold=LOWEST)
    assert set(pairs_of(leads)) == {("again", "m007")}
    assert leads.is_within
    assert "compared with each other" in str(leads)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few faces between two commits that these galleries take many."""
    monkeypatch.setattr(comparison, "_FACES", 1)
    monkeypatch.setattr("matcher.gallery.store.vector_rows.PAGE", 7)


class Interruption(Exception):
    """A run is stopped."""


class Steps:
    """Hears how many faces were compared."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def __call__(self, step: str, done: int, total: int | None) -> None:
        assert step == "faces compared"
        assert total is not None
        assert done <= total
        self.done.append(done)


def stopping_after(calls: int) -> Callable[[str, int, int | None], None]:
    def hook(step: str, done: int, total: int | None) -> None:
        nonlocal calls
        calls -= 1
        if calls < 0:
            raise Interruption

    return hook


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("within", [False, True])
def test_a_run_that_is_stopped_anywhere_goes_on_and_gives_the_same(
    missing: Gallery, found: Gallery, tmp_path: Path, within: bool
) -> None:
    other = None if within else found
    whole = cross_match(missing, other, threshold=0.2)
    for calls in range(1, 12, 3):
        file = tmp_path / f"{calls}.pairs"
        with pytest.raises(Interruption):
            cross_match(
                missing, other, threshold=0.2, pairs=file, on_progress=stopping_after(calls)
            )
        begun = Steps()
        after = cross_match(missing, other, threshold=0.2, pairs=file, on_progress=begun)
        assert after.leads == whole.leads
        assert begun.done[0] > 0 or calls == 1
        assert begun.done == sorted(begun.done)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("within", [False, True])
def test_a_second_run_compares_only_what_is_new_and_gives_the_same(
    missing: Gallery, found: Gallery, tmp_path: Path, within: bool
) -> None:
    file, generator = tmp_path / "file.pairs", np.random.default_rng(3)
    other = None if within else found
    compared: list[tuple[int, int]] = []
    real = comparison.pairs_above

    def counting(first, second, lowest):  # type: ignore[no-untyped-def]
        compared.append((len(first[0]), len(second[0])))
        return real(first, second, lowest)

    cross_match(missing, other, threshold=0.2, pairs=file)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(comparison, "pairs_above", counting)
        nothing = cross_match(missing, other, threshold=0.2, pairs=file)
        assert not compared
        missing.add(faces("n", [3, 200, 50], generator))
        found.add(faces("g", [200, 12], generator))
        new = cross_match(missing, other, threshold=0.2, pairs=file)
    assert (nothing.first.new_faces, nothing.second.new_faces) == (0, 0)
    many = sum(one * other for one, other in compared)
    everything = len(missing) * (len(missing) if within else len(found))
    assert 0 < many < everything / 3
    assert new.leads == cross_match(missing, other, threshold=0.2).leads
    if not within:
        assert (new.first.new_faces, new.second.new_faces) == (7, 4)
        assert ("n200", "g200") in pairs_of(new)


def test_what_changed_since_is_shown_as_it_is_now(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    file = tmp_path / "file.pairs"
    cross_match(missing, found, threshold=LOWEST, pairs=file)
    missing.remove_subject("m030")
    found.rename_subject("f031", "somebody")
    missing.merge_subjects("m032", "m033")
    after = cross_match(missing, found, threshold=LOWEST, pairs=file)
    assert after.leads == cross_match(missing, found, threshold=LOWEST).leads
    names = {name for pair in pairs_of(after) for name in pair}
    assert {"m030", "f031"}.isdisjoint(names)
    assert "somebody" in names


def test_the_file_of_another_gallery_or_with_fewer_pairs_is_made_anew_and_it_is_said(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    file = tmp_path / "file.pairs"
    cross_match(missing, found, threshold=LOWEST, pairs=file)
    higher = cross_match(missing, found, threshold=0.9, pairs=file)
    assert not higher.anew
    assert len(higher) < len(cross_match(missing, found, threshold=LOWEST, pairs=file))
    lower = cross_match(missing, found, threshold=0.3, pairs=file)
    assert "lower score" in lower.anew
    assert lower.leads == cross_match(missing, found, threshold=0.3).leads
    turned = cross_match(found, missing, threshold=0.3, pairs=file)
    assert "another gallery" in turned.anew
    assert turned.leads == cross_match(found, missing, threshold=0.3).leads
    assert "compared anew" in str(turned)


def test_the_file_holds_no_vector_and_no_name_and_only_its_owner_reads_it(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    file = tmp_path / "file.pairs"
    cross_match(missing, found, threshold=0.0, pairs=file)
    data = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"m001" not in data
    assert b"photos/" not in data
    held = next(iter(missing.faces_of(["m001"]).values()))[0]
    assert held.vector.tobytes() not in data


def test_a_calibration_sets_the_score_by_age_photos_and_size(
    missing: Gallery, found: Gallery, calibration: Calibration
) -> None:
    generator = np.random.default_rng(4)
    for name, age in (("young", 6.0), ("older", 10.0)):
        missing.add([face(name, 0, photo_of(300, generator), age_at_capture=age)])
    found.add([face("near", 0, photo_of(300, generator, noise=0.02))])
    leads = cross_match(missing, found, max_fpir=0.2, calibration=calibration)
    assert ("young", "near") in pairs_of(leads)
    for lead in leads:
        photos = len(
            missing.faces_of([lead.first.subject.subject_id])[lead.first.subject.subject_id]
        )
        limit = calibration.lowest_score(0.2 / photos, faces=len(found), age=lead.first.age)
        assert lead.score >= limit.score
        expected = calibration.false_leads(
            lead.score, faces=photos * len(found), age=lead.first.age
        )
        assert lead.expected_false_leads == expected
    assert leads.expected_false_leads is not None
    assert leads.expected_false_leads.high <= 0.2 * leads.first.subjects * 4
    assert "at most 20 % of the subjects" in str(leads)


def test_strangers_rarely_give_a_lead_at_a_share(tmp_path: Path, calibration: Calibration) -> None:
    """The promise itself: nobody of one side is on the other."""
    people = made_calibration.record(MODEL, seed=1)
    del people
    generator = np.random.default_rng(8)
    sides = []
    for side, numbers in (("a", range(100, 200)), ("b", range(200, 300))):
        gallery = Gallery.create(tmp_path / side, model=MODEL)
        gallery.add(
            [face(f"{side}{n}", 0, photo_of(n, generator), age_at_capture=10.0) for n in numbers]
        )
        sides.append(gallery)
    leads = cross_match(sides[0], sides[1], max_fpir=0.1, calibration=calibration)
    with_a_lead = {one.first.subject.subject_id for one in leads}
    assert len(with_a_lead) <= 0.1 * 100
    for gallery in sides:
        gallery.close()


def test_what_a_calibration_does_not_carry_is_counted_and_said(
    missing: Gallery, found: Gallery, calibration: Calibration
) -> None:
    generator = np.random.default_rng(4)
    missing.add([face("grown", 0, photo_of(301, generator), age_at_capture=40.0)])
    leads = cross_match(missing, found, max_fpir=0.0001, calibration=calibration)
    assert leads.without_figures == 1
    assert leads.beyond_calibration >= len(MISSING)
    assert leads.largest_share is not None
    assert leads.largest_share > 0.0001
    said = str(leads)
    assert "no figures for the age of 1 face" in said
    assert "does not carry the rate" in said


def test_an_identifier_on_both_sides_is_said_and_not_compared_with_itself(
    missing: Gallery, found: Gallery
) -> None:
    found.add([face("m035", 0, photo_of(35, np.random.default_rng(6)))])
    leads = cross_match(missing, found, threshold=LOWEST)
    assert leads.on_both_sides == ("m035",)
    assert ("m035", "m035") not in pairs_of(leads)
    assert ("m035", "f035") in pairs_of(leads)
    assert "1 identifier on both sides" in str(leads)


def test_the_records_speak_against_a_lead(missing: Gallery, found: Gallery) -> None:
    generator = np.random.default_rng(7)
    one = Subject("one", date_of_birth=date(2010, 5, 1), recorded_sex="female")
    other = replace(one, subject_id="other", recorded_sex="male", date_of_birth=date(2012, 5, 1))
    missing.add([face(one, 0, photo_of(400, generator), taken_on=date(2011, 5, 1))])
    found.add([face(other, 0, photo_of(400, generator), taken_on=date(2020, 5, 1))])
    (lead,) = (
        lead
        for lead in cross_match(missing, found, threshold=LOWEST)
        if lead.first.subject.subject_id == "one"
    )
    assert lead.age_gap == pytest.approx(9, abs=0.01)
    assert lead.first.age == pytest.approx(1, abs=0.01)
    assert lead.notes == (
        "recorded sex differs: female and male",
        "date of birth differs: 2010-05-01 and 2012-05-01",
        "the photo of 2011-05-01 is older than the birth on 2012-05-01",
    )


def test_no_more_than_top_of_each_and_the_rest_is_counted(missing: Gallery, found: Gallery) -> None:
    every = cross_match(missing, found, threshold=0.1, top=100)
    few = cross_match(missing, found, threshold=0.1, top=1)
    assert len(few) + few.left_out == len(every)
    assert every.left_out == 0
    assert "further pair" in str(few)


def test_an_empty_side_gives_no_lead(missing: Gallery, tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "empty", model=MODEL) as empty:
        for sides in ((missing, empty), (empty, missing), (empty, None)):
            leads = cross_match(*sides, threshold=0.0)
            assert len(leads) == 0
            assert str(leads).startswith("No lead to review; ")


def test_rows_json_and_csv_say_the_same(missing: Gallery, found: Gallery, tmp_path: Path) -> None:
    missing.add([face("=1+1", 0, photo_of(40, np.random.default_rng(6)))])
    leads = cross_match(missing, found, threshold=LOWEST)
    facts = json.loads(leads.to_json())
    assert [one["score"] for one in facts["leads"]] == [row["score"] for row in leads.rows()]
    assert facts["model"] == MODEL.facts()
    assert write_cross_leads(tmp_path / "leads.csv", leads) == 1
    lines = (tmp_path / "leads.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + len(leads)
    assert (tmp_path / "leads.csv").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_done_is_refused_before_any_comparison(
    missing: Gallery, found: Gallery, calibration: Calibration, tmp_path: Path
) -> None:
    file = tmp_path / "file.pairs"
    with Gallery.create(tmp_path / "other", model=FakeEmbedder(8).identity) as other:
        with pytest.raises(GalleryModelError, match="fake"):
            cross_match(missing, other, threshold=0.0, pairs=file)
        with pytest.raises(CalibrationError):
            cross_match(other, max_fpir=0.1, calibration=calibration, pairs=file)
    with pytest.raises(InputError, match="must be set by one number"):
        cross_match(missing, found, pairs=file)
    with pytest.raises(InputError, match="must be set by one number"):
        cross_match(missing, found, threshold=0.1, max_fpir=0.1, pairs=file)
    for bad in (-1.1, float("nan"), 2):
        with pytest.raises(InputError, match="threshold"):
            cross_match(missing, found, threshold=bad, pairs=file)
    for bad in (0, 1, float("nan")):
        with pytest.raises(InputError, match="max_fpir"):
            cross_match(missing, found, max_fpir=bad, calibration=calibration, pairs=file)
    with pytest.raises(CalibrationError, match="needs a calibration"):
        cross_match(missing, found, max_fpir=0.1, pairs=file)
    with pytest.raises(InputError, match="at least 1"):
        cross_match(missing, found, threshold=0.1, top=0, pairs=file)
    with (
        Gallery.open(missing.path) as again,
        pytest.raises(InputError, match="must be another one"),
    ):
        cross_match(missing, again, threshold=0.1, pairs=file)
    with pytest.raises(InputError, match="must be an open gallery"):
        cross_match(missing.path, found, threshold=0.1)  # type: ignore[arg-type]
    assert not file.exists()


def test_a_score_that_everybody_reaches_is_refused(
    missing: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "_FEW", 10)
    monkeypatch.setattr(comparison, "_MOST_PAIRS", 2)
    with pytest.raises(InputError, match=r"at most .* pairs of faces"):
        cross_match(missing, threshold=-1.0)


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0"])
def test_a_file_that_is_something_else_is_left_alone(
    missing: Gallery, found: Gallery, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "notes"
    file.write_bytes(content)
    if not content:  # as a temporary file is
        assert len(cross_match(missing, found, threshold=LOWEST, pairs=file)) == 10
        return
    with pytest.raises(CrossFileError):
        cross_match(missing, found, threshold=LOWEST, pairs=file)
    assert file.read_bytes() == content


def test_a_gallery_is_no_file_of_pairs(missing: Gallery, found: Gallery) -> None:
    store = missing.path / STORE_NAME
    before = store.read_bytes()
    with pytest.raises(CrossFileError, match="another file"):
        cross_match(missing, found, threshold=LOWEST, pairs=store)
    assert store.read_bytes() == before


def test_a_second_run_at_once_is_refused(missing: Gallery, found: Gallery, tmp_path: Path) -> None:
    file = tmp_path / "file.pairs"
    seen: list[str] = []

    def hook(step: str, done: int, total: int | None) -> None:
        with pytest.raises(CrossFileError, match="another process") as caught:
            cross_match(missing, found, threshold=LOWEST, pairs=file)
        seen.append(caught.value.code)

    cross_match(missing, found, threshold=LOWEST, pairs=file, on_progress=hook)
    assert set(seen) == {"cross_file"}


def test_a_search_and_a_cross_match_agree_on_whom_they_put_first(
    missing: Gallery, found: Gallery
) -> None:
    from matcher import Extractor
    from matcher.testing import FakeDetector

    searcher = Searcher(found, Extractor(FakeDetector(), FakeEmbedder(len(PEOPLE[0]))))
    for lead in cross_match(missing, found, threshold=LOWEST):
        held = missing.faces_of([lead.first.subject.subject_id])
        lists = [searcher.search(one.vector) for faces in held.values() for one in faces]
        best = max((one.candidates[0] for one in lists), key=lambda one: one.score)
        assert best.subject == lead.second.subject
        assert best.score == pytest.approx(lead.score, abs=1e-5)


def test_a_run_that_is_killed_anywhere_goes_on_and_gives_the_same(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    whole = cross_match(missing, found, threshold=0.2)
    file, generator = tmp_path / "file.pairs", random.Random(3)
    script = Path(killed_cross.__file__)
    words = [sys.executable, str(script), str(missing.path), str(found.path), str(file), "0.2"]
    done = []
    for _ in range(4):
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            for line in islice(run.stdout, generator.randint(1, 6)):
                done.append(int(line.split()[-2]))
            run.kill()
    assert max(done) > 0
    assert done == sorted(done)
    begun = Steps()
    after = cross_match(missing, found, threshold=0.2, pairs=file, on_progress=begun)
    assert after.leads == whole.leads
    assert begun.done[0] >= max(done)


def test_a_lead_is_listed_once_and_lost_never(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    file = tmp_path / "file.pairs"

    def new() -> CrossList:
        return cross_match(missing, found, threshold=LOWEST, pairs=file, only_new=True)

    first = new()
    assert len(first) == 10
    assert new().leads == first.leads  # nobody said that they were reported
    mark_reported(missing, found, first, file)
    again = new()
    assert (len(again), again.reported_before) == (0, 10)
    assert "reported before: 10 leads" in str(again)
    generator = np.random.default_rng(5)
    found.add([face("f030", 7, photo_of(30, generator)), face("late", 0, photo_of(3, generator))])
    missing.rename_subject("m031", "renamed")
    late = new()
    assert set(pairs_of(late)) == {("m003", "late")}
    assert late.leads[0].rank == 1
    whole = cross_match(missing, found, threshold=LOWEST, pairs=file)
    assert {one.is_new for one in whole} == {True, False}
    assert [one.is_new for one in whole if one.second.subject.subject_id == "late"] == [True]


def test_new_leads_are_not_crowded_out_by_reported_ones(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    file = tmp_path / "file.pairs"
    before = cross_match(missing, found, threshold=0.0, top=1, pairs=file, only_new=True)
    mark_reported(missing, found, before, file)
    after = cross_match(missing, found, threshold=0.0, top=1, pairs=file, only_new=True)
    assert len(after) > 0
    assert pairs_of(after).keys().isdisjoint(pairs_of(before))


def test_what_is_new_needs_a_file(missing: Gallery) -> None:
    with pytest.raises(InputError, match="needs a file of pairs"):
        cross_match(missing, threshold=0.5, only_new=True)


@pytest.mark.parametrize("fault", [OSError("of the caller"), sqlite3.OperationalError("a table")])
def test_a_fault_of_the_caller_is_not_blamed_on_the_file(
    missing: Gallery, found: Gallery, tmp_path: Path, fault: Exception
) -> None:
    def hook(*_: object) -> None:
        raise fault

    with pytest.raises(type(fault), match=str(fault)):
        cross_match(
            missing, found, threshold=LOWEST, pairs=tmp_path / "file.pairs", on_progress=hook
        )
