"""The flags that `matcher reindex` had in version 0.1; kept for one version, with a notice."""

from __future__ import annotations

from typing import Annotated

import typer

from matcher.cli.app import Exit
from matcher.cli.audit import Layout, Memory, VectorCache
from matcher.cli.console import Format, say
from matcher.cli.options import (
    Device,
    DryRun,
    GalleryPath,
    InPrecision,
    Output,
    Precision,
    Salvage,
    chosen_detector,
    extractor_of,
)
from matcher.cli.places import require_place_for
from matcher.cli.reindex import steps
from matcher.cli.reindex.gate import hold_to_bounds, read_gate
from matcher.cli.reindex.options import (
    Actors,
    Address,
    Batch,
    CohortLayout,
    CohortOfGate,
    Executor,
    Gate,
    Keep,
    MayLose,
    Photos,
    Probes,
    Report,
    Retry,
    Stall,
    Timeout,
    Where,
    Workers,
)
from matcher.cli.reindex.subcommands import FORMER, discard, prune, reindex
from matcher.cli.using import with_context

Model = Annotated[str | None, typer.Option("--model")]
Switch = Annotated[bool, typer.Option("--switch")]
Rollback = Annotated[bool, typer.Option("--rollback")]
Discard = Annotated[bool, typer.Option("--discard")]
Prune = Annotated[bool, typer.Option("--prune")]


@reindex.command(FORMER, hidden=True)
@with_context
def with_flags(
    gallery: GalleryPath,
    model: Model = None,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    photos: Photos = None,
    workers: Workers = None,
    executor: Executor = Where.local,
    address: Address = None,
    actors: Actors = None,
    stall: Stall = 600.0,
    batch: Batch = 32,
    timeout: Timeout = 30.0,
    retry: Retry = False,
    salvage: Salvage = False,
    report: Report = None,
    probes: Probes = None,
    output: Output = Format.table,
    switch: Switch = False,
    gate: Gate = None,
    cohort: CohortOfGate = None,
    layout: CohortLayout = Layout.auto,
    vector_cache: VectorCache = None,
    memory: Memory = None,
    may_lose: MayLose = 0,
    keep: Keep = 1,
    rollback: Rollback = False,
    discarded: Discard = False,
    pruned: Prune = False,
    dry_run: DryRun = False,
) -> None:
    """Do what the flags say, as version 0.1 did."""
    say("Notice: these flags go with the next version. See: matcher reindex --help")
    if sum((switch, rollback, discarded, pruned, dry_run)) > 1:
        raise typer.BadParameter(
            "choose one of --switch, --rollback, --discard, --prune, --dry-run"
        )
    remote = executor is Where.ray
    steps.need_each_other("--executor ray and --address", remote, address is not None)
    if gate is not None and (rollback or discarded or pruned or dry_run):
        raise typer.BadParameter("--gate judges a model that was re-indexed with")
    if discarded:
        return discard(gallery)
    if pruned:
        return prune(gallery, keep)
    require_place_for("--report", report)
    judged = read_gate(gate, cohort, layout, vector_cache or memory)
    workers = workers or (1 if remote else None)
    settings = steps.settings_of(workers, timeout, salvage, batch, photos or [], retry)
    terms = steps.SwitchTerms(may_lose, keep)
    if rollback:
        return steps.roll_back(
            gallery, steps.loaded(gallery, model, device, precision), terms, settings
        )
    if model is None:
        raise typer.BadParameter("--model is needed")
    if dry_run:
        extractor = extractor_of(model, device, precision, gallery=gallery)
        return steps.print_plan(gallery, extractor, settings, output)
    chosen = chosen_detector(None, gallery)
    cluster = steps.on_ray(model, device, precision, chosen, address, actors, stall)
    extractor = extractor_of(model, device, precision, gallery=gallery)
    drift = steps.read_probes(gallery, probes, device, precision)
    if steps.run_job(gallery, extractor, settings, cluster):
        without = steps.write_outcomes(gallery, report)
        steps.print_comparison(gallery, extractor, drift, output)
        hold_to_bounds(extractor, judged)
        if switch:
            steps.switch_to(gallery, extractor, terms, settings)
        raise typer.Exit(Exit.ATTENTION if without and not switch else Exit.DONE)
