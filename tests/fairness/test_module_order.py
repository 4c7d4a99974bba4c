"""The way of the data through the package: no module knows what stands to its right."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import fairness

ROOT = Path(fairness.__file__).parent


def rooms() -> list[list[str]]:
    """Return the modules of each room, as the package's docstring lists them."""
    assert fairness.__doc__ is not None
    lines = fairness.__doc__.splitlines()
    first, last = (place for place, line in enumerate(lines) if line.startswith("===="))
    found: list[list[str]] = []
    for line in lines[first + 1 : last]:
        names = re.findall(r"`(\w+)`", line)
        if re.match(r"\w", line):
            found.append(names)
        elif names:
            found[-1] += names
    return found


ORDER = {name: place for place, names in enumerate(rooms()) for name in names}
ORDER |= {"errors": -1, "faults": -1}


def test_every_module_has_its_place() -> None:
    there = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert set(ORDER) == there - {"__init__", "__pycache__"}


@pytest.mark.parametrize("name", sorted(ORDER))
def test_a_module_knows_only_its_own_room_and_those_before(name: str) -> None:
    path = ROOT / f"{name}.py"
    files = [path] if path.exists() else sorted((ROOT / name).rglob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fairness."):
                used = str(node.module).split(".")[1]
                assert ORDER[used] <= ORDER[name], f"{file.name} uses {used}"
