"""The packages load without the modules that only POSIX systems have."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
POSIX = ("fcntl", "grp", "posix", "pwd", "resource", "syslog", "termios", "tty")
PACKAGES = ("matcher", "fairness")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))

LOAD = """
import importlib, pkgutil, sys
# What others import is theirs; the packages must do without.
import faiss, filelock, facenet_pytorch, jinja2, PIL.Image, platformdirs, rich.progress
import safetensors.torch, scipy.stats, threadpoolctl, torch, torchvision, typer, asyncio
for name in {posix!r}:
    sys.modules[name] = None
for package in {packages!r}:
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, package + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


def test_every_module_loads_without_them() -> None:
    script = LOAD.format(posix=POSIX, packages=PACKAGES)
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, cwd=ROOT)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_module_needs_them_when_it_is_loaded(file: Path) -> None:
    for node in ast.parse(file.read_text("utf-8")).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not set(names) & set(POSIX)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_text_files_are_opened_in_a_stated_encoding(file: Path) -> None:
    """The encoding that a system takes otherwise is cp1252 on Windows."""
    for call in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        words = {keyword.arg for keyword in call.keywords}
        first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
        if call.func.attr == "read_text":
            stated = bool(call.args) or "encoding" in words
        elif call.func.attr == "write_text":
            stated = len(call.args) > 1 or "encoding" in words
        elif call.func.attr == "open" and isinstance(first, str) and first in ("r", "w", "a", "x"):
            stated = "encoding" in words
        else:
            continue
        assert stated, f"line {call.lineno}"
