"""A governed gallery in which somebody searched."""

from __future__ import annotations

from pathlib import Path

import made_casework
import pytest


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """A governed gallery with one search of five leads."""
    path = made_casework.gallery_at(tmp_path / "cases.gallery")
    made_casework.search(path)
    return path


@pytest.fixture
def lead_id(gallery: Path) -> str:
    """One of these leads."""
    with made_casework.casework_of(gallery) as casework:
        return casework.leads()[0].lead_id
