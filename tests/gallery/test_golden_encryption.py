"""An encrypted gallery of each format that was ever written opens, and finds what it found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from gallery_builders import MODEL, VECTORS
from make_golden_encryption import KEY, PROBE

from matcher.encryption import keys_of, unseal
from matcher.gallery import Gallery

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("encryption-*"))


def test_there_is_one() -> None:
    assert GOLDEN


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_it_opens_and_finds_what_it_found(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(folder / "gallery", tmp_path / "g")
    expected = json.loads((folder / "expected.json").read_text())
    with caplog.at_level("INFO"), Gallery.open(tmp_path / "g", model=MODEL, key=KEY) as gallery:
        assert [one.subject_id for one in gallery.subjects()] == expected["subjects"]
        assert gallery.nearest(VECTORS[:4], 3)[1].tolist() == expected["nearest"]
        assert gallery.verify().faults == ()
        assert gallery.info().encrypted
    assert "rebuilding" not in caplog.text  # its index file is of an earlier version
    keys = keys_of(folder / "gallery", KEY)
    assert keys is not None
    assert unseal((folder / "probe.sealed").read_bytes(), keys, "probe") == PROBE
