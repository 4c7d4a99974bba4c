"""A gallery with a watch list: ten of the forty standing probes are in the gallery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_watch import gallery_with_list

from matcher.gallery import Gallery


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """60 children in institutions, and 40 standing probes; no receiver yet."""
    with Gallery.open(gallery_with_list(tmp_path)) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where leads are to go."""
    return tmp_path / "leads.jsonl"
