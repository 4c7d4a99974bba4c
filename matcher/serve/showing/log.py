"""The log, as pages show it: codes and numbers as they are, tokens as what they still stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from matcher.governance import LogRecord, LogVerdict
from matcher.serve.views import Facts, LogLine, VerdictView
from matcher.words import counted, figure

_MOST: Final = 40  # facts of one record that a page shows


def log_line(record: LogRecord, names: Mapping[str, str]) -> LogLine:
    """Return a record as a page shows it.

    Parameters
    ----------
    record
        The record.
    names
        What tokens stand for; erased ones are missing.
    """
    case = "" if not record.case else names.get(record.case, "erased")
    facts = list(_plain("", record.facts))
    shown = tuple(facts[:_MOST])
    if len(facts) > _MOST:
        shown += (("more", f"{len(facts) - _MOST} facts; `matcher log show` has all"),)
    return LogLine(
        number=record.number,
        at=datetime.fromisoformat(record.ended),
        kind=record.kind.replace("_", " "),
        operator=record.operator,
        case=case,
        purpose=record.purpose.replace("_", " "),
        outcome=record.outcome,
        facts=shown,
    )


def verdict_of(verdict: LogVerdict) -> VerdictView:
    """Return what the check of a log found, in sentences."""
    remarks = []
    if verdict.not_ended:
        numbers = ", ".join(map(str, verdict.not_ended[:10]))
        remarks.append(
            f"{counted(len(verdict.not_ended), 'record')} without an end: the process died, or "
            f"still works ({numbers})."
        )
    if verdict.half_record:
        remarks.append(
            f"Half a record at the end, {verdict.half_record} bytes: a write that died. The next "
            "record cuts it off."
        )
    if verdict.recovered:
        numbers = ", ".join(map(str, verdict.recovered[:10]))
        remarks.append(f"Records that cut off half a record before them: {numbers}.")
    if not verdict.anchors:
        remarks.append(
            "No anchor was compared, so a missing end would not be seen. `matcher log verify` "
            "takes anchors that were kept elsewhere."
        )
    faults = [str(fault) for fault in verdict.faults]
    if verdict.more_faults:
        faults.append(f"And {counted(verdict.more_faults, 'more fault')}.")
    return VerdictView(verdict.ok, verdict.records, tuple(faults), tuple(remarks))


def _plain(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for part, inner in value.items():
            yield from _plain(f"{name} {part}".strip(), inner)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        yield name, counted(len(value), "entry", "entries")
    elif isinstance(value, list):
        yield name, ", ".join(map(str, value[:10]))
    elif isinstance(value, float):
        yield name, figure(value, 4)
    elif value not in (None, ""):
        yield name, str(value)


def tokens_in(record: LogRecord) -> Iterator[str]:
    """Yield the tokens that a record shows."""
    if record.case:
        yield record.case


__all__ = ["Facts", "log_line", "tokens_in", "verdict_of"]
