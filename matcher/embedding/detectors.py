"""Load a detector by its name, and say which one suits the faces that are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

from matcher.arguments import described, path_of
from matcher.embedding.models import DetectorRecord, list_detectors
from matcher.embedding.weights import cache_folder, read_weights
from matcher.errors import InputError
from matcher.faces import MTCNN, Detector, DetectorName, load_detector
from matcher.words import some_of

DETECTORS: Final[tuple[DetectorName, ...]] = get_args(DetectorName)
"""Names of the detectors, the usual one first."""

UNRECORDED: Final = "not recorded"
"""Stands among the detectors for that of faces of which nothing says what found them."""


def load_named_detector(
    name: DetectorName = MTCNN,
    *,
    device: str = "cpu",
    retries: bool = True,
    cache: Path | str | None = None,
) -> Detector:
    """Load a detector whose weights are on this machine. Nothing is downloaded.

    Parameters
    ----------
    name
        "mtcnn", whose weights come with the installation, or "yunet", whose weights are fetched.
    device
        "cpu" or "cuda". No other device is used instead.
    retries
        Whether a photo without a sure face is searched again: turned, enlarged, padded.
    cache
        Folder for weights; see `matcher.embedding.weights.cache.cache_folder`.

    Raises
    ------
    InputError
        When there is no detector of this name, or an argument is of another type.
    WeightsMissingError, WeightsDamagedError
        When weights are missing or damaged.
    MissingExtraError
        When the detector needs onnxruntime and it is not installed.
    ModelError
        When the machine has no such device.
    """
    require_detector(name)
    cache = None if cache is None else path_of("cache", cache)
    records = {record.name: record for record in list_detectors()}
    if name not in records:
        return load_detector(device, retries=retries)
    return _yunet(records[name], device, retries, cache)


def require_detector(name: object) -> None:
    """Refuse what is not the name of a detector.

    Raises
    ------
    InputError
        The message lists the names.
    """
    if name not in DETECTORS:
        raise InputError(
            "detector",
            rule=f"must be one of {', '.join(map(repr, DETECTORS))}",
            got=described(name),
            next_step="Leave it out for the usual one.",
        )


def _yunet(record: DetectorRecord, device: str, retries: bool, cache: Path | None) -> Detector:
    from matcher.embedding.networks.yunet_network import yunet_network
    from matcher.faces.detection.yunet import YunetDetector

    weights = read_weights(record, cache_folder(cache))
    return YunetDetector(yunet_network(record, weights, device), retries=retries)


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
        f"{some_of(known)}. docs/how-to/choose-a-detector.md says what that changes."
    )
