"""Records of the log with names in place of tokens, for a person who may read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

from matcher.governance.log import ActivityLog
from matcher.governance.record import LogRecord

ERASED: Final = "erased"
"""What stands in place of a token that stands for nobody any more."""

_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_TOKENS_OF: Final = frozenset(
    {
        "subject",
        "subjects",
        "first",
        "second",
        "subject_ids",
        "not_subject_ids",
        "regions",
        "any_tags",
        "all_tags",
    }
)
"""Facts that hold tokens, or lists of tokens."""

_PAGE: Final = 500


def resolved(log: ActivityLog, records: Iterable[LogRecord]) -> Iterator[dict[str, Any]]:
    """Yield records as mappings, with identifiers in place of tokens.

    Parameters
    ----------
    log
        The log that the records are of.
    records
        Some of its records.

    Yields
    ------
    dict
        The fields of a `LogRecord`. A token without a meaning is the text "erased".
    """
    waiting = iter(records)
    while page := list(islice(waiting, _PAGE)):
        tokens = {token for record in page for token in _tokens(record.facts)}
        tokens |= {record.case for record in page if record.case}
        meanings = log.pseudonyms.meanings(tokens)
        names = {token: meaning.value for token, meaning in meanings.items()}
        for record in page:
            case = names.get(record.case, ERASED) if record.case else ""
            yield asdict(record) | {"case": case, "facts": _named(record.facts, names)}


def _tokens(facts: Mapping[str, Any]) -> Iterator[str]:
    for name, value in facts.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield from _tokens(one)
            elif _is_token(name, one):
                yield one


def _named(facts: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: [_name(name, one, names) for one in value]
        if isinstance(value, list)
        else _name(name, value, names)
        for name, value in facts.items()
    }


def _name(name: str, value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return _named(value, names)
    return names.get(value, ERASED) if _is_token(name, value) else value


def _is_token(name: str, value: object) -> bool:
    return name in _TOKENS_OF and isinstance(value, str) and _TOKEN.fullmatch(value) is not None
