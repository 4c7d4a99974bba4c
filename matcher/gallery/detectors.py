"""Which detector suits a gallery, and what to say if another one is used."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.embedding import DETECTORS
from matcher.faces import MTCNN, DetectorName
from matcher.gallery.store import UNRECORDED
from matcher.words import some_of


def usual_detector(known: Sequence[str]) -> DetectorName:
    """Return the detector to go on with: the gallery's only one, or else the usual one.

    Parameters
    ----------
    known
        What `Gallery.detectors` returns.
    """
    (only,) = known if len(known) == 1 else (MTCNN,)
    return next((name for name in DETECTORS if name == only), MTCNN)


def differing_detectors(known: Sequence[str], detector: str) -> str:
    """Return a sentence if the faces of a gallery were found by another detector; else nothing.

    Parameters
    ----------
    known
        What `Gallery.detectors` returns.
    detector
        Name of the detector that is used now.
    """
    usual = {MTCNN, UNRECORDED} if detector == MTCNN else {detector}
    if set(known) <= usual:
        return ""
    return (
        f"{detector} finds the faces of these photos; those of the gallery were found by "
        f"{some_of(known)}. docs/detectors.md says what that changes."
    )
