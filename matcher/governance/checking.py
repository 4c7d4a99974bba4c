"""Check a log line by line: what is damaged, changed, missing, or not ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal

from matcher.arguments import expect, listed
from matcher.governance.anchors import Anchor
from matcher.governance.record import NOTHING_BEFORE, LogRecord, line_hash
from matcher.governance.signing import is_signature, public_key_of
from matcher.governance.tail import LONGEST_LINE
from matcher.words import counted

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FaultKind = Literal[
    "missing",
    "unreadable",
    "changed",
    "number",
    "chain",
    "first",
    "other gallery",
    "end without beginning",
    "signature",
    "anchor",
    "cut",
]
"""What can be wrong with a log."""

_MOST: Final = 1000


@dataclass(frozen=True)
class LogFault:
    """One fault of a log.

    Parameters
    ----------
    line
        Line of the file, from 1; None for a fault of the whole file.
    kind
        What is wrong, as one of `FaultKind`.
    what
        The same as a sentence.
    """

    line: int | None
    kind: FaultKind
    what: str

    def __str__(self) -> str:
        return self.what if self.line is None else f"Line {self.line}: {self.what}"


@dataclass(frozen=True)
class LogVerdict:
    """What `ActivityLog.verify` found.

    Parameters
    ----------
    records
        Number of lines that are records.
    faults
        What is wrong, in the order of the file; at most 1,000.
    more_faults
        Number of faults beyond these.
    not_ended
        Numbers of records that say "begun" without a later record of the end: their process died,
        or still works. This is a fact, and no fault.
    half_record
        Number of bytes of half a record at the end, as a write that died leaves; 0 without. It is
        no fault: the next record cuts it off. An anchor tells whether it was a whole record once.
    recovered
        Numbers of records that cut off half a record before them.
    signed
        Number of records with a signature; None if signatures were not checked.
    anchors
        Number of anchors that were compared.
    """

    records: int
    faults: tuple[LogFault, ...]
    more_faults: int = 0
    not_ended: tuple[int, ...] = ()
    half_record: int = 0
    recovered: tuple[int, ...] = ()
    signed: int | None = None
    anchors: int = 0

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.faults


@dataclass
class _Check:
    """The state of a check between two lines."""

    gallery: str
    anchors: dict[int, list[Anchor]]
    key: Ed25519PublicKey | None
    number: int = 0
    previous: str = NOTHING_BEFORE
    records: int = 0
    signed: int = 0
    more_faults: int = 0
    half_record: int = 0
    faults: list[LogFault] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)
    recovered: list[int] = field(default_factory=list)

    def fault(self, line: int | None, kind: FaultKind, what: str) -> None:
        if len(self.faults) < _MOST:
            self.faults.append(LogFault(line, kind, what))
        else:
            self.more_faults += 1


def check_log(
    path: Path, gallery: str, *, anchors: Sequence[Anchor] = (), public_key: bytes | None = None
) -> LogVerdict:
    """Check a log; damage is never raised. Parameters as in `ActivityLog.verify`."""
    anchors = listed(
        "anchors",
        anchors,
        Anchor,
        rule="must be a sequence of Anchor",
        next_step="Read them by `matcher.governance.read_anchors`.",
    )
    if public_key is not None:
        expect("public_key", public_key, bytes, rule="must be bytes", next_step="Read the file.")
    ours = [one for one in anchors if one.gallery == gallery]
    by_number: dict[int, list[Anchor]] = {}
    for one in ours:
        by_number.setdefault(one.number, []).append(one)
    key = None if public_key is None else public_key_of(public_key)
    check = _Check(gallery, by_number, key)
    for one in anchors:
        if one.gallery != gallery:
            check.fault(None, "other gallery", f"An anchor of {one.time} is of another gallery.")
    try:
        with path.open("rb") as file:
            for place, line in enumerate(_lines(file, check), start=1):
                _check_line(check, place, line)
    except OSError as error:
        check.fault(None, "missing", f"The file cannot be read ({error.strerror}).")
    _check_end(check)
    return LogVerdict(
        check.records,
        tuple(check.faults),
        check.more_faults,
        tuple(sorted(check.begun)),
        check.half_record,
        tuple(check.recovered),
        None if key is None else check.signed,
        len(anchors),
    )


def _lines(file: IO[bytes], check: _Check) -> Iterator[bytes]:
    """Yield the whole lines without their ends; note how long the rest is."""
    while line := file.readline(LONGEST_LINE):
        if line.endswith(b"\n"):
            yield line[:-1]
        elif len(line) == LONGEST_LINE:
            yield line
        else:
            check.half_record = len(line)


def _check_line(check: _Check, place: int, line: bytes) -> None:
    try:
        record = LogRecord.of(line)
    except ValueError as error:
        check.fault(place, "unreadable", f"it is no record ({error}).")
        check.number += 1
    else:
        check.records += 1
        _check_record(check, place, record)
        check.number = record.number
    hashed = line_hash(line)
    for anchor in check.anchors.pop(check.number, ()):
        if anchor.hash != hashed:
            what = f"record {anchor.number} is not the one that was there on {anchor.time}."
            check.fault(place, "anchor", what)
    check.previous = hashed


def _check_record(check: _Check, place: int, record: LogRecord) -> None:
    number = record.number
    if record.digest != record.content_hash:
        check.fault(place, "changed", f"record {number} was changed after it was written.")
    if number != check.number + 1:
        what = f"record {check.number + 1} is expected here, and record {number} stands here."
        check.fault(place, "number", what)
    if record.previous != check.previous:
        what = f"record {number} does not follow the record before it: one of them was changed."
        check.fault(place, "chain", what)
    if (place == 1) is not (record.kind == "governed" and record.outcome == "done"):
        check.fault(place, "first", "the first record, and no other, begins the log.")
    if record.gallery != check.gallery:
        check.fault(place, "other gallery", f"record {number} is of another gallery.")
    if "recovered_bytes" in record.facts:
        check.recovered.append(number)
    _check_begun(check, place, record)
    _check_signature(check, place, record)


def _check_begun(check: _Check, place: int, record: LogRecord) -> None:
    if record.outcome == "begun":
        check.begun.add(record.number)
    elif "ends" in record.facts:
        ends = record.facts["ends"]
        if isinstance(ends, int) and ends in check.begun:
            check.begun.discard(ends)
        else:
            what = f"record {record.number} ends something that did not begin."
            check.fault(place, "end without beginning", what)


def _check_signature(check: _Check, place: int, record: LogRecord) -> None:
    if check.key is None:
        return
    if record.signature and is_signature(record.signature, record.signed_bytes, check.key):
        check.signed += 1
    elif record.signature:
        what = f"record {record.number} is not signed with this key."
        check.fault(place, "signature", what)
    elif check.signed:
        what = f"record {record.number} is not signed, and records before it are."
        check.fault(place, "signature", what)


def _check_end(check: _Check) -> None:
    if not check.records and not check.faults:
        check.fault(None, "missing", "The log has no record.")
    if check.key is not None and not check.signed:
        check.fault(None, "signature", "No record is signed with this key.")
    for number, anchors in sorted(check.anchors.items()):
        missing = counted(number - check.number, "record")
        where = f"at least {missing} missing at the end" if number > check.number else "missing"
        what = f"Record {number}, which was there on {anchors[0].time}, is {where}."
        check.fault(None, "cut", what)
