"""Read the TOML records of ONNX models."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from matcher.embedding.models.record import ModelRecord, WeightsFile
from matcher.errors import InputError, UnknownModelError
from matcher.faces import LANDMARKS, CropTemplate
from matcher.strict_reading import number_of, read_toml, whole_of

_REQUIRED = (
    "name",
    "version",
    "file",
    "licence",
    "training_data",
    "size",
    "template",
    "colour_order",
    "mean",
    "scale",
    "dimension",
    "mirrored",
)
_OPTIONAL = ("sha256", "url", "external_data")
_T = TypeVar("_T")

LARGEST_CROP: Final = 4096
MOST_NUMBERS: Final = 1 << 16
"""Largest side of a crop, and largest dimension of a vector, that a record may state."""


def read_record(path: Path) -> ModelRecord:
    """Read the record of an ONNX model.

    Parameters
    ----------
    path
        A TOML file with the keys name, version, file (name of the ONNX file), licence,
        training_data, size (pixels), template (five points, x and y each, in the order of
        `matcher.faces.LANDMARKS`), colour_order ("RGB" or "BGR"), mean (three numbers), scale,
        dimension, mirrored; if known, sha256 and url; and, if the ONNX file keeps weights in other
        files, external_data (a table of their names and SHA-256).

    Raises
    ------
    UnknownModelError
        If there is no such file.
    InputError
        If the file cannot be read, or a key is missing, unknown or of a wrong type.
    """
    facts = _Facts(path, _parse(path))
    facts.check_keys()
    size = facts.get("size", _pixels, f"a whole number of pixels from 1 to {LARGEST_CROP}")
    name = facts.get("name", _name, "a word of letters, digits, dots and hyphens")
    file = facts.get("file", _filename, "a file name that ends in .onnx, without folders")
    return ModelRecord(
        name=name,
        version=facts.get("version", _text, "a text"),
        network="onnx",
        weights=WeightsFile(
            filename=file,
            sha256=facts.get("sha256", _sha256, "64 lower-case hexadecimal digits"),
            url=facts.get("url", _url, "an address that begins with https://"),
            external_data=facts.get(
                "external_data",
                lambda value: _external_data(value, file),
                "a table of other files' names, without folders, and 64 lower-case hexadecimal "
                "digits for each",
            ),
        ),
        licence=facts.get("licence", _text, "a text"),
        training_data=facts.get("training_data", _text, "a text"),
        crop=CropTemplate(
            name=f"{name}-{size}",
            size=size,
            points=facts.get("template", _points, f"{len(LANDMARKS)} points of two numbers"),
        ),
        colour_order=facts.get("colour_order", _colour_order, "'RGB' or 'BGR'"),
        mean=facts.get("mean", _three_numbers, "three numbers"),
        scale=facts.get("scale", _positive, "a number above zero"),
        dimension=facts.get("dimension", _dimension, f"a whole number from 1 to {MOST_NUMBERS}"),
        mirrored=facts.get("mirrored", _truth, "true or false"),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path.read_bytes())
    except FileNotFoundError as error:
        raise UnknownModelError(
            "The model is unknown",
            rule="a name that ends in .toml must be the path of a record",
            got="no such file",
            next_step="Correct the path, or see the names: matcher models list",
            path=path,
        ) from error
    except (OSError, ValueError) as error:
        raise _refusal(path, "it must be a readable TOML file", error) from error


def _refusal(path: Path, rule: str, got: object) -> InputError:
    return InputError(
        "The model record cannot be read",
        rule=rule,
        got=got,
        next_step="Correct the record; docs/models.md shows one.",
        path=path,
    )


@dataclasses.dataclass(frozen=True)
class _Facts:
    path: Path
    values: dict[str, Any]

    def check_keys(self) -> None:
        missing = [key for key in _REQUIRED if key not in self.values]
        unknown = sorted(set(self.values) - {*_REQUIRED, *_OPTIONAL})
        if missing:
            raise _refusal(self.path, f"it must have {', '.join(missing)}", "a record without")
        if unknown:
            raise _refusal(self.path, "it must have no other keys", ", ".join(unknown))

    def get(self, key: str, read: Callable[[Any], _T], rule: str) -> _T:
        value = self.values.get(key)
        try:
            return read(value)
        except (TypeError, ValueError) as error:
            raise _refusal(self.path, f"{key} must be {rule}", repr(value)) from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value


def _matching(value: Any, pattern: str) -> str:
    if not re.fullmatch(pattern, _text(value)):
        raise ValueError
    return str(value)


def _name(value: Any) -> str:
    return _matching(value, r"[A-Za-z0-9][A-Za-z0-9.-]*")


def _filename(value: Any) -> str:
    return _matching(value, r"[A-Za-z0-9][\w.-]*\.onnx")


def _sha256(value: Any) -> str | None:
    return None if value is None else _matching(value, r"[0-9a-f]{64}")


def _external_data(value: Any, file: str) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict) or file in value:
        raise TypeError
    return tuple(
        (_matching(name, r"[A-Za-z0-9][\w.-]*"), _matching(sha256, r"[0-9a-f]{64}"))
        for name, sha256 in sorted(value.items())
    )


def _url(value: Any) -> str | None:
    return None if value is None else _matching(value, r"https://\S+")


def _positive(value: Any) -> float:
    if number_of(value) <= 0:
        raise ValueError
    return float(value)


def _pixels(value: Any) -> int:
    return whole_of(value, 1, LARGEST_CROP)


def _dimension(value: Any) -> int:
    return whole_of(value, 1, MOST_NUMBERS)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _colour_order(value: Any) -> Any:
    if value not in ("RGB", "BGR"):
        raise ValueError
    return value


def _three_numbers(value: Any) -> tuple[float, float, float]:
    red, green, blue = (number_of(part) for part in value)
    return red, green, blue


def _points(value: Any) -> tuple[tuple[float, float], ...]:
    points = tuple((number_of(x), number_of(y)) for x, y in value)
    if len(points) != len(LANDMARKS):
        raise ValueError
    return points
