"""The gallery: a directory with a store and an index, used through one object."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from matcher.arguments import expect, expect_number, listed, path_of
from matcher.embedding import UNRECORDED, ModelIdentity
from matcher.encryption import GalleryKey, new_keys, unlock
from matcher.errors import GalleryNotFoundError
from matcher.gallery.creation import create_gallery
from matcher.gallery.editions import FIRST, POINTER_NAME, directory_of, with_current
from matcher.gallery.governing import check_context, first_entry
from matcher.gallery.index import check_kind
from matcher.gallery.reader import check_model
from matcher.gallery.records import AddOutcome, Enrolment
from matcher.gallery.store import STORE_NAME, Store, history, rows
from matcher.gallery.upkeep import MaintainedGallery
from matcher.gallery.validation import (
    check_detector,
    check_text,
    checked_enrolments,
    in_one_form,
    texts,
)
from matcher.governance import ActivityLog, CaseContext
from matcher.governance.pseudonyms import SUBJECT

BUSY_TIMEOUT: Final = 10.0
"""Seconds that a writer waits for another writer."""


class Gallery(MaintainedGallery):
    """Faces of one model on disk. Get it by `create` or `open`; close it, or use it in a `with`.

    One process writes at a time. Any number of processes read, and a writer blocks none of them.
    Reading methods see every commit made before the call, also the commits of other processes. If a
    re-indexing job switches the gallery to another edition, an open object continues to read the
    edition that it opened, and refuses to write.

    Several threads can use one object; one at a time writes. It is closed for all of them. A
    process that was forked after the object was opened cannot use it (`ForkError`). Pickled, an
    object is its path and edition, and is opened anew where it is read.

    Where its directory cannot be written, as on a read-only medium, a gallery that was closed
    properly can be read. Make sure then that nobody else writes to it meanwhile.
    """

    def __reduce__(self) -> tuple[object, ...]:
        again = partial(
            type(self).open,
            edition=self._edition,
            busy_timeout=self._busy_timeout,
            context=self._context,
        )
        return again, (self._path.absolute(),)

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        model: ModelIdentity,
        index: str = "auto",
        key: GalleryKey | None = None,
        busy_timeout: float = BUSY_TIMEOUT,
        governed: bool = False,
        context: CaseContext | None = None,
    ) -> Self:
        """Make an empty gallery and open it.

        Parameters
        ----------
        path
            A directory that does not exist yet, or is empty. Only its owner can read it.
        model
            The model whose vectors the gallery will hold.
        index
            An `IndexKind`; "auto" chooses by the number of faces, see `choose_kind`. Or the address
            of a server that keeps the index: `milvus:http://HOST:PORT` or
            `postgres:postgresql://HOST:PORT/DATABASE`.
        key
            Makes the gallery an encrypted one, see `GalleryKey`. It stays usable in this process.
        busy_timeout
            Seconds to wait while another process writes.
        governed, context
            Whether the gallery is governed, see `govern`; and who makes and uses it.

        Raises
        ------
        GalleryExistsError
            When something exists at the path.
        GalleryWriteError
            When it cannot be written. Nothing is left behind.
        InputError
            For an unknown kind of index, for a model's name in place of its identity, for an index
            on a server together with a key, and for a governed gallery without a context, or the
            reverse.
        MissingExtraError
            For an index on a server, or for a key, if what it needs is not installed.
        """
        path = path_of("path", path)
        check_model(model)
        check_kind(index)
        expect_number("busy_timeout", busy_timeout)
        expect("governed", governed, bool, rule="must be True or False", next_step="Leave it out.")
        check_context(context, governed, path)
        first = first_entry(context, model, FIRST, 0) if governed else None
        keys = None if key is None else new_keys(key)
        create_gallery(path, model, index, keys=keys, first=first)
        made = cls.open(path, model=model, key=key, busy_timeout=busy_timeout, context=context)
        made._given_index = index
        return made

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        model: ModelIdentity | None = None,
        edition: str | None = None,
        key: GalleryKey | None = None,
        busy_timeout: float = BUSY_TIMEOUT,
        context: CaseContext | None = None,
    ) -> Self:
        """Open a gallery.

        Parameters
        ----------
        path
            The directory that `create` made.
        model
            The model that makes the vectors for this gallery; None for work without vectors.
        edition
            Name of an edition, see `matcher.gallery.editions`; None for the current edition. Other
            editions can only be read.
        key
            Of an encrypted gallery; None takes it from the environment, see `GalleryKey`.
        busy_timeout
            Seconds to wait while another process writes.
        context
            Who uses a governed gallery, for which case, and by which right. Without it, records can
            be read without vectors, and nothing can be searched or changed.

        Raises
        ------
        GalleryNotFoundError
            When there is no gallery.
        GalleryFormatError, GalleryDamagedError
            When it has a newer format, is not a gallery, or is damaged.
        GalleryModelError
            When another model made it; the message names both.
        InputError
            For a context of a gallery that is not governed, which would keep no record of it.
        GalleryKeyError, MissingExtraError
            When it is encrypted and its key or the extra `encryption` is missing; when a key is
            given and it is not encrypted.
        """
        path = path_of("path", path)
        expect_number("busy_timeout", busy_timeout)
        if edition is not None:
            expect("edition", edition, str, rule="must be a name", next_step="Leave it out.")
        if not _is_file(path / STORE_NAME) and not _is_file(path / POINTER_NAME):
            raise GalleryNotFoundError(
                "gallery",
                rule=f"must be a directory with {STORE_NAME}",
                got="none",
                next_step="Check the path, or create the gallery first.",
                path=path,
            )
        unlock(path, key)
        if edition is not None:
            return cls._opened(path, edition, model, busy_timeout, context)
        gallery = with_current(
            path, lambda name: cls._opened(path, name, model, busy_timeout, context)
        )
        gallery._forget_tokens_of_nobody()
        gallery._finish_removals()
        return gallery

    @classmethod
    def _opened(
        cls,
        path: Path,
        edition: str,
        model: ModelIdentity | None,
        busy_timeout: float,
        context: CaseContext | None,
    ) -> Self:
        store = Store(directory_of(path, edition), busy_timeout)
        try:
            gallery = cls(path, store, edition, busy_timeout, context)
            check_context(context, gallery.governed, path)
            if model is not None:
                gallery.require_model(model)
        except BaseException:
            store.close()
            raise
        return gallery

    def close(self) -> None:
        """Save the index if this object changed the gallery, and close the files."""
        if self._is_view or self._store.closed:
            return
        try:
            if self._wrote:
                self._finish_removals()
                self._save_index()
                self._store.clear_after_growth()
        finally:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif not self._is_view:
            self._store.close()

    def add(self, entries: Sequence[Enrolment], *, detector: str | None = None) -> list[AddOutcome]:
        """Enrol faces, all or none.

        Parameters
        ----------
        entries
            The faces.
        detector
            Name of the detector that found them, for `detectors`; None if it is not known.

        Returns
        -------
        One outcome for each entry. A photo that the subject already has is not written again. A
        photo that other subjects have is written, and the outcome names those subjects.

        Raises
        ------
        InputError
            For an entry that breaks a rule; nothing is written.
        GalleryBusyError, GalleryWriteError
            Nothing is written.
        """
        entries = listed(
            "entries",
            entries,
            Enrolment,
            rule="must be a sequence of Enrolment",
            next_step="For photos use `matcher.enrol`.",
        )
        if not entries:
            return []
        vectors = checked_enrolments(entries, self.model)
        if detector is not None:
            check_detector(detector)
        who = {in_one_form(entry.subject).subject_id for entry in entries}
        count = len(entries)
        with self._writing("enrolment", subjects=who, new=True, faces=count) as generation:
            self._store.note_detectors([UNRECORDED if detector is None else detector])
            entries = self._under_known_names(entries)
            outcomes = rows.insert(self._store, entries, vectors, generation)
        self._wrote = True
        return outcomes

    def _under_known_names(self, entries: Sequence[Enrolment]) -> list[Enrolment]:
        """Return the entries in the one form of names, or in the form that the gallery has."""
        plain = [replace(entry, subject=in_one_form(entry.subject)) for entry in entries]
        known = rows.known_as(self._store, {entry.subject.subject_id for entry in plain})
        return [
            replace(entry, subject=replace(entry.subject, subject_id=known[name]))
            if (name := entry.subject.subject_id) in known
            else entry
            for entry in plain
        ]

    def remove_subject(self, subject_id: str) -> int:
        """Remove a subject with all photo references and vectors; return the number of its faces.

        This is `remove_subjects` for one subject.
        """
        return self.remove_subjects([subject_id])

    def remove_subjects(self, subject_ids: Collection[str]) -> int:
        """Remove subjects with all photo references and vectors; return the number of their faces.

        Only the face ids remain. Zeros are written over the removed bytes, where they are; an
        encrypted gallery is written anew, which takes memory of the size of the store. This takes
        about as long for many subjects as for one.

        Raises
        ------
        UnknownSubjectError
            When one of the subjects does not exist. Nothing is removed.
        """
        subject_ids = texts("subject_ids", subject_ids)
        with self._writing("removal", subjects=subject_ids, action="subjects") as generation:
            face_ids: list[int] = []
            subject_ids = [self.subject(subject_id).subject_id for subject_id in subject_ids]
            for subject_id in subject_ids:
                face_ids += rows.faces_of_subject(self._store, subject_id)
            self._forget_elsewhere(face_ids, subject_ids=subject_ids)
            faces = sum(
                rows.delete_subject(self._store, subject, generation) for subject in subject_ids
            )
            self._store.mark_removed(generation)
        self._wrote = True
        self._forget_tokens(subject_ids)
        self._finish_removals()
        return faces

    def remove_photo(self, sha256: str, subject_id: str | None = None) -> int:
        """Remove a photo from one subject, or from all; return the number of removed faces.

        A subject that loses its last photo stays in the gallery without faces.
        """
        check_text("sha256", sha256)
        subject_id = None if subject_id is None else self._known_as(subject_id)
        who = [] if subject_id is None else [subject_id]
        with self._writing("removal", subjects=who, action="photo") as generation:
            face_ids = rows.faces_of_photo(self._store, sha256, subject_id)
            self._forget_elsewhere(face_ids, photo=(sha256, subject_id))
            faces = rows.delete_faces(self._store, face_ids, generation)
            history.forget_photo(self._store, sha256, subject_id)
            self._store.mark_removed(generation)
        self._wrote = True
        self._finish_removals()
        return faces

    def govern(self, context: CaseContext) -> bool:
        """Make the gallery governed: from now on each use needs a case, and is recorded.

        There is no way back. Versions of the library that know no governed galleries cannot open
        it afterwards. The log lies in the gallery's directory, in `casework/log.jsonl`.

        Parameters
        ----------
        context
            Who makes it governed, and uses this object.

        Returns
        -------
        Whether it was not governed before.

        Raises
        ------
        InputError
            When nobody is named.
        GalleryBusyError, GalleryReplacedError, GalleryWriteError
            The gallery is not governed then.
        """
        first = first_entry(context, self.model, self._edition, self.generation)
        if self.governed:
            return False
        log = ActivityLog.begin(self._path, secrets.token_hex(16), first)
        log.pseudonyms.tokens(SUBJECT, [one.subject_id for one in self.subjects()])
        with self._writing("governed"):
            self._store.govern(log.gallery_id)
            self._change_elsewhere(lambda store, _: store.govern(log.gallery_id))
        self._context = context
        return True


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
