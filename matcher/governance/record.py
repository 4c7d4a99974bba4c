"""One record of the activity log: one line of JSON in one form, chained to the line before it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from matcher.errors import InputError
from matcher.governance.context import CaseContext
from matcher.strict_reading import object_of, read_json, text_of, whole_of

Kind = Literal[
    "search",
    "cross_match",
    "watch_run",
    "enrolment",
    "removal",
    "correction",
    "hiding",
    "review",
    "export",
    "calibration",
    "model_switch",
    "rights",
    "retention",
    "erasure",
    "governed",
    "denied",
    "replay",
    "case",
]
"""What a record is about."""

KINDS: Final[tuple[str, ...]] = get_args(Kind)

NOTHING_BEFORE: Final = "0" * 64
"""`previous` of the first record."""

FORMAT: Final = 1
"""Format of the log; the first record names it."""

_CODE: Final = re.compile(r"[0-9A-Za-z_.:+/-]{0,80}")
_DEEPEST: Final = 6
_OUTCOME: Final = re.compile(r"done|begun|(denied|failed): [0-9a-z_]{1,60}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_TOKEN: Final = re.compile(r"|[0-9a-f]{32}")


@dataclass(frozen=True)
class Entry:
    """What happened, for `ActivityLog.append`. The log adds number, time, tokens and chain.

    Parameters
    ----------
    kind
        What the record is about.
    context
        Who did it, and by which right; None where nobody was named.
    facts
        Facts of this kind: a mapping of short codes to numbers, short codes, lists and mappings of
        these. Free text, names and identifiers of people are not allowed; see `Pseudonyms`.
    outcome
        "done", "begun", "denied: CODE" or "failed: CODE".
    begun
        Aware time when it began; None for now.
    edition, generation, model
        Edition and generation of the gallery, and SHA-256 of the weights of its model.

    Raises
    ------
    InputError
        For a kind, facts or an outcome that a record cannot hold.
    """

    kind: Kind
    context: CaseContext | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = "done"
    begun: datetime | None = None
    edition: str = ""
    generation: int = 0
    model: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise _refused("kind", f"must be one of {', '.join(KINDS)}")
        if not _OUTCOME.fullmatch(self.outcome):
            raise _refused("outcome", "must be done, begun, denied: CODE or failed: CODE")
        if not isinstance(self.facts, Mapping) or not _is_plain(self.facts, _DEEPEST):
            raise _refused("facts", "must be numbers and short codes, without free text")


@dataclass(frozen=True)
class LogRecord:
    """One record as it stands in the log.

    Parameters
    ----------
    number
        Place in the log, from 1.
    previous
        SHA-256 of the line before, as hex digits; 64 zeros in the first record.
    kind, outcome, facts
        As in `Entry`.
    begun, ended
        Times in UTC, ISO 8601 with microseconds.
    operator, purpose, legal_basis, authorisation, authorised_until
        From the `CaseContext`; empty texts where none was given.
    case
        Token of the case; empty without a case.
    gallery
        Random identifier of the gallery.
    edition, generation, model
        As in `Entry`.
    digest
        SHA-256 of the line without `digest` and `signature`.
    signature
        Ed25519 signature of the line without `signature`, as hex digits; empty if not signed.
    """

    number: int
    previous: str
    kind: str
    begun: str
    ended: str
    operator: str
    case: str
    purpose: str
    legal_basis: str
    authorisation: str
    authorised_until: str
    gallery: str
    edition: str
    generation: int
    model: str
    facts: dict[str, Any]
    outcome: str
    digest: str = ""
    signature: str = ""

    @classmethod
    def of(cls, line: bytes) -> LogRecord:
        """Return the record of a line without its end.

        Raises
        ------
        ValueError
            When the line is no record in the one form that the log writes.
        """
        found = object_of(read_json(line))
        if set(found) != NAMES:
            raise ValueError("other names than those of a record")
        for name in NAMES - {"number", "generation", "facts"}:
            text_of(found[name])
        whole_of(found["number"], 1)
        whole_of(found["generation"])
        object_of(found["facts"])
        record = cls(**found)
        record._check()
        if record.line() != line:
            raise ValueError("not in the form in which records are written")
        return record

    def _check(self) -> None:
        if self.kind not in KINDS or not _OUTCOME.fullmatch(self.outcome):
            raise ValueError("an unknown kind or outcome")
        if not (_SHA256.fullmatch(self.previous) and _SHA256.fullmatch(self.digest)):
            raise ValueError("a hash that is none")
        if not _TOKEN.fullmatch(self.case) or not re.fullmatch(r"[0-9a-f]{32}", self.gallery):
            raise ValueError("a token that is none")
        for moment in (self.begun, self.ended):
            if datetime.fromisoformat(moment).tzinfo is None:
                raise ValueError("a time without its zone")

    def line(self, *without: str) -> bytes:
        """Return the line of the record without its end; fields named in `without` are left out."""
        kept = {name: getattr(self, name) for name in NAMES if name not in without}
        return json.dumps(
            kept, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
        ).encode("ascii")

    @property
    def content_hash(self) -> str:
        """What `digest` must be."""
        return hashlib.sha256(self.line("digest", "signature")).hexdigest()

    @property
    def signed_bytes(self) -> bytes:
        """The bytes that `signature` is of."""
        return self.line("signature")


NAMES: Final = frozenset(one.name for one in fields(LogRecord))
"""Names of the fields of a record."""


def line_hash(line: bytes) -> str:
    """Return the SHA-256 of a line without its end, as hex digits."""
    return hashlib.sha256(line).hexdigest()


def time_text(moment: datetime) -> str:
    """Return an aware time as records hold it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _is_plain(value: object, deep: int) -> bool:
    if value is None or isinstance(value, bool | int):
        return True
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    if isinstance(value, str):
        return _CODE.fullmatch(value) is not None
    if deep == 0:
        return False
    if isinstance(value, Mapping):
        return all(
            isinstance(name, str) and _is_plain(name, 0) and _is_plain(part, deep - 1)
            for name, part in value.items()
        )
    return isinstance(value, list | tuple) and all(_is_plain(part, deep - 1) for part in value)


def _refused(what: str, rule: str) -> InputError:
    return InputError(
        f"{what} of a record of the log",
        rule=rule,
        got="something else",
        next_step="Write a token in place of an identifier, and a code in place of a sentence.",
    )
