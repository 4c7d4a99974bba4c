"""The log: each record follows the one before, is on the disk, and names nobody it need not."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from full_disk import disk, fill  # noqa: F401 - a fixture
from governed import CONTEXT, UPKEEP, begun
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import ActivityLogError, GalleryWriteError, InputError
from matcher.governance import (
    ANCHORS_VARIABLE,
    ActivityLog,
    Entry,
    LogRecord,
    append_anchor,
    read_anchors,
    resolved,
)
from matcher.governance.pseudonyms import CASE, SUBJECT
from matcher.governance.record import NOTHING_BEFORE, line_hash

CODES = st.from_regex(r"[0-9A-Za-z_.:+/-]{0,80}", fullmatch=True)
FACTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | CODES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CODES, inner, max_size=3),
    max_leaves=8,
)


def test_the_first_record_begins_the_log_and_each_follows_the_one_before(tmp_path: Path) -> None:
    log = begun(tmp_path)
    for number in range(2, 6):
        assert log.append(Entry("search", CONTEXT, {"top": number})).number == number
    records = list(log.records())
    assert [one.number for one in records] == [1, 2, 3, 4, 5]
    assert records[0].kind == "governed"
    assert records[0].previous == NOTHING_BEFORE
    for one, after in pairwise(records):
        assert after.previous == line_hash(one.line())
    assert log.verify().ok
    assert log.record(3) == records[2]
    assert log.records_of([4, 2]) == {2: records[1], 4: records[3]}
    with pytest.raises(ActivityLogError):
        log.record(6)


def test_a_record_says_who_when_what_for_and_by_which_right(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    made = begun(tmp_path).append(
        Entry("enrolment", CONTEXT, {"faces": 3}, "begun", before, "first", 7, "ff" * 32)
    )
    assert (made.operator, made.purpose) == ("operator-7", "missing_child")
    assert (made.legal_basis, made.authorisation) == (CONTEXT.legal_basis, CONTEXT.authorisation)
    assert made.authorised_until == "2099-12-31"
    assert (made.kind, made.outcome, made.facts) == ("enrolment", "begun", {"faces": 3})
    assert (made.edition, made.generation, made.model) == ("first", 7, "ff" * 32)
    assert datetime.fromisoformat(made.begun) == before
    assert before <= datetime.fromisoformat(made.ended) <= datetime.now(UTC)


@settings(max_examples=50, deadline=None)
@given(facts=st.dictionaries(CODES, FACTS, max_size=4))
def test_any_facts_are_read_as_they_were_written(
    facts: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = begun(tmp_path_factory.mktemp("log"))
    made = log.append(Entry("review", UPKEEP, facts))
    assert list(log.records())[-1] == made
    assert made.facts == facts
    assert log.verify().ok


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Anna Lee"},
        {"name": "Ann\u00e1"},
        {"list": ["a b"]},
        {"a name": 1},
        {"x": "y" * 81},
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": b"bytes"},
        {"x": object()},
        {1: 2},
    ],
)
def test_facts_hold_no_sentences_and_nothing_that_json_lacks(facts: dict[object, object]) -> None:
    with pytest.raises(InputError):
        Entry("search", CONTEXT, facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", ["", "finished", "failed", "denied: two words", "done\n"])
def test_outcomes_are_of_four_forms(outcome: str) -> None:
    with pytest.raises(InputError):
        Entry("search", CONTEXT, {}, outcome)


def test_the_log_holds_no_identifier_and_the_table_of_tokens_tells_it_until_it_is_erased(
    tmp_path: Path,
) -> None:
    log = begun(tmp_path)
    (token,) = log.pseudonyms.tokens(SUBJECT, ["subject-19"]).values()
    log.append(Entry("search", CONTEXT, {"candidates": [{"rank": 1, "subject": token}]}))
    content = log.path.read_bytes()
    assert b"subject-19" not in content
    assert b"CASE-2041" not in content
    *_, shown = resolved(log, log.records())
    assert shown["facts"]["candidates"] == [{"rank": 1, "subject": "subject-19"}]
    assert shown["case"] == "CASE-2041"
    assert log.pseudonyms.forget(SUBJECT, ["subject-19"]) == 1
    *_, shown = resolved(log, log.records())
    assert shown["facts"]["candidates"] == [{"rank": 1, "subject": "erased"}]
    assert log.path.read_bytes() == content
    assert log.verify().ok
    for file in log.path.parent.iterdir():
        assert b"subject-19" not in file.read_bytes()
    assert log.pseudonyms.tokens(SUBJECT, ["subject-19"])["subject-19"] != token


def test_a_token_follows_a_subject_to_another_name_and_back(tmp_path: Path) -> None:
    names = begun(tmp_path).pseudonyms
    old, kept = names.tokens(SUBJECT, ["old", "kept"]).values()
    names.hand_over(SUBJECT, "old", "new")
    assert names.tokens(SUBJECT, ["new"]) == {"new": old}
    names.hand_over(SUBJECT, "new", "kept")  # merged
    assert names.tokens(SUBJECT, ["kept"]) == {"kept": kept}
    assert {one.value for one in names.meanings([old, kept]).values()} == {"kept"}
    names.take_back(SUBJECT, "old")
    assert names.meanings([old])[old].value == "old"
    names.hand_over(SUBJECT, "old", "kept")
    assert names.forget(SUBJECT, ["kept"]) == 1
    assert names.meanings([old, kept]) == {}


def test_one_value_of_two_kinds_has_two_tokens(tmp_path: Path) -> None:
    names = begun(tmp_path).pseudonyms
    assert names.tokens(CASE, ["x"]) != names.tokens(SUBJECT, ["x"])
    assert names.values(SUBJECT) == ["x"]


def _append(folder: str, count: int) -> None:
    for number in range(count):
        ActivityLog.of(folder).append(Entry("search", CONTEXT, {"number": number}))


def test_processes_and_threads_write_one_chain(tmp_path: Path) -> None:
    log = begun(tmp_path)
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_append, args=(str(tmp_path), 10)) for _ in range(2)]
    for one in writers:
        one.start()
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(_append, str(tmp_path), 10) for _ in range(4)]:
            done.result()
    for one in writers:
        one.join()
    found = log.verify()
    assert found.ok
    assert found.records == 61


def test_half_a_record_is_named_as_such_and_cut_off_by_the_next(tmp_path: Path) -> None:
    log = begun(tmp_path)
    log.append(Entry("search", CONTEXT))
    whole = log.path.read_bytes()
    for missing in (1, 20, 300):
        log.path.write_bytes(whole[:-missing])
        found = log.verify()
        assert found.ok
        assert found.records == 1
        assert found.half_record > 0
        made = log.append(Entry("search", CONTEXT))
        assert made.number == 2
        assert made.facts["recovered_bytes"] == found.half_record
        after = log.verify()
        assert (after.ok, after.half_record, after.recovered) == (True, 0, (2,))


def test_several_records_are_written_in_one_go(tmp_path: Path) -> None:
    log = begun(tmp_path)
    made = log.append_all([Entry("search", CONTEXT, {"number": n}) for n in range(50)])
    assert [one.number for one in made] == list(range(2, 52))
    assert list(log.records())[1:] == made
    assert log.append_all([]) == []
    assert log.verify().ok


def test_a_change_that_did_not_end_is_a_fact_and_no_fault(tmp_path: Path) -> None:
    log = begun(tmp_path)
    first = log.append(Entry("removal", CONTEXT, outcome="begun"))
    assert log.verify().not_ended == (2,)
    log.append(Entry("removal", CONTEXT, {"ends": first.number}))
    assert log.verify().not_ended == ()
    log.append(Entry("removal", CONTEXT, {"ends": first.number}))
    assert [one.kind for one in log.verify().faults] == ["end without beginning"]


@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"no json\n", b"\xff\xfe\n", b"[1]\n"])
def test_a_damaged_log_takes_no_record_and_verify_says_so(tmp_path: Path, content: bytes) -> None:
    log = begun(tmp_path)
    log.path.write_bytes(content)
    with pytest.raises(ActivityLogError):
        log.append(Entry("search", CONTEXT))
    with pytest.raises(ActivityLogError):
        ActivityLog.of(tmp_path)
    with pytest.raises(ActivityLogError):
        log.head()
    assert not log.verify().ok
    assert log.path.read_bytes() == content


def test_a_log_that_is_gone_is_never_begun_again_by_a_record(tmp_path: Path) -> None:
    log = begun(tmp_path)
    log.path.unlink()
    with pytest.raises(ActivityLogError):
        log.append(Entry("search", CONTEXT))
    assert not log.path.exists()
    assert [one.kind for one in log.verify().faults] == ["missing"]


@given(data=st.binary(max_size=300), place=st.integers(0, 2000))
@settings(max_examples=60, deadline=None)
def test_whatever_the_file_holds_verify_returns(
    data: bytes, place: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = begun(tmp_path_factory.mktemp("log"))
    log.append(Entry("search", CONTEXT, outcome="begun"))
    content = log.path.read_bytes()
    log.path.write_bytes(content[:place] + data + content[place:])
    found = log.verify()
    assert found.ok or found.faults
    if b"\n" in data and place < len(content):
        assert not found.ok


def test_an_anchor_finds_a_cut_end_and_a_log_that_was_written_anew(tmp_path: Path) -> None:
    log = begun(tmp_path / "one")
    log.append_all([Entry("search", CONTEXT, {"number": n}) for n in range(5)])
    append_anchor(tmp_path / "kept", log.head())
    log.append(Entry("search", CONTEXT))
    append_anchor(tmp_path / "kept", log.head())
    anchors = read_anchors(tmp_path / "kept")
    assert [one.number for one in anchors] == [6, 7]
    assert log.verify(anchors=anchors).ok
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:4]))
    assert log.verify().ok
    assert [one.kind for one in log.verify(anchors=anchors).faults] == ["cut", "cut"]
    anew = begun(tmp_path / "two")
    anew.append_all([Entry("search", UPKEEP) for _ in range(6)])
    assert anew.verify().ok
    assert {one.kind for one in anew.verify(anchors=anchors).faults} == {"anchor"}
    other = begun(tmp_path / "three", "cd" * 16)
    assert {one.kind for one in other.verify(anchors=anchors).faults} == {"other gallery"}


def test_each_record_leaves_an_anchor_where_a_folder_for_them_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "anchors").mkdir()
    monkeypatch.setenv(ANCHORS_VARIABLE, str(tmp_path / "anchors"))
    log = begun(tmp_path / "gallery")
    for _ in range(3):
        log.append(Entry("search", CONTEXT))
    (file,) = (tmp_path / "anchors").iterdir()
    assert file.name == f"{log.gallery_id}.anchor"
    anchors = read_anchors(file)
    assert [one.number for one in anchors] == [1, 2, 3, 4]
    assert log.verify(anchors=anchors).ok
    monkeypatch.setenv(ANCHORS_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(GalleryWriteError):
        log.append(Entry("search", CONTEXT))


@pytest.mark.parametrize("content", [b"", b"{}\n", b"x\n", b'{"number":1}'])
def test_a_file_that_holds_no_anchors_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ActivityLogError):
        read_anchors(tmp_path / "file")
    with pytest.raises(ActivityLogError):
        read_anchors(tmp_path / "none")


def test_a_full_disk_leaves_the_log_as_it_was(disk: Path) -> None:  # noqa: F811 - the fixture
    log = begun(disk / "gallery")
    log.append(Entry("search", CONTEXT))
    taken = fill(disk)
    before = log.path.read_bytes()
    with pytest.raises(GalleryWriteError):
        log.append_all([Entry("search", CONTEXT, {"x": "y" * 80}) for _ in range(100)])
    assert log.path.read_bytes() == before
    assert log.verify().ok
    taken.unlink()
    assert log.append(Entry("search", CONTEXT)).number == 3


@pytest.mark.skipif(os.name == "nt", reason="rights of Linux and macOS")
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    log = begun(tmp_path)
    log.append(Entry("search", CONTEXT))
    for file in log.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700


def test_a_line_is_json_that_any_program_can_read(tmp_path: Path) -> None:
    log = begun(tmp_path)
    log.append(Entry("search", replace(CONTEXT, operator="Zo\u00eb"), {"score": 0.1 + 0.2}))
    line = log.path.read_bytes().splitlines()[1]
    assert line.isascii()
    found = json.loads(line)
    assert found["operator"] == "Zo\u00eb"
    assert found["facts"]["score"] == 0.1 + 0.2
    assert LogRecord.of(line).line() == line
    assert list(found) == sorted(found)
