"""The record of an adapted model, written without a cohort: any map of any base."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from matcher.embedding import VectorMap, load_model


def some_map(dimension: int, kept: int | None = None, seed: int = 0) -> VectorMap:
    """Return a map of random numbers."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(dimension, kept or dimension))
    return VectorMap(0.1 * rng.normal(size=dimension), matrix)


def write(folder: Path, base: str, given: VectorMap | None = None, /, **changes: object) -> Path:
    """Write map and record; return the record. `changes` replace facts, None leaves one out."""
    identity = load_model(base).identity
    vector_map = given or some_map(identity.dimension)
    data = vector_map.to_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "map.safetensors").write_bytes(data)
    facts = {
        "name": "made-adapted",
        "version": "1",
        "base": os.path.relpath(base, folder) if base.endswith(".toml") else base,
        "base_weights_sha256": identity.weights_sha256,
        "base_preprocessing_sha256": identity.preprocessing_sha256,
        "map": "map.safetensors",
        "map_sha256": hashlib.sha256(data).hexdigest(),
        "licence": "CC0-1.0",
        "training_data": "none: random numbers",
        "dimension": vector_map.matrix.shape[1],
        **changes,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in facts.items() if value is not None]
    record = folder / "model.toml"
    record.write_text("\n".join(lines) + "\n")
    return record


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
