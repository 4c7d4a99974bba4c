"""Every way to tamper with a log is found; what needs an anchor or a key is known by name."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from governed import CONTEXT, begun

from matcher.errors import ActivityLogError, InputError
from matcher.governance import KEY_VARIABLE, Entry

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    tampering = importlib.import_module("log_tampering")

NEED_AN_ANCHOR = {"end cut off", "cut off within a record"}
NEED_A_KEY = {"a forged record at the end"}
NEED_EITHER = {
    "a byte changed",
    "a field changed, own hash made anew",
    "forked: chained anew from a record on",
    "all chained anew, without signatures",
}
"""Of the first two, only those of the last record: nothing follows it."""


@pytest.mark.parametrize("seed", [1, 2])
def test_every_tampering_is_found(tmp_path: Path, seed: int) -> None:
    for found in tampering.measure(tmp_path, 6, seed):
        assert found.with_both == found.tamperings, found
        if found.kind not in NEED_A_KEY:
            assert found.with_anchor == found.tamperings, found
        if found.kind not in NEED_AN_ANCHOR:
            assert found.with_key == found.tamperings, found
        if found.kind not in NEED_AN_ANCHOR | NEED_A_KEY | NEED_EITHER:
            assert found.alone == found.tamperings, found


def test_records_that_are_not_signed_although_earlier_ones_are_have_a_fault(
    tmp_path: Path,
) -> None:
    material = tampering.made(tmp_path, tampering.np.random.default_rng(5))
    log = tampering.ActivityLog.of(tmp_path / "a")
    assert log.verify(public_key=material.public_key).signed == tampering.RECORDS
    log.append(Entry("search", CONTEXT))
    assert log.verify().ok
    assert [one.kind for one in log.verify(public_key=material.public_key).faults] == ["signature"]


def test_a_log_that_was_signed_from_some_record_on_is_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = tampering.made(tmp_path, tampering.np.random.default_rng(5))
    log = begun(tmp_path / "gallery", "cd" * 16)
    log.append(Entry("search", CONTEXT))
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key.pem"))
    log.append(Entry("search", CONTEXT))
    found = log.verify(public_key=material.public_key)
    assert found.ok
    assert (found.records, found.signed) == (3, 1)
    assert [one.kind for one in log.verify(public_key=bytes(32)).faults] == [
        "signature",
        "signature",
    ]


def test_a_key_that_cannot_be_used_stops_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = begun(tmp_path)
    for content in (None, b"", b"no key"):
        if content is not None:
            (tmp_path / "key").write_bytes(content)
        monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key"))
        with pytest.raises(ActivityLogError):
            log.append(Entry("search", CONTEXT))
    monkeypatch.delenv(KEY_VARIABLE)
    assert log.verify().records == 1
    with pytest.raises(InputError):
        log.verify(public_key=b"no key")
    with pytest.raises(InputError):
        log.verify(public_key="text")  # type: ignore[arg-type]
    with pytest.raises(InputError):
        log.verify(anchors=["text"])  # type: ignore[list-item]
