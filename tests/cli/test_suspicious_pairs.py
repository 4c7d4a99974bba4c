"""`matcher audit` lists photos whose scores contradict their labels, beside the report."""

from __future__ import annotations

import csv
import importlib
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fairness import Cohort
from matcher.cli.commands import app

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    noisy = importlib.import_module("label_noise").noisy


def audited(folder: Path, made: Any) -> str:
    """Audit some made-up people by a file of scores; return what the command said."""
    samples = made.scores.cohort.samples
    kept = [place for place, sample in enumerate(samples) if sample.photo < "050"]
    cohort, vectors = Cohort.of([samples[k] for k in kept], name="x"), made.scores.vectors[kept]
    table, photos = vectors @ vectors.T, [sample.photo for sample in cohort.samples]
    with (folder / "scores.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["probe", "reference", "score"])
        for i, photo in enumerate(photos):
            rows.writerows([photo, photos[j], f"{table[i, j]:.5f}"] for j in range(i))
    with (folder / "people.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["photo", "subject", "race"])
        for place, sample in enumerate(cohort.samples):
            rows.writerow([sample.photo, sample.subject, ("Black", "black", "BLACK")[place % 3]])
    words = ["audit", folder / "people.csv", "--scores", folder / "scores.csv", "--by", "race"]
    words += ["--out", folder / "audit", "--draws", 10]
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0, result.output
    return result.stderr


def test_pairs_are_listed_beside_the_report_for_its_owner_only(tmp_path: Path) -> None:
    made, clean, listed = noisy(3), noisy(3, wrong=False), tmp_path / "audit.suspicious.csv"
    talk = audited(tmp_path, made)
    assert str(listed) in talk.replace("\n", "")
    assert "is read as" in talk
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600
    with listed.open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = {photo for photo in made.misfiled if photo < "050"}
    assert expected
    assert expected <= {row[end] for row in rows for end in ("photo", "other_photo")}
    assert not list((tmp_path / "audit").rglob("*suspicious*"))
    assert "suspicious" not in audited(tmp_path, clean)
    assert not listed.exists()
    assert "none found" in (tmp_path / "audit" / "report.html").read_text()
