"""A cross-match leaves hidden subjects out, as if they were in neither gallery, and counts them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_calibration
import numpy as np
import pytest
from made_sides import FOUND, MISSING, MODEL, face, faces, photo_of

from matcher import Calibration, CrossList, Gallery, Subject, cross_match
from matcher.crossing import mark_reported, write_cross_leads, write_cross_sheet

WHY = "a relative"
BOTH = sorted(set(MISSING) & set(FOUND))
"""People of both galleries; there is a lead for each."""


def pairs_of(found: CrossList) -> set[tuple[str, str]]:
    return {(one.first.subject.subject_id, one.second.subject.subject_id) for one in found}


def without_counts(found: CrossList, **more: Any) -> CrossList:
    """A list without what says that somebody was left out, and without paths and writes."""
    sides = (replace(side, path=Path(), generation=0) for side in (found.first, found.second))
    first, second = sides
    nobody = {"hidden_pairs": 0, "hidden_subjects": 0, **more}
    return replace(found, first=first, second=second, **nobody)


def remaining(path: Path, side: str, whom: Iterable[int], seed: int, gone: set[str]) -> Gallery:
    """A gallery like that of the fixture, but without some people."""
    made = Gallery.create(path, model=MODEL)
    every = faces(side, list(whom), np.random.default_rng(seed))
    made.add([one for one in every if one.subject.subject_id not in gone])
    return made


@pytest.mark.parametrize("top", [1, 3, 100])
@pytest.mark.parametrize("lowest", [0.0, 0.3, 0.7])
def test_the_list_is_that_of_galleries_without_them(
    missing: Gallery, found: Gallery, tmp_path: Path, lowest: float, top: int
) -> None:
    hidden = {"m030", "m031", "m000"}, {"f031", "f032", "f060"}
    missing.hide(hidden[0], because=WHY)
    found.hide(hidden[1], because=WHY)
    one = remaining(tmp_path / "one", "m", MISSING, 1, hidden[0])
    other = remaining(tmp_path / "other", "f", FOUND, 2, hidden[1])
    for sides, plain in (((missing, found), (one, other)), ((missing,), (one,))):
        leads = cross_match(*sides, threshold=lowest, top=top)
        wanted = cross_match(*plain, threshold=lowest, top=top)
        same = without_counts(wanted)
        new = (leads.first.new_faces, leads.second.new_faces)
        assert new > (same.first.new_faces, same.second.new_faces)
        same = replace(
            same,
            first=replace(same.first, new_faces=new[0]),
            second=replace(same.second, new_faces=new[1]),
        )
        assert without_counts(leads) == same
    one.close()
    other.close()


def test_hidden_pairs_that_are_close_enough_are_counted(missing: Gallery, found: Gallery) -> None:
    missing.hide(["m030", "m031", "m000"], because=WHY)
    found.hide(["f031", "f032"], because=WHY)
    leads = cross_match(missing, found, threshold=0.7)
    every = cross_match(missing, found, threshold=0.7, include_hidden=True)
    assert pairs_of(leads) == {(f"m{one:03d}", f"f{one:03d}") for one in BOTH[3:]}
    assert pairs_of(every) == {(f"m{one:03d}", f"f{one:03d}") for one in BOTH}
    assert (leads.hidden_pairs, leads.hidden_subjects) == (3, 4), "m000 is close to nobody"
    assert (every.hidden_pairs, every.hidden_subjects) == (0, 0)
    assert "left out: 3 pairs with 4 hidden subjects" in str(leads)
    assert (leads.first.subjects, leads.second.subjects) == (len(MISSING) - 3, len(FOUND) - 2)
    notes = {one.first.subject.subject_id: one.notes for one in every}
    assert notes["m031"] == (f"m031 is hidden: {WHY}", f"f031 is hidden: {WHY}")
    assert notes["m033"] == ()


def test_one_who_is_hidden_within_a_gallery_counts_once(missing: Gallery) -> None:
    generator = np.random.default_rng(9)
    missing.add([face(name, 0, photo_of(7, generator, 0.02)) for name in ("again", "and again")])
    missing.hide("m007", because=WHY)
    leads = cross_match(missing, threshold=0.8)
    assert pairs_of(leads) == {("again", "and again")}
    assert (leads.hidden_pairs, leads.hidden_subjects) == (2, 1)


@pytest.mark.parametrize("within", [False, True])
def test_hidden_and_shown_again_leaves_the_list_as_it_was(
    missing: Gallery, found: Gallery, tmp_path: Path, within: bool
) -> None:
    """The pairs of hidden subjects stay in the file, so that nothing is compared anew."""
    file, other = tmp_path / "file.pairs", None if within else found
    before = cross_match(missing, other, threshold=0.2, pairs=file)
    names = [f"m{one:03d}" for one in range(35)]
    missing.hide(names, because=WHY)
    fewer = cross_match(missing, other, threshold=0.2, pairs=file)
    assert fewer.hidden_pairs
    assert not fewer.anew
    assert not {one for pair in pairs_of(fewer) for one in pair} & set(names)
    missing.unhide(names)
    after = cross_match(missing, other, threshold=0.2, pairs=file)
    assert not after.anew
    assert after.first.new_faces == 0
    assert after.leads == before.leads
    assert (after.left_out, after.hidden_pairs) == (before.left_out, 0)


def test_who_is_shown_again_is_new_unless_reported_before(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    file = tmp_path / "file.pairs"
    options = {"threshold": 0.7, "pairs": file, "only_new": True}
    missing.hide("m030", because=WHY)
    first = cross_match(missing, found, **options)
    assert len(first) == len(BOTH) - 1
    mark_reported(missing, found, first, file)
    missing.hide("m031", because=WHY)  # reported before it was hidden
    quiet = cross_match(missing, found, **options)
    assert (len(quiet), quiet.reported_before, quiet.hidden_pairs) == (0, len(BOTH) - 2, 1)
    missing.unhide(["m030", "m031"])
    assert pairs_of(cross_match(missing, found, **options)) == {("m030", "f030")}


def test_a_rate_holds_for_the_faces_that_can_be_listed(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    """With most of the other side hidden, lower scores are leads; the file is made anew then."""
    meaning = Calibration.load(made_calibration.write(tmp_path / "record.json", MODEL))
    file = tmp_path / "file.pairs"
    options = {"max_fpir": 0.2, "calibration": meaning}
    cross_match(missing, found, pairs=file, **options)
    hidden = {f"f{one:03d}" for one in FOUND[8:]}
    found.hide(hidden, because=WHY)
    few = cross_match(missing, found, pairs=file, **options)
    with remaining(tmp_path / "other", "f", FOUND, 2, hidden) as other:
        plain = cross_match(missing, other, **options)
        assert few.leads == plain.leads
        assert few.expected_false_leads == plain.expected_false_leads
        assert few.beyond_calibration == plain.beyond_calibration


def test_an_identifier_that_is_hidden_is_on_neither_side(missing: Gallery, found: Gallery) -> None:
    found.add([face("m035", 0, photo_of(35, np.random.default_rng(6)))])
    missing.hide("m035", because=WHY)
    leads = cross_match(missing, found, threshold=0.7)
    assert leads.on_both_sides == ()
    assert ("m035", "f035") not in pairs_of(leads)


def test_nobody_is_left(missing: Gallery, found: Gallery) -> None:
    missing.hide([one.subject_id for one in missing.subjects()], because=WHY)
    leads = cross_match(missing, found, threshold=0.7)
    assert (len(leads), leads.first.subjects, leads.hidden_pairs) == (0, 0, len(BOTH))
    assert "0 subjects (0 faces) of missing.gallery" in str(leads)


def test_every_form_of_the_list_says_why_somebody_is_hidden(
    missing: Gallery, found: Gallery, tmp_path: Path
) -> None:
    because = "=1+1\x1b[2J\u202etxet"
    missing.add(
        [face(Subject("=2", hidden_because=because), 0, photo_of(40, np.random.default_rng(6)))]
    )
    leads = cross_match(missing, found, threshold=0.7, include_hidden=True)
    (lead,) = (one for one in leads if one.first.subject.subject_id == "=2")
    assert lead.notes == (r"=2 is hidden: =1+1\x1b[2J\u202etxet",)
    assert json.loads(leads.to_json())["hidden_pairs"] == 0
    write_cross_leads(tmp_path / "leads.csv", leads)
    assert "is hidden: =1+1" in (tmp_path / "leads.csv").read_text("utf-8")
    write_cross_sheet(tmp_path / "leads.html", leads, title="Leads")
    assert "=2 is hidden: =1+1" in (tmp_path / "leads.html").read_text("utf-8")
    hidden = cross_match(missing, found, threshold=0.7)
    assert json.loads(hidden.to_json())["hidden_pairs"] == 1
    write_cross_sheet(tmp_path / "leads.html", hidden, title="Leads")
    page = (tmp_path / "leads.html").read_text("utf-8")
    assert "left out: 1 pair with 1 hidden subject" in page
    assert "=2" not in page
