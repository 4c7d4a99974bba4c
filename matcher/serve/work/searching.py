"""Read an uploaded photo, and search for a face of it: a few at once, in threads of their own."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from matcher.embedding import Extractor
from matcher.faces import POLICIES, ProbeFace, refusals
from matcher.gallery import Gallery
from matcher.governance import CaseContext
from matcher.search import Calibration, Probe, Searcher
from matcher.serve.refusals import Refusal
from matcher.serve.state import Upload
from matcher.serve.work.galleries import Galleries, ServedGallery
from matcher.serve.work.pictures import Pictures, shrunk

T = TypeVar("T")

DEFAULT_TOP: Final = 20
MOST_TOP: Final = 200
_KEPT: Final = 256
"""Photos of which the faces are kept in memory until somebody has chosen one."""


@dataclass(frozen=True)
class FoundFace:
    """A face of an uploaded photo.

    Parameters
    ----------
    number
        1 for the largest.
    box
        left, top, right, bottom in pixels of the shown picture.
    reasons
        Why the quality policy refuses it, in words; empty if it does not.
    degraded
        Whether the model takes it for a degraded face.
    """

    number: int
    box: tuple[float, float, float, float]
    reasons: tuple[str, ...]
    degraded: bool


@dataclass(frozen=True)
class ReadProbe:
    """An uploaded photo as a page shows it.

    Parameters
    ----------
    picture, size
        A JPEG without metadata, and its width and height.
    faces
        The faces, the largest first.
    notes
        What was converted, chosen or lost while it was read.
    """

    picture: bytes
    size: tuple[int, int]
    faces: tuple[FoundFace, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What to search for.

    Parameters
    ----------
    face
        Which face: a number, or "one" or "largest".
    top
        Largest number of leads.
    max_fpir
        As in `Searcher.search`; needs a calibration.
    although_refused
        Whether to search for a face that the quality policy refuses.
    """

    face: ProbeFace = "one"
    top: int = DEFAULT_TOP
    max_fpir: float | None = None
    although_refused: bool = False


class SearchWork:
    """The searches of a server.

    Parameters
    ----------
    galleries, pictures
        Those of the server.
    policy
        Name of the quality policy.
    calibration
        What scores mean by age; None for none.
    workers
        Number of searches at once. Each thread has a searcher of its own.
    """

    def __init__(
        self,
        galleries: Galleries,
        pictures: Pictures,
        *,
        policy: str,
        calibration: Calibration | None,
        workers: int,
    ) -> None:
        self._galleries, self._pictures = galleries, pictures
        self._policy, self._calibration = policy, calibration
        self._threads = ThreadPoolExecutor(workers, "search")
        self._read: OrderedDict[str, ReadProbe] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def calibration(self) -> Calibration | None:
        """What scores mean by age."""
        return self._calibration

    @property
    def calibrated(self) -> bool:
        """Whether there are figures on false leads."""
        return self._calibration is not None

    def close(self) -> None:
        """Wait for the searches that are under way; begin no other."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def apart(self, work: Callable[[], T]) -> T:
        """Run work in one of the threads for searches, after what waits there already."""
        return await asyncio.wrap_future(self._threads.submit(work))

    def wait(self, work: Callable[[], T]) -> T:
        """Run work as `apart` does, and wait for it."""
        return self._threads.submit(work).result()

    def read(self, served: ServedGallery, upload: Upload) -> ReadProbe:
        """Return the faces of an uploaded photo. Searches nothing.

        Raises
        ------
        PhotoError
            It cannot be read as a picture.
        """
        with self._lock:
            if upload.key in self._read:
                return self._read[upload.key]
        with self._galleries.using(served) as gallery:
            extractor = self._galleries.extractor(gallery)
        read = self._faces_of(extractor, upload)
        with self._lock:
            self._read[upload.key] = read
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
        return read

    def forget(self, upload: Upload) -> None:
        """Forget the faces of an uploaded photo."""
        with self._lock:
            self._read.pop(upload.key, None)

    def search(
        self,
        served: ServedGallery,
        context: CaseContext,
        upload: Upload,
        wanted: Wanted,
        keep: Callable[[Gallery, bytes], None],
    ) -> int:
        """Search for a face; return the number of the record in the log.

        Parameters
        ----------
        served, context
            The gallery, and who searches for which case.
        upload, wanted
            The photo, and what to search for.
        keep
            Keeps the bytes of the probe with the case, so that reviewers can see it.

        Raises
        ------
        NotAuthorisedError
            The context does not allow a search. The refusal is in the log.
        PhotoError, InputError, CalibrationError, GalleryError
            As `Searcher.search`.
        """
        with self._galleries.using(served, context) as gallery:
            searcher = Searcher(
                gallery,
                self._galleries.extractor(gallery),
                policy=POLICIES["off" if wanted.although_refused else self._policy],
                calibration=self._calibration,
            )
            found = searcher.search(
                _probe(upload), top=wanted.top, max_fpir=wanted.max_fpir, choose=wanted.face
            )
            keep(gallery, upload.read())
        if found.record is None:
            raise Refusal.plain(500, "The search has no record in the log.")
        return found.record

    def _faces_of(self, extractor: Extractor, upload: Upload) -> ReadProbe:
        photo = self._pictures.read(upload.path)
        picture, size = shrunk(photo)
        scale = size[0] / photo.size[0]
        faces = extractor.extract(photo, choose="all", purpose="search")
        found = tuple(
            FoundFace(
                number,
                tuple(round(float(side) * scale, 1) for side in one.face.box),  # type: ignore[arg-type]
                tuple(map(str, refusals(one.face.quality, POLICIES[self._policy]))),
                bool(one.degraded),
            )
            for number, one in enumerate(faces, start=1)
        )
        return ReadProbe(picture, size, found, photo.notes)


def _probe(upload: Upload) -> Probe:
    return Probe(
        upload.path,
        taken_on=date.fromisoformat(upload.taken_on) if upload.taken_on else None,
        age_at_capture=float(upload.age) if upload.age else None,
    )
