"""Doors that open when a name is used, and not before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from matcher._lazy import lazy_names

ROOM, SHELF, CELLAR = "lazy_room", "lazy_room_shelf", "lazy_room_cellar"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module whose names lie in two others that are not imported yet."""
    (tmp_path / f"{SHELF}.py").write_text("book = object()\nlamp = None\n")
    (tmp_path / f"{CELLAR}.py").write_text("raise RuntimeError('flooded')\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = ModuleType(ROOM)
    monkeypatch.setitem(sys.modules, ROOM, module)
    doors = lazy_names(ROOM, {SHELF: ["book", "lamp", "pen"], CELLAR: ["wine"]})
    module.__getattr__, module.__dir__ = doors
    yield module
    for name in (SHELF, CELLAR):
        sys.modules.pop(name, None)


def test_nothing_is_imported_before_a_name_is_used(room: ModuleType) -> None:
    assert SHELF not in sys.modules
    assert room.book is not None
    assert SHELF in sys.modules
    assert CELLAR not in sys.modules


def test_a_name_is_what_its_module_has(room: ModuleType) -> None:
    book = room.book
    assert book is sys.modules[SHELF].book
    assert room.lamp is None


def test_a_name_is_looked_up_once(room: ModuleType) -> None:
    first = room.book
    assert vars(room)["book"] is first
    sys.modules[SHELF].book = object()
    assert room.book is first


def test_names_are_listed_before_they_are_used(room: ModuleType) -> None:
    assert {"book", "lamp", "pen", "wine"} <= set(dir(room))
    assert dir(room) == sorted(dir(room))
    assert SHELF not in sys.modules


def test_other_names_are_an_error_of_the_usual_kind(room: ModuleType) -> None:
    with pytest.raises(AttributeError, match="module 'lazy_room' has no attribute 'chair'"):
        _ = room.chair
    assert not hasattr(room, "chair")
    assert getattr(room, "chair", 3) == 3


def test_a_name_that_its_module_lacks_is_an_error(room: ModuleType) -> None:
    with pytest.raises(AttributeError, match="pen"):
        _ = room.pen
    assert "pen" not in vars(room)


def test_a_module_that_cannot_be_imported_says_why_each_time(room: ModuleType) -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError, match="flooded"):
            _ = room.wine
    assert "wine" not in vars(room)


@pytest.mark.parametrize("package", ["matcher", "fairness"])
def test_the_doors_of_the_packages_lead_where_they_say(package: str) -> None:
    module = sys.modules.get(package) or __import__(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))
