"""Each file in `changes/` is one that a release puts into the changelog."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
TYPES = [kind["directory"] for kind in SETTINGS["type"]]
FOLDER = ROOT / SETTINGS["directory"]
NAME = re.compile(rf"\+[a-z0-9]+(?:-[a-z0-9]+)*\.(?:{'|'.join(TYPES)})\.md")


def faults(folder: Path) -> list[str]:
    """Name each file of a folder that a release would pass over or print wrongly, and why."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name in SETTINGS["ignore"]:
            continue
        if not path.is_file() or not NAME.fullmatch(path.name):
            found.append(f"{path.name}: not named +NAME.TYPE.md, TYPE one of {', '.join(TYPES)}")
            continue
        text = path.read_text(encoding="utf-8")
        if not text.strip():
            found.append(f"{path.name}: empty")
        if re.match(r"\s*(?:#|[-*] )", text):
            found.append(f"{path.name}: begins with a heading or a bullet")
    return found


def test_every_file_is_one_of_a_release() -> None:
    assert faults(FOLDER) == []


def test_the_types_are_those_that_the_readme_names() -> None:
    assert TYPES == ["added", "changed", "removed", "fixed", "security"]
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in readme for kind in TYPES)


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    texts = {
        "+good-one.fixed.md": "A sentence.",
        "+wrong.repaired.md": "A sentence.",
        "no-plus.added.md": "A sentence.",
        "+empty.added.md": " \n",
        "+bullet.changed.md": "- A sentence.",
        "note.txt": "A sentence.",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    named = {line.split(":")[0] for line in faults(tmp_path)}
    assert named == texts.keys() - {"+good-one.fixed.md"}


def test_the_changelog_has_the_line_below_which_a_release_writes() -> None:
    changelog = (ROOT / SETTINGS["filename"]).read_text(encoding="utf-8")
    assert changelog.count(SETTINGS["start_string"]) == 1
