"""The default model, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.embedding import Embedder, load_model


@pytest.fixture(scope="session")
def dlib_model(cache: Path) -> Embedder:
    return load_model("dlib-resnet")
