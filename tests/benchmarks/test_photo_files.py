"""The benchmark of hashes, dates and looks runs as its page says, and says what it measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rendered_cohort import Cohort

ROOT = Path(__file__).parents[2]


def test_it_prints_every_figure(cohort: Cohort) -> None:
    words = ["--photos", "3", "--hashes", "100000", "--entries", "50"]
    script = ROOT / "benchmarks" / "photo_files.py"
    done = subprocess.run(
        [sys.executable, str(script), str(cohort.folder), *words],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("100000 hashes: ")
    assert lines[1].startswith("VICS file of 0 MiB with 50 entries: ")
    assert lines[2].startswith("decoding of 3 photos of ")
    assert "3 pairs of different photos" in lines[-1]
    assert len(lines) == 12
