"""Until when subjects and cases are kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from made_casework import gallery_at, name_of, search
from made_erasure import KEEPER

from matcher.casework import due, retention_dates, run_retention, set_retention
from matcher.errors import InputError, NotAuthorisedError, UnknownSubjectError
from matcher.gallery import Gallery
from matcher.governance import ActivityLog

SOON, LATER = date(2026, 1, 31), date(2030, 12, 31)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = gallery_at(tmp_path / "g")
    search(made)
    return made


def opened(path: Path) -> Gallery:
    return Gallery.open(path, context=KEEPER)


def kept(gallery: Gallery) -> list[tuple[str, str, date]]:
    return [(one.kind, one.name, one.until) for one in retention_dates(gallery)]


def test_a_date_is_set_changed_and_taken_away(path: Path) -> None:
    with opened(path) as gallery:
        assert (
            set_retention(gallery, LATER, subjects=[name_of(1), name_of(2)], cases=["case-7"]) == 3
        )
        set_retention(gallery, SOON, subjects=[name_of(2)])
        assert kept(gallery) == [
            ("subject", name_of(2), SOON),
            ("case", "case-7", LATER),
            ("subject", name_of(1), LATER),
        ]
        set_retention(gallery, None, subjects=[name_of(1)])
        assert [name for _, name, _ in kept(gallery)] == [name_of(2), "case-7"]
        assert set_retention(gallery, SOON) == 0


def test_the_last_day_is_still_a_day_on_which_it_is_kept(path: Path) -> None:
    with opened(path) as gallery:
        set_retention(gallery, SOON, subjects=[name_of(1)])
        assert due(gallery, SOON) == []
        assert [one.name for one in due(gallery, date(2026, 2, 1))] == [name_of(1)]


def test_the_log_has_the_day_and_the_tokens_and_no_name(path: Path) -> None:
    with opened(path) as gallery:
        set_retention(gallery, SOON, subjects=[name_of(1)])
    log = ActivityLog.of(path)
    begun, done = [one for one in log.records() if one.kind == "retention"]
    token = log.pseudonyms.token_of("subject", name_of(1))
    assert begun.facts == {"until": "2026-01-31", "tokens": [token]}
    assert done.outcome == "done"
    assert name_of(1).encode() not in log.path.read_bytes()


def test_a_date_follows_a_new_name_and_the_later_one_holds_after_a_merger(path: Path) -> None:
    with opened(path) as gallery:
        set_retention(gallery, SOON, subjects=[name_of(1)])
        gallery.rename_subject(name_of(1), "another name")
        assert kept(gallery) == [("subject", "another name", SOON)]
        set_retention(gallery, LATER, subjects=[name_of(3)])
        gallery.merge_subjects(name_of(3), into="another name")
        assert kept(gallery) == [("subject", "another name", LATER)]


def test_only_what_is_over_is_erased(path: Path) -> None:
    with opened(path) as gallery:
        set_retention(gallery, SOON, subjects=[name_of(1)], cases=["case-7"])
        set_retention(gallery, LATER, subjects=[name_of(2)])
        outcomes = run_retention(gallery, today=date(2026, 2, 1))
        assert {one.date.name for one in outcomes if one.date} == {name_of(1), "case-7"}
        assert all(one.erasure and one.erasure.proof.ok for one in outcomes)
        assert kept(gallery) == [("subject", name_of(2), LATER)]
        there = {one.subject_id for one in gallery.subjects()}
        assert name_of(1) not in there
        assert {name_of(2), name_of(3)} <= there
        assert run_retention(gallery, today=date(2026, 2, 1)) == []


def test_a_subject_that_was_removed_has_no_date_any_more(path: Path) -> None:
    with opened(path) as gallery:
        set_retention(gallery, SOON, subjects=[name_of(1)])
        gallery.remove_subject(name_of(1))
        assert kept(gallery) == []
        assert run_retention(gallery) == []


def test_what_nobody_knows_gets_no_date(path: Path) -> None:
    with opened(path) as gallery:
        for wrong in (["none"], "case-7", [3]):
            with pytest.raises(InputError):
                set_retention(gallery, SOON, subjects=[name_of(1)], cases=wrong)  # type: ignore[arg-type]
        with pytest.raises(UnknownSubjectError):
            set_retention(gallery, SOON, subjects=[name_of(1), "none"])
        with pytest.raises(InputError):
            set_retention(gallery, "2026-01-31", subjects=[name_of(1)])  # type: ignore[arg-type]
        with pytest.raises(InputError):
            due(gallery, "2026-01-31")  # type: ignore[arg-type]
        assert kept(gallery) == []


def test_it_is_for_governed_galleries_and_for_somebody_named(path: Path) -> None:
    with Gallery.open(path) as nobody:
        for call in (
            lambda: set_retention(nobody, SOON, subjects=[name_of(1)]),
            lambda: run_retention(nobody),
        ):
            with pytest.raises(NotAuthorisedError):
                call()
    with Gallery.create(path.parent / "plain", model=_model(path)) as plain:
        for call in (lambda: retention_dates(plain), lambda: due(plain)):
            with pytest.raises(NotAuthorisedError):
                call()


def _model(path: Path):
    with Gallery.open(path) as gallery:
        return gallery.model
