"""The page on what is written names every file and folder, with its rights, and no other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "what-is-written.md"
PLACES = {
    "HOME": "home",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
    "TMPDIR": "tmp",
    "MATCHER_CACHE": "models",
}
STAGE = {"work/", "work/gphoto/leftphoto", *(f"{place}/" for place in PLACES.values())}
"""Where the run takes place, and a file that stands for one that somebody put into a gallery."""

NAMES = (
    (r"work/(gphoto|sealedphoto|created|unknown|demo/demo\.gallery)(?=/)", "GALLERY"),
    (r"work/(first|photo)\.key", "KEY"),
    (r"work/reportphoto(?=/)", "AUDIT"),
    (r"work/adaptedphoto(?=/)", "ADAPTED"),
    (r"work/(synth|demo/enrolled|demo/later)(?=/)", "SYNTH"),
    (r"work/(demo/leads|sheetphoto|crossphoto|groupsphoto)\.html", "SHEET.html"),
    (r"work/(case|casephoto)\.(html|pdf)", "CASE"),
    (r"work/cross\.csv", "LEADS.csv"),
    (r"work/photo\.pairs", "PAIRS"),
    (r"work/photo\.groups", "GROUPS"),
    (r"work/faces\.csv", "FACES.csv"),
    (r"work/(enrolled|outcomes)\.csv", "REPORT.csv"),
    (r"work/photo\.json", "CALIBRATION.json"),
    (r"work/watchphoto\.jsonl", "WATCH.jsonl"),
    (r"work/(hashes|found)\.csv", lambda found: f"{found[1].upper()}.csv"),
    (r"work/vics\.json", "VICS.json"),
    (r"work/tracks(table|jsonl|csv)(?=/)", "TRACKS"),
    (r"work/photo\.anchors", "ANCHORS"),
    (r"work/log\.jsonl", "LOG.jsonl"),
    (r"work/demo/(?=\.)", ""),
    (r"work/demo(?=/)", "DEMO"),
    (r"work/statephoto(?=/)", "STATE"),
    (r"work/sharesphoto(?=/)", "SHARES"),
    (r"work/", ""),
    (r"(cache|config|models)(?=/)", lambda found: found[0].upper()),
    (r"tmp(?=/)", "TEMPORARY"),
)
"""What the page calls the places of the run."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every command, with umask 0, in a home of its own."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "all").mkdir()
    # PyTorch tells the processes that it starts where it keeps its files.
    environment = {name: text for name, text in os.environ.items() if "TORCH" not in name}
    for variable, name in PLACES.items():
        (folder / "all" / name).mkdir()
        environment[variable] = str(folder / "all" / name)
    helpers = ROOT / "tests" / "helpers"
    environment["PYTHONPATH"] = f"{helpers}{os.pathsep}{ROOT}"
    words = [str(helpers / "watched_run.py"), str(folder / "all"), str(folder / "record.json")]
    subprocess.run([sys.executable, *words], env=environment, check=True, umask=0)
    found: dict[str, Any] = json.loads((folder / "record.json").read_text())
    return found


def called(path: str) -> str:
    """Return what the page calls a path."""
    for place, name in NAMES:
        if (new := re.sub(f"^{place}", name, path)) != path:
            return new
    return path


def rows() -> dict[str, str]:
    """Return the rights of each row by its name."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"^\| `([^`]+)` \| (\w+) \|", text, re.MULTILINE)
    assert len(found) == len(dict(found)) > 30
    return dict(found)


def fits(name: str, pattern: str) -> bool:
    return name.endswith("/") == pattern.endswith("/") and fnmatchcase(name, pattern)


def test_every_file_has_a_row_with_its_rights_and_every_row_a_file(run: dict[str, Any]) -> None:
    used: set[str] = set()
    for path, seen in run["seen"].items():
        name = called(path)
        if path in STAGE:
            continue
        fitting = {pattern: rights for pattern, rights in rows().items() if fits(name, pattern)}
        assert fitting, f"no row for {path}, called {name}"
        for rights in seen:
            right = [pattern for pattern, stated in fitting.items() if stated in (rights, "umask")]
            assert right, f"{path} has the rights {rights}, not {fitting}"
            used.update(right)
    assert set(rows()) - used == set(), "rows of which no run made a file"


def test_nothing_is_connected_to_but_the_mirror_that_was_named(run: dict[str, Any]) -> None:
    assert run["connected"]
    for address in run["connected"]:
        assert address.startswith("('127.0.0.1', ")


def test_the_runs_did_what_the_page_speaks_of(run: dict[str, Any]) -> None:
    done = {command for command, code, _ in run["talk"] if code in (0, 1, 8)}
    assert {
        *("enrol", "search", "audit", "calibrate", "adapt", "synth", "demo", "reindex run"),
    } <= done
