"""Embed and measure the photos of a cohort, for an audit or a calibration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairness import Cohort, CohortError, Probes
from fairness.cohort import thirds, without_duplicates
from fairness.imaging import ApparentTone, measure_tone, with_tones
from matcher.degradation import Camera
from matcher.embedding import CachedFace, Extractor, ModelIdentity, embed_cached
from matcher.errors import ModelError
from matcher.faces import POLICIES, Face, FaceQuality, QualityPolicy, refusals, weight
from matcher.private_files import make_folder
from matcher.progress import ProgressHook, silent

_MEASURES = "tone 1"  # changes whenever `_measure` changes
_TONE = "tone_"
_FACTS = ("exposure", "sharpness", "contrast", "inter_eye_distance")
_THIRDS = ("exposure 1 of 3 (darkest)", "exposure 2 of 3", "exposure 3 of 3 (lightest)")


@dataclass(frozen=True, eq=False)
class CohortVectors:
    """A cohort, its vectors, and its measurements.

    Parameters
    ----------
    cohort
        The cohort. Apparent tone and quality are filled in where the labels had none, and every
        file occurs once.
    vectors
        float32 array of shape (photos, d); zeros where there is no vector.
    acquisition
        For each photo "", or the reason why there is no vector.
    facts
        Measurements by name: a number for each photo, nan where there is none.
    probes
        The photos as probes, if they were seen through a camera.
    """

    cohort: Cohort
    vectors: NDArray[np.float32]
    acquisition: tuple[str, ...]
    facts: Mapping[str, list[float]]
    probes: Probes | None = None


def embed_cohort(
    cohort: Cohort,
    extractor: Extractor,
    cache: Path,
    policy: QualityPolicy = POLICIES["off"],
    on_progress: ProgressHook = silent,
    *,
    camera: Camera | None = None,
) -> CohortVectors:
    """Find, measure and embed the largest face of every photo of a cohort.

    With a camera, each photo is also a probe. The camera takes a picture of it, and the face is
    found and embedded again, as a search does it. What is measured is measured on the photos as
    they are.

    Parameters
    ----------
    cohort
        The cohort. Its identifiers are paths in its folder.
    extractor
        The model.
    cache
        Vector cache, see `matcher.embedding.embed_cached`. Photos in it are not processed again.
    policy
        A face below the policy has no vector. Neither has a probe below it.
    on_progress
        See `embed_cached`.
    camera
        The camera that takes the probes; None for no probes.

    Raises
    ------
    CohortError
        A photo is not at the path that the cohort states, or two subjects share a file.
    ModelError
        There is a camera, and the model does not compare every probe with the same vector.
    """
    if camera is not None:
        require_probes(extractor.model)
    paths = paths_of(cohort)
    make_folder(cache.parent)
    cached = embed_cached(
        extractor, paths, cache, measure=_measure, version=_MEASURES, on_progress=on_progress
    )
    places = {sample.photo: place for place, sample in enumerate(cohort.samples)}
    hashes = {photo: cached[place].sha256 for photo, place in places.items()}
    cohort = without_duplicates({photo: found for photo, found in hashes.items() if found}, cohort)
    kept = [places[sample.photo] for sample in cohort.samples]
    faces, probes = [cached[place] for place in kept], None
    reasons = tuple(_reason(face, policy) for face in faces)
    dimension = extractor.model.dimension
    if camera is not None:
        some = [paths[place] for place in kept]
        seen = embed_cached(extractor, some, cache, camera=camera, on_progress=on_progress)
        lost = _reasons_of_probes(faces, seen, policy)
        probes = Probes(_vectors(seen, lost, dimension), lost, str(camera))
    vectors = _vectors(faces, reasons, dimension)
    return CohortVectors(_labelled(cohort, faces), vectors, reasons, _facts(faces), probes)


def require_probes(model: ModelIdentity) -> None:
    """Refuse a model that compares some probes with another vector of an enrolled face.

    Raises
    ------
    ModelError
        If a gallery keeps several vectors of a face.
    """
    if len(model.vector_names) > 1:
        raise ModelError(
            f"The model {model.name} {model.version}, with a camera",
            rule="a model whose galleries keep one vector of a face, for all probes",
            got=f"one that keeps {', '.join(model.vector_names)}",
            next_step="Leave the camera out, or name another model or version.",
        )


def _vectors(
    faces: Sequence[CachedFace], reasons: Sequence[str], dimension: int
) -> NDArray[np.float32]:
    """Return the vectors, shape (photos, dimension); zeros where there is a reason for none."""
    vectors = np.zeros((len(faces), dimension), np.float32)
    for row, (face, reason) in enumerate(zip(faces, reasons, strict=True)):
        if not reason and face.vector is not None:
            vectors[row] = face.vector
    return vectors


def _reasons_of_probes(
    faces: Sequence[CachedFace], seen: Sequence[CachedFace], policy: QualityPolicy
) -> tuple[str, ...]:
    """Return why each probe has no vector; what is lost in the picture says so."""
    found = (
        (_reason(face, POLICIES["off"]), _reason(probe, policy))
        for face, probe in zip(faces, seen, strict=True)
    )
    return tuple(
        of_photo or (f"{lost}, in the picture" if lost else "") for of_photo, lost in found
    )


def paths_of(cohort: Cohort) -> list[Path]:
    """Return the paths of a cohort's photos.

    Raises
    ------
    CohortError
        If a photo is not at the path that the cohort states.
    """
    folder = cohort.folder or Path()
    paths = [folder / sample.photo for sample in cohort.samples]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise CohortError(
            f"photos of cohort {cohort.name!r}",
            rule="each is where the cohort says",
            got=f"{len(missing)} that are not, as {', '.join(missing[:3])}",
            next_step="Correct the paths: they are relative to the manifest's folder.",
            path=folder,
        )
    return paths


def _measure(face: Face) -> Mapping[str, float | str]:
    tone = asdict(measure_tone(face.photo.pixels, face.landmarks))
    return {
        _TONE + name: value
        for name, value in tone.items()
        if isinstance(value, str) or math.isfinite(value)
    }


def _reason(face: CachedFace, policy: QualityPolicy) -> str:
    if face.vector is None:
        return face.code.replace("_", " ")
    found = refusals(_quality(face), policy)
    return f"refused: {found[0].code.replace('_', ' ')}" if found else ""


def _quality(face: CachedFace) -> FaceQuality:
    names = FaceQuality.__dataclass_fields__
    return FaceQuality(**{name: float(face.facts[name]) for name in names})


def _labelled(cohort: Cohort, found: Sequence[CachedFace]) -> Cohort:
    """Return the cohort with the measured tone, quality and exposure."""
    exposures = thirds(_facts(found)["exposure"])
    samples = []
    for sample, face, third in zip(cohort.samples, found, exposures, strict=True):
        if face.vector is not None:
            sample = replace(
                sample,
                labels={"exposure": _THIRDS[third], **sample.labels},
                quality=weight(_quality(face)) if sample.quality is None else sample.quality,
            )
        samples.append(sample)
    tones = {s.photo: _tone(r) for s, r in zip(cohort.samples, found, strict=True) if r.facts}
    return with_tones(cohort.having(samples), tones)


def _tone(face: CachedFace) -> ApparentTone:
    facts = {
        name.removeprefix(_TONE): value
        for name, value in face.facts.items()
        if name.startswith(_TONE)
    }
    return ApparentTone(**facts)  # type: ignore[arg-type]  # as `_measure` wrote them


def _facts(found: Sequence[CachedFace]) -> dict[str, list[float]]:
    return {name: [float(face.facts.get(name, math.nan)) for face in found] for name in _FACTS}
