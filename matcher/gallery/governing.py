"""The use of a governed gallery: by whom, whether it is allowed, and the record of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.arguments import expect
from matcher.embedding import ModelIdentity
from matcher.errors import ActivityLogError, InputError
from matcher.gallery.store import Store, rows
from matcher.governance import (
    Activity,
    ActivityLog,
    Anchor,
    CaseContext,
    Entry,
    Kind,
    LogVerdict,
)
from matcher.governance.activity import State
from matcher.governance.places import log_of

_LISTED: Final = 100
"""Faces of a search by vectors that a record lists; it counts the others."""

Found = tuple[NDArray[np.float32], NDArray[np.int64]]


class GovernedUse:
    """Who uses an open gallery, and the record of what is done with it."""

    def __init__(self, path: Path, store: Store, edition: str, context: CaseContext | None) -> None:
        self._path = path
        self._store = store
        self._edition = edition
        self._context = context
        self._activity: Activity | None = None
        self._is_view = False

    @property
    def context(self) -> CaseContext | None:
        """Who uses the gallery, for which case, and by which right; None if nobody was named."""
        return self._context

    @property
    def governed(self) -> bool:
        """Whether each use needs a `CaseContext` and is recorded, see `Gallery.govern`."""
        return bool(self._store.governed_as)

    @property
    def activity(self) -> Activity | None:
        """What is recorded of the use of this object; None for a gallery that is not governed.

        Raises
        ------
        ActivityLogError
            When the log of a governed gallery is missing, or is the log of another gallery.
        """
        gallery_id = self._store.governed_as
        if not gallery_id:
            return None
        known = self._activity
        if known is None or known.log.gallery_id != gallery_id:
            log = _log_of(self._path, gallery_id)
            known = self._activity = Activity(log, self._context, self._state)
        return known

    def require_context(self, kind: Kind) -> None:
        """Refuse a change or an export of a governed gallery that was opened without a context.

        Raises
        ------
        NotAuthorisedError
            The refusal is recorded.
        """
        activity = self.activity
        if activity is not None and not activity.covered:
            activity.require_context(kind)

    @contextmanager
    def recorded(self, kind: Kind, **facts: Any) -> Iterator[dict[str, Any]]:
        """Record the beginning of the block and its end, if the gallery is governed.

        Searches and changes in the block leave no records of their own.

        Parameters
        ----------
        kind, facts
            As in `matcher.governance.Entry`.

        Yields
        ------
        dict
            Facts for the record of the end; the block can add some.

        Raises
        ------
        NotAuthorisedError
            The gallery is governed, and was opened without a context. Nothing is done.
        GalleryWriteError, ActivityLogError
            The beginning cannot be recorded, and nothing is done; or the end cannot.
        """
        activity = self.activity
        if activity is None:
            yield {}
            return
        with activity.doing(kind, facts) as end:
            yield end

    def verify_log(
        self, *, anchors: Sequence[Anchor] = (), public_key: bytes | None = None
    ) -> LogVerdict:
        """Check the log of a governed gallery; see `ActivityLog.verify`. Damage is never raised.

        Raises
        ------
        ActivityLogError
            The gallery is not governed.
        """
        gallery_id = self._store.governed_as
        log = ActivityLog(self._path, gallery_id) if gallery_id else ActivityLog.of(self._path)
        return log.verify(anchors=anchors, public_key=public_key)

    def _log_faults(self) -> tuple[str, ...]:
        """Return in sentences how the store and the log contradict each other."""
        try:
            log = ActivityLog.of(self._path) if log_of(self._path).exists() else None
            records = 0 if log is None else sum(1 for _ in islice(log.records(), 2))
        except ActivityLogError as error:
            return (f"The log of the gallery cannot be read: {error.rule}; got {error.got}.",)
        gallery_id = self._store.governed_as
        if gallery_id and log is None:
            return ("The gallery is governed, and its log is missing.",)
        if gallery_id and log is not None and log.gallery_id != gallery_id:
            return ("The log is that of another governed gallery.",)
        if not gallery_id and records > 1:  # with one, who made it governed died meanwhile
            return ("The gallery has a log of its use, and its store does not say so.",)
        return ()

    def _state(self) -> State:
        return State(self._edition, self._store.generation, self._store.model.weights_sha256)

    def _subject_tokens(self, activity: Activity, subject_ids: Collection[str]) -> list[str]:
        """Return the tokens of the subjects that are in the gallery."""
        named = [one for one in subject_ids if isinstance(one, str)]  # others are refused later
        known = rows.known_as(self._store, named)
        return sorted(activity.subject_tokens(set(known.values())).values())


def _log_of(path: Path, gallery_id: str) -> ActivityLog:
    log = ActivityLog.of(path)
    if log.gallery_id != gallery_id:
        raise ActivityLogError(
            "activity log of the gallery",
            rule="must be the log that was begun with this gallery",
            got="the log of another gallery",
            next_step="Restore the log of this gallery from a backup.",
            path=log.path,
        )
    return log


def check_context(context: CaseContext | None, governed: bool, path: Path) -> None:
    """Refuse what is no context, and a context for a gallery that is not governed.

    Raises
    ------
    InputError
        The message says which.
    """
    expect(
        "context",
        context,
        (CaseContext, NoneType),
        rule="must be a CaseContext",
        next_step="Give matcher.CaseContext(operator=..., purpose=...).",
    )
    if context is not None and not governed:
        raise InputError(
            "context",
            rule="is given for a governed gallery only, because no other keeps it",
            got="a gallery that is not governed",
            next_step="Make it governed (matcher gallery govern), or leave the context out.",
            path=path,
        )


def first_entry(
    context: CaseContext | None, model: ModelIdentity, edition: str, generation: int
) -> Entry:
    """Return the first entry of the log of a gallery.

    Raises
    ------
    InputError
        When nobody is named.
    """
    expect(
        "context",
        context,
        CaseContext,
        rule="must name the operator and the purpose",
        next_step='Give matcher.CaseContext(operator=..., purpose="maintenance").',
    )
    return Entry(
        "governed",
        context,
        edition=edition,
        generation=generation,
        model=model.weights_sha256,
    )


def nearest_facts(
    vectors: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None, found: Found
) -> Mapping[str, Any]:
    """Return what the log records of a search by vectors, without the vectors."""
    scores, face_ids = found
    there = face_ids != -1
    listed = zip(face_ids[there].tolist(), scores[there].tolist(), strict=True)
    kept = [{"face": face_id, "score": score} for face_id, score in listed][:_LISTED]
    digest = hashlib.sha256(np.ascontiguousarray(vectors, dtype="<f4").tobytes()).hexdigest()
    return {
        "of": "vectors",
        "probe": {"vectors_sha256": digest, "count": len(vectors)},
        "request": {"top": int(k), "allowed": None if allowed is None else len(allowed)},
        "candidates": kept,
        "not_listed": int(there.sum()) - len(kept),
    }
