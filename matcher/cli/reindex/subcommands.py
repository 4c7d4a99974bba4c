"""`matcher reindex`: the photos of a gallery again, with another model."""

from __future__ import annotations

from typing import Any

import typer

from matcher.cli.app import Exit, Group, app
from matcher.cli.audit import Layout, VectorCache
from matcher.cli.console import Format, say
from matcher.cli.options import (
    Device,
    GalleryPath,
    InPrecision,
    Output,
    Precision,
    Salvage,
    WithDetector,
    chosen_detector,
    extractor_of,
)
from matcher.cli.places import require_place_for
from matcher.cli.reindex import sharing, steps
from matcher.cli.reindex.gate import hold_to_bounds, read_gate
from matcher.cli.reindex.options import (
    Actors,
    Address,
    Batch,
    CohortLayout,
    CohortOfGate,
    Executor,
    GalleryOrShares,
    Gate,
    Keep,
    MayLose,
    NewModel,
    NewModelIfNeeded,
    Of,
    OldModelIfNeeded,
    Photos,
    Probes,
    Report,
    Retry,
    Shard,
    SharesPath,
    Stall,
    TakeChanged,
    Timeout,
    Where,
    Workers,
)
from matcher.cli.using import context_for, with_context

FORMER = "with-flags"
"""Hidden sub-command that understands the flags of version 0.1."""


class _WithFlags(Group):
    """Takes what does not begin with a sub-command for the flags of version 0.1."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the hidden sub-command before such words."""
        if args and args[0] not in (*self.commands, "--help"):
            args = [FORMER, *args]
        return super().parse_args(ctx, args)


reindex = typer.Typer(
    cls=_WithFlags,
    no_args_is_help=True,
    help="Embed the photos of a gallery with another model, compare, and switch to it.",
)
app.add_typer(reindex, name="reindex")


@reindex.command()
@with_context
def run(
    gallery: GalleryOrShares,
    model: NewModel,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    photos: Photos = None,
    workers: Workers = None,
    executor: Executor = Where.local,
    address: Address = None,
    actors: Actors = None,
    stall: Stall = 600.0,
    batch: Batch = 32,
    timeout: Timeout = 30.0,
    retry: Retry = False,
    take_changed: TakeChanged = False,
    salvage: Salvage = False,
    report: Report = None,
    probes: Probes = None,
    output: Output = Format.table,
    shard: Shard = None,
) -> None:
    """Embed all photos with a new model, beside the edition that is searched; then compare both.

    After an interruption the same command goes on from the last batch.
    """
    remote = executor is Where.ray
    if shard is not None:
        share = sharing.share_of(shard, remote or address is not None, report, probes)
        settings = steps.settings_of(
            workers or 1, timeout, salvage, batch, photos or [], retry, take_changed
        )
        return sharing.do_share(gallery, share, model, device, precision, detector, settings)
    steps.need_each_other("--executor ray and --address", remote, address is not None)
    require_place_for("--report", report)
    workers = workers or (1 if remote else None)
    settings = steps.settings_of(
        workers, timeout, salvage, batch, photos or [], retry, take_changed
    )
    chosen = chosen_detector(detector, gallery)
    cluster = steps.on_ray(model, device, precision, chosen, address, actors, stall)
    extractor = extractor_of(model, device, precision, detector=detector, gallery=gallery)
    drift = steps.read_probes(gallery, probes, device, precision)
    if not steps.run_job(gallery, extractor, settings, cluster):
        return None
    to_look_at = steps.write_outcomes(gallery, report)
    steps.print_comparison(gallery, extractor, drift, output)
    raise typer.Exit(Exit.ATTENTION if to_look_at else Exit.DONE)


@reindex.command()
@with_context
def share(
    gallery: GalleryPath,
    folder: SharesPath,
    model: NewModel,
    of: Of,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    photos: Photos = None,
    batch: Batch = 32,
    timeout: Timeout = 30.0,
    retry: Retry = False,
    take_changed: TakeChanged = False,
    salvage: Salvage = False,
) -> None:
    """Deal the photos into shares, for `run FOLDER --shard 1/N` on any machines, and then `merge`.

    Again, it stores what is finished and deals the rest anew.
    """
    settings = steps.settings_of(None, timeout, salvage, batch, photos or [], retry, take_changed)
    extractor = extractor_of(model, device, precision, detector=detector, gallery=gallery)
    sharing.deal(gallery, folder, extractor, of, settings)


@reindex.command()
@with_context
def merge(gallery: GalleryPath, report: Report = None, output: Output = Format.table) -> None:
    """Store what the shares have finished; after the last one, compare both editions as `run` does.

    Exits with 1 while something is missing, and says what.
    """
    require_place_for("--report", report)
    if not sharing.merge(gallery):
        raise typer.Exit(Exit.ATTENTION)
    if not sharing.has_shadow(gallery):
        return
    to_look_at = steps.write_outcomes(gallery, report)
    steps.print_comparison(gallery, None, None, output)
    raise typer.Exit(Exit.ATTENTION if to_look_at else Exit.DONE)


@reindex.command()
def plan(
    gallery: GalleryPath,
    model: NewModel,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    photos: Photos = None,
    workers: Workers = None,
    batch: Batch = 32,
    timeout: Timeout = 30.0,
    retry: Retry = False,
    salvage: Salvage = False,
    output: Output = Format.table,
) -> None:
    """Say what `run` would do, how long it would take, and what room it needs. Changes nothing."""
    settings = steps.settings_of(workers, timeout, salvage, batch, photos or [], retry)
    extractor = extractor_of(model, device, precision, detector=detector, gallery=gallery)
    steps.print_plan(gallery, extractor, settings, output)


@reindex.command()
@with_context
def compare(
    gallery: GalleryPath,
    model: NewModelIfNeeded = None,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    probes: Probes = None,
    output: Output = Format.table,
) -> None:
    """Compare the new edition with the one that is searched; --probes needs the new --model."""
    if probes is not None and model is None:
        raise typer.BadParameter("--probes are embedded with the new model: give --model")
    extractor = steps.loaded(gallery, model, device, precision, detector)
    drift = steps.read_probes(gallery, probes, device, precision)
    steps.require_shadow(gallery, extractor)
    steps.print_comparison(gallery, extractor, drift, output)


@reindex.command()
@with_context
def switch(
    gallery: GalleryPath,
    model: NewModelIfNeeded = None,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    gate: Gate = None,
    cohort: CohortOfGate = None,
    layout: CohortLayout = Layout.auto,
    vector_cache: VectorCache = None,
    may_lose: MayLose = 0,
    keep: Keep = 1,
    photos: Photos = None,
    workers: Workers = None,
    batch: Batch = 32,
    timeout: Timeout = 30.0,
    salvage: Salvage = False,
) -> None:
    """Let searches use the new edition from now on; the one before is kept.

    After a rollback it goes to the later edition again.

    Exits with 7 or 8 where the new model does not keep the bounds of --gate.
    """
    if gate is not None and model is None:
        raise typer.BadParameter("--gate judges the new model: give --model")
    judged = read_gate(gate, cohort, layout, vector_cache)
    settings = steps.settings_of(workers, timeout, salvage, batch, photos or [], retry=False)
    extractor = steps.loaded(gallery, model, device, precision, detector)
    steps.require_shadow(gallery, extractor)
    hold_to_bounds(extractor, judged)
    steps.switch_to(gallery, extractor, steps.SwitchTerms(may_lose, keep), settings)


@reindex.command()
@with_context
def rollback(
    gallery: GalleryPath,
    model: OldModelIfNeeded = None,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    may_lose: MayLose = 0,
    keep: Keep = 1,
    photos: Photos = None,
    workers: Workers = None,
    batch: Batch = 32,
    timeout: Timeout = 30.0,
    salvage: Salvage = False,
) -> None:
    """Go back to the edition that was searched before; `switch` undoes it."""
    settings = steps.settings_of(workers, timeout, salvage, batch, photos or [], retry=False)
    extractor = steps.loaded(gallery, model, device, precision, detector)
    steps.roll_back(gallery, extractor, steps.SwitchTerms(may_lose, keep), settings)


@reindex.command()
@with_context
def discard(gallery: GalleryPath) -> None:
    """Delete what a job has done so far."""
    from matcher.jobs import discard as discard_shadow

    found = discard_shadow(gallery, context=context_for(gallery))
    say("The shadow was deleted." if found else "There was no shadow.")


@reindex.command()
@with_context
def prune(gallery: GalleryPath, keep: Keep = 1) -> None:
    """Delete the editions that are kept, except the latest --keep."""
    from matcher.jobs import prune as prune_editions

    deleted = prune_editions(gallery, keep=keep, context=context_for(gallery))
    say(f"Editions deleted: {deleted}.")
