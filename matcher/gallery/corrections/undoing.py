"""Take corrections back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from matcher.errors import CorrectionError
from matcher.gallery.corrections.correcting import GalleryCorrections
from matcher.gallery.records import Change, Subject
from matcher.gallery.store import history, rows
from matcher.governance.pseudonyms import SUBJECT


class CorrectableGallery(GalleryCorrections):
    """The correcting methods of `Gallery`, and the one that takes a correction back."""

    def undo(self, change_id: int | None = None) -> Change:
        """Take back a correction; return it. The history keeps both.

        Parameters
        ----------
        change_id
            Number of the correction; None for the latest that was not taken back.

        Raises
        ------
        CorrectionError
            When there is no such correction, it was taken back already, a later correction of the
            same subject stands on it, or what it needs is gone. Nothing is changed.
        """
        number = change_id if isinstance(change_id, int) else None
        with self._writing("correction", action="taken_back", change=number) as generation:
            change = self._to_take_back(change_id)
            subject_id = self._take_back(change, generation)
            history.record(
                self._store,
                generation,
                "taken back",
                subject_id,
                _shown(change.after),
                _shown(change.before),
                sha256=change.sha256,
                undoes=change.change_id,
            )
        self._wrote = True
        self._take_back_tokens(change)
        return change

    def _take_back_tokens(self, change: Change) -> None:
        """Let the log name the subjects of a correction as before it."""
        if change.kind == "subject renamed":
            self._hand_over_tokens(change.after["subject_id"], change.before["subject_id"])
        elif change.kind == "subjects merged" and (activity := self.activity) is not None:
            activity.log.pseudonyms.take_back(SUBJECT, change.before["subject"]["subject_id"])

    def _to_take_back(self, change_id: int | None) -> Change:
        there = [change for change in history.changes(self._store) if change.undoes is None]
        if change_id is None:
            there = [change for change in there if not change.undone][-1:]
        found = next((one for one in there if change_id in (None, one.change_id)), None)
        if found is None:
            raise self._cannot("must be in the history", "no such correction")
        if found.undone:
            raise self._cannot("can be taken back once", f"{found.change_id}, taken back already")
        if later := history.standing(self._store, found):
            raise self._cannot(
                "must be the latest of its subject",
                f"{found.change_id}, and {later} came later",
                f"Take back {later} first, or correct the record by hand.",
            )
        return found

    def _take_back(self, change: Change, generation: int) -> str | None:
        """Restore what was before; return the subject that it concerns, under its name then."""
        subject_id = change.subject_id
        if subject_id is None:
            done_until = history.generation_of(self._store, change.change_id)
            folder, new = change.after["folder"], change.before["folder"]
            self._move_elsewhere(self._move_references(folder, new, until=done_until), folder, new)
        elif change.kind in ("subject edited", "subject hidden", "subject shown again"):
            rows.replace_subject(self._store, replace(self.subject(subject_id), **change.before))
        elif change.kind == "photo edited" and change.sha256 is not None:
            photo = self._photo(subject_id, change.sha256)
            self._replace_photo(subject_id, replace(photo, **change.before))
        elif change.kind == "photo taken out":
            self._bring_back(change, subject_id, generation)
        elif change.kind == "subject renamed":
            subject_id = change.before["subject_id"]
            self._require_free(subject_id)
            self._rename(change.after["subject_id"], subject_id)
        elif change.kind == "subjects merged":
            self._part(change, subject_id, generation)
        return subject_id

    def _bring_back(self, change: Change, subject_id: str, generation: int) -> None:
        if any(vectors is None for _, vectors in history.aside(self._store, change.change_id)):
            raise self._cannot(
                "must have been made with the model that the gallery has",
                f"{change.change_id}, from before the gallery was re-indexed",
                "Enrol the photo again.",
            )
        history.bring_back(self._store, change.change_id, subject_id, generation)

    def _part(self, change: Change, kept: str, generation: int) -> None:
        """Take a merged subject out of the other again."""
        gone = Subject(**change.before["subject"])
        self._require_free(gone.subject_id)
        restored = replace(self.subject(kept), **change.before["into"])
        rows.replace_subject(self._store, restored)
        moved = set(history.moved(self._store, change.change_id))
        still = sorted(moved.intersection(rows.faces_of_subject(self._store, kept)))
        self._give(still, gone, generation)
        history.hand_over(self._store, change.before["change_ids"], gone.subject_id)
        self._bring_back(change, gone.subject_id, generation)

    def _cannot(self, rule: str, got: str, next_step: str = "") -> CorrectionError:
        return CorrectionError(
            "correction to take back",
            rule=rule,
            got=got,
            next_step=next_step or "List the corrections with `matcher gallery changes`.",
            path=self._path,
        )


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reader of the history needs, without lists of numbers."""
    return {name: value for name, value in values.items() if not name.endswith("_ids")}
