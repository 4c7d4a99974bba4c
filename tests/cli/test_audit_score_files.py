"""`matcher audit` of files of scores: what is refused, and two files compared."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from audit_command import rows, run

from matcher.embedding import Extractor

PEOPLE = 120
Row = tuple[str, str, float]


def write(path: Path, comparisons: list[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["probe", "reference", "score"])
        writer.writerows([one, other, f"{score:.3f}"] for one, other, score in comparisons)
    return path


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels of people with two photos each; no photo is there."""
    folder = tmp_path_factory.mktemp("people")
    photos = [f"{person:03}-{photo}" for person in range(PEOPLE) for photo in range(2)]
    lines = [f"{photo},{photo[:3]},{'fm'[int(photo[:3]) % 2]}" for photo in photos]
    (folder / "people.csv").write_text("\n".join(["photo,subject,kind", *lines]))
    return folder / "people.csv"


@pytest.fixture(scope="module")
def vendor(people: Path) -> Callable[[float], list[Row]]:
    """The scores of a vendor's release, 0 to 100; the mated ones at a mean."""

    def scores(mated: float) -> list[Row]:
        rng = np.random.default_rng(4)
        photos = [line.split(",")[0] for line in people.read_text().splitlines()[1:]]
        return [
            (one, other, rng.normal(mated if one[:3] == other[:3] else 30, 8))
            for one, other in combinations(photos, 2)
        ]

    return scores


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("detect", "extract", "extract_many"):
        monkeypatch.setattr(Extractor, name, lambda *_, **__: pytest.fail("a photo was looked at"))


OPTIONS = ("--by", "kind", "--draws", 5, "--fmr", 0.01)


def test_two_files_are_compared_and_named(
    tmp_path: Path, people: Path, vendor: Callable[[float], list[Row]]
) -> None:
    new = write(tmp_path / "new.csv", vendor(60))
    far = [(one, other, 100 - score) for one, other, score in vendor(50)]
    old = write(tmp_path / "old.csv", far)
    out = tmp_path / "report"
    named = ("--name", "Vendor 3.1", "--baseline-name", "Vendor 3.0")
    both = ("--scores", new, "--baseline-scores", old, "--baseline-distances")
    run("audit", people, "--out", out, *OPTIONS, *both, *named)
    assert not (out / "tables" / "thresholds.csv").exists()
    changes = {(row["group"], row["metric"]): row for row in rows(out, "changes")}
    for group in "fm":
        fnmr = changes[group, "FNMR"]
        assert float(fnmr["before"]) > float(fnmr["after"]) + 0.2
    record = json.loads((out / "run.json").read_text())
    assert record["card"]["Model"] == "Vendor 3.1"
    assert record["card"]["Baseline"] == "Vendor 3.0"
    assert record["facts"]["baseline_scores"] == "old.csv"
    assert len(record["facts"]["baseline_scores_sha256"]) == 64
    page = (out / "report.html").read_text()
    assert page.index("Vendor 3.1") < page.index("Whose misses?")
    assert "Vendor 3.0" in page


def test_a_file_without_a_name_is_called_by_its_own(
    tmp_path: Path, people: Path, vendor: Callable[[float], list[Row]]
) -> None:
    new = write(tmp_path / "new.csv", vendor(60))
    both = ("--scores", new, "--baseline-scores", new)
    run("audit", people, "--out", tmp_path / "report", *OPTIONS, *both)
    card = json.loads((tmp_path / "report" / "run.json").read_text())["card"]
    assert (card["Scores"], card["Baseline"]) == ("new.csv", "new.csv")
    for row in rows(tmp_path / "report", "changes"):
        assert row["difference"] in ("", "0.0")


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--threshold", 0.3, "--baseline", "sface"), "--threshold does not go with --baseline"),
        (("--scores", "s", "--threshold", 3, "--baseline-scores", "s"), "two are compared"),
        (("--baseline", "sface", "--baseline-scores", "s"), "there is one baseline"),
        (("--scores", "s", "--model", "sface"), "one matcher is judged"),
        (("--distances",), "--distances needs --scores"),
        (("--name", "Vendor"), "--name needs --scores"),
        (("--drawn-by-chance",), "needs --scores or --baseline-scores"),
        (("--baseline-distances", "--scores", "s"), "needs --baseline-scores"),
        (("--baseline-name", "Vendor", "--baseline", "sface"), "needs --baseline-scores"),
    ],
)
def test_options_that_contradict_each_other_are_refused_before_anything_is_read(
    tmp_path: Path, words: tuple[object, ...], says: str
) -> None:
    talk = run("audit", tmp_path / "none", "--out", tmp_path / "report", *words, code=2).stderr
    assert says in " ".join(talk.replace("│", "").split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("idle")
def test_a_threshold_outside_the_scores_is_refused(
    tmp_path: Path, people: Path, vendor: Callable[[float], list[Row]]
) -> None:
    file = write(tmp_path / "s.csv", vendor(60))
    out = ("--out", tmp_path / "report", *OPTIONS)
    said = run("audit", people, *out, "--scores", file, "--threshold", 150, code=3).stderr
    assert "the threshold 150: lies among the scores, from " in said
    assert "cosine" in run("audit", people, *out, "--threshold", 36, code=3).stderr
    far = [(one, other, (100 - score) / 100) for one, other, score in vendor(60)]
    write(file, far)
    distances = (*out, "--scores", file, "--distances", "--threshold")
    assert "Did you mean 0.6?" in run("audit", people, *distances, -0.6, code=3).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]
    run("audit", people, *distances, 0.6)
    record = json.loads((tmp_path / "report" / "run.json").read_text())
    assert (record["threshold"], record["kind"]) == (0.6, "distance")
    assert "distance is at or below 0.6;" in (tmp_path / "report" / "report.html").read_text()


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("option", ["--scores", "--baseline-scores"])
def test_a_file_of_top_candidates_is_refused_before_a_photo_is_read(
    tmp_path: Path, people: Path, vendor: Callable[[float], list[Row]], option: str
) -> None:
    by_photo: dict[str, list[Row]] = {}
    for row in vendor(60):
        for photo in row[:2]:
            by_photo.setdefault(photo, []).append(row)
    best = {r for found in by_photo.values() for r in sorted(found, key=lambda r: -r[2])[:6]}
    file = write(tmp_path / "top.csv", sorted(best))
    words = ("--out", tmp_path / "report", *OPTIONS, option, file)
    said = run("audit", people, *words, code=3).stderr
    assert "possible non-mated pairs" in said
    assert "--lists" in said
    assert not (tmp_path / "report").exists()


def test_several_targets_give_a_table(
    tmp_path: Path, people: Path, vendor: Callable[[float], list[Row]]
) -> None:
    file = write(tmp_path / "s.csv", vendor(60))
    out = tmp_path / "report"
    words = ("--by", "kind", "--draws", 5, "--scores", file, "--fmr")
    run("audit", people, "--out", out, *words, "0.01,0.1,0.00001")
    targets = {row["target"]: row["status"] for row in rows(out, "thresholds")}
    assert set(targets) == {"0.1", "1e-05"}
    assert targets["1e-05"] == "insufficient"
    assert json.loads((out / "run.json").read_text())["facts"]["target_fmr"] == 0.01
    run("audit", people, "--out", out, *words, "0.01,x", code=2)
    run("audit", people, "--out", out, *words, "0.01,0.01", code=2)
