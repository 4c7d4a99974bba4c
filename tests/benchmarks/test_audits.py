"""The tables of `benchmarks/audits.py` say what the report of the same audit says."""

from __future__ import annotations

import csv
import importlib
import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audit_command import rows, run

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    audits = importlib.import_module("audits")
    recording = importlib.import_module("recording")

OPTIONS = ["--by", "kind,age", "--draws", "50", "--fmr", "0.01", "--gallery-size", "150"]
RATE = re.compile(r"(\S+) \((\S+) to (\S+)\)")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Labels of people with two photos, and scores of two matchers; the second is worse."""
    folder = tmp_path_factory.mktemp("people")
    photos = [f"{person:03}-{photo}" for person in range(120) for photo in range(2)]
    lines = [f"{one},{one[:3]},{'fm'[int(one[:3]) % 2]},{4 + int(one[:3]) % 20}" for one in photos]
    people = folder / "people.csv"
    people.write_text("\n".join(["photo,subject,kind,age", *lines]), encoding="utf-8")
    rng = np.random.default_rng(4)
    for name, mated in (("new.csv", 52), ("old.csv", 44)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["probe", "reference", "score"])
            for one, other in combinations(photos, 2):
                same = one[:3] == other[:3]
                lower = 12 if same and int(one[:3]) % 2 else 0
                score = rng.normal((mated if same else 30) - lower, 8)
                writer.writerow([one, other, f"{score:.3f}"])
    return people, folder / "new.csv", folder / "old.csv"


@pytest.fixture(scope="module")
def tables(
    files: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """What the benchmark keeps, and the report of the same audit."""
    people, new, old = files
    words = [*OPTIONS, "--scores", str(new), "--baseline-scores", str(old)]
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "FOLDER", folder)
        audits.main(["--record", "made", str(people), *words])
    run("audit", people, "--out", folder / "report", *words)
    kept = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    assert "python benchmarks/audits.py " in kept["command"]
    assert kept["command"].endswith("--baseline-scores FOLDER")
    return kept["tables"], folder / "report"


def cell(table: dict[str, Any], row: str, column: str) -> str:
    (found,) = [one for one in table["rows"] if one[0] == row]
    return str(found[table["columns"].index(column)])


def same(shown: str, row: dict[str, str]) -> bool:
    """Whether a cell has the rate and the limits of a row, in % and to two digits."""
    found = RATE.fullmatch(shown)
    assert found, shown
    wanted = [100 * float(row[name]) for name in ("estimate", "low", "high")]
    return [float(one) for one in found.groups()] == pytest.approx(wanted, rel=0.051)


def test_each_rate_of_the_report_is_kept(tables: tuple[dict[str, Any], Path]) -> None:
    kept, report = tables
    told = [row for row in rows(report, "rates") if row["estimate"]]
    assert {"FMR", "FNMR", "FMR_random"} <= {row["metric"] for row in told}
    for row in told:
        table = kept[f"rates by {row['factor']}"]
        shown = cell(table, audits.group_title(row["group"]), row["metric"])
        assert same(shown, row), row


def test_a_rate_without_enough_data_says_so(tables: tuple[dict[str, Any], Path]) -> None:
    kept, report = tables
    lacking = [row for row in rows(report, "rates") if row["status"] in audits.NO_RATE]
    assert lacking
    for row in lacking:
        table = kept[f"rates by {row['factor']}"]
        shown = cell(table, audits.group_title(row["group"]), row["metric"])
        assert shown == audits.NO_RATE[row["status"]]


def test_the_groups_that_are_named_are_those_of_the_report(
    tables: tuple[dict[str, Any], Path],
) -> None:
    kept, report = tables
    wanted = {
        (row["factor"], audits.group_title(row["group"]), row["metric"])
        for row in rows(report, "tests")
        if row["group"] and row["result"] == "more than chance"
    }
    assert ("kind", "m", "FNMR") in wanted
    assert {tuple(row[:3]) for row in kept["more than chance"]["rows"]} == wanted


def test_the_differences_from_the_baseline_are_kept(tables: tuple[dict[str, Any], Path]) -> None:
    kept, report = tables
    told = [row for row in rows(report, "changes") if row["difference"]]
    assert told
    for row in told:
        table, group = kept[f"changes by {row['factor']}"], audits.group_title(row["group"])
        points = cell(table, group, f"{row['metric']}, difference").split(" ", 1)[0]
        assert float(points) == pytest.approx(100 * float(row["difference"]), rel=0.051)
        assert cell(table, group, f"{row['metric']}, result") == row["result"]


def test_the_larger_gallery_is_kept(tables: tuple[dict[str, Any], Path]) -> None:
    kept, report = tables
    leads = [row for row in rows(report, "gallery") if row["metric"] == "false_leads"]
    (everybody,) = [row for row in leads if (row["factor"], row["group"]) == ("age", "all")]
    shown = cell(kept["a gallery by age"], "all", "false_leads").split(" ", 1)[0]
    assert float(shown) == pytest.approx(float(everybody["estimate"]), rel=0.051)


def test_searches_are_told_apart_by_the_rank() -> None:
    shared = {"factor": "age", "group": "all", "status": "ok", "bound": "", "subjects": "82"}
    ranked = shared | {"metric": "FNIR_ranks", "low": "0.4", "high": "0.6"}
    alone = shared | {"metric": "FPIR", "rank": "20", "estimate": "0.03", "low": "0", "high": "1"}
    first = ranked | {"rank": "1", "estimate": "0.52"}
    listed = ranked | {"rank": "20", "estimate": "0.5"}
    ((title, (columns, told)),) = audits.KEPT["open_set"]([first, listed, alone])
    assert title == "searches by age"
    assert columns == ("age", "people", "FNIR_ranks, rank 1", "FNIR_ranks, rank 20", "FPIR")
    assert told == [("all", 82, "52 (40 to 60)", "50 (40 to 60)", "3 (0 to 100)")]


def test_a_mean_number_is_no_share() -> None:
    leads = {"factor": "age", "metric": "selectivity", "group": "08 to under 13"}
    tested = leads | {"rate": "0.35", "others": "0.02", "holm": "0.014"}
    ((_, (_, told)),) = audits.named([tested | {"result": "more than chance"}])
    assert told == [("age", "8 to under 13", "selectivity", "0.35", "0.02", "0.014")]
    compared = leads | {"before": "1.6", "difference": "-1.25", "low": "-2.3", "high": "-0.5"}
    ((_, (_, rows_told)),) = audits.changes([compared | {"result": "more than chance"}])
    assert rows_told == [("8 to under 13", "1.6", "-1.2 (-2.3 to -0.5)", "more than chance")]


def test_a_part_of_a_cohort_has_its_photos_and_its_labels(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    for name in ("train/1.jpg", "val/1.jpg", "val/2.jpg"):
        path = whole / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a photo")
    lines = ["file,age", "train/1.jpg,3", "val/1.jpg,4", "val/2.jpg,5"]
    (whole / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    part.mkdir()
    audits.part_of(whole, "val", part)
    assert sorted(str(one.relative_to(part)) for one in part.rglob("*.jpg")) == [
        "val/1.jpg",
        "val/2.jpg",
    ]
    kept = (part / "labels.csv").read_text(encoding="utf-8").split()
    assert kept == ["file,age", "val/1.jpg,4", "val/2.jpg,5"]


def test_an_audit_that_fails_leaves_no_results(
    tmp_path: Path, files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "FOLDER", tmp_path)
    with pytest.raises(SystemExit) as ended:
        audits.main(["--record", "made", str(files[0]), "--scores", "no-such-file.csv"])
    assert ended.value.code == 3
    assert list(tmp_path.iterdir()) == []
