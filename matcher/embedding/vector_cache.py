"""Cache the vectors of many photos between runs, in one SQLite file beside the results.

The key is the hash of the photo's bytes and of everything that determines its vector. An
interrupted run therefore continues where it stopped, and another model never sees the vectors of
this one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.degradation import Camera
from matcher.embedding.extraction import PhotoExtraction
from matcher.embedding.extractor import Extractor
from matcher.embedding.through_camera import extract_through
from matcher.errors import InputError, MatcherError, PhotoError
from matcher.faces import MTCNN, Face, FaceQuality, OneFace, require_one_face
from matcher.failures import as_photo_errors
from matcher.photos import DecodeLimits, sha256_of
from matcher.private_files import claim_private
from matcher.progress import ProgressHook, silent
from matcher.strict_reading import object_of, read_json, text_of

log = logging.getLogger(__name__)

_BATCH = 32  # photos in one transaction; an interruption loses at most one batch

_TABLE = """
CREATE TABLE IF NOT EXISTS readings (
    photo TEXT NOT NULL,
    made_by TEXT NOT NULL,
    code TEXT NOT NULL,
    facts TEXT NOT NULL,
    vector BLOB,
    PRIMARY KEY (photo, made_by)
) STRICT, WITHOUT ROWID
"""

Measure = Callable[[Face], Mapping[str, float | str]]
"""Returns further facts of a face, which are cached with its vector."""


@dataclass(frozen=True, eq=False)
class CachedFace:
    """The result for one photo.

    Parameters
    ----------
    sha256
        Hash of the photo's bytes; empty if the photo could not be read.
    vector
        float32 array of shape (d,), unit length; None if there is no face. It is that of the face,
        or, through a camera, that with which to search for it.
    code
        The `code` of the error that left the photo without a vector; empty otherwise.
    facts
        The measures of quality by name, and the facts that `measure` added.
    """

    sha256: str
    vector: NDArray[np.float32] | None
    code: str
    facts: Mapping[str, float | str]


def embed_cached(
    extractor: Extractor,
    photos: Sequence[Path],
    cache: Path,
    *,
    choose: OneFace = "largest",
    measure: Measure | None = None,
    version: str = "",
    camera: Camera | None = None,
    on_progress: ProgressHook = silent,
) -> tuple[CachedFace, ...]:
    """Return the vector and the measures of each photo, in order; a bad photo never ends the run.

    Parameters
    ----------
    extractor
        Finds and embeds faces.
    photos
        Files of the photos.
    cache
        SQLite file of earlier runs; created if absent. It holds vectors and hashes, but no photo
        and no name. Delete it when it is no longer needed.
    choose
        Which face of a photo is used.
    measure, version
        Function for further facts of each face, and a word that changes whenever the facts change.
    camera
        If given, each photo is seen through it, see `extract_through`. Such vectors and those of
        the photos as they are never stand for each other.
    on_progress
        Called before the first batch, and after each, which is one transaction.

    Raises
    ------
    InputError
        The cache is not a file that this function wrote, or cannot be written; or `choose` is
        neither "one" nor "largest".
    """
    require_one_face(choose)
    key = _key(extractor, choose, version, camera)
    step = "faces" if camera is None else "probes"
    faces: list[CachedFace] = []
    on_progress(step, 0, len(photos))
    with _opened(cache) as connection:
        for start in range(0, len(photos), _BATCH):
            batch = photos[start : start + _BATCH]
            faces.extend(_read_batch(connection, key, extractor, batch, choose, measure, camera))
            on_progress(step, len(faces), len(photos))
    return tuple(faces)


def _key(extractor: Extractor, choose: OneFace, version: str, camera: Camera | None) -> str:
    from matcher._version import __version__

    facts: dict[str, object] = {
        **extractor.model.facts(),
        "choose": choose,
        "matcher": __version__,
        "measures": [field.name for field in fields(FaceQuality)],
        "also": version,
        "rows": "with a checksum",
    }
    if extractor.precision != "float32":  # rows of float32 have no such word
        facts["precision"] = extractor.precision
    if extractor.detector not in (MTCNN, None):  # nor have those of the usual detector
        facts["detector"] = extractor.detector
    if camera is not None:
        facts["camera"] = asdict(replace(camera, meaning=""))
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@contextmanager
def _opened(cache: Path) -> Iterator[sqlite3.Connection]:
    try:
        claim_private(cache)
    except OSError as error:
        raise _unusable(cache, error) from error
    try:
        with closing(sqlite3.connect(cache)) as connection:
            connection.execute(_TABLE)
            yield connection
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _unusable(cache, error) from error


def _unusable(cache: Path, error: Exception) -> InputError:
    return InputError(
        "cache of vectors",
        rule="an SQLite file of an earlier run, or a place where one can be written",
        got=str(error),
        next_step="Name another file, or delete this one: it is made anew.",
        path=cache,
    )


def _read_batch(
    connection: sqlite3.Connection,
    key: str,
    extractor: Extractor,
    batch: Sequence[Path],
    choose: OneFace,
    measure: Measure | None,
    camera: Camera | None,
) -> Iterator[CachedFace]:
    hashes = [_hash(photo, extractor.limits) for photo in batch]
    known = {sha256: _recall(connection, sha256, key) for sha256 in hashes}
    new = [path for path, sha256 in zip(batch, hashes, strict=True) if known[sha256] is None]
    if camera is None:
        extractions = extractor.extract_many(new, choose=choose, purpose="pairs")
    else:
        extractions = extract_through(camera, extractor, new, choose=choose)
    fresh = iter([_face_of(item, measure, camera) for item in extractions])
    for sha256 in hashes:
        recalled = known[sha256]
        face = next(fresh) if recalled is None else recalled
        if recalled is None and face.sha256:
            _remember(connection, key, face)
        yield face
    connection.commit()


def _hash(photo: Path, limits: DecodeLimits) -> str:
    try:
        return sha256_of(photo, limits=limits)
    except MatcherError:
        return ""  # extraction meets the same fault and reports it


def _face_of(
    extraction: PhotoExtraction, measure: Measure | None, camera: Camera | None
) -> CachedFace:
    sha256 = "" if extraction.photo is None else extraction.photo.sha256
    if extraction.error is not None:
        return CachedFace(sha256, None, extraction.error.code, {})
    found = extraction.faces[0]
    try:
        with as_photo_errors("measuring", found.face.photo.path):
            measured = dict(measure(found.face)) if measure else {}
    except PhotoError as error:
        return CachedFace(sha256, None, error.code, {})
    facts = asdict(found.face.quality) | measured
    return CachedFace(sha256, found.vector if camera is None else found.probe, "", facts)


def _recall(connection: sqlite3.Connection, sha256: str, key: str) -> CachedFace | None:
    row = connection.execute(
        "SELECT code, facts, vector FROM readings WHERE photo = ? AND made_by = ?", (sha256, key)
    ).fetchone()
    if row is None:
        return None
    try:
        return _face(sha256, *row)
    except (ValueError, TypeError, KeyError) as error:
        log.warning("a damaged row of the cache of vectors is made anew (%s)", error)
        return None


def _face(sha256: str, code: object, text: object, blob: object) -> CachedFace:
    """Return what a row holds.

    Raises
    ------
    ValueError, TypeError, KeyError
        When it is not what was written.
    """
    held = object_of(read_json(text_of(text)))
    if not isinstance(blob, bytes | None) or held["crc32"] != _checksum(code, held["facts"], blob):
        raise ValueError("not the checksum of what is there")
    vector = None if blob is None else np.frombuffer(blob, dtype="<f4")
    return CachedFace(sha256, vector, text_of(code), object_of(held["facts"]))


def _checksum(code: object, facts: object, blob: bytes | None) -> int:
    return zlib.crc32(blob or b"", zlib.crc32(json.dumps([code, facts], sort_keys=True).encode()))


def _remember(connection: sqlite3.Connection, key: str, face: CachedFace) -> None:
    blob = None if face.vector is None else face.vector.astype("<f4").tobytes()
    facts = dict(face.facts)
    crc32 = _checksum(face.code, facts, blob)
    connection.execute(
        "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?)",
        (face.sha256, key, face.code, json.dumps({"facts": facts, "crc32": crc32}), blob),
    )
