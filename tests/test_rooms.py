"""The order of the rooms of both packages, the doors, and how large anything may grow.

A room is a folder (or a module) directly in a package. Rooms lie on floors: a room imports only
from floors below its own, so that no neighbour knows another. `fairness` knows nothing of
`matcher`. Of `matcher` those rooms know `fairness` that bring photos to an audit, and casework,
whose shares by group have its intervals and its withholding; and enrolment knows the reader of
tables, so that an audit and an enrolment read one table alike.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {
    "matcher": (
        {"paths"},
        {
            "_lazy",
            "_version",
            "heap",
            "names",
            "private_files",
            "progress",
            "sqlite",
            "strict_reading",
            "telemetry",
            "words",
        },
        {"cells", "databases", "errors"},
        {"arguments", "failures", "forks"},
        {"encryption"},
        {"device", "governance", "hashes"},
        {"photos"},
        {"decoding", "degradation", "faces"},
        {"embedding", "synthetic"},
        {"evaluation", "gallery"},
        {"enrolment", "exchange", "search", "testing"},
        {"crossing", "jobs", "video"},
        {"grouping", "watching"},
        {"casework"},
        {"serve"},
        {"cli"},
        {"__main__"},
    ),
    "fairness": (
        {"private_files", "strict_reading", "words"},
        {"errors"},
        {"manifests"},
        {"arguments"},
        {"cohort"},
        {"imaging", "rates"},
        {"calibration", "differentials", "tables", "verification"},
        {"identification", "report"},
        {"auditing"},
    ),
}
INSIDE = {
    "matcher/gallery": ("files", "records", "store", "index"),
    "matcher/embedding": ("models", "weights", "networks"),
    "matcher/synthetic": ("person", "shape", "rendering"),
    "matcher/search": ("calibration",),
    "matcher/decoding": ("worker", "pool"),
    "matcher/casework": ("errors", "reviews", "searches", "leads", "telling", "counting"),
    "matcher/serve": (
        "errors",
        "settings",
        "listening",
        "state",
        "rights",
        "refusals",
        "security",
        "views",
        "work",
        "pages",
        "services",
        "showing",
        "routes",
        "guard",
        "app",
        "server",
        "starting",
    ),
    "fairness/report": ("result",),
}
"""Parts of a room from the ground up: each knows, of its room, only itself and those before it."""
KNOW_FAIRNESS = {"casework", "cli", "evaluation"}
KNOW_ITS_TABLES = {"enrolment": {"errors", "manifests"}}
"""Rooms of `matcher` that know `fairness`; and the one that knows only these rooms of it."""

MOST_LINES, MOST_LINES_OF_A_FUNCTION, MOST_MODULES = 400, 60, 16

FILES = sorted(
    file.relative_to(ROOT)
    for package in (*FLOORS, "benchmarks", "examples", "training", "tools")
    for file in (ROOT / package).rglob("*.py")
)
LIBRARY = [file for file in FILES if file.parts[0] in FLOORS]
ROOMS = sorted({folder for file in LIBRARY for folder in file.parents if len(folder.parts) > 1})


def tree(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def imported(file: Path) -> Iterator[Path]:
    """Give the modules of both packages that a file imports, wherever it does."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield from located(f"{node.module}.{alias.name}", node.module)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from located(alias.name)


def located(*modules: str) -> Iterator[Path]:
    """Give the file of the first of these that is a module of one of the packages."""
    for module in modules:
        place = Path(*module.split("."))
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if place.parts[0] in FLOORS and (ROOT / file).exists():
                yield file
                return


def room_of(file: Path) -> str:
    return file.parts[1].removesuffix(".py")


def floor_of(file: Path) -> int:
    floors = FLOORS[file.parts[0]]
    if room_of(file) == "__init__":
        return len(floors)
    return next(place for place, rooms in enumerate(floors) if room_of(file) in rooms)


def test_every_room_has_its_floor() -> None:
    for package, floors in FLOORS.items():
        there = {room_of(file) for file in LIBRARY if file.parts[0] == package}
        named = [room for rooms in floors for room in rooms]
        assert sorted(named) == sorted(there - {"__init__"})


@pytest.mark.parametrize("file", LIBRARY, ids=str)
def test_a_room_imports_only_from_floors_below(file: Path) -> None:
    for other in imported(file):
        if other.parts[0] != file.parts[0]:
            assert file.parts[0] == "matcher"
            known = KNOW_ITS_TABLES.get(room_of(file), ())
            assert room_of(file) in KNOW_FAIRNESS or room_of(other) in known
        elif room_of(other) != room_of(file):
            assert floor_of(other) < floor_of(file), f"{file} imports {other}"


@pytest.mark.parametrize("room", INSIDE, ids=str)
def test_inside_a_room_the_parts_are_in_order(room: str) -> None:
    parts = INSIDE[room]

    def place(file: Path) -> int:
        name = file.parts[2].removesuffix(".py") if str(file).startswith(f"{room}/") else ""
        return parts.index(name) if name in parts else len(parts)

    files = [file for file in LIBRARY if str(file).startswith(f"{room}/")]
    assert set(parts) <= {file.parts[2].removesuffix(".py") for file in files}
    for file in files:
        for other in imported(file):
            if str(other).startswith(f"{room}/") and other.name != "__init__.py":
                assert place(other) <= place(file), f"{file} imports {other}"


def test_no_import_goes_in_a_circle() -> None:
    arrows = {file: {other for other in imported(file) if other != file} for file in LIBRARY}
    assert len(tuple(TopologicalSorter(arrows).static_order())) == len(LIBRARY)


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_a_room_has_a_door_that_lists_what_it_hands_on(room: Path) -> None:
    door = import_module(".".join(room.parts))
    assert door.__doc__
    constants = [name for name in door.__all__ if name.isupper()]
    classes = [name for name in door.__all__ if name[0].isupper() and not name.isupper()]
    functions = [name for name in door.__all__ if name[0].islower()]
    assert door.__all__ == [*sorted(constants), *sorted(classes), *sorted(functions)]
    for name in door.__all__:
        assert getattr(door, name) is not None


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_no_module_bears_the_name_of_what_its_room_hands_on(room: Path) -> None:
    modules = {file.stem for file in (ROOT / room).glob("*.py")}
    assert not modules & set(import_module(".".join(room.parts)).__all__)


@pytest.mark.parametrize(
    "file", [file for file in LIBRARY if file.name == "__init__.py"], ids=lambda f: str(f.parent)
)
def test_doors_are_without_logic(file: Path) -> None:
    for node in tree(file).body:
        assert isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign | ast.AnnAssign | ast.If)
        if isinstance(node, ast.If):
            assert ast.unparse(node.test) == "TYPE_CHECKING"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_nothing_is_too_long(file: Path) -> None:
    assert len((ROOT / file).read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = 1 + node.end_lineno - body[0].lineno if body else 0
            assert lines <= MOST_LINES_OF_A_FUNCTION, f"{file}: {node.name}"


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_no_folder_holds_too_many_modules(room: Path) -> None:
    modules = [file for file in (ROOT / room).glob("*.py") if file.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES


def test_no_helper_of_the_tests_bears_the_name_of_a_benchmark() -> None:
    """Both folders are on the path of one test run, and a name means one module in it."""
    helpers = {file.stem for file in (ROOT / "tests" / "helpers").glob("*.py")}
    assert not helpers & {file.stem for file in (ROOT / "benchmarks").glob("*.py")}
