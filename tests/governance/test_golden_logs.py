"""Logs of every format ever written are read, verified and continued for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from gallery_builders import VECTORS
from governed import CONTEXT

from matcher.gallery import Gallery
from matcher.governance import ActivityLog, read_anchors, resolved

GOLDEN = Path(__file__).parents[1] / "golden"
FORMATS = sorted(GOLDEN.glob("casework-*"))


@pytest.fixture(params=FORMATS, ids=lambda folder: folder.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the files of one format."""
    return Path(shutil.copytree(request.param, tmp_path / "golden"))


def test_the_log_says_what_it_said(golden: Path) -> None:
    log = ActivityLog.of(golden / "gallery")
    wanted = json.loads((golden / "expected.json").read_text())
    assert list(resolved(log, log.records())) == wanted
    found = log.verify(anchors=read_anchors(golden / "anchors"))
    assert found.ok
    assert found.records == len(wanted) > 10


def test_the_log_goes_on(golden: Path) -> None:
    with Gallery.open(golden / "gallery", context=CONTEXT) as gallery:
        before = gallery.verify_log().records
        gallery.nearest(VECTORS[:1], 1)
        gallery.remove_subject("renamed")
        assert gallery.verify().faults == ()
        found = gallery.verify_log(anchors=read_anchors(golden / "anchors"))
        assert found.ok
        assert found.records == before + 3
