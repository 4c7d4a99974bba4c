"""Files of groups of every format ever written are opened for ever, with their corrections."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tiled_people import grouped, numbered

from matcher.grouping import GroupFile, Grouping

FORMATS = sorted((Path(__file__).parent.parent / "golden").glob("groups-*"))


@pytest.fixture(params=FORMATS, ids=lambda folder: folder.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    state = Path(shutil.copy(request.param / "photos.groups", tmp_path))
    return state, json.loads((request.param / "expected.json").read_text(encoding="utf-8"))


def places(held: dict[str, Any]) -> dict[tuple[str, int], tuple[Any, ...]]:
    """Return where each face is, of a grouping as JSON."""
    groups = [face for group in held["groups"] for face in (*group["faces"], *group["copies"])]
    names = ("face_id", "group", "copy_of", "corrected", "reason", "files", "taken_on", "box")
    return {
        (face["sha256"], face["number"]): tuple(face[name] for name in names)
        for face in (*groups, *held["ungrouped"])
    }


def test_it_holds_what_it_held(golden: tuple[Path, dict[str, Any]]) -> None:
    state, expected = golden
    with GroupFile.open(state) as file:
        held = json.loads(file.grouping().to_json())
        assert [change.undone for change in file.changes()] == [False, True]
    assert places(held) == places(expected)
    for name in ("failed", "without_face", "model", "threshold", "policy", "left_out", "stamp"):
        assert held[name] == expected[name]


def test_corrections_go_on_and_a_later_run_keeps_them(
    golden: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    state, _ = golden
    with GroupFile.open(state) as file:
        corrected: Grouping = file.grouping()
        file.undo()
        file.merge([group.number for group in file.grouping().groups[:2]])
        file.undo()
    with GroupFile.open(state) as file:
        file.merge([group.number for group in file.grouping().groups])
        merged = file.grouping()
    (tmp_path / "empty").mkdir()
    later = grouped(tmp_path / "empty", state=state)
    assert numbered(later) == numbered(merged) != numbered(corrected)
    assert later.not_there == later.photos == 12
