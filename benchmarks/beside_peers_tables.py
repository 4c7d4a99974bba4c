"""The tables of `beside_peers.py`: accuracy, speed, and what becomes of awkward files."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from accuracy_rows import CLEAN, Row
from awkward_files import RIGHT, VERDICTS, Awkward, awkward, people, verdict, write
from beside_peers_rows import scored
from beside_peers_sides import Ready
from peer_environments import mib_of
from peer_process import Outcome, PeerProcess
from recording import Record, estimate

MEMORY = 12.0  # GiB of address space for a process that takes awkward files


def record_accuracy(record: Record, names: Sequence[str], columns: Sequence[list[Row]]) -> None:
    """Record all rows, and the differences of the first side to the others."""

    def cell(row: Row, sign: str = "") -> str | None:
        if math.isnan(row.value):
            return None
        limits = row.limits and [row.factor * limit for limit in row.limits]
        shown = estimate(row.factor * row.value, limits, digits=row.digits)
        return f"+{shown}" if sign and row.value > 0 else shown

    rows, differences = [], []
    for first, *others in zip(*columns, strict=True):
        head = (first.name, f"{first.count:,} {first.of}")
        rows.append((*head, *map(cell, (first, *others))))
        differences.append((*head, *(cell(first.less(other), "+") for other in others)))
    record.table("accuracy", ("measure", "on", *names), rows)
    if len(names) > 1:
        record.table(
            "differences",
            ("measure", "on", *(f"{names[0]} less {name}" for name in names[1:])),
            differences,
        )


def record_speed(record: Record, ready: Sequence[Ready], options: argparse.Namespace) -> None:
    """Record photos a second, memory and disk.

    The clock counts what else the machine does; the processor's time does not.
    """
    rows = []
    for one in ready:
        seen = [Outcome.of(facts) for facts in one.outcomes[CLEAN].values()]
        read = [outcome for outcome in seen if not outcome.error and not outcome.ended]
        peak = max([one.process.hello["peak_mib"], *(outcome.peak_mib for outcome in read)])
        disk, cuda = mib_of(one.side, one.files, options.environments)
        rows.append(
            (
                one.side.name,
                f"{len(read):,} photos",
                len(read) / max(1e-9, sum(outcome.cpu for outcome in read)),
                len(read) / max(1e-9, sum(outcome.total for outcome in read)),
                one.process.hello["load_seconds"],
                f"{peak:,.0f} MiB",
                f"{disk:,.0f} MiB",
                f"{cuda:,.0f} MiB",
            )
        )
    record.table(
        "speed",
        (
            "side",
            "on",
            "photos a second of processor time",
            "photos a second by the clock",
            "loading, s",
            "highest memory",
            "environment and weights on disk",
            "of it libraries for GPUs",
        ),
        rows,
    )


def record_awkward(record: Record, ready: Sequence[Ready], options: argparse.Namespace) -> None:
    """Have each side take the awkward files in a process of its own, and record the outcomes."""
    drawn = people()
    files = awkward(drawn[0], drawn[1])
    folder = (options.awkward or options.environments / "awkward").absolute()
    paths = write(folder / "files", files)
    plain = []
    for number, person in enumerate(drawn):
        plain.append(folder / f"person-{number}.png")
        person.save(plain[-1])
    told: dict[str, list[str]] = {file.name: [] for file in files}
    counts: list[tuple[str | int, ...]] = []
    for one in ready:
        scratch = (options.environments / "scratch" / one.side.name).absolute()
        settings = {**one.side.options, "files": dict(one.files)}
        with PeerProcess(one.python, one.side.script, settings, scratch, MEMORY) as process:
            made = dict(_taken(process, one.measure, files, paths, plain))
        for name, (said, _) in made.items():
            told[name].append(said)
        counted = Counter(judged for _, judged in made.values())
        counts.append((one.side.name, *(counted[each] for each in VERDICTS)))
    names = [one.side.name for one in ready]
    record.table("awkward", ("side", *VERDICTS), counts)
    record.table(
        "awkward files",
        ("file", "holds", *names),
        [(file.name.replace("\n", "\\n"), file.holds, *told[file.name]) for file in files],
    )


def _taken(
    process: PeerProcess,
    measure: str,
    files: Sequence[Awkward],
    paths: Mapping[str, Path],
    plain: Sequence[Path],
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each file with what the side made of it; a star marks what is not as it should be."""
    known = {
        number: outcome.vector
        for number, outcome in enumerate(Outcome.of(process.ask(path)) for path in plain)
        if outcome.vector is not None
    }
    for file in files:
        outcome = Outcome.of(process.ask(paths[file.name]))
        vector, nearest = outcome.vector, None
        if vector is not None and known:
            scores = {
                number: scored(vector[None], one[None], measure)[0, 0]
                for number, one in known.items()
            }
            nearest = max(scores, key=lambda number: scores[number])
        said, judged = verdict(file, outcome, nearest)
        yield file.name, (said if judged == RIGHT else f"{said} *", judged)
