"""Tamper with the log of a governed gallery in every way, and count what `verify` finds.

    python benchmarks/log_tampering.py [--tamperings 1000] [--seed 1] [--record NAME]

Each tampering changes a copy of one log. Whoever tampers knows how a record is made, and computes
hashes anew where the name of the kind says so; he has no key and cannot write the anchor. Each is
looked for with nothing else, with an anchor of the log's head that was kept elsewhere, with the
public key of the signatures, and with both. Nothing is measured but counts, so the machine does not
matter.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from recording import Record

from matcher.governance import KEY_VARIABLE, ActivityLog, Anchor, CaseContext, Entry, LogRecord
from matcher.governance.record import NOTHING_BEFORE, line_hash

RECORDS: Final = 12

Lines = list[bytes]
Chance = np.random.Generator


@dataclass(frozen=True)
class Material:
    """A log, another one, and what is known of the first."""

    lines: Lines
    other: Lines
    head: Anchor
    public_key: bytes


@dataclass(frozen=True)
class Found:
    """In how many tamperings a fault was found."""

    kind: str
    tamperings: int
    alone: int
    with_anchor: int
    with_key: int
    with_both: int


def made(folder: Path, chance: Chance) -> Material:
    """Write two signed logs of made-up uses."""
    key = Ed25519PrivateKey.generate()
    place = folder / "key.pem"
    place.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    os.environ[KEY_VARIABLE] = str(place)
    try:
        logs = [_log(folder / name, name * 32, chance) for name in ("a", "b")]
    finally:
        del os.environ[KEY_VARIABLE]
    lines, other = (log.path.read_bytes().splitlines() for log in logs)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Material(lines, other, logs[0].head(), public)


def _log(folder: Path, gallery_id: str, chance: Chance) -> ActivityLog:
    folder.mkdir()
    context = CaseContext(
        "operator-7", "missing_child", "case 12", "art. 12", "order 3", date(2099, 1, 1)
    )
    log = ActivityLog.begin(folder, gallery_id, Entry("governed", context))
    for number in range(2, RECORDS + 1):
        scores = sorted(chance.random(3).tolist(), reverse=True)
        candidates = [
            {"rank": rank, "subject": bytes(chance.bytes(16)).hex(), "face": rank, "score": score}
            for rank, score in enumerate(scores, start=1)
        ]
        facts = {"probe": {"sha256": bytes(chance.bytes(32)).hex()}, "candidates": candidates}
        log.append(Entry("search", context, facts, generation=number))
    return log


def _renewed(record: LogRecord, previous: str | None = None) -> LogRecord:
    """Return a record whose own hash fits again; without the key its signature stays."""
    chained = record if previous is None else replace(record, previous=previous)
    return replace(chained, digest=chained.content_hash)


def _changed(record: LogRecord, chance: Chance) -> LogRecord:
    """Return a record that says something else, in the right form."""
    which = int(chance.integers(6))
    facts = dict(record.facts)
    if which == 0:
        return replace(record, operator=record.operator + "x")
    if which == 1:
        return replace(record, generation=record.generation + 1 + int(chance.integers(9)))
    if which == 2:
        return replace(record, outcome="failed: busy")
    if which == 3:
        return replace(record, authorisation="order 4")
    if which == 4:
        return replace(record, begun="2001-01-01T00:00:00.000000+00:00")
    return replace(record, facts=facts | {"searched": int(chance.integers(1000))})


def change_byte(material: Material, chance: Chance) -> bytes:
    """Put another byte in place of one."""
    content = bytearray(_joined(material.lines))
    place = int(chance.integers(len(content)))
    content[place] = (content[place] + 1 + int(chance.integers(255))) % 256
    return bytes(content)


def change_field(material: Material, chance: Chance) -> bytes:
    """Let a record say something else."""
    return _with_one(material, chance, lambda record: _changed(record, chance))


def change_field_and_hash(material: Material, chance: Chance) -> bytes:
    """Let a record say something else, with its own hash made anew."""
    return _with_one(material, chance, lambda record: _renewed(_changed(record, chance)))


def _with_one(
    material: Material, chance: Chance, change: Callable[[LogRecord], LogRecord]
) -> bytes:
    lines = list(material.lines)
    place = int(chance.integers(len(lines)))
    lines[place] = change(LogRecord.of(lines[place])).line()
    return _joined(lines)


def delete(material: Material, chance: Chance) -> bytes:
    """Delete up to three records before the end."""
    lines = list(material.lines)
    first = int(chance.integers(len(lines) - 1))
    del lines[first : first + 1 + int(chance.integers(min(3, len(lines) - 1 - first)))]
    return _joined(lines)


def reorder(material: Material, chance: Chance) -> bytes:
    """Exchange two records."""
    lines = list(material.lines)
    one, other = chance.choice(len(lines), 2, replace=False).tolist()
    lines[one], lines[other] = lines[other], lines[one]
    return _joined(lines)


def insert(material: Material, chance: Chance) -> bytes:
    """Insert a forged record between two others."""
    lines = list(material.lines)
    place = 1 + int(chance.integers(len(lines) - 1))
    lines.insert(place, _forged_after(lines[place - 1], chance))
    return _joined(lines)


def append(material: Material, chance: Chance) -> bytes:
    """Append a forged record at the end."""
    return _joined([*material.lines, _forged_after(material.lines[-1], chance)])


def _forged_after(line: bytes, chance: Chance) -> bytes:
    before = LogRecord.of(line)
    forged = replace(_changed(before, chance), number=before.number + 1)
    return _renewed(forged, line_hash(line)).line()


def duplicate(material: Material, chance: Chance) -> bytes:
    """Repeat a record somewhere."""
    lines = list(material.lines)
    place = int(chance.integers(len(lines)))
    lines.insert(int(chance.integers(len(lines) + 1)), lines[place])
    return _joined(lines)


def fork(material: Material, chance: Chance) -> bytes:
    """Change a record, and chain all later ones anew, hashes included."""
    return _rechained(material.lines, int(chance.integers(len(material.lines))), chance)


def write_anew(material: Material, chance: Chance) -> bytes:
    """Chain the whole log anew, with its gallery's identifier and without signatures."""
    lines = [replace(LogRecord.of(line), signature="").line() for line in material.lines]
    return _rechained(lines, 0, chance)


def _rechained(given: Lines, first: int, chance: Chance) -> bytes:
    lines = list(given)
    for place in range(first, len(lines)):
        record = LogRecord.of(lines[place])
        changed = _changed(record, chance) if place == first and place else record
        if place == first == 0:
            changed = replace(record, operator="somebody else")
        previous = line_hash(lines[place - 1]) if place else NOTHING_BEFORE
        lines[place] = _renewed(changed, previous).line()
    return _joined(lines)


def cut_tail(material: Material, chance: Chance) -> bytes:
    """Cut the last records off, or all."""
    return _joined(material.lines[: int(chance.integers(len(material.lines)))])


def cut_within_a_record(material: Material, chance: Chance) -> bytes:
    """Cut the file off anywhere."""
    content = _joined(material.lines)
    return content[: int(chance.integers(len(content)))]


def replace_file(material: Material, chance: Chance) -> bytes:
    """Put the log of another gallery in its place."""
    return _joined(material.other[: 1 + int(chance.integers(len(material.other)))])


def mix_two_logs(material: Material, chance: Chance) -> bytes:
    """Put records of another log in place of some."""
    lines = list(material.lines)
    for place in chance.choice(len(lines), 1 + int(chance.integers(5)), replace=False).tolist():
        lines[place] = material.other[place]
    return _joined(lines)


def write_otherwise(material: Material, chance: Chance) -> bytes:
    """Write a record in another form that holds the same."""
    lines = list(material.lines)
    place = int(chance.integers(len(lines)))
    forms: list[tuple[bytes, bytes]] = [(b'":', b'": '), (b',"', b', "'), (b"{", b"{ ")]
    old, new = forms[int(chance.integers(len(forms)))]
    lines[place] = lines[place].replace(old, new, 1)
    return _joined(lines)


KINDS: Final[dict[str, Callable[[Material, Chance], bytes]]] = {
    "a byte changed": change_byte,
    "a field changed": change_field,
    "a field changed, own hash made anew": change_field_and_hash,
    "records deleted": delete,
    "two records exchanged": reorder,
    "a record inserted, hashes made anew": insert,
    "a forged record at the end": append,
    "a record twice": duplicate,
    "forked: chained anew from a record on": fork,
    "all chained anew, without signatures": write_anew,
    "end cut off": cut_tail,
    "cut off within a record": cut_within_a_record,
    "replaced by the log of another gallery": replace_file,
    "mixed with the log of another gallery": mix_two_logs,
    "a record in another form": write_otherwise,
}


def _joined(lines: Lines) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def measure(folder: Path, tamperings: int, seed: int) -> list[Found]:
    """Tamper so often in each way; return what was found."""
    chance = np.random.default_rng(seed)
    material = made(folder, chance)
    whole = _joined(material.lines)
    log = ActivityLog.of(folder / "a")
    if not log.verify(anchors=[material.head], public_key=material.public_key).ok:
        raise SystemExit("a log that nobody touched has a fault")
    found = []
    for kind, tamper in KINDS.items():
        counts = [0, 0, 0, 0]
        for _ in range(tamperings):
            content = whole
            while content == whole:
                content = tamper(material, chance)
            log.path.write_bytes(content)
            faulty = [
                not log.verify().ok,
                not log.verify(anchors=[material.head]).ok,
                not log.verify(public_key=material.public_key).ok,
            ]
            faulty.append(any(faulty))
            counts = [count + one for count, one in zip(counts, faulty, strict=True)]
        found.append(Found(kind, tamperings, *counts))
    return found


def main() -> None:
    """Tamper, count and record."""
    parser = argparse.ArgumentParser(description="What verify finds of tamperings of the log.")
    parser.add_argument("--tamperings", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    record = Record.begin(__file__, parser)
    options = record.options
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), options.tamperings, options.seed)
    rows = [
        (one.kind, one.tamperings, one.alone, one.with_anchor, one.with_key, one.with_both)
        for one in found
    ]
    totals = [sum(column) for column in zip(*(row[1:] for row in rows), strict=True)]
    helped = ("found without anything", "with an anchor of the head", "with the public key")
    record.table(
        "tamperings found", ("tampering", "count", *helped, "with both"), [*rows, ("all", *totals)]
    )
    record.write()


if __name__ == "__main__":
    main()
