"""The tools that check what a release holds say what is wrong with it."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DISTRIBUTION = tool("check_distribution")
INSTALLED = tool("check_installed")
VULNERABILITIES = tool("check_vulnerabilities")

FILES = {"matcher/__init__.py", "matcher/py.typed", "fairness/__init__.py", "tests/test_a.py"}
ABOUT = "missing_child_matcher-9.9.dist-info"
OF_A_WHEEL = {
    *(f"{ABOUT}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")),
    *(f"{ABOUT}/licenses/{name}" for name in ("LICENSE", "NOTICE")),
    *(name for name in FILES if not name.startswith("tests")),
}


def wheel(folder: Path, names: set[str], text: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "missing_child_matcher-9.9-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(names):
            archive.writestr(name, text)
    return path


def test_a_wheel_as_it_should_be_has_no_fault(tmp_path: Path) -> None:
    assert DISTRIBUTION.faults_of_wheel(wheel(tmp_path, OF_A_WHEEL), FILES) == []


def test_what_a_wheel_lacks_and_what_is_too_much_is_named(tmp_path: Path) -> None:
    names = OF_A_WHEEL - {"matcher/py.typed", f"{ABOUT}/licenses/NOTICE"} | {"tests/test_a.py"}
    faults = DISTRIBUTION.faults_of_wheel(wheel(tmp_path, names), FILES)
    assert [fault.split(": ")[1] for fault in faults] == [
        "matcher/py.typed is missing",
        f"{ABOUT}/licenses/NOTICE is missing",
        "tests/test_a.py does not belong there",
    ]


def test_an_sdist_holds_each_tracked_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "missing_child_matcher-9.9.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ({*FILES, "PKG-INFO", "probe.png"}) - {"tests/test_a.py"}:
            archive.addfile(tarfile.TarInfo(f"missing_child_matcher-9.9/{name}"), io.BytesIO())
    faults = DISTRIBUTION.faults_of_sdist(path, FILES | {".ci/run"})
    assert [fault.split(": ")[1] for fault in faults] == [
        "tests/test_a.py is missing",
        "probe.png does not belong there",
    ]


def test_two_wheels_that_differ_in_a_byte_are_told_apart(tmp_path: Path) -> None:
    one = wheel(tmp_path / "one", OF_A_WHEEL, "a")
    assert DISTRIBUTION.faults_of_second_wheel(one, one) == []
    other = wheel(tmp_path / "other", OF_A_WHEEL, "b")
    assert len(DISTRIBUTION.faults_of_second_wheel(one, other)) == len(OF_A_WHEEL)


def test_the_version_is_read_from_the_checkout() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "matcher", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"matcher {INSTALLED.version_of_checkout(ROOT)}"


def answer(**packages: Any) -> dict[str, Any]:
    return {"dependencies": [{"name": name, **facts} for name, facts in packages.items()]}


SOUND = {"version": "1.0", "vulns": []}
FLAWED = {"version": "1.0", "vulns": [{"id": "PYSEC-0", "fix_versions": ["1.1"]}]}
UNKNOWN = {"skip_reason": "not found"}


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (answer(one=SOUND, two=SOUND), 0, "2 of 2 packages could be asked for. No flaw"),
        (answer(one=SOUND, two=FLAWED), 1, "two 1.0: PYSEC-0, mended in 1.1"),
        (answer(one=UNKNOWN, two=FLAWED), 1, "1 of 2 packages could be asked for"),
        (answer(one=SOUND, two=UNKNOWN), 2, "does not answer for: two"),
        (answer(one=SOUND), 2, "1 of 2 packages could be asked for"),
        (None, 2, "It needs the network"),
    ],
)
def test_only_an_answer_for_each_package_is_a_clean_one(
    given: dict[str, Any] | None, status: int, said: str
) -> None:
    got, text = VULNERABILITIES.verdict(["one==1.0", "two==1.0"], given)
    assert got == status
    assert said in text


def test_the_own_package_is_not_asked_for_and_a_build_is_asked_for_as_its_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = [
        {"name": "torch", "version": "2.14.1+cpu"},
        {"name": "missing-child-matcher", "version": "0.1.0"},
        {"name": "rich", "version": "15.0.0"},
    ]
    monkeypatch.setattr(
        VULNERABILITIES.subprocess,
        "run",
        lambda *_, **__: SimpleNamespace(stdout=json.dumps(listed).encode()),
    )
    assert VULNERABILITIES.requirements(Path("python")) == ["torch==2.14.1", "rich==15.0.0"]


def test_the_tools_of_a_release_are_those_of_the_extra() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("dist", "installed", "sbom", "vulnerabilities"):
        assert f"\n{target}: " in makefile
    assert "release" not in makefile.split("\ntest: ")[1].split("\n\n")[0]
