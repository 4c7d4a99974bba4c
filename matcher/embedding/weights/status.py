"""Check whether the weights of a model or a detector are present and undamaged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from matcher.embedding.models import Adaptation, AnyRecord, ModelRecord, get_any_record
from matcher.embedding.weights.cache import (
    read_weights,
    recorded_sha256,
    weights_folder,
    weights_path,
)
from matcher.embedding.weights.map_file import read_map
from matcher.errors import WeightsDamagedError, WeightsMissingError

HashSource = Literal["record", "first use", "none"]

_SOURCES: dict[HashSource, str] = {
    "record": "as the record names it",
    "first use": "as noted at the first download; the publisher states none",
    "none": "with nothing to compare it to",
}


@dataclass(frozen=True)
class WeightsStatus:
    """State of the weights of a model or a detector on this machine.

    Parameters
    ----------
    name
        Name of the model or the detector.
    state
        "present" (and the hash agrees), "missing", or "damaged" (the hash does not agree, or there
        is no hash to compare with).
    hash_source
        Source of the expected hash: the record; the note of the first download, if the publisher
        states none; or no source yet.
    path
        Path where the weights are or belong; None if the Python package that carries them is not
        installed.
    detail
        The state in words, and what to do about it.
    """

    name: str
    state: Literal["present", "missing", "damaged"]
    hash_source: HashSource
    path: Path | None
    detail: str


def verify_weights(name: str, *, cache: Path | None = None) -> WeightsStatus:
    """Hash the weights of a model or a detector and say whether its record names this file.

    Parameters
    ----------
    name
        One of the names in `list_models` and `list_detectors`, or the path of a TOML record.
    cache
        Folder for weights, see `matcher.embedding.weights.cache.cache_folder`.

    Raises
    ------
    UnknownModelError
        If there is no such model or detector. Missing or damaged weights are a result, no error.
    """
    record = get_any_record(name)
    folder = weights_folder(name, cache)
    if isinstance(record, ModelRecord) and record.adaptation is not None:
        return _status_of_adapted(name, record, record.adaptation, cache)
    try:
        weights = read_weights(record, folder)
    except WeightsMissingError as error:
        return WeightsStatus(name, "missing", _source(record, error.path), error.path, str(error))
    except WeightsDamagedError as error:
        return WeightsStatus(name, "damaged", _source(record, error.path), error.path, str(error))
    path = weights_path(record, folder)
    source = _source(record, path)
    files = 1 + len(weights.external_data)
    of = "," if files == 1 else f" of the hashes of {files} files, each"
    detail = f"SHA-256 {weights.sha256}{of} {_SOURCES[source]}"
    return WeightsStatus(name, "present", source, path, detail)


def _status_of_adapted(
    name: str, record: ModelRecord, adaptation: Adaptation, cache: Path | None
) -> WeightsStatus:
    """Return the state of the base's weights, unless the map or the base is at fault."""
    base = verify_weights(adaptation.base, cache=cache)
    try:
        verified = read_map(record, adaptation, weights_folder(name, cache))
    except WeightsMissingError as error:
        return WeightsStatus(name, "missing", "record", error.path, str(error))
    except WeightsDamagedError as error:
        return WeightsStatus(name, "damaged", "record", error.path, str(error))
    detail = f"map: SHA-256 {verified.sha256}, as the record names it; base: {base.detail}"
    return replace(base, name=name, detail=detail)


def _source(record: AnyRecord, path: Path | None) -> HashSource:
    if record.weights.sha256 is not None:
        return "record"
    return "first use" if path is not None and recorded_sha256(path) else "none"
