"""The use of one open governed gallery: what is allowed, and the record of what is done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from matcher.errors import MatcherError, NotAuthorisedError
from matcher.governance.context import CaseContext
from matcher.governance.log import ActivityLog
from matcher.governance.pseudonyms import SUBJECT
from matcher.governance.record import Entry, Kind, LogRecord

log = logging.getLogger(__name__)

_covered: ContextVar[frozenset[str]] = ContextVar("_covered", default=frozenset())
"""The galleries of whose use somebody further up writes the record."""

_replayed: ContextVar[int | None] = ContextVar("_replayed", default=None)

_RULE: Final = (
    "needs an operator, a purpose of searches, a case, a legal basis, and a permission that holds"
)
_LACKS: Final = {
    "no_context": "no context",
    "purpose": "a purpose for which nothing is searched",
    "case": "no case",
    "legal_basis": "no legal basis",
    "authorisation": "no authorisation",
    "authorised_until": "no day until which the authorisation holds",
    "expired": "an authorisation that no longer holds",
}
_NEXT: Final = (
    "Open the gallery with a CaseContext; in a command give --operator, --purpose, --case, "
    "--legal-basis, --authorisation and --authorised-until."
)


@dataclass(frozen=True)
class State:
    """Edition, generation and SHA-256 of the model's weights of an open gallery."""

    edition: str
    generation: int
    model: str


class Activity:
    """What is done with an open governed gallery. `Gallery.activity` has it.

    Any thread can use it.

    Parameters
    ----------
    log
        The log of the gallery.
    context
        Who uses the gallery; None if nobody was named.
    state
        Returns the state of the open gallery.
    """

    def __init__(
        self, log: ActivityLog, context: CaseContext | None, state: Callable[[], State]
    ) -> None:
        self.log = log
        self.context = context
        self._state = state

    def require_search(self, kind: Kind = "search") -> None:
        """Refuse a search without a full context that allows it. The refusal is in the log.

        A replay of a recorded search, see `replaying`, needs an operator and a purpose only.

        Raises
        ------
        NotAuthorisedError
            The message names what is missing.
        """
        if _replayed.get() is not None:
            self.require_context("replay")
            return
        lacking = "no_context" if self.context is None else self.context.lacking_for_search()
        if lacking:
            raise self._denied(kind, lacking, f"search of a governed gallery ({kind})", _RULE)

    def require_context(self, kind: Kind) -> None:
        """Refuse a change or an export without an operator and a purpose; the log has the refusal.

        Raises
        ------
        NotAuthorisedError
            When the gallery was opened without a context.
        """
        if self.context is None:
            rule = "needs an operator and a purpose"
            raise self._denied(kind, "no_context", f"use of a governed gallery ({kind})", rule)

    def _denied(self, kind: Kind, lacking: str, what: str, rule: str) -> NotAuthorisedError:
        try:
            self.record("denied", {"use": kind}, outcome=f"denied: {lacking}")
        except MatcherError as error:
            log.warning("a refusal could not be recorded (%s)", error.code)
        return NotAuthorisedError(
            what, rule=rule, got=_LACKS[lacking], next_step=_NEXT, path=self.log.path.parent.parent
        )

    def entry(
        self,
        kind: Kind,
        facts: Mapping[str, Any],
        *,
        begun: datetime | None = None,
        outcome: str = "done",
    ) -> Entry:
        """Return an entry for the log with the context and the state of the gallery."""
        state = self._state()
        replayed = _replayed.get()
        if replayed is not None and kind == "search":
            kind, facts = "replay", {**facts, "replays": replayed}
        return Entry(
            kind,
            self.context,
            facts,
            outcome,
            begun or datetime.now(UTC),
            state.edition,
            state.generation,
            state.model,
        )

    def record(
        self,
        kind: Kind,
        facts: Mapping[str, Any],
        *,
        begun: datetime | None = None,
        outcome: str = "done",
    ) -> LogRecord:
        """Write one record, with the context and the state of the gallery; see `ActivityLog`."""
        return self.log.append(self.entry(kind, facts, begun=begun, outcome=outcome))

    @contextmanager
    def doing(self, kind: Kind, facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Record the beginning of a change before the block, and its end after it.

        Within the block, other changes and searches of this gallery leave no records of their own.
        The block can add facts of the end to the mapping that it gets.

        Raises
        ------
        NotAuthorisedError
            When the gallery was opened without a context. Nothing is done.
        GalleryWriteError, ActivityLogError
            When the beginning cannot be recorded. Nothing is done. When the end cannot be recorded,
            the change is made; `verify` then says that it did not end.
        """
        if self.covered:
            yield {}
            return
        self.require_context(kind)
        began = datetime.now(UTC)
        first = self.record(kind, facts, begun=began, outcome="begun")
        end: dict[str, Any] = {"ends": first.number}
        outcome = "failed: stopped"
        try:
            with self.covering():
                yield end
            outcome = "done"
        except MatcherError as error:
            outcome = f"failed: {error.code}"
            raise
        except Exception:
            outcome = "failed: unexpected"
            raise
        finally:
            self.record(kind, end, begun=began, outcome=outcome)

    @contextmanager
    def covering(self) -> Iterator[None]:
        """Write no records of searches and changes in the block: the caller writes the record."""
        mark = _covered.set(_covered.get() | {self.log.gallery_id})
        try:
            yield
        finally:
            _covered.reset(mark)

    @property
    def covered(self) -> bool:
        """Whether this is within `covering` or `doing`."""
        return self.log.gallery_id in _covered.get()

    @contextmanager
    def replaying(self, number: int) -> Iterator[None]:
        """Record searches in the block as replays of a record of the log.

        They need an operator and a purpose, and not the permission for a new search.
        """
        mark = _replayed.set(number)
        try:
            yield
        finally:
            _replayed.reset(mark)

    def subject_tokens(self, subject_ids: Collection[str]) -> dict[str, str]:
        """Return the tokens of subjects, by their identifiers as the gallery has them."""
        return self.log.pseudonyms.tokens(SUBJECT, subject_ids)

    def record_all(self, entries: Sequence[Entry]) -> list[LogRecord]:
        """Write several records in one go."""
        return self.log.append_all(entries)
