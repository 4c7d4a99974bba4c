"""The Containerfile holds together: what it copies is there, what it installs is the project's."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
FACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = FACTS["project"]


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Containerfile, each with what follows it."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, without what stands before the first."""
    found: list[list[tuple[str, str]]] = []
    for one in instructions():
        if one[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(one)
    return found


def copied() -> list[str]:
    """Return what is copied from the checkout."""
    return [
        source
        for name, words in instructions()
        if name == "COPY" and "--from" not in words
        for source in words.split()[:-1]
    ]


def kept_by_the_ignore_file(name: str) -> bool:
    kept = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and fnmatch.fnmatch(name, line.removeprefix("!")):
            kept = line.startswith("!")
    return kept


def test_what_is_copied_exists_and_is_sent_to_the_builder() -> None:
    assert len(copied()) > 4
    for name in copied():
        assert (ROOT / name).exists(), name
        assert kept_by_the_ignore_file(name), name


def test_nothing_else_is_sent_to_the_builder() -> None:
    others = {path.name for path in ROOT.iterdir()} - set(copied())
    assert "tests" in others
    assert [name for name in sorted(others) if kept_by_the_ignore_file(name)] == []


def test_all_that_the_build_of_the_wheel_reads_is_copied() -> None:
    packages = FACTS["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = {"pyproject.toml", PROJECT["readme"], *PROJECT["license-files"], *packages}
    assert needed == set(copied())


def test_what_pip_installs_is_what_the_project_names() -> None:
    arguments = dict(words.split("=", 1) for name, words in instructions() if name == "ARG")
    extras = set(arguments["EXTRAS"].split(","))
    assert extras <= PROJECT["optional-dependencies"].keys()
    assert not extras & {"dev", "release"}
    named = []
    for name, words in instructions():
        if name == "RUN" and "pip install" in words:
            parts = shlex.split(words.split("pip install", 1)[1])
            named += [part for part in parts if re.match(r"[.a-z]", part)]
    torch = [one for one in PROJECT["dependencies"] if one.startswith("torch")]
    assert named == [*torch, ".[${EXTRAS}]"]


def test_what_runs_is_not_root_and_has_nothing_of_the_build_but_the_environment() -> None:
    *_, last = stages()
    users = [words for name, words in last if name == "USER"]
    assert len(users) == 1
    assert re.fullmatch(r"[1-9]\d+(?::\d+)?", users[0])  # a number, so that a cluster can check it
    assert [words for name, words in last if name == "COPY"] == [
        "--from=build /opt/matcher /opt/matcher"
    ]
    assert not any("pip" in words for name, words in last if name == "RUN")


def test_the_entry_point_is_the_command() -> None:
    last = dict(stages()[-1])
    (command,) = json.loads(last["ENTRYPOINT"])
    assert command in PROJECT["scripts"]
    assert last["WORKDIR"] == last["VOLUME"] == "/data"
    assert "EXPOSE" not in last  # the page is for this machine unless somebody decides otherwise
