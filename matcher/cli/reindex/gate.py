"""Bounds that a new model must keep before searches use it: read before the work, judged after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from matcher.cli.app import Exit
from matcher.cli.audit import Layout, embedded, faults_reported, read_people, verdict
from matcher.cli.console import say
from matcher.cli.options import Policy
from matcher.errors import InputError
from matcher.words import counted

if TYPE_CHECKING:
    from fairness import Bound, Cohort
    from matcher.embedding import Extractor


@dataclass(frozen=True)
class GateRead:
    """The bounds, the cohort that they are judged on, and the file of vectors made before."""

    bounds: tuple[Bound, ...]
    people: Cohort
    cache: Path


def read_gate(
    gate: Path | None, cohort: Path | None, layout: Layout, cache: Path | None
) -> GateRead | None:
    """Read bounds and cohort; None without any. A fault in them ends the command."""
    from fairness import read_bounds

    if (gate is None) != (cohort is None):
        raise typer.BadParameter("--gate and --cohort need each other")
    if gate is None or cohort is None:
        return None
    with faults_reported():
        bounds = read_bounds(gate)
        people = read_people(cohort, layout)
    if people.refused:
        raise InputError(
            "--cohort",
            rule="must be readable to the last row, for it decides a switch",
            got=f"{counted(len(people.refused), 'refused row')}",
            next_step="Correct these rows and run again.",
            path=cohort,
        )
    return GateRead(bounds, people, cache or gate.absolute().with_suffix(".vectors.sqlite"))


def hold_to_bounds(extractor: Extractor | None, gate: GateRead | None) -> None:
    """End the command unless the new model keeps the bounds, if there are any.

    The exit code is that of `matcher audit --bounds`.
    """
    from fairness import audit

    if gate is None or extractor is None:
        return
    with faults_reported():
        made = embedded(gate.people, extractor, Policy.off, gate.cache)
        report = audit(made.scores, matcher=made.matcher, facts=made.facts, bounds=gate.bounds)
        code = verdict(report)
    if code != Exit.DONE:
        say("Not switched: searches go on with the old model.")
        raise typer.Exit(code)
