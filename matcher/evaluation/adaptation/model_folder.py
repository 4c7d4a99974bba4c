"""Write the folder of an adapted model: its record, its map and its card, whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from matcher.embedding.weights import sha256_of
from matcher.errors import InputError, OutputError
from matcher.evaluation.adaptation.card import card_of, licence_of, training_data_of
from matcher.evaluation.adaptation.result import AdaptedModel
from matcher.private_files import FOLDER_MODE, make_folder, open_private

MAP_FILE: Final = "map.safetensors"
CARD_FILE: Final = "README.md"


def require_free(folder: Path) -> None:
    """Refuse a folder that holds something, or could not be made.

    Parameters
    ----------
    folder
        An absolute path.

    Raises
    ------
    InputError
        If it is not empty, is a file or a link, or cannot be written.
    """
    holder = next(place for place in (folder, *folder.parents) if place.exists())
    got = None
    if folder.is_symlink():
        got = "a link"
    elif not holder.is_dir():
        got = f"one in {holder}, which is no folder" if holder != folder else "a file"
    elif not os.access(holder, os.W_OK):
        got = "one that cannot be written to"
    elif holder == folder and any(folder.iterdir()):
        got = "a folder that holds something"
    if got:
        raise InputError(
            "The folder of the adapted model",
            rule="must be new, or empty and writable",
            got=got,
            next_step="Name another folder.",
            path=folder,
        )


def write_model(model: AdaptedModel) -> None:
    """Write record, map and card.

    Raises
    ------
    OutputError
        If the folder cannot be written. It is then as it was before.
    """
    folder = model.record.parent
    data = model.vector_map.to_bytes()
    contents = {
        MAP_FILE: data,
        CARD_FILE: card_of(model, sha256_of(data)).encode("utf-8"),
        model.record.name: _record(model, sha256_of(data)).encode("utf-8"),
    }
    try:
        make_folder(folder.parent)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as partial:
            fresh = Path(partial) / "new"
            fresh.mkdir(FOLDER_MODE)
            for name, content in contents.items():
                with open_private(fresh / name, "wb") as file:
                    file.write(content)
            if folder.exists():
                folder.rmdir()  # it is empty
            fresh.rename(folder)
    except OSError as error:
        raise OutputError(
            "The folder of the adapted model",
            rule="must take the record, the map and the card",
            got=error.strerror or type(error).__name__,
            next_step="Make room, or name another folder. The vector cache is kept.",
            path=folder,
        ) from error


def _record(model: AdaptedModel, map_sha256: str) -> str:
    facts = {
        "name": model.name,
        "version": map_sha256[:8],
        "base": model.base_name,
        "base_weights_sha256": model.base.weights_sha256,
        "base_preprocessing_sha256": model.base.preprocessing_sha256,
        "map": MAP_FILE,
        "map_sha256": map_sha256,
        "licence": licence_of(model),
        "training_data": training_data_of(model),
        "dimension": model.vector_map.matrix.shape[1],
    }
    cohort = {
        "sha256": model.cohort.sha256,
        "photos": model.cohort.photos,
        "people": dict(model.cohort.people),
        "left_out": dict(model.cohort.left_out),
        "people_years_apart": model.cohort.years_apart,
    }
    fit = model.after.fit
    choices = {
        "base_version": f"{model.base.name} {model.base.version}",
        **({} if fit.strength is None else {"strength": fit.strength}),
        "origin_directions": fit.origin_directions,
        "ageing": "taken out" if fit.ageing else "left in",
    }
    lines = [
        f"# {model.base.name}, adapted to children. {CARD_FILE} says how, and how well.",
        *_lines(facts),
        *_table("cohort", cohort),
        *_table("choice", choices),
    ]
    return "\n".join(lines) + "\n"


def _table(name: str, facts: Mapping[str, object]) -> list[str]:
    return ["", f"[{name}]", *_lines(facts)]


def _lines(facts: Mapping[str, object]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in facts.items()]


def _toml(value: object) -> str:
    """Return a text, a number, or a table of numbers as TOML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, str):  # JSON's escapes are TOML's, but for this one character
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
