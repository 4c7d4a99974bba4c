"""What a calibration supports, as the documentation quotes it.

    python benchmarks/calibrations.py COHORT [options of `matcher calibrate`]

Runs `matcher calibrate COHORT` with a record in a temporary folder. For each age band it keeps the
numbers behind it, the lowest tabulated score that at most one in a thousand comparisons of
strangers reach, and the largest gallery for each chance of a false lead.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recording import Cell, Record

from fairness.calibration import TARGETS

RATE = 0.001


def bands(record: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    """Return a row for each band, those that were not calibrated last, with the reason."""
    rows: list[tuple[Cell, ...]] = []
    for band in record["bands"]:
        curve = band["false_matches"]
        reached = [s for s, r in zip(curve["scores"], curve["rate"], strict=True) if r <= RATE]
        score = f"{reached[0]:.3f}" if reached else "too few comparisons"
        sizes = [band["largest_gallery"][f"{target:g}"] for target in TARGETS]
        counts = [band[name] for name in ("subjects", "photos", "comparisons")]
        rows.append((band["name"], *counts, score, *sizes))
    blank = [""] * (len(TARGETS) + 3)
    return rows + [(name, why, *blank) for name, why in record["not_calibrated"].items()]


def main(arguments: Sequence[str] | None = None) -> None:
    """Calibrate, and keep what the record says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="options of `matcher calibrate`")
    record = Record.begin(__file__, parser, arguments)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "calibration.json"
        command = [sys.executable, "-m", "matcher", "calibrate", str(record.options.cohort)]
        words = [*command, "--out", str(made), *record.options.options]
        done = subprocess.run(words, check=False)
        if not made.exists():
            sys.exit(done.returncode or 1)
        facts = json.loads(made.read_text(encoding="utf-8"))
    record.table("cohort", ("what", "said"), [(k, v) for k, v in facts["cohort"].items()])
    record.table("model", ("what", "said"), [(k, v) for k, v in facts["model"].items()])
    columns = ["age", "people", "photos", "comparisons", "score of one in a thousand"]
    columns += [f"largest gallery at {target:g}" for target in TARGETS]
    record.table("bands", columns, bands(facts))
    record.write()


if __name__ == "__main__":
    main()
