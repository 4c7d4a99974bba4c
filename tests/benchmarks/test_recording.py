"""What a benchmark records: the tables as printed, the command without paths, and whole files."""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    recording = importlib.import_module("recording")
    every = importlib.import_module("every")
    every_command = importlib.import_module("every_command")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no variable set that a command is kept with."""
    for name in recording.TOLD:
        monkeypatch.delenv(name, raising=False)


def _begin(*arguments: str) -> recording.Record:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--people", type=int, default=3)
    return recording.Record.begin(str(BENCHMARKS / "cross.py"), parser, list(arguments))


def test_the_file_holds_what_was_printed(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = _begin("--people", "4")
    record.table("times", ("what", "ms"), [("one", 1.23456), ("many", 1234), ("none", None)])
    path = record.write()
    assert path == results / "cross.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    assert facts["command"] == "python benchmarks/cross.py --people 4"
    assert facts["tables"]["times"]["rows"] == [["one", 1.23456], ["many", 1234], ["none", None]]
    assert {"commit", "date", "seconds", "machine", "versions"} <= facts.keys()
    assert capsys.readouterr().out.splitlines()[2:5] == [
        "| one | 1.23 |",
        "| many | 1,234 |",
        "| none | not measured |",
    ]


def test_variables_that_change_what_is_measured_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert _begin().command == "OMP_NUM_THREADS=3 python benchmarks/cross.py"


def test_no_path_of_the_machine_is_kept(tmp_path: Path) -> None:
    photos = tmp_path.parent.parent / "fgnet"
    record = _begin("--people", "4", "two words")
    assert record.command == "python benchmarks/cross.py --people 4 'two words'"
    record = _begin(str(photos), "--record", "other")
    assert record.name == "other"
    assert record.command == "python benchmarks/cross.py FOLDER"
    assert recording._shown("/data/fgnet") == "FGNET"
    assert recording._shown("/data/across/labels.csv") == "ACROSS/labels.csv"


def test_a_run_that_records_nothing_writes_nothing(results: Path) -> None:
    assert _begin("--record", "none").write() is None
    assert not results.exists()


def test_a_row_with_a_cell_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns, and a row with 1 cells"):
        _begin().table("times", ("what", "ms"), [("one",)])


def test_an_estimate_shows_its_interval() -> None:
    assert recording.estimate(27, (19, 37), "%") == "27 % (19 to 37 %)"
    assert recording.estimate(1.13, (0.2, 3.51), digits=1) == "1.1 (0.2 to 3.5)"
    assert recording.estimate(5, None, "ms") == "5 ms (no interval)"


def test_each_quoted_command_names_a_script() -> None:
    for command in every_command.COMMANDS.values():
        assert (BENCHMARKS / command.split()[0]).is_file(), command


def test_a_command_whose_photos_are_not_named_is_not_run() -> None:
    folders: dict[str, Path | None] = {"fgnet": None, "lfw": Path("/data/lfw")}
    assert every.words("age_gap.py {fgnet}", folders) is None
    assert every.words("dominant_face.py {lfw}", folders) == ["dominant_face.py", "/data/lfw"]
    assert every.words("cross.py --photos '2 to 6'", folders) == ["cross.py", "--photos", "2 to 6"]
