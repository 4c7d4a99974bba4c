"""Two galleries with people who are in both, and strangers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from made_sides import FOUND, MISSING, MODEL, faces

from matcher.gallery import Gallery


@pytest.fixture
def missing(tmp_path: Path) -> Iterator[Gallery]:
    """40 children who are missing, with one to three photos each."""
    with Gallery.create(tmp_path / "missing.gallery", model=MODEL) as made:
        made.add(faces("m", MISSING, np.random.default_rng(1)))
        yield made


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Gallery]:
    """60 children in institutions; those numbered as a missing child are that child."""
    with Gallery.create(tmp_path / "found.gallery", model=MODEL) as made:
        made.add(faces("f", FOUND, np.random.default_rng(2)))
        yield made
