"""The tables of `reindex.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from recording import Record


def jobs(record: Record, found: Mapping[str, Any]) -> None:
    """Add a column for each job, beside its stages alone."""
    columns = [job_cells(one) for one in found.values()]
    rows = [(what, *(column[what] for column in columns)) for what in columns[0]]
    record.table("jobs", ("what", *found), rows)


def job_cells(one: Mapping[str, Any]) -> dict[str, str]:
    """Return what is told of a job."""
    before, after = one["before"], one["after"]
    alone = {stage: (before[stage] + after[stage]) / 2 for stage in before}
    in_turn = 1 / sum(1 / rate for rate in alone.values())
    rate = one["photos_per_second"]
    outcomes = (f"{count:,} {outcome}" for outcome, count in one["outcomes"].items())
    return {
        "photos a second": f"{rate:.1f}",
        "detecting, aligning, embedding alone, before; after": _two(before, after, "network"),
        "decoding alone, before; after": _two(before, after, "decoding"),
        "share of the mean of the slowest stage alone": f"{rate / min(alone.values()):.2f}",
        "share of the stages one after the other": f"{rate / in_turn:.2f}",
        "bookkeeping, share of the time": f"{100 * one['bookkeeping']:.1f} %",
        "peak memory of the job; of a decoder": (
            f"{one['peak_mib']:,.0f}; {one['worker_peak_mib']:.0f} MiB"
        ),
        "outcomes": ", ".join(outcomes),
    }


def _two(before: Mapping[str, float], after: Mapping[str, float], stage: str) -> str:
    return f"{before[stage]:.1f}; {after[stage]:.1f} photos a second"


def searches(record: Record, found: Mapping[str, Any]) -> None:
    """Add the times of searches with no job and beside one."""
    rows = [
        (
            words,
            found[name]["searches"],
            f"{found[name]['p50_ms']:.1f} ms",
            f"{found[name]['p99_ms']:.1f} ms",
        )
        for name, words in (("idle", "without a job"), ("beside a job", "beside a job"))
    ]
    record.table("searches", ("searched", "searches", "median", "99 % within"), rows)
    ran = _yes(found["job ran throughout"])
    record.table("job", ("what", "is so"), [("the job ran throughout the searches", ran)])


def readers(record: Record, found: Mapping[str, Any]) -> None:
    """Add what processes saw that read a gallery which is switched."""
    openings = [(f"openings of edition {1 + n}", count) for n, count in enumerate(_by_age(found))]
    record.table(
        "readers",
        ("what", "count"),
        [
            ("switches", found["switches"]),
            ("readers", found["readers"]),
            *openings,
            ("openings in all", sum(found["openings"].values())),
            ("readers that failed", len(found["readers that failed"])),
            ("mixtures seen", found["mixtures"]),
        ],
    )


def _by_age(found: Mapping[str, Any]) -> list[int]:
    """Return how often each edition was opened, the first edition first."""
    openings = found["openings"]
    return [openings[name] for name in sorted(openings, key=lambda name: (name != "first", name))]


def kills(record: Record, found: Mapping[str, Any]) -> None:
    """Add what a job made that was killed, against an undisturbed one."""
    record.table(
        "kills",
        ("what", "figure"),
        [
            *((what, found[what]) for what in ("photos", "kills", "kills before the job was done")),
            ("faces", found["faces"]),
            ("records equal to those of an undisturbed job", _yes(found["records equal"])),
            (
                "largest difference of a number in a vector",
                f"{found['largest difference of a vector']:.2g}",
            ),
        ],
    )


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


TABLES: Final[Mapping[str, Callable[[Record, Mapping[str, Any]], None]]] = {
    "jobs": jobs,
    "searches": searches,
    "readers": readers,
    "kills": kills,
}
"""What adds the tables of each part."""
