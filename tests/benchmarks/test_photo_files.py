"""The benchmark of hashes, dates and looks runs as its page says, and says what it measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rendered_cohort import Cohort

ROOT = Path(__file__).parents[2]


def test_it_prints_every_figure(cohort: Cohort) -> None:
    words = ["--photos", "3", "--hashes", "100000", "--entries", "50", "--record", "none"]
    script = ROOT / "benchmarks" / "photo_files.py"
    done = subprocess.run(
        [sys.executable, str(script), str(cohort.folder), *words],
        capture_output=True,
        text=True,
        check=True,
    )
    tables = [part.splitlines() for part in done.stdout.split("\n\n") if part]
    lists, costs, copies, different = tables
    assert lists[2].startswith("| list of 100,000 SHA-1 | ")
    assert lists[3].startswith("| VICS file with 50 entries | ")
    assert costs[2].startswith("| decoding of a photo, 3 photos of ")
    assert len(costs) == 2 + 4
    assert len(copies) == 2 + 5
    assert different[2].startswith("| 3 | ")
