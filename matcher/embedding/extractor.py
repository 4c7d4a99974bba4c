"""From a photo to vectors in one step: decode, detect, choose, align, embed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np

from matcher.arguments import described, expect, listed
from matcher.decoding import Decoders, Decoding
from matcher.embedding.embedder import Embedder, Purpose, require_purpose
from matcher.embedding.extraction import EmbeddedFace, PhotoExtraction
from matcher.embedding.models import ModelIdentity
from matcher.errors import FaceError, InputError, MatcherError, ModelError, PhotoError
from matcher.faces import Choice, Detector, Face, align, choose_faces
from matcher.failures import as_photo_errors
from matcher.photos import DecodeLimits, Photo, PhotoSource, load_photo

_BATCH = 16  # number of photos decoded at a time; bounds the memory of a long run


class Recipe(Protocol):
    """The arguments of `load_extractor`, by which an extractor travels to another process."""

    def made_again(self, identity: ModelIdentity) -> Extractor:
        """Return such an extractor, in the process that reads this; its model must be the same."""
        ...


class Extractor:
    """A detector and an embedder behind one interface.

    The extractor never refuses a face for its quality. Enrolment and search apply a policy to
    `Face.quality`, so that a person can override it.

    Parameters
    ----------
    detector
        Finds faces.
    embedder
        Turns aligned crops into vectors.
    limits
        Limits on the size of photos that are decoded.
    salvage
        Decode the remaining part of truncated photos; `Photo.notes` says what was lost.

    Notes
    -----
    Several threads can use one extractor. To give it to another process, pickle it: an extractor of
    `load_extractor` travels as the arguments of that function, and the other process loads the
    model again. Start that process by "spawn". In a process that was forked after a model had run
    with several threads, it would hang, and raises `ForkError` instead.
    """

    _limits = DecodeLimits()  # also of a subclass that wraps another extractor
    _decoders: Decoders | None = None

    def __init__(
        self,
        detector: Detector,
        embedder: Embedder,
        *,
        limits: DecodeLimits | None = None,
        salvage: bool = False,
    ) -> None:
        if limits is not None:
            expect(
                "limits",
                limits,
                DecodeLimits,
                rule="must be limits",
                next_step="Give DecodeLimits(...).",
            )
        self._detector = detector
        self._embedder = embedder
        self._limits = limits or DecodeLimits()
        self._salvage = salvage
        self._recipe: Recipe | None = None

    def __reduce__(self) -> tuple[object, ...]:
        if self._recipe is None:
            raise InputError(
                "extractor",
                rule="is pickled as the arguments of load_extractor",
                got="one that was made of a detector and an embedder",
                next_step="Make it in the other process, or use load_extractor.",
            )
        return self._recipe.made_again, (self.model,)

    @property
    def model(self) -> ModelIdentity:
        """The facts of the embedder that a gallery stores."""
        return self._embedder.identity

    @property
    def precision(self) -> str:
        """The precision in which the embedder computes, such as "float32"."""
        return self._embedder.precision

    @property
    def detector(self) -> str | None:
        """Name of the detector, such as "mtcnn"; None for one that is not the library's."""
        own = getattr(self, "_detector", None)  # a subclass that wraps an extractor has none
        name: str | None = getattr(own, "name", None)
        return name

    @contextmanager
    def decoding_apart(self, workers: int = 2) -> Iterator[Extractor]:
        """Give an extractor like this one that decodes files in processes that may die.

        A photo that takes longer than `DecodeLimits.max_seconds`, or whose decoder crashes, is then
        one outcome. The processes end with the block. What is no file is decoded here.

        Parameters
        ----------
        workers
            Number of processes, >= 1.
        """
        with Decoders(Decoding(workers, limits=self._limits, salvage=self._salvage)) as decoders:
            yield self._copy(_decoders=decoders)

    def with_detector(self, detector: Detector) -> Extractor:
        """Return an extractor like this one that finds faces with another detector."""
        return self._copy(_detector=detector, _recipe=None)

    def with_one_attempt(self) -> Extractor:
        """Return an extractor like this one that does not search a photo again, as for a video.

        A detector that is not the library's stays as it is.
        """
        once = getattr(self._detector, "with_one_attempt", None)
        return self if once is None else self.with_detector(once())

    def _copy(self, **changes: object) -> Extractor:
        made: Extractor = object.__new__(type(self))  # `copy.copy` would load the model again
        made.__dict__ |= self.__dict__ | changes
        return made

    @property
    def limits(self) -> DecodeLimits:
        """Limits on the photos that are decoded."""
        return self._limits

    def extract(
        self, source: PhotoSource, *, choose: Choice = "one", purpose: Purpose = "gallery"
    ) -> tuple[EmbeddedFace, ...]:
        """Return the chosen faces of one photo with their vectors, the largest first.

        The purpose decides which vectors a face has, see `Embedder.embed_all`.

        Raises
        ------
        InputError
            There is no such purpose.
        PhotoError
            The photo cannot be read.
        NoFaceError, SeveralFacesError
            The photo does not hold the faces that `choose` asks for.
        """
        (extraction,) = self.extract_many([source], choose=choose, purpose=purpose)
        if extraction.error is not None:
            raise extraction.error
        return extraction.faces

    def extract_many(
        self,
        sources: Iterable[PhotoSource],
        *,
        choose: Choice = "one",
        purpose: Purpose = "gallery",
    ) -> Iterator[PhotoExtraction]:
        """Yield one `PhotoExtraction` for each photo, in order; a bad photo never ends the run.

        Raises
        ------
        InputError
            `sources` is a single photo, or there is no such purpose.
        """
        require_purpose(purpose)
        if isinstance(sources, str | bytes | PathLike) or not isinstance(sources, Iterable):
            raise InputError(
                "sources",
                rule="must be several photos",
                got=described(sources),
                next_step="Put it into a list, or call `extract`.",
            )
        return self._extract_batches(iter(sources), choose, purpose)

    def _extract_batches(
        self, sources: Iterator[PhotoSource], choose: Choice, purpose: Purpose
    ) -> Iterator[PhotoExtraction]:
        while batch := list(islice(sources, _BATCH)):
            yield from self._extract_batch(batch, choose, purpose)

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        """Return all faces of decoded photos, the largest face of each photo first."""
        return self._detector.detect(photos)

    def embed(
        self, faces: Sequence[Face], *, purpose: Purpose = "gallery"
    ) -> tuple[EmbeddedFace, ...]:
        """Return faces that were found before, together with their vectors, in order.

        Raises
        ------
        InputError
            `faces` is no sequence of faces, or there is no such purpose.
        """
        require_purpose(purpose)
        faces = listed(
            "faces",
            faces,
            Face,
            rule="must be a sequence of Face",
            next_step="Take them from `detect`; for photos call `extract_many`.",
        )
        template = self._embedder.record.crop
        crops = np.zeros((len(faces), template.size, template.size, 3), dtype=np.uint8)
        for row, face in enumerate(faces):
            crops[row] = align(face.photo, face.landmarks, template)
        embedded = self._embedder.embed_all(crops, purpose=purpose)
        each = [
            {name: rows[row] for name, rows in embedded.kept.items()} for row in range(len(faces))
        ]
        return tuple(
            map(
                EmbeddedFace,
                faces,
                each,
                embedded.probes,
                embedded.compared_with,
                embedded.degraded,
            )
        )

    def embed_each(
        self, faces: Sequence[Face], *, purpose: Purpose = "gallery"
    ) -> tuple[EmbeddedFace | MatcherError, ...]:
        """Return what `embed` returns; if the model makes no vector of a face, return the error.

        An `Exception` of other code than this library becomes a `PhotoFailureError` of the face on
        which it is raised.

        Raises
        ------
        ModelError
            When the model makes no vector of any of several faces. Then the photo is not at fault.
        """
        path = faces[0].photo.path if len(faces) == 1 else None
        try:
            with as_photo_errors("embedding", path):
                return self.embed(faces, purpose=purpose)
        except (ModelError, PhotoError, FaceError) as error:
            failure = error
        if len(faces) == 1:
            return (failure,)
        alone = (self.embed_each([face], purpose=purpose) for face in faces)
        results = tuple(result for single in alone for result in single)
        if all(isinstance(result, ModelError) for result in results):
            raise failure
        return results

    def detect_each(self, photos: Sequence[Photo]) -> list[list[Face] | MatcherError]:
        """Return what `detect` returns; for a photo on which it fails, the error of that photo.

        An `Exception` of other code than this library becomes a `PhotoFailureError`.

        Raises
        ------
        MatcherError
            When the detector cannot work at all. Then the photo is not at fault.
        """
        path = photos[0].path if len(photos) == 1 else None
        try:
            with as_photo_errors("detection", path):
                return list(self.detect(photos))
        except (PhotoError, FaceError) as error:
            if len(photos) == 1:
                return [error]
        return [result for photo in photos for result in self.detect_each([photo])]

    def _extract_batch(
        self, sources: list[PhotoSource], choose: Choice, purpose: Purpose
    ) -> Iterator[PhotoExtraction]:
        loaded = self.load_each(sources)
        detected = iter(self.detect_each([item for item in loaded if isinstance(item, Photo)]))
        chosen = [
            _choose(next(detected), choose, item) if isinstance(item, Photo) else item
            for item in loaded
        ]
        wanted = [face for faces in chosen if isinstance(faces, tuple) for face in faces]
        embedded = iter(self.embed_each(wanted, purpose=purpose))
        for source, photo, faces in zip(sources, loaded, chosen, strict=True):
            read = photo if isinstance(photo, Photo) else None
            if isinstance(faces, MatcherError):
                yield PhotoExtraction(source, read, error=faces)
            else:
                yield _extraction(source, read, list(islice(embedded, len(faces))))

    def load_each(self, sources: Sequence[PhotoSource]) -> list[Photo | MatcherError]:
        """Return each photo decoded; for one that cannot be read, its error."""
        if self._decoders is None:
            return [self._load(source) for source in sources]
        paths = [Path(source) for source in sources if isinstance(source, (str, PathLike))]
        apart = iter(self._decoders.read_many(paths))
        return [
            next(apart) if isinstance(source, (str, PathLike)) else self._load(source)
            for source in sources
        ]

    def _load(self, source: PhotoSource) -> Photo | MatcherError:
        try:
            return load_photo(source, limits=self._limits, salvage=self._salvage)
        except MatcherError as error:
            return error


def _extraction(
    source: PhotoSource, photo: Photo | None, embedded: list[EmbeddedFace | MatcherError]
) -> PhotoExtraction:
    extracted = tuple(one for one in embedded if isinstance(one, EmbeddedFace))
    errors = [one for one in embedded if isinstance(one, MatcherError)]
    if errors:
        return PhotoExtraction(source, photo, error=errors[0])
    return PhotoExtraction(source, photo, extracted)


def _choose(
    faces: list[Face] | MatcherError, choose: Choice, photo: Photo
) -> tuple[Face, ...] | MatcherError:
    if isinstance(faces, MatcherError):
        return faces
    try:
        return tuple(choose_faces(faces, choose, photo=photo))
    except MatcherError as error:
        return error
