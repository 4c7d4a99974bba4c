"""Whatever the project tells a person to install is what the project means.

On the public index `matcher` is somebody else's package, so that name must never be installed from
there. A checkout is installed as `.`, other packages by their own names.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = FACTS["optional-dependencies"]
FOLDERS = ("matcher", "fairness", "benchmarks", "training", "tools", "docs", "notebooks")
FILES = sorted(
    path
    for place in (*(ROOT / folder for folder in FOLDERS), ROOT)
    for path in (place.rglob("*") if place != ROOT else place.glob("*"))
    if path.suffix in (".py", ".md", ".ipynb", ".toml") or path.name == "Makefile"
)
# The command, up to the quotation mark, back quote or line that ends it.
_LINE = re.compile(r"pip install ((?:'[^'\n]*'|\\?\"[^\"\n]*\\?\"|[^'\"`\n,;:)|])+)")
OTHERS = {"anny", "jupyterlab", "torch", "torchvision", "onnx"}
"""Packages that a page or a tool needs besides those of the project."""


def requirement(text: str) -> str:
    """Return the name of a requirement, as in PEP 508, in lower case."""
    return re.split(r"[<>=!~;\[ ]", text.strip())[0].lower().replace("_", "-")


DECLARED = {
    requirement(one) for one in [*FACTS["dependencies"], *(r for e in EXTRAS.values() for r in e)]
}
EXACT = {re.split(r"\s*[#;]", one)[0] for extra in EXTRAS.values() for one in extra}


def lines() -> list[tuple[str, list[str]]]:
    found = []
    for path in FILES:
        for command in _LINE.findall(path.read_text(encoding="utf-8")):
            plain = command.replace("\\n", "").replace('\\"', '"').rstrip(".")
            words = shlex.split(plain, comments=True)
            found.append((str(path.relative_to(ROOT)), words))
    return found


def test_there_are_lines_to_check() -> None:
    places = {place for place, _ in lines()}
    assert {
        "README.md",
        "docs/how-to/audit-a-model.md",
        "fairness/report/figure_style.py",
    } <= places
    assert len(lines()) > 12


@pytest.mark.parametrize(("place", "words"), lines(), ids=lambda value: str(value)[:60])
def test_every_pip_line_names_what_is_meant(place: str, words: list[str]) -> None:
    kept = [word for word in words if not word.startswith("-") and "{" not in word]
    wanted = [word for word in kept if not word.endswith(".whl")]  # a file, from no index
    for word in wanted:
        if word.startswith("."):
            extras = re.fullmatch(r"\.(?:\[([a-z,…]+)\])?", word)
            assert extras, f"{place}: {word}"
            names = (extras[1] or "").split(",")
            assert set(names) <= {*EXTRAS, "", "…"}, f"{place}: {word}"
        else:
            assert requirement(word) in DECLARED | OTHERS, f"{place}: {word}"
            if re.search(r"[<>=]", word) and requirement(word) not in OTHERS:
                assert word in EXACT | set(FACTS["dependencies"]), f"{place}: {word}"


def test_the_name_of_the_distribution_is_not_that_of_somebody_elses_package() -> None:
    assert FACTS["name"] == "missing-child-matcher"
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w-])matcher\[[a-z,]+\]['\"]", text), path
