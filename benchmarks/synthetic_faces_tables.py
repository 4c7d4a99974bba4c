"""The tables of `synthetic_faces.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from recording import Cell, Record

REAL: Final = {
    "cosine, same person": "0.926",
    "cosine, different people": "0.872",
    "AUC": "0.902",
}
"""FG-NET with the same weights: same-identity pairs at least four years apart; measured earlier."""

COMPARED: Final = ("faces found", *REAL)
NATURAL: Final = "natural, seed "

Summary = Mapping[str, Any]


def show(record: Record, seconds: float, arms: Mapping[str, Summary]) -> None:
    """Add the tables of all arms, and the time to render a photo."""
    plain = {name: arm for name, arm in arms.items() if "/" not in name}
    columns = {name.removeprefix("natural, "): likeness(arm) for name, arm in plain.items()}
    names = list(dict.fromkeys(what for column in columns.values() for what in column))
    rows: list[list[Cell]] = [
        [what, *(column.get(what, "") for column in columns.values()), REAL.get(what, "")]
        for what in names
    ]
    record.table("likeness", ("what", *columns, "FG-NET photos, measured earlier"), rows)
    detected(record, {name: arm for name, arm in plain.items() if name.startswith(NATURAL)})
    degraded = {name: arm for name, arm in arms.items() if "/" in name}
    if degraded:
        sensitivity(record, degraded)
    rows = [["one photo of 256 pixels, processor time", f"{seconds:.2f} s"]]
    record.table("rendering", ("what", "time"), rows)


def likeness(arm: Summary) -> dict[str, str]:
    """Return the figures of an arm by what they are called."""
    rank1 = dict(arm["rank1"])
    mean = rank1.pop("mean")
    found = {
        "faces found": " of ".join(f"{int(n):,}" for n in arm["detected"]["all"].split("/")),
        "cosine, same person": f"{arm['same']['mean']:.3f}",
        "cosine, different people": f"{arm['different']['mean']:.3f}",
    }
    if "relatives" in arm:
        found["cosine, relatives"] = f"{arm['relatives']['mean']:.3f}"
    found["AUC"] = f"{arm['auc']:.3f}"
    if "relatives" in arm:
        found["AUC against relatives"] = f"{arm['auc_relatives']:.3f}"
    found["rank-1, all pairs of ages"] = f"{mean:.2f}"
    for ages, share in rank1.items():
        enrolled, searched = ages.split("->")
        if (enrolled, searched) in (("8", "12"), ("4", "25")):
            found[f"rank-1, from {enrolled} to {searched} years"] = f"{share:.2f}"
    return found


def detected(record: Record, arms: Mapping[str, Summary]) -> None:
    """Add how many faces were found by tone and age, all seeds together."""
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for arm in arms.values():
        for label, text in arm["detected"]["by_age_and_tone"].items():
            age, _, tone = label.removeprefix("age ").partition(", L* ")
            for place, number in enumerate(text.split("/")):
                counts[tone][age][place] += int(number)
    ages = sorted({age for row in counts.values() for age in row}, key=float)
    rows = [
        (tone, *("{:,} of {:,}".format(*row[age]) for age in ages))
        for tone, row in sorted(counts.items())
    ]
    record.table("faces found", ("L* of the skin", *(f"{age} years" for age in ages)), rows)


def sensitivity(record: Record, arms: Mapping[str, Summary]) -> None:
    """Add the same people in dark and in light skin, as they are and degraded."""
    rows = []
    for name, arm in arms.items():
        exposure, steps, tone = name.split("/")
        found = likeness(arm)
        rows.append((exposure, steps, tone, *(found[what] for what in COMPARED)))
    columns = ("exposure", "degradation", "skin", *COMPARED)
    record.table("dark and light skin", columns, rows)
