"""What there is of a subject or a case: collected before it is erased, kept until that is proved.

The collection lies in a file of its own, sealed if the gallery is encrypted. A process that dies
leaves it there, so that whoever comes next can finish the erasure and still knows what to look for.
It is deleted last, and its bytes are written over first.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.encryption import keys_of, seal, unseal
from matcher.errors import GalleryDamagedError
from matcher.gallery.files import PART, replace_private, unwritable_reported
from matcher.private_files import sync_directory
from matcher.strict_reading import list_of, object_of, read_json, text_of, whole_of

_PREFIX: Final = "erasing-"
_PURPOSE: Final = "traces"


@dataclass(frozen=True)
class Traces:
    """What there is of a subject or a case.

    Parameters
    ----------
    kind
        "subject" or "case".
    name
        The identifier.
    tokens
        What stands for it in the log.
    names
        The identifier, and those that it had earlier.
    photos, references
        SHA-256 and references of the subject's photos.
    faces, probes
        Ids of the subject's faces in the gallery, and in its watch list.
    leads
        The leads whose reviews speak of it.
    kept_probes
        SHA-256 of kept probes that are to be deleted.
    texts
        Texts of filters that name it.
    vectors
        Vectors of the subject in all editions, float32 of shape (n, d) for each dimension d.
    """

    kind: str
    name: str
    tokens: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    faces: tuple[int, ...] = ()
    probes: tuple[int, ...] = ()
    leads: tuple[str, ...] = ()
    kept_probes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    vectors: tuple[NDArray[np.float32], ...] = field(default=(), compare=False)


def keep_traces(casework: Path, traces: Traces) -> Path:
    """Write traces to a file that is on the disk then; return its place.

    Raises
    ------
    GalleryWriteError
        If it cannot be written.
    """
    path = casework / f"{_PREFIX}{secrets.token_hex(8)}.json"
    held = {name: value for name, value in asdict(traces).items() if name != "vectors"}
    held["vectors"] = [
        {"d": int(rows.shape[1]), "rows": base64.b64encode(rows.astype("<f4").tobytes()).decode()}
        for rows in traces.vectors
    ]
    data = json.dumps(held).encode("ascii")
    keys = keys_of(casework.parent)
    with unwritable_reported("traces of an erasure", path):
        replace_private(path, data if keys is None else seal(data, keys, _PURPOSE))
    return path


def drop_half_traces(casework: Path) -> None:
    """Drop what a killed process left of traces that it was writing. Erasures run alone.

    Raises
    ------
    GalleryWriteError
        If that fails.
    """
    for path in casework.glob(f"{PART}*"):
        drop_traces(path)


def kept_traces(casework: Path) -> Iterator[tuple[Path, Traces]]:
    """Yield the traces of erasures that were not proved to the end.

    Raises
    ------
    GalleryDamagedError
        For a file that this version did not write.
    """
    keys = keys_of(casework.parent)
    for path in sorted(casework.glob(f"{_PREFIX}*.json")):
        try:
            data = path.read_bytes()
            yield path, _traces_of(data if keys is None else unseal(data, keys, _PURPOSE))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GalleryDamagedError(
                "traces of an erasure",
                rule="must be a file that this version wrote",
                got=error,
                next_step="Restore it from a backup, or delete it and erase the subject again.",
                path=path,
            ) from error


def drop_traces(path: Path) -> None:
    """Write over the bytes of a file of traces, and delete it.

    Raises
    ------
    GalleryWriteError
        If that fails.
    """
    with unwritable_reported("traces of an erasure", path):
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_directory(path.parent)


def is_of_traces(path: Path) -> bool:
    """Return whether a file is one of traces, which goes last."""
    return path.name.startswith(_PREFIX)


def _traces_of(data: bytes) -> Traces:
    held = object_of(read_json(data))
    texts = {
        name: tuple(map(text_of, list_of(held[name])))
        for name in (
            "tokens",
            "names",
            "photos",
            "references",
            "leads",
            "kept_probes",
            "texts",
        )
    }
    numbers = {name: tuple(map(whole_of, list_of(held[name]))) for name in ("faces", "probes")}
    vectors = tuple(map(_vectors_of, map(object_of, list_of(held["vectors"]))))
    return Traces(text_of(held["kind"]), text_of(held["name"]), **texts, **numbers, vectors=vectors)  # type: ignore[arg-type]  # each by its name


def _vectors_of(held: dict[str, Any]) -> NDArray[np.float32]:
    rows = np.frombuffer(base64.b64decode(text_of(held["rows"]), validate=True), dtype="<f4")
    return rows.astype(np.float32).reshape(-1, whole_of(held["d"], 1))
