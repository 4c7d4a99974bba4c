"""Weights in a folder of the session's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher.embedding import Embedder, load_model


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a folder that stands for the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHER_CACHE", str(folder))
        patch.delenv("MATCHER_MODEL_MIRROR", raising=False)
        yield folder


@pytest.fixture(scope="session")
def dlib_model(cache: Path) -> Embedder:
    return load_model("dlib-resnet")
