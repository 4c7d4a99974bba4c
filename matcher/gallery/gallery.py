"""The gallery: a directory with a store and an index, used through one object."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from matcher.arguments import expect, expect_number, listed, path_of
from matcher.embedding import ModelIdentity
from matcher.errors import (
    GalleryDamagedError,
    GalleryNotFoundError,
    GalleryWriteError,
    IndexServerError,
    MissingExtraError,
)
from matcher.gallery.corrections import CorrectableGallery
from matcher.gallery.creation import create_gallery
from matcher.gallery.editions import POINTER_NAME, directory_of, with_current
from matcher.gallery.index import LocalIndex, RemoteIndex, check_kind, open_index
from matcher.gallery.reader import check_model
from matcher.gallery.records import AddOutcome, Enrolment
from matcher.gallery.store import STORE_NAME, UNRECORDED, Store, history, photo_rows, rows
from matcher.gallery.validation import (
    check_detector,
    check_text,
    checked_enrolments,
    in_one_form,
    texts,
)
from matcher.hashes import FileHashes

log = logging.getLogger(__name__)

BUSY_TIMEOUT: Final = 10.0
"""Seconds that a writer waits for another writer."""


class Gallery(CorrectableGallery):
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
        again = partial(type(self).open, edition=self._edition, busy_timeout=self._busy_timeout)
        return again, (self._path.absolute(),)

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        model: ModelIdentity,
        index: str = "auto",
        busy_timeout: float = BUSY_TIMEOUT,
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
            of a Milvus server that keeps the index, `milvus:http://HOST:PORT`.
        busy_timeout
            Seconds to wait while another process writes.

        Raises
        ------
        GalleryExistsError
            When something exists at the path.
        GalleryWriteError
            When it cannot be written. Nothing is left behind.
        InputError
            For an unknown kind of index, or for a model's name in place of its identity.
        MissingExtraError
            For an index on a server, if its client is not installed.
        """
        path = path_of("path", path)
        check_model(model)
        check_kind(index)
        expect_number("busy_timeout", busy_timeout)
        create_gallery(path, model, index)
        made = cls.open(path, model=model, busy_timeout=busy_timeout)
        made._given_index = index
        return made

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        model: ModelIdentity | None = None,
        edition: str | None = None,
        busy_timeout: float = BUSY_TIMEOUT,
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
        busy_timeout
            Seconds to wait while another process writes.

        Raises
        ------
        GalleryNotFoundError
            When there is no gallery.
        GalleryFormatError, GalleryDamagedError
            When it has a newer format, is not a gallery, or is damaged.
        GalleryModelError
            When another model made it; the message names both.
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
        if edition is not None:
            return cls._opened(path, edition, model, busy_timeout)
        gallery = with_current(path, lambda name: cls._opened(path, name, model, busy_timeout))
        gallery._finish_removals()
        return gallery

    @classmethod
    def _opened(
        cls, path: Path, edition: str, model: ModelIdentity | None, busy_timeout: float
    ) -> Self:
        store = Store(directory_of(path, edition), busy_timeout)
        try:
            gallery = cls(path, store, edition, busy_timeout)
            if model is not None:
                gallery.require_model(model)
        except BaseException:
            store.close()
            raise
        return gallery

    def close(self) -> None:
        """Save the index if this object changed the gallery, and close the files."""
        if self._store.closed:
            return
        try:
            if self._wrote:
                self._finish_removals()
                self._save_index()
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
        else:
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
        with self._writing() as generation:
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

        Only the face ids remain. The files are written anew without the removed bytes. This takes
        about as long for many subjects as for one, and memory of the size of the store.

        Raises
        ------
        UnknownSubjectError
            When one of the subjects does not exist. Nothing is removed.
        """
        subject_ids = texts("subject_ids", subject_ids)
        with self._writing() as generation:
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
        self._finish_removals()
        return faces

    def remove_photo(self, sha256: str, subject_id: str | None = None) -> int:
        """Remove a photo from one subject, or from all; return the number of removed faces.

        A subject that loses its last photo stays in the gallery without faces.
        """
        check_text("sha256", sha256)
        subject_id = None if subject_id is None else self._known_as(subject_id)
        with self._writing() as generation:
            face_ids = rows.faces_of_photo(self._store, sha256, subject_id)
            self._forget_elsewhere(face_ids, photo=(sha256, subject_id))
            faces = rows.delete_faces(self._store, face_ids, generation)
            history.forget_photo(self._store, sha256, subject_id)
            self._store.mark_removed(generation)
        self._wrote = True
        self._finish_removals()
        return faces

    def fill_hashes(self, found: Sequence[FileHashes]) -> None:
        """Keep MD5 and SHA-1 of photos that were enrolled before galleries kept them.

        Only the records of a photo with the same SHA-256 are filled, in every edition. What is
        there stays. It is no correction: nothing is said anew of a person, and nothing to undo.

        Parameters
        ----------
        found
            Hashes of files, see `matcher.photos.file_hashes`.

        Raises
        ------
        GalleryBusyError, GalleryWriteError
            Nothing is written.
        """
        found = listed(
            "found",
            found,
            FileHashes,
            rule="must be a sequence of FileHashes",
            next_step="For the files of a gallery use `matcher.exchange.fill_hashes`.",
        )
        with self._writing():
            photo_rows.fill_hashes(self._store, found)
            self._change_elsewhere(lambda store, _: photo_rows.fill_hashes(store, found))

    def migrate(self) -> None:
        """Bring the store to the format that this version of the library writes.

        The first write does this anyway. Versions of the library that know only the earlier format
        cannot open the gallery afterwards.

        Raises
        ------
        GalleryBusyError, GalleryWriteError
            When the store cannot be written. It is then unchanged.
        """
        self._store.migrate()

    def rebuild(self, index: str | None = None) -> None:
        """Build the index from the store and save it; change its kind if `index` is given.

        Parameters
        ----------
        index
            As in `create`. The old index is deleted when the new one exists.

        Raises
        ------
        InputError, MissingExtraError
            As in `create`. Nothing is changed.
        GalleryBusyError, GalleryWriteError, IndexServerError
            When it cannot be saved. The gallery then keeps the old index.
        """
        if index is not None and index != self._store.meta("index"):
            self._move_index(index)
            return
        if index is not None and index != self._given_index:
            self._given_index, self._opened_index = index, None
        self._index.rebuild()
        self._index.save()

    def _move_index(self, index: str) -> None:
        check_kind(index)
        old = self._index_to_leave()
        new = open_index(self._directory, self._store, self._busy_timeout, index)
        new.rebuild()
        new.save()
        self._store.set_index(index)
        self._given_index = index
        if old is not None and (isinstance(old, RemoteIndex) or isinstance(new, RemoteIndex)):
            self._discard(old)

    def _index_to_leave(self) -> LocalIndex | RemoteIndex | None:
        """Return the index that is recorded; None if it is none, or its client is not installed."""
        try:
            return self._index
        except (GalleryDamagedError, MissingExtraError) as error:
            log.warning("the index that is recorded cannot be used (%s)", error.code)
            return None

    def _discard(self, old: LocalIndex | RemoteIndex) -> None:
        try:
            old.discard()
        except (IndexServerError, GalleryWriteError) as error:
            log.warning("the index that was left is still there: %s", error)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
