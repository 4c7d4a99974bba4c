"""The gallery: a directory with a store and an index, used through one object."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import ModelIdentity
from matcher.errors import (
    GalleryBusyError,
    GalleryModelError,
    GalleryNotFoundError,
    GalleryReplacedError,
    GalleryWriteError,
    UnknownSubjectError,
)
from matcher.gallery import rows
from matcher.gallery.checks import check_subject, checked_enrolments
from matcher.gallery.creation import create_gallery
from matcher.gallery.editions import FIRST, POINTER_NAME, directory_of, read_pointer, with_current
from matcher.gallery.filters import Filters, Selection, select
from matcher.gallery.index import IndexKind, check_kind
from matcher.gallery.info import read_info
from matcher.gallery.live_index import LiveIndex
from matcher.gallery.records import (
    AddOutcome,
    Enrolment,
    GalleryInfo,
    PhotoRecord,
    StoredFace,
    Subject,
)
from matcher.gallery.removal import clear_elsewhere, forget_elsewhere
from matcher.gallery.store import STORE_NAME, Store
from matcher.gallery.verify import VerifyReport, verify

log = logging.getLogger(__name__)

BUSY_TIMEOUT: Final = 10.0
"""Seconds that a writer waits for another one."""


class Gallery:
    """Faces of one model on disk. Made by `create` or `open`; close it, or use it in a `with`.

    One process writes at a time, any number read, none is blocked by a writer. An object belongs
    to the thread that opened it. Reading methods see every commit made before the call, also those
    of other processes. When a re-indexing job switches the gallery to another edition, an open
    object goes on reading the one it opened, and refuses to write.
    """

    def __init__(self, path: Path, store: Store, edition: str, busy_timeout: float) -> None:
        self._path = path
        self._store = store
        self._edition = edition
        self._busy_timeout = busy_timeout
        self._directory = directory_of(path, edition)
        self._live = LiveIndex(self._directory, store, cast(IndexKind, store.meta("index")))
        self._wrote = False
        self._selected: tuple[tuple[int, Filters], Selection] | None = None

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        model: ModelIdentity,
        index: IndexKind = "auto",
        busy_timeout: float = BUSY_TIMEOUT,
    ) -> Self:
        """Make an empty gallery and open it.

        Parameters
        ----------
        path
            A directory that does not exist, or is empty. Only its owner can read it.
        model
            Whose vectors it will hold.
        index
            Kind of index; "auto" follows the number of faces, see `choose_kind`.
        busy_timeout
            Seconds to wait while another process writes.

        Raises
        ------
        GalleryExistsError
            When there is something at the path.
        GalleryWriteError
            When it cannot be written; nothing is left behind.
        InputError
            For an unknown kind of index.
        """
        check_kind(index)
        path = Path(path)
        create_gallery(path, model, index)
        return cls.open(path, model=model, busy_timeout=busy_timeout)

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
            The model of the vectors to come; None for work without vectors.
        edition
            Which edition, see `matcher.gallery.editions`; None for the current one. Others can
            only be read.
        busy_timeout
            Seconds to wait while another process writes.

        Raises
        ------
        GalleryNotFoundError
            When there is no gallery.
        GalleryFormatError, GalleryDamagedError
            When it is of a newer format, or not a gallery, or damaged.
        GalleryModelError
            When another model made it; the message names both.
        """
        path = Path(path)
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
        """Save the index if this object changed the gallery, and let go of the files."""
        if self._store.closed:
            return
        try:
            if self._wrote:
                self._finish_removals()
                self._live.save_if_possible()
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

    @property
    def path(self) -> Path:
        """The directory."""
        return self._path

    @property
    def edition(self) -> str:
        """Name of the edition that this object reads."""
        return self._edition

    @property
    def model(self) -> ModelIdentity:
        """The model that made the vectors."""
        return self._store.model

    @property
    def generation(self) -> int:
        """Number of the last committed write, 0 for a new gallery."""
        return self._store.generation

    def __len__(self) -> int:
        return self._store.faces

    def require_model(self, model: ModelIdentity) -> None:
        """Refuse work with another model.

        Raises
        ------
        GalleryModelError
            Naming the model that made the gallery and the one given.
        """
        if model != self.model:
            raise GalleryModelError(
                "gallery",
                rule=f"was made by {self.model}",
                got=model,
                next_step="Use the gallery's model, or re-index the gallery with the new one.",
                path=self._path,
            )

    def add(self, entries: Sequence[Enrolment]) -> list[AddOutcome]:
        """Enrol faces, all or none.

        Returns
        -------
        One outcome for each entry. A photo that the subject already has is not written again; a
        photo that other subjects have is, and the outcome names them.

        Raises
        ------
        InputError
            For an entry that breaks a rule; nothing is written.
        GalleryBusyError, GalleryWriteError
            Nothing is written.
        """
        if not entries:
            return []
        vectors = checked_enrolments(entries, self.model.dimension)
        with self._writing() as generation:
            outcomes = rows.insert(self._store, entries, vectors, generation)
        self._wrote = True
        return outcomes

    def update_subject(self, subject: Subject) -> None:
        """Replace the record of a subject; the photos stay.

        Raises
        ------
        UnknownSubjectError
            When there is no such subject.
        """
        check_subject(subject)
        with self._writing():
            if not rows.replace_subject(self._store, subject):
                raise self._unknown(subject.subject_id)

    def remove_subject(self, subject_id: str) -> int:
        """Remove a subject with all photo references and vectors; return how many faces.

        As `remove_subjects`, for one.
        """
        return self.remove_subjects([subject_id])

    def remove_subjects(self, subject_ids: Collection[str]) -> int:
        """Remove subjects with all photo references and vectors; return how many faces.

        What remains are the face ids. The files are written anew without the removed bytes, which
        takes about as long for many subjects as for one, and memory of the size of the store.

        Raises
        ------
        UnknownSubjectError
            When one of them is not there; nothing is removed.
        """
        with self._writing() as generation:
            face_ids: list[int] = []
            for subject_id in subject_ids:
                if rows.subject(self._store, subject_id) is None:
                    raise self._unknown(subject_id)
                face_ids += rows.faces_of_subject(self._store, subject_id)
            self._forget_elsewhere(face_ids, subject_ids=subject_ids)
            faces = sum(rows.delete_subject(self._store, one, generation) for one in subject_ids)
        self._wrote = True
        self._finish_removals()
        return faces

    def remove_photo(self, sha256: str, subject_id: str | None = None) -> int:
        """Remove a photo from one subject, or from all; return how many faces went with it.

        A subject whose last photo goes stays, without faces.
        """
        with self._writing() as generation:
            face_ids = rows.faces_of_photo(self._store, sha256, subject_id)
            self._forget_elsewhere(face_ids, photo=(sha256, subject_id))
            faces = rows.delete_faces(self._store, face_ids, generation)
        self._wrote = True
        self._finish_removals()
        return faces

    def _forget_elsewhere(self, face_ids: list[int], **what: Any) -> None:
        timeout = self._busy_timeout
        forget_elsewhere(self._path, self._edition, face_ids, **what, busy_timeout=timeout)

    @contextmanager
    def _writing(self) -> Iterator[int]:
        """Commit all or nothing, and only to the edition that is current."""
        with self._store.writing() as generation:
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
        """Clear the files of bytes of removed faces, unless another process is about to."""
        clear_elsewhere(self._path, self._edition, self._busy_timeout)
        if not self._store.holds_removed_bytes:
            return
        try:
            self._live.scrub()
        except (GalleryBusyError, GalleryWriteError) as error:
            log.warning("removed data not cleared yet (%s); the next open tries again", error.code)

    def _unknown(self, subject_id: str) -> UnknownSubjectError:
        return UnknownSubjectError(
            "subject_id",
            rule="must be in the gallery",
            got=repr(subject_id),
            next_step="List the subjects of the gallery.",
            path=self._path,
        )

    def subjects(self) -> Iterator[Subject]:
        """Give all subjects in the order of their identifiers."""
        return rows.subjects(self._store)

    def subject(self, subject_id: str) -> Subject:
        """Return one subject.

        Raises
        ------
        UnknownSubjectError
            When there is no such subject.
        """
        found = rows.subject(self._store, subject_id)
        if found is None:
            raise self._unknown(subject_id)
        return found

    def photos(self, subject_id: str) -> list[PhotoRecord]:
        """Return the photos of a subject in the order of enrolment, an empty list without any."""
        return rows.photos(self._store, subject_id)

    def has_photo(self, sha256: str, subject_id: str) -> bool:
        """Return whether the subject has the photo."""
        sql = "SELECT 1 FROM faces WHERE sha256 = ? AND subject_id = ?"
        return self._store.value(sql, (sha256, subject_id)) is not None

    def nearest(
        self,
        vectors: NDArray[np.float32],
        k: int,
        allowed: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the k nearest faces of each vector, best first, equal scores by face id.

        Parameters
        ----------
        vectors
            float32 array of shape (n, d), unit rows.
        k
            How many, >= 1.
        allowed
            int64 face ids among which to search, exactly, whatever the index; None for all faces.

        Returns
        -------
        scores
            float32 array of shape (n, k): cosine similarity in [-1, 1], of the stored vectors;
            -inf where there is no face.
        face_ids
            int64 array of shape (n, k); -1 where there is no face.

        Raises
        ------
        InputError
            For vectors of another shape, not finite, or not of unit length, or k below 1.
        """
        return self._live.search(vectors, k, allowed)

    def select(self, filters: Filters) -> Selection:
        """Return the faces that the filters let pass, and what each filter left out."""
        with self._store.reading():
            key = (self._store.generation, filters)
            if self._selected is None or self._selected[0] != key:
                self._selected = (key, select(self._store, filters))
        return self._selected[1]

    def faces(self, face_ids: Collection[int] | NDArray[np.int64]) -> dict[int, StoredFace]:
        """Return records by face id, in the order asked; ids that are not there are left out."""
        return rows.faces(self._store, [int(face_id) for face_id in face_ids])

    def owners(self, face_ids: NDArray[np.int64]) -> list[list[str | None]]:
        """Return the subject of each face, in the shape of `face_ids`, (n, k); None for -1."""
        return rows.owners(self._store, face_ids)

    def faces_of(self, subject_ids: Collection[str]) -> dict[str, list[StoredFace]]:
        """Return the faces of subjects by identifier, by face id; without faces left out."""
        return rows.faces_of(self._store, subject_ids)

    def rebuild(self) -> None:
        """Build the index from the store and save it.

        Raises
        ------
        GalleryBusyError, GalleryWriteError
            When it cannot be saved.
        """
        self._live.rebuild()
        self._live.save()

    def verify(self) -> VerifyReport:
        """Check every row, every vector and the index file against each other."""
        return verify(self._directory, self._store)

    def info(self) -> GalleryInfo:
        """Return the figures of the gallery."""
        return read_info(self._directory, self._store)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
