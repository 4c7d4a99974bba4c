"""Write the labels and the scores of 240 made-up people, as the test of all numbers stores them.

    python tests/helpers/make_oracle.py tests/fairness/auditing/oracle

Everything is drawn from one seed. Nobody here exists. Photos differ in age, sex, tone and quality;
thirty people have a relative here; some photos are refused, some comparisons could not be made,
and one photo was never compared. All pairs of photos of one person and of relatives are listed,
and pairs of others drawn by chance, whatever their score.
"""

from __future__ import annotations

import csv
import sys
from itertools import combinations
from pathlib import Path

import numpy as np

PEOPLE, OTHERS, SEED = 240, 7_000, 21
LABELS = ("photo", "subject", "age", "sex", "skin_tone_monk", "quality", "family")
DARK = (8, 9)
REFUSED = {"2": 0, "3": 0, "5": 0.012, "6": 0.012, "8": 0.08, "9": 0.08}
"""Share of the photos that are refused, by step of the Monk scale."""


def people(rng: np.random.Generator) -> list[dict[str, str]]:
    """Draw the photos and their labels: two to five photos a person."""
    rows = []
    for number in range(PEOPLE):
        sex = ("female", "male")[number % 2] if number % 12 else "unknown"
        tone = ((2, 3), (5, 6), DARK)[number % 3][number // 3 % 2]
        age = rng.uniform(2, 16)
        for photo in range(int(rng.choice([2, 2, 2, 3, 4, 5]))):
            age += rng.uniform(0.3, 3)
            row = {
                "photo": f"{number:03}{'abcde'[photo]}",
                "subject": f"p{number:03}",
                "age": f"{age:.2f}",
                "sex": sex,
                "skin_tone_monk": str(tone),
                "quality": f"{rng.normal() - (tone in DARK) * 0.8:.3f}",
                "family": f"f{number // 2:02}" if number < 30 else "",
            }
            rows.append(row)
    return rows


def comparisons(rng: np.random.Generator, rows: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    """Score the pairs. Groups differ in misses and in false matches; photos of a person agree."""
    last = len(rows) - 1
    pairs = list(combinations(range(last), 2))  # the last photo is never compared
    near = {p for p in pairs if _same(rows, p, "subject") or _same(rows, p, "family")}
    others = [pair for pair in pairs if pair not in near]
    drawn = rng.choice(len(others), OTHERS, replace=False)
    own = {row["subject"]: rng.normal() for row in rows}
    refused = {i for i, row in enumerate(rows) if rng.random() < REFUSED[row["skin_tone_monk"]]}
    listed = []
    for one, other in sorted([*near, *(others[i] for i in drawn)]):
        first, second = rows[one], rows[other]
        worse = min(float(first["quality"]), float(second["quality"]))
        mates = first["subject"] == second["subject"]
        people_of = own[first["subject"]] + own[second["subject"]]
        mean = 0.62 + 0.05 * worse if mates else 0.22 + 0.04 * _alike(first, second)
        mean += 0.1 * (not mates and _same(rows, (one, other), "family"))
        score = f"{mean + 0.03 * people_of + 0.09 * rng.normal():.4f}"
        failed = {one, other} & refused or rng.random() < 0.002
        sides = (
            (first["photo"], second["photo"])
            if rng.random() < 0.5
            else (
                second["photo"],
                first["photo"],
            )
        )
        listed.append((*sides, "" if failed else score))
    return listed


def _same(rows: list[dict[str, str]], pair: tuple[int, int], label: str) -> bool:
    first, second = (rows[i][label] for i in pair)
    return first == second != ""


def _dark(row: dict[str, str]) -> bool:
    return int(row["skin_tone_monk"]) in DARK


def _alike(first: dict[str, str], second: dict[str, str]) -> int:
    both_dark = _dark(first) and _dark(second)
    return (first["sex"] == second["sex"]) + both_dark + (first["sex"] == "female")


def main() -> None:
    """Write both files into the folder that the command line names."""
    folder, rng = Path(sys.argv[1]), np.random.default_rng(SEED)
    rows = people(rng)
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, LABELS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    with (folder / "scores.csv").open("w", newline="", encoding="utf-8") as file:
        plain = csv.writer(file, lineterminator="\n")
        plain.writerow(("probe", "reference", "score"))
        plain.writerows(comparisons(rng, rows))


if __name__ == "__main__":
    main()
