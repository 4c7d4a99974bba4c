"""Read the file of an adapted model's map, and verify it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matcher.embedding.models import Adaptation, ModelRecord
from matcher.embedding.weights.cache import sha256_of
from matcher.errors import WeightsDamagedError, WeightsMissingError

_NEXT_STEP = "Copy the whole folder of the adapted model again, or make it anew: matcher adapt"


@dataclass(frozen=True, eq=False)
class VerifiedMap:
    """The file of a map, as it was read and verified.

    Parameters
    ----------
    data
        The bytes of the file.
    sha256
        Their hash.
    path
        Where the file lies.
    """

    data: bytes
    sha256: str
    path: Path


def read_map(record: ModelRecord, adaptation: Adaptation, folder: Path) -> VerifiedMap:
    """Return the map of an adapted model after a comparison with the hash in its record.

    Parameters
    ----------
    record, adaptation
        The facts of the adapted model.
    folder
        Folder of its record.

    Raises
    ------
    WeightsMissingError
        If there is no such file.
    WeightsDamagedError
        If it cannot be read, or is another file.
    """
    path = folder / adaptation.map.filename
    try:
        if path.exists() and not path.is_file():  # a pipe would never end
            raise _damaged(record, path, "it must be a file", "a folder or a device")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise WeightsMissingError(
            f"The map of the adapted model {record.name!r} is missing",
            rule="it must lie beside the record",
            got="no file",
            next_step=_NEXT_STEP,
            path=path,
        ) from error
    except OSError as error:
        raise _damaged(record, path, "it must be readable", error) from error
    found = sha256_of(data)
    if found != adaptation.map.sha256:
        raise _damaged(record, path, f"SHA-256 must be {adaptation.map.sha256}", found)
    return VerifiedMap(data, found, path)


def _damaged(record: ModelRecord, path: Path, rule: str, got: object) -> WeightsDamagedError:
    return WeightsDamagedError(
        f"The map of the adapted model {record.name!r} is not the file that its record names",
        rule=rule,
        got=got,
        next_step=_NEXT_STEP,
        path=path,
    )
