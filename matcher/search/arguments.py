"""Refuse what is not what a search takes, before any work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from os import PathLike
from types import NoneType
from typing import Any

from matcher.arguments import described, expect
from matcher.embedding import Extractor, Template
from matcher.errors import InputError
from matcher.faces import Face, QualityPolicy
from matcher.gallery import Gallery
from matcher.search.calibration import Calibration
from matcher.search.probe import Probe


def check_parts(gallery: object, extractor: object, policy: object, calibration: object) -> None:
    """Refuse arguments of another type, such as gallery and extractor in the other order."""
    for what, given, kind, step in (
        ("gallery", gallery, Gallery, "Give Gallery.open(path)."),
        ("extractor", extractor, Extractor, "Give load_extractor(name)."),
        ("policy", policy, QualityPolicy, 'Give matcher.faces.POLICIES["standard"].'),
        ("calibration", calibration, (Calibration, NoneType), "Give Calibration.load(path)."),
    ):
        name = kind[0].__name__ if isinstance(kind, tuple) else kind.__name__
        expect(what, given, kind, rule=f"must be of the type {name}", next_step=step)


def probe_of(given: Any, taken_on: date | None, age: float | None) -> Probe:
    """Return a probe as it is, or make one of its source and the known facts."""
    return given if isinstance(given, Probe) else Probe(given, taken_on, age)


def probes_of(given: Any) -> list[Probe]:
    """Return several probes; refuse a single one, which would be taken apart."""
    single = isinstance(given, Probe | Face | Template | str | bytes | PathLike)
    if single or not isinstance(given, Iterable):
        raise InputError(
            "probes",
            rule="must be several probes",
            got=described(given),
            next_step="Put it into a list, or call `search`.",
        )
    return [probe_of(probe, None, None) for probe in given]
