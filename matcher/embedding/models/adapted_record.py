"""Read the TOML records of adapted models: a base model, and a map of its vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from matcher.embedding.models.facts import Facts, matching, refusal, text
from matcher.embedding.models.onnx_record import onnx_record
from matcher.embedding.models.record import Adaptation, ModelRecord, WeightsFile
from matcher.errors import UnknownModelError
from matcher.strict_reading import object_of

BASE: Final = "base"
"""The key by which a record is known as that of an adapted model."""

_REQUIRED = (
    "name",
    "version",
    BASE,
    "base_weights_sha256",
    "base_preprocessing_sha256",
    "map",
    "map_sha256",
    "licence",
    "training_data",
    "dimension",
)
_TABLES = ("cohort", "choice")
"""What the map was fitted to and how it was chosen: for a reader, the model does not need them."""


def adapted_record(facts: Facts, registered: Callable[[str], ModelRecord]) -> ModelRecord:
    """Return the record of an adapted model.

    Parameters
    ----------
    facts
        A TOML file with the keys name, version, base (name of a registered model, or the path of an
        ONNX model's record, seen from the folder of this one), base_weights_sha256 and
        base_preprocessing_sha256 (the base that the map was fitted to), map (name of the map's
        file), map_sha256, licence, training_data, dimension; and the tables cohort and choice.
    registered
        Returns the record of a registered model.

    Raises
    ------
    UnknownModelError
        If there is no such base.
    InputError
        If a key is missing, unknown or of a wrong type, or the base cannot be adapted.
    """
    facts.check_keys(_REQUIRED, _TABLES)
    for table in _TABLES:
        facts.get(table, lambda value: object_of({} if value is None else value), "a table")
    name = facts.name()
    base = facts.get(BASE, text, "the name of a registered model, or the path of a record")
    file = facts.get("map", _filename, "a file name that ends in .safetensors, without folders")
    adaptation = Adaptation(
        base=str(facts.path.parent / base) if base.endswith(".toml") else base,
        base_weights_sha256=facts.sha256("base_weights_sha256"),
        base_preprocessing_sha256=facts.sha256("base_preprocessing_sha256"),
        map=WeightsFile(file, facts.sha256("map_sha256")),
    )
    found = _base(facts, name, adaptation.base, registered)
    return replace(
        found,
        name=name,
        version=facts.text("version"),
        licence=facts.text("licence"),
        training_data=facts.text("training_data"),
        dimension=facts.dimension(),
        adaptation=adaptation,
    )


def _base(
    facts: Facts, name: str, base: str, registered: Callable[[str], ModelRecord]
) -> ModelRecord:
    try:
        if not base.endswith(".toml"):
            found = registered(base)
        else:
            of_base = Facts.read(Path(base))
            if BASE in of_base.values:
                rule = "base must be a model that is not adapted itself"
                raise refusal(facts.path, rule, f"{base}, an adapted model")
            found = onnx_record(of_base)
    except UnknownModelError as error:
        raise UnknownModelError(
            f"The base of the adapted model {name!r} is unknown",
            rule="it must be a registered model, or an ONNX model's record at the path that the "
            "adapted record states",
            got=repr(base),
            next_step="Bring the base's record and files to that path, or correct base in the "
            "adapted record. The base's hash tells whether it is the same.",
            path=facts.path,
        ) from error
    if len(found.vector_names) > 1:
        rule = "base must be a model that makes one vector of a face"
        raise refusal(facts.path, rule, f"{base}, which makes {', '.join(found.vector_names)}")
    return found


def _filename(value: Any) -> str:
    return matching(value, r"[A-Za-z0-9][\w.-]*\.safetensors")
