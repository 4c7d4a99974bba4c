"""Correct the records of a gallery, and keep each correction with its date."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from matcher.errors import InputError
from matcher.gallery.corrections.comparing import changed, require_born, together
from matcher.gallery.records import Change, ChangeKind, PhotoRecord, Subject
from matcher.gallery.store import Store, history, moves, rows
from matcher.gallery.validation import (
    check_photo,
    check_subject,
    check_text,
    in_one_form,
    texts,
)
from matcher.gallery.writer import GalleryWriter
from matcher.paths import from_reference, starts_of_references, to_reference

_LOOKED_AT: Final = 1000  # files that are looked for after a move; one of them must be there


class GalleryCorrections(GalleryWriter):
    """The correcting methods of `Gallery`. Every edition of the gallery is corrected alike."""

    def changes(self, subject_id: str | None = None) -> list[Change]:
        """Return the corrections of one subject, or of the whole gallery, the earliest first.

        A subject that was renamed or merged brings its corrections with it. The corrections of a
        removed subject or photo are gone.
        """
        known = None if subject_id is None else self.subject(subject_id).subject_id
        return history.changes(self._store, known)

    def update_subject(self, subject: Subject) -> None:
        """Replace the record of a subject, also whether it is hidden. The subject's photos stay.

        Raises
        ------
        UnknownSubjectError
            When there is no such subject.
        InputError
            When the record breaks a rule, or the date of birth is after a photo of the subject.
        """
        check_subject(subject)
        who = [subject.subject_id]
        with self._writing("correction", subjects=who, action="subject_edited") as generation:
            before = self.subject(subject.subject_id)
            after = replace(in_one_form(subject), subject_id=before.subject_id)
            require_born(after.date_of_birth, self.photos(before.subject_id))
            if difference := changed(before, after):
                rows.replace_subject(self._store, after)
                history.record(
                    self._store, generation, "subject edited", before.subject_id, *difference
                )

    def hide(self, subject_ids: Collection[str], *, because: str) -> tuple[Subject, ...]:
        """Leave subjects out of every list of leads, and out of groups.

        Their photos stay, and are compared as before: lists count who was left out.

        Parameters
        ----------
        subject_ids
            The subjects. One who is hidden already stays so, for the earlier reason.
        because
            Why they are hidden, for readers of the record.

        Returns
        -------
        tuple of Subject
            The records of those who were not hidden before.

        Raises
        ------
        UnknownSubjectError
            When a subject does not exist. The message names all of these; nobody is hidden.
        InputError
            When the reason is blank, or a text that no store returns as it was.
        """
        check_text("because", because)
        check_subject(Subject("subject", hidden_because=because))
        return self._set_hidden(texts("subject_ids", subject_ids), because)

    def unhide(self, subject_ids: Collection[str]) -> tuple[Subject, ...]:
        """Show hidden subjects in lists and groups again.

        Parameters
        ----------
        subject_ids
            The subjects. One who is not hidden stays as it is.

        Returns
        -------
        tuple of Subject
            The records of those who were hidden before.

        Raises
        ------
        UnknownSubjectError
            When a subject does not exist. The message names all of these; nothing is changed.
        """
        return self._set_hidden(texts("subject_ids", subject_ids), None)

    def _set_hidden(self, subject_ids: Sequence[str], because: str | None) -> tuple[Subject, ...]:
        kind: ChangeKind = "subject shown again" if because is None else "subject hidden"
        action = "shown" if because is None else "hidden"
        with self._writing("hiding", subjects=subject_ids, action=action) as generation:
            before = [
                record
                for record in self._records(subject_ids)
                if (record.hidden_because is None) != (because is None)
            ]
            for record in before:
                after = replace(record, hidden_because=because)
                rows.replace_subject(self._store, after)
                values = {"hidden_because": record.hidden_because}, {"hidden_because": because}
                history.record(self._store, generation, kind, record.subject_id, *values)
        return tuple(replace(record, hidden_because=because) for record in before)

    def _records(self, subject_ids: Sequence[str]) -> list[Subject]:
        """Return the record of each subject once."""
        known = rows.known_as(self._store, subject_ids)
        if unknown := [name for name in subject_ids if name not in known]:
            raise self._unknown(*dict.fromkeys(unknown))
        return [self.subject(name) for name in dict.fromkeys(known[one] for one in subject_ids)]

    def update_photo(self, subject_id: str, photo: PhotoRecord) -> None:
        """Replace the record of a photo that a subject has. Its hash says which photo is meant.

        Raises
        ------
        UnknownSubjectError
            When there is no such subject.
        InputError
            When the subject does not have the photo, the record breaks a rule, or the photo was
            taken before the date of birth.
        """
        check_photo(photo)
        who = [subject_id]
        with self._writing("correction", subjects=who, action="photo_edited") as generation:
            subject = self.subject(subject_id)
            before = self._photo(subject.subject_id, photo.sha256)
            require_born(subject.date_of_birth, [photo])
            if difference := changed(before, photo):
                self._replace_photo(subject.subject_id, photo)
                history.record(
                    self._store,
                    generation,
                    "photo edited",
                    subject.subject_id,
                    *difference,
                    sha256=photo.sha256,
                )

    def take_out_photo(self, sha256: str, subject_id: str | None = None) -> int:
        """Take a photo out of one subject, or of all; return the number of faces taken out.

        No search finds them from now on. Record and vectors are kept in the history, so that
        `undo` can bring them back. `remove_photo` deletes them for good, from the history too.
        """
        who = [] if subject_id is None else [subject_id]
        with self._writing("correction", subjects=who, action="photo_taken_out") as generation:
            known = None if subject_id is None else self.subject(subject_id).subject_id
            face_ids = rows.faces_of_photo(self._store, sha256, known)
            for face_id, face in self.faces(face_ids).items():
                change_id = history.record(
                    self._store,
                    generation,
                    "photo taken out",
                    face.subject.subject_id,
                    {"reference": face.photo.reference},
                    {},
                    sha256=sha256,
                )
                history.set_aside(self._store, change_id, [face_id])
            self._forget_elsewhere(face_ids)
            rows.delete_faces(self._store, face_ids, generation)
        self._wrote = True
        return len(face_ids)

    def rename_subject(self, subject_id: str, new: str) -> None:
        """Give a subject another identifier.

        Raises
        ------
        UnknownSubjectError
            When there is no such subject.
        InputError
            When the new identifier is blank, or another subject has it.
        """
        who = [subject_id]
        with self._writing("correction", subjects=who, action="subject_renamed") as generation:
            before = self.subject(subject_id).subject_id
            after = in_one_form(Subject(new)).subject_id
            check_subject(Subject(after))
            self._require_free(after)
            self._rename(before, after)
            change = {"subject_id": before}, {"subject_id": after}
            history.record(self._store, generation, "subject renamed", after, *change)
        self._hand_over_tokens(before, after)

    def merge_subjects(self, subject_id: str, into: str) -> Subject:
        """Put all photos of a subject under another one, who is the same person; return its record.

        The record of `into` stays. Where it holds nothing, it takes over what the other holds.
        Tags are put together, and so are free texts that differ. The subject is hidden only if
        both were.

        Raises
        ------
        UnknownSubjectError
            When one of them does not exist.
        InputError
            When they are one subject, or when date of birth, sex or region contradict each other.
        """
        who = [subject_id, into]
        with self._writing("correction", subjects=who, action="subjects_merged") as generation:
            gone, kept = self.subject(subject_id), self.subject(into)
            whole = together(gone, kept)
            require_born(whole.date_of_birth, self.photos(gone.subject_id))
            require_born(whole.date_of_birth, self.photos(kept.subject_id))
            twice = moves.shared_photos(self._store, gone.subject_id, kept.subject_id)
            face_ids = rows.faces_of_subject(self._store, gone.subject_id)
            face_ids = [face_id for face_id in face_ids if face_id not in twice]
            before, after = changed(kept, whole) or ({}, {})
            earlier = [change.change_id for change in self.changes(gone.subject_id)]
            change_id = history.record(
                self._store,
                generation,
                "subjects merged",
                kept.subject_id,
                {"subject": asdict(gone), "into": before, "change_ids": earlier},
                {"into": after},
            )
            history.set_aside(self._store, change_id, twice)
            history.record_moved(self._store, change_id, face_ids)
            self._forget_elsewhere(twice)
            rows.delete_faces(self._store, twice, generation)
            rows.replace_subject(self._store, whole)
            self._give(face_ids, whole, generation)
            history.hand_over(self._store, earlier, kept.subject_id)
            self._delete_bare(gone.subject_id, generation)
        self._hand_over_tokens(gone.subject_id, kept.subject_id)
        self._wrote = True
        return whole

    def move_photos(self, folder: Path | str, new: Path | str) -> int:
        """Record that the photos below a folder lie below another folder now.

        Only references change. Every later read of a photo still compares its hash.

        Parameters
        ----------
        folder, new
            The folder at the start of references, as `PhotoRecord.reference` gives it, and the
            folder where the same files lie now.

        Returns
        -------
        int
            The number of faces whose references were changed.

        Raises
        ------
        InputError
            When no reference lies below `folder`, or `new` is not a folder with any of the files.
        """
        before, after = to_reference(Path(folder).absolute()), to_reference(Path(new).absolute())
        with self._writing("correction", action="folder_moved") as generation:
            face_ids = self._move_references(before, after)
            held = self.faces(face_ids[:_LOOKED_AT]).values()
            if not any(from_reference(face.photo.reference).is_file() for face in held):
                raise InputError(
                    "folders of photos",
                    rule="must be the start of references, and a folder with their files",
                    got=f"{len(face_ids)} references below the first, no file of them below the "
                    "second",
                    next_step="Look at a reference with `matcher gallery show`.",
                )
            change = {"folder": before}, {"folder": after}
            history.record(self._store, generation, "folder moved", None, *change)
            self._move_elsewhere(face_ids, before, after)
        return len(face_ids)

    def _photo(self, subject_id: str, sha256: str) -> PhotoRecord:
        found = self.photo(sha256, subject_id)
        if found is None:
            raise InputError(
                "photo",
                rule=f"must be a photo of the subject {subject_id!r}",
                got=sha256,
                next_step="List the subject's photos with `matcher gallery show`.",
            )
        return found

    def _replace_photo(self, subject_id: str, photo: PhotoRecord) -> None:
        face_ids = rows.faces_of_photo(self._store, photo.sha256, subject_id)
        moves.replace_photo(self._store, face_ids, photo)
        self._change_elsewhere(lambda store, _: moves.replace_photo(store, face_ids, photo))

    def _rename(self, before: str, after: str) -> None:
        moves.rename(self._store, before, after)
        self._change_elsewhere(lambda store, _: moves.rename(store, before, after))

    def _give(self, face_ids: list[int], subject: Subject, generation: int) -> None:
        moves.give(self._store, face_ids, subject, generation)
        self._change_elsewhere(lambda store, at: moves.give(store, face_ids, subject, at))

    def _delete_bare(self, subject_id: str, generation: int) -> None:
        """Delete a subject whose faces and history all went to another one."""
        rows.delete_subject(self._store, subject_id, generation)
        self._change_elsewhere(lambda store, at: rows.delete_subject(store, subject_id, at))

    def _move_references(self, before: str, after: str, *, until: int = 2**62) -> list[int]:
        """Move the references of one folder to another; return the faces that have them."""
        face_ids: list[int] = []
        for start in starts_of_references(from_reference(before)):
            face_ids += moves.references_below(self._store, start, until=until)
        _move(self._store, face_ids, before, after)
        return sorted(set(face_ids))

    def _move_elsewhere(self, face_ids: list[int], before: str, after: str) -> None:
        self._change_elsewhere(lambda store, _: _move(store, face_ids, before, after))

    def _require_free(self, subject_id: str) -> None:
        if rows.subject(self._store, subject_id) is not None:
            raise InputError(
                "subject_id",
                rule="must not belong to another subject",
                got=repr(subject_id),
                next_step="Choose another identifier, or merge the two subjects.",
            )


def _move(store: Store, face_ids: list[int], before: str, after: str) -> None:
    starts = zip(*map(starts_of_references, map(from_reference, (before, after))), strict=True)
    for old, new in starts:
        moves.move_references(store, face_ids, old, new)
