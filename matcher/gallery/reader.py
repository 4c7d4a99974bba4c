"""Read a gallery: records, nearest faces, selections, figures and checks."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matcher.arguments import expect, expect_number
from matcher.embedding import FACE, ModelIdentity, name_for
from matcher.errors import GalleryModelError, InputError, UnknownSubjectError
from matcher.gallery.editions import directory_of
from matcher.gallery.filters import Filters, Selection, check_filters, select
from matcher.gallery.governing import Found, GovernedUse, check_context, nearest_facts
from matcher.gallery.index import LocalIndex, Page, RemoteIndex, checked_query, open_index, scan
from matcher.gallery.records import (
    FaceFacts,
    Moment,
    PhotoRecord,
    StoredFace,
    Subject,
)
from matcher.gallery.store import Store, photo_rows, rows, vector_rows
from matcher.gallery.store.face_facts import face_facts, facts_among, subjects_and_photos
from matcher.gallery.validation import check_text, texts
from matcher.governance import CaseContext


class GalleryReader(GovernedUse):
    """The reading half of `Gallery`; each call sees one state of the store."""

    def __init__(
        self,
        path: Path,
        store: Store,
        edition: str,
        busy_timeout: float,
        context: CaseContext | None = None,
    ) -> None:
        super().__init__(path, store, edition, context)
        self._busy_timeout = busy_timeout
        self._directory = directory_of(path, edition)
        self._opening = threading.Lock()
        self._opened_index: tuple[str, LocalIndex | RemoteIndex] | None = None
        self._given_index: str | None = None  # the index that the caller named
        self._wrote = False
        self._selected: tuple[tuple[int, Filters], Selection] | None = None

    @property
    def _index(self) -> LocalIndex | RemoteIndex:
        """The index. It is opened again after any process moved it to another place."""
        asked = self._store.meta("index")
        with self._opening:
            if self._opened_index is None or self._opened_index[0] != asked:
                given = asked if asked == self._given_index else None
                opened = open_index(self._directory, self._store, self._busy_timeout, given)
                self._opened_index = (asked, opened)
            return self._opened_index[1]

    def under(self, context: CaseContext) -> Self:
        """Return a view of the same open gallery for another person or another case.

        The view shares the store and the index with this object, and works as long as this object
        is open. Closing the view closes nothing.

        Raises
        ------
        InputError
            For what is no context, and for a gallery that is not governed.
        """
        rule, step = "must be a CaseContext", "Give matcher.CaseContext(operator=..., purpose=...)."
        expect("context", context, CaseContext, rule=rule, next_step=step)
        check_context(context, self.governed, self._path)
        self._index  # noqa: B018 - opened before it is shared
        view: Self = object.__new__(type(self))  # `copy.copy` would open the gallery again
        view.__dict__ |= self.__dict__ | {"_context": context, "_activity": None, "_is_view": True}
        return view

    @property
    def path(self) -> Path:
        """The directory of the gallery."""
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
    def detectors(self) -> tuple[str, ...]:
        """Names of the detectors that found its faces, in order; empty without faces.

        "not recorded" stands for the detector of faces that an earlier version enrolled, or that
        were enrolled without its name.
        """
        return self._store.detectors

    @property
    def generation(self) -> int:
        """Number of the last committed write, 0 for a new gallery."""
        return self._store.generation

    @property
    def moment(self) -> Moment:
        """The state of the gallery now."""
        with self._store.reading():
            generation = self._store.generation
            return Moment(generation, self._store.stamp(generation) or "")

    def went_through(self, moment: Moment) -> bool:
        """Return whether the gallery was once in a state, by its own history of writes."""
        return self._store.stamp(moment.generation) == moment.stamp

    def __len__(self) -> int:
        return self._store.faces

    def require_model(self, model: ModelIdentity) -> None:
        """Refuse work with another model.

        Raises
        ------
        GalleryModelError
            When the models differ. The message names the gallery's model and the given one.
        """
        check_model(model)
        if model != self.model:
            raise GalleryModelError(
                "gallery",
                rule=f"was made by {self.model}",
                got=model,
                next_step=f"Use the gallery's model, load_extractor({name_for(self.model)!r}), "
                "or re-index the gallery with the new one.",
                path=self._path,
            )

    def _unknown(self, *subject_ids: str) -> UnknownSubjectError:
        return UnknownSubjectError(
            "subject_id",
            rule="must be in the gallery",
            got=", ".join(map(repr, subject_ids)),
            next_step="List the subjects of the gallery.",
            path=self._path,
        )

    def subjects(self) -> Iterator[Subject]:
        """Yield all subjects in the order of their identifiers."""
        return rows.subjects(self._store)

    def hidden(self) -> list[Subject]:
        """Return the subjects that no list shows, by their identifiers; `hidden_because` says why.

        `faces_of` returns their faces with vectors.
        """
        return list(rows.subjects(self._store, only_hidden=True))

    def subject(self, subject_id: str) -> Subject:
        """Return one subject.

        Raises
        ------
        UnknownSubjectError
            When there is no such subject.
        """
        found = rows.subject(self._store, self._known_as(subject_id))
        if found is None:
            raise self._unknown(subject_id)
        return found

    def _known_as(self, subject_id: str) -> str:
        """Return the identifier as the gallery has it; accents may be written in another form."""
        check_text("subject_id", subject_id)
        return rows.known_as(self._store, [subject_id]).get(subject_id, subject_id)

    def photos(self, subject_id: str) -> list[PhotoRecord]:
        """Return the photos of a subject in the order of enrolment; empty without photos."""
        return rows.photos(self._store, self._known_as(subject_id))

    def photo(self, sha256: str, subject_id: str) -> PhotoRecord | None:
        """Return the record of a photo that a subject has; None if the subject does not have it."""
        check_text("sha256", sha256)
        return next(iter(rows.photos(self._store, self._known_as(subject_id), sha256)), None)

    def has_photo(self, sha256: str, subject_id: str) -> bool:
        """Return whether the subject has the photo."""
        check_text("sha256", sha256)
        sql = "SELECT 1 FROM faces WHERE sha256 = ? AND subject_id = ?"
        return self._store.value(sql, (sha256, self._known_as(subject_id))) is not None

    def photo_records(self) -> Iterator[tuple[str, PhotoRecord]]:
        """Yield the subject and the record of every photo, by hash.

        A photo of two subjects comes twice, one after the other.
        """
        return photo_rows.photo_records(self._store)

    def photo_counts(self) -> dict[str, int]:
        """Return the number of photos of each subject who has any."""
        sql = "SELECT subject_id, count(*) FROM faces GROUP BY subject_id"
        return dict(self._store.query(sql))

    def nearest(
        self,
        vectors: NDArray[np.float32],
        k: int,
        allowed: NDArray[np.int64] | None = None,
        *,
        name: str = FACE,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the k nearest faces of each vector, best first, equal scores by face id.

        Faces of hidden subjects are among them; a `Searcher` leaves these out.

        Parameters
        ----------
        vectors
            float32 array of shape (n, d), unit rows.
        k
            Number of faces to return, >= 1.
        allowed
            int64 face ids to search among; None for all faces. Among these ids the search is exact,
            whatever the index.
        name
            Name of the enrolled vectors to compare with, one of the model's names. If the index is
            on a server, it holds the vectors with the name "face". Other vectors are then read from
            the store, a page at a time, and compared exactly.

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
            For vectors of another shape, not finite, or not of unit length, for k below 1, and
            for a name that the model does not have.
        IndexServerError
            When the index is on a server that does not answer. A search among `allowed` faces does
            not need the server.
        NotAuthorisedError, GalleryWriteError, ActivityLogError
            The gallery is governed, and was opened without a context that allows a search; or the
            search cannot be recorded.
        """
        activity = self.activity
        if activity is None or activity.covered:
            return self._nearest(vectors, k, allowed, name)
        activity.require_search()
        began = datetime.now(UTC)
        found = self._nearest(vectors, k, allowed, name)
        activity.record("search", nearest_facts(vectors, k, allowed, found), begun=began)
        return found

    def _nearest(
        self, vectors: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None, name: str
    ) -> Found:
        expect_number("k", k, whole=True)
        if name not in self.model.vector_names:
            raise InputError(
                "name",
                rule=f"must be a vector of the model: {', '.join(self.model.vector_names)}",
                got=repr(name),
                next_step="Leave it out, or take one of these.",
                path=self._path,
            )
        index = self._index
        if isinstance(index, LocalIndex):
            return index.search(vectors, k, allowed, name)
        if name == FACE:
            return index.search(vectors, k, allowed)
        queries = checked_query(vectors, self.model.dimension, k)
        with self._store.reading():
            return scan(self._pages(name, allowed), queries, k)

    def _pages(self, name: str, allowed: NDArray[np.int64] | None) -> Iterator[Page]:
        for face_ids, vectors in vector_rows.vector_pages(self._store, name=name):
            wanted = slice(None) if allowed is None else np.isin(face_ids, allowed)
            yield face_ids[wanted], vectors[wanted]

    def pages_added(self, after: int, until: int) -> Iterator[Page]:
        """Yield the faces that were added after a generation, a page of 10,000 at a time.

        Parameters
        ----------
        after, until
            Generations, see `Moment`; faces of `until` are included. -1 comes before every write.

        Yields
        ------
        face_ids
            int64 array of shape (n,), ascending. Faces that were removed since are left out.
        vectors
            float32 array of shape (n, d), unit rows: their vectors with the name "face".

        Raises
        ------
        NotAuthorisedError
            The gallery is governed, and was opened without a context.
        """
        self.require_context("export")
        return vector_rows.vector_pages(self._store, after, until=until)

    def added(self, after: int, until: int) -> int:
        """Return the number of faces that `pages_added` yields."""
        return rows.added_since(self._store, after) - rows.added_since(self._store, until)

    def facts_of_faces(
        self, until: int, among: Collection[int] | None = None
    ) -> Iterator[FaceFacts]:
        """Yield the facts of the faces that were added up to a generation, by face id.

        `among` are the ids of the faces that are asked for; None for all of them.
        """
        if among is None:
            return face_facts(self._store, until)
        return facts_among(self._store, until, among)

    def subjects_and_photos(self, face_ids: Collection[int]) -> dict[int, tuple[str, str]]:
        """Return the subject and the photo's hash of each face; unknown ids are left out."""
        return subjects_and_photos(self._store, face_ids)

    def select(self, filters: Filters) -> Selection:
        """Return the faces that pass the filters, and what each filter left out."""
        check_filters(filters)
        with self._store.reading():
            key = (self._store.generation, filters)
            last = self._selected  # another thread may replace it meanwhile
            if last is None or last[0] != key:
                last = self._selected = (key, select(self._store, filters))
        return last[1]

    def faces(self, face_ids: Collection[int] | NDArray[np.int64]) -> dict[int, StoredFace]:
        """Return records by face id, in the requested order; unknown ids are left out.

        Raises
        ------
        NotAuthorisedError
            The gallery is governed, and was opened without a context.
        """
        self.require_context("export")
        return rows.faces(self._store, [int(face_id) for face_id in face_ids])

    def owners(self, face_ids: NDArray[np.int64]) -> list[list[str | None]]:
        """Return the subject of each face, in the shape of `face_ids`, (n, k); None for -1."""
        return rows.owners(self._store, face_ids)

    def faces_of(self, subject_ids: Collection[str]) -> dict[str, list[StoredFace]]:
        """Return each subject's faces in the order of face ids; leave out subjects without any.

        Subjects have their identifiers as the gallery has them.

        Raises
        ------
        NotAuthorisedError
            The gallery is governed, and was opened without a context.
        """
        self.require_context("export")
        asked = texts("subject_ids", subject_ids)
        known = rows.known_as(self._store, asked)
        return rows.faces_of(self._store, [known.get(name, name) for name in asked])


def check_model(model: object) -> None:
    """Raise InputError unless an argument is the identity of a model."""
    expect(
        "model",
        model,
        ModelIdentity,
        rule="must be the identity of a model, which names its weights",
        next_step="Give `load_extractor(name).model`.",
    )
