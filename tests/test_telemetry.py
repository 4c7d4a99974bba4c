"""Libraries that report to their makers are loaded with their reports switched off."""

from __future__ import annotations

import ast
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from matcher import telemetry
from matcher.telemetry import SWITCHES, Switch, import_silent

ROOT = Path(__file__).parent.parent
FILES = sorted(
    file
    for package in ("matcher", "fairness", "benchmarks", "examples", "training", "tools")
    for file in (ROOT / package).rglob("*.py")
)
LIBRARY, VARIABLE = "reporting_library", "REPORTING_LIBRARY_OFF"
SOURCE = f"""
import os
seen = os.environ.get("{VARIABLE}")
silenced = 0
def silence():
    global silenced
    silenced += 1
"""


def imported(file: Path) -> Iterator[str]:
    """Give the packages that a file imports, also by their name as a text."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (
                ast.literal_eval(word) for word in node.args if isinstance(word, ast.Constant)
            )


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_file_loads_such_a_library_by_itself(file: Path) -> None:
    assert not set(imported(file)) & set(SWITCHES)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A library that reports unless a variable says otherwise when it is loaded."""
    (tmp_path / f"{LIBRARY}.py").write_text(SOURCE, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    switch = Switch(VARIABLE, ("1", "yes"), when_loaded=True, function="silence")
    monkeypatch.setattr(telemetry, "SWITCHES", {LIBRARY: switch})
    monkeypatch.setenv(VARIABLE, "")
    telemetry._say.cache_clear()
    yield LIBRARY
    sys.modules.pop(LIBRARY, None)


def test_reports_are_off_before_the_library_is_loaded(
    library: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    loaded = import_silent(library)
    assert (loaded.seen, loaded.silenced) == ("1", 1)
    assert os.environ[VARIABLE] == "1"
    assert import_silent(library) is loaded
    assert not caplog.records


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_variable_is_no_choice(
    library: str, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, empty)
    assert import_silent(library).seen == "1"


@pytest.mark.parametrize("chosen", ["0", "no", "false"])
def test_who_chose_reports_keeps_them_and_is_told_once(
    library: str, chosen: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, chosen)
    loaded = import_silent(library)
    import_silent(library)
    assert (loaded.seen, loaded.silenced) == (chosen, 0)
    assert os.environ[VARIABLE] == chosen
    (notice,) = [record.getMessage() for record in caplog.records]
    assert f"{VARIABLE} is set to '{chosen}'" in notice
    assert caplog.records[0].levelno == logging.WARNING


def test_who_switched_reports_off_is_told_nothing(
    library: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "YES")
    loaded = import_silent(library)
    assert (loaded.seen, loaded.silenced) == ("YES", 1)
    assert not caplog.records


def test_a_library_that_was_loaded_before_is_silenced_and_said(
    library: str, caplog: pytest.LogCaptureFixture
) -> None:
    __import__(library)
    loaded = import_silent(library)
    import_silent(library)
    assert (loaded.seen, loaded.silenced) == ("", 2)
    (notice,) = [record.getMessage() for record in caplog.records]
    assert "loaded before its reports could be switched off" in notice


def test_an_absent_library_is_an_import_error(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError):
        import_silent(library)


def test_importing_the_package_loads_none_of_them() -> None:
    script = "import sys, matcher, fairness; print([name for name in %r if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", script % (list(SWITCHES),)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert ran.stdout.strip() == "[]"
