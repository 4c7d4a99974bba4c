"""Watch lists of every format ever written are opened for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from made_watch import lines_of

from matcher import run_watch_list, set_watch_list
from matcher.gallery import Gallery
from matcher.watching import ToCommand, ToFile, read_watch_list
from matcher.watching.files import FOLDER_NAME
from matcher.watching.settings import read_settings

LISTS = sorted((Path(__file__).parents[1] / "golden").glob("watch-list-*"))


@pytest.mark.parametrize("golden", LISTS, ids=lambda folder: folder.name)
def test_a_list_of_any_format_goes_on(golden: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(golden, tmp_path / "golden"))
    expected = json.loads((copy / "watch-list.expected.json").read_text())
    settings = read_settings(copy / "gallery" / FOLDER_NAME)
    assert settings is not None
    assert settings.receiver == ToCommand(("notify", "--urgent"), seconds=12.5)
    with Gallery.open(copy / "gallery") as gallery:
        state = read_watch_list(gallery)
        assert sum(one.reported for one in state.subjects) == len(expected["received"]) == 1
        assert sum(one.waiting for one in state.subjects) == len(expected["waiting"]) == 2
        assert "20 %" in state.rule
        set_watch_list(gallery, receiver=ToFile(tmp_path / "leads.jsonl"))
        run = run_watch_list(gallery)
    assert (run.new, run.compared.anew) == (0, "")
    assert {
        one["candidate"]["subject"]["subject_id"]: one["lead"]
        for one in lines_of(tmp_path / "leads.jsonl")
    } == expected["waiting"]


def test_there_is_a_list_of_every_format() -> None:
    assert [folder.name for folder in LISTS] == ["watch-list-1"]
