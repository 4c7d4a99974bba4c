"""Read the TOML records of ONNX models."""

from __future__ import annotations

from typing import Any, Final

from matcher.embedding.models.facts import Facts, matching, sha256
from matcher.embedding.models.record import ModelRecord, WeightsFile
from matcher.faces import LANDMARKS, CropTemplate
from matcher.strict_reading import number_of, whole_of

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

LARGEST_CROP: Final = 4096
"""Largest side of a crop that a record may state."""


def onnx_record(facts: Facts) -> ModelRecord:
    """Return the record of an ONNX model.

    Parameters
    ----------
    facts
        A TOML file with the keys name, version, file (name of the ONNX file), licence,
        training_data, size (pixels), template (five points, x and y each, in the order of
        `matcher.faces.LANDMARKS`), colour_order ("RGB" or "BGR"), mean (three numbers), scale,
        dimension, mirrored; if known, sha256 and url; and, if the ONNX file keeps weights in other
        files, external_data (a table of their names and SHA-256).

    Raises
    ------
    InputError
        If a key is missing, unknown or of a wrong type.
    """
    facts.check_keys(_REQUIRED, _OPTIONAL)
    size = facts.get("size", _pixels, f"a whole number of pixels from 1 to {LARGEST_CROP}")
    name = facts.name()
    file = facts.get("file", _filename, "a file name that ends in .onnx, without folders")
    return ModelRecord(
        name=name,
        version=facts.text("version"),
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
        licence=facts.text("licence"),
        training_data=facts.text("training_data"),
        crop=CropTemplate(
            name=f"{name}-{size}",
            size=size,
            points=facts.get("template", _points, f"{len(LANDMARKS)} points of two numbers"),
        ),
        colour_order=facts.get("colour_order", _colour_order, "'RGB' or 'BGR'"),
        mean=facts.get("mean", _three_numbers, "three numbers"),
        scale=facts.get("scale", _positive, "a number above zero"),
        dimension=facts.dimension(),
        mirrored=facts.get("mirrored", _truth, "true or false"),
    )


def _filename(value: Any) -> str:
    return matching(value, r"[A-Za-z0-9][\w.-]*\.onnx")


def _sha256(value: Any) -> str | None:
    return None if value is None else sha256(value)


def _external_data(value: Any, file: str) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict) or file in value:
        raise TypeError
    return tuple(
        (matching(name, r"[A-Za-z0-9][\w.-]*"), sha256(digits))
        for name, digits in sorted(value.items())
    )


def _url(value: Any) -> str | None:
    return None if value is None else matching(value, r"https://\S+")


def _positive(value: Any) -> float:
    if number_of(value) <= 0:
        raise ValueError
    return float(value)


def _pixels(value: Any) -> int:
    return whole_of(value, 1, LARGEST_CROP)


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
