"""Embed the photos of a cohort, and a poor copy of each: a mate where nobody knows identities."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fairness import Cohort
from fairness.cohort import without_duplicates
from matcher.degradation import RECIPES
from matcher.embedding import CachedFace, Embedder, Extractor, Measure, embed_cached
from matcher.errors import ModelError, PhotoFailureError
from matcher.evaluation.cohort_vectors import paths_of
from matcher.faces import Face, align
from matcher.progress import ProgressHook, silent

COPIES = ("px48-q40", "px32-q30", "px24-q30")
"""Recipes of `matcher.degradation`. Each photo has a copy by one of them."""

_VERSION = "mirrored copy 1"  # changes whenever `_copying` changes
_COPY = "copy"
_REPEATED = "the same file as another"


@dataclass(frozen=True, eq=False)
class WithCopies:
    """The photos of a cohort that have a vector, with the vectors of their copies.

    Parameters
    ----------
    cohort
        The photos with a face, each file once.
    vectors, copies
        float32 arrays of shape (photos, d), unit rows: of each photo, and of its copy as a probe.
    without
        How many photos are left out, by reason, as in {"no face": 3}.
    """

    cohort: Cohort
    vectors: NDArray[np.float32]
    copies: NDArray[np.float32]
    without: Mapping[str, int]

    def where(self, kept: NDArray[np.bool_]) -> WithCopies:
        """Return the photos chosen by a mask of shape (photos,).

        Raises
        ------
        CohortError
            If no photo is left.
        """
        return WithCopies(
            self.cohort.where(kept), self.vectors[kept], self.copies[kept], self.without
        )


def embed_with_copies(
    cohort: Cohort,
    extractor: Extractor,
    embedder: Embedder,
    cache: Path,
    on_progress: ProgressHook = silent,
) -> WithCopies:
    """Embed the largest face of every photo, and a mirrored, degraded copy of its crop.

    Parameters
    ----------
    cohort
        The cohort. Its identifiers are paths in its folder.
    extractor
        Finds and embeds the faces.
    embedder
        The model of the extractor; it embeds the copies.
    cache
        Vector cache, see `matcher.embedding.embed_cached`. It holds the copies too.
    on_progress
        See `embed_cached`.

    Raises
    ------
    CohortError
        A photo is not at the path that the cohort states, two subjects share a file, or no photo
        has a face.
    """
    cached = embed_cached(
        extractor,
        paths_of(cohort),
        cache,
        measure=_copying(embedder),
        version=_VERSION,
        on_progress=on_progress,
    )
    by_photo = {s.photo: face for s, face in zip(cohort.samples, cached, strict=True)}
    alone = without_duplicates({p: f.sha256 for p, f in by_photo.items() if f.sha256}, cohort)
    faces = [by_photo[sample.photo] for sample in alone.samples]
    without = Counter(face.code.replace("_", " ") for face in faces if face.vector is None)
    without[_REPEATED] += len(cohort) - len(alone)
    found = np.array([face.vector is not None for face in faces], np.bool_)
    seen = [face for face in faces if face.vector is not None]
    return WithCopies(
        alone.where(found),
        np.array([face.vector for face in seen], np.float32),
        np.array([_copy_of(face) for face in seen], np.float32),
        without,
    )


def _copying(embedder: Embedder) -> Measure:
    def measure(face: Face) -> Mapping[str, float | str]:
        crop = align(face.photo, face.landmarks, embedder.record.crop)
        try:
            poor = _poor_copy(crop, face.photo.sha256)[None]
            (vector,) = embedder.embed_all(poor, purpose="search").probes
        except ModelError as error:
            raise PhotoFailureError(
                "the photo",
                rule="must have a poor copy that the model makes a vector of",
                got=error,
                next_step="Leave the photo out.",
                path=face.photo.path,
            ) from error
        return {_COPY: b64encode(vector.astype("<f4").tobytes()).decode("ascii")}

    return measure


def _copy_of(face: CachedFace) -> NDArray[np.float32]:
    return np.frombuffer(b64decode(str(face.facts[_COPY])), dtype="<f4")


def _poor_copy(crop: NDArray[np.uint8], sha256: str) -> NDArray[np.uint8]:
    """Return the crop mirrored, shrunk, compressed and enlarged; the photo's hash draws the copy.

    Both are uint8 (size, size, 3).
    """
    drawn = int(sha256[:8], 16)
    recipe = RECIPES[COPIES[drawn % len(COPIES)]]
    poor = recipe.apply(np.ascontiguousarray(crop[:, ::-1]), seed=drawn)
    enlarged = Image.fromarray(poor).resize(crop.shape[:2], Image.Resampling.BICUBIC)
    return np.asarray(enlarged)
