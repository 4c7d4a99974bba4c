"""Write to a gallery: one transaction for each change, and the clearing of what was removed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from matcher.errors import GalleryReplacedError, MatcherError
from matcher.gallery.editions import read_pointer
from matcher.gallery.leftovers import clear_leftovers
from matcher.gallery.reader import GalleryReader
from matcher.gallery.removal import change_elsewhere, clear_elsewhere, forget_elsewhere
from matcher.gallery.store import Store
from matcher.governance import Kind
from matcher.governance.pseudonyms import SUBJECT

log = logging.getLogger(__name__)


class GalleryWriter(GalleryReader):
    """What every writing method of `Gallery` needs."""

    def _forget_elsewhere(self, face_ids: list[int], **what: Any) -> None:
        timeout = self._busy_timeout
        forget_elsewhere(self._path, self._edition, face_ids, **what, busy_timeout=timeout)

    def _change_elsewhere(self, change: Callable[[Store, int], object]) -> None:
        change_elsewhere(self._path, self._edition, change, busy_timeout=self._busy_timeout)

    @contextmanager
    def _writing(
        self, kind: Kind, *, subjects: Collection[str] = (), new: bool = False, **facts: Any
    ) -> Iterator[int]:
        """Commit all or nothing, and only to the current edition; of a governed gallery, recorded.

        Parameters
        ----------
        kind, facts
            For the record.
        subjects
            Identifiers of those who are concerned; the record gets their tokens.
        new
            Whether the subjects may be new in the gallery.
        """
        activity = self.activity
        if activity is None:
            with self._committing(governed=False) as generation:
                yield generation
            return
        activity.require_context(kind)
        tokens = (
            sorted(activity.subject_tokens(set(subjects)).values())
            if new
            else self._subject_tokens(activity, subjects)
        )
        with (
            activity.doing(kind, {**facts, "subjects": tokens}),
            self._committing(governed=True) as generation,
        ):
            yield generation

    @contextmanager
    def _committing(self, *, governed: bool) -> Iterator[int]:
        with self._store.writing() as generation:
            if self.governed is not governed:
                raise GalleryReplacedError(
                    "gallery",
                    rule="is written to as it was when it was opened",
                    got="a gallery that was made governed meanwhile",
                    next_step="Open the gallery again, with a CaseContext.",
                    path=self._path,
                )
            current = read_pointer(self._path).current
            if current != self._edition:
                raise GalleryReplacedError(
                    "gallery",
                    rule="is written to in its current edition only",
                    got=f"edition {self._edition!r}, while {current!r} is current",
                    next_step="Open the gallery again, with the model that it now has.",
                    path=self._path,
                )
            yield generation

    def _finish_removals(self) -> None:
        """Clear bytes of removed faces from the files; if that fails, the next open tries again.

        The removal itself is committed, and is not undone by what goes wrong here.
        """
        clear_leftovers(self._path)
        clear_elsewhere(self._path, self._edition, self._busy_timeout)
        try:
            if self._store.holds_removed_bytes:
                self._index.scrub()
        except MatcherError as error:
            log.warning(
                "the removal is done; removed data not cleared from every file yet (%s); "
                "the next open tries again",
                error.code,
            )

    def _hand_over_tokens(self, before: str, after: str) -> None:
        """Let the log name a subject as the gallery does from now on."""
        activity = self.activity
        if activity is not None:
            activity.log.pseudonyms.hand_over(SUBJECT, before, after)

    def _forget_tokens(self, removed: Collection[str]) -> None:
        """Let the log of a governed gallery no longer say who was meant by a token."""
        activity = self.activity
        if activity is not None:
            activity.log.pseudonyms.forget(SUBJECT, removed)

    def _forget_tokens_of_nobody(self) -> None:
        """Do this for all who are not in the gallery, after a removal that was cut short."""
        try:
            if (activity := self.activity) is not None and self._store.holds_removed_bytes:
                there = {subject.subject_id for subject in self.subjects()}
                named = activity.log.pseudonyms.values(SUBJECT)
                self._forget_tokens([name for name in named if name not in there])
        except MatcherError as error:
            log.warning("the log may still name who was removed (%s)", error.code)

    def _save_index(self) -> None:
        """Save the index; if that fails, a later search makes it anew from the store."""
        try:
            self._index.save_if_possible()
        except MatcherError as error:
            log.warning("the index is not saved (%s); what was written is stored", error.code)
