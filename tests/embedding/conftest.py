"""The models that work offline, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.embedding import Embedder, load_model


@pytest.fixture(scope="session")
def dlib_model(cache: Path) -> Embedder:
    return load_model("dlib-resnet", precision="float32")


@pytest.fixture(scope="session")
def youth_model(cache: Path) -> Embedder:
    return load_model("youth-resnet", precision="float32")


@pytest.fixture(scope="session")
def blended_model(cache: Path) -> Embedder:
    """The version before: a gallery keeps a blend of both experts' vectors, and a second vector."""
    return load_model("youth-resnet@5", precision="float32")


@pytest.fixture(scope="session")
def low_resolution_model(cache: Path) -> Embedder:
    """The default model for galleries that keep a second vector of each face."""
    return load_model("youth-resnet-low-resolution", precision="float32")
