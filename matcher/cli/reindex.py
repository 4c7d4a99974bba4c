"""`matcher reindex`: the photos of a gallery again, with another model."""

from __future__ import annotations

import csv
import enum
from contextlib import ExitStack
from dataclasses import asdict, astuple, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit, app
from matcher.cli.audit import Layout, Memory, VectorCache, embedded, verdict
from matcher.cli.console import Format, print_rows, progress, say
from matcher.cli.options import Device, DryRun, GalleryPath, Output, Salvage

if TYPE_CHECKING:
    from matcher.jobs.drift import SavedProbe
    from matcher.jobs.executors.ray_executor import RayExecutor
    from matcher.jobs.settings import JobSettings
    from matcher.jobs.switching import Switched


class Where(enum.StrEnum):
    """Where photos are embedded."""

    local = "local"
    ray = "ray"


Model = Annotated[
    str | None,
    typer.Option("--model", help="The new model; with --rollback the old one, if it is needed."),
]
Photos = Annotated[
    list[str] | None,
    typer.Option("--photos", metavar="OLD=NEW", help="A folder of photos that moved; repeatable."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes that decode photos; with ray, of each actor.")
]
Executor = Annotated[Where, typer.Option(help="Where photos are embedded.")]
Address = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Head of the Ray cluster, for ray.")
]
Actors = Annotated[
    int | None, typer.Option(min=1, help="Processes with the model, for ray; one for each CPU.")
]
Stall = Annotated[
    float, typer.Option(min=1, help="Most seconds in which a cluster finishes nothing, for ray.")
]
Batch = Annotated[int, typer.Option(min=1, help="Photos in one transaction.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Most seconds to decode one photo.")]
Retry = Annotated[bool, typer.Option("--retry", help="Try photos again that failed before.")]
Report = Annotated[Path | None, typer.Option(help="CSV file for the outcome of every photo.")]
Probes = Annotated[Path | None, typer.Option(help="Manifest of probes for the drift report.")]
Gate = Annotated[Path | None, typer.Option(help="TOML file of bounds, without which no --switch.")]
CohortOfGate = Annotated[Path | None, typer.Option(help="Cohort on which --gate is judged.")]
CohortLayout = Annotated[Layout, typer.Option(help="How the cohort is laid out.")]
MayLose = Annotated[int, typer.Option(min=0, help="Faces that a switch may leave behind.")]
Keep = Annotated[int, typer.Option(min=0, help="Earlier editions to keep for --rollback.")]
Switch = Annotated[bool, typer.Option("--switch", help="Then let searches use the new model.")]
Rollback = Annotated[bool, typer.Option("--rollback", help="Go back to the edition before.")]
Discard = Annotated[bool, typer.Option("--discard", help="Delete what the job has done so far.")]
Prune = Annotated[bool, typer.Option("--prune", help="Delete earlier editions, except --keep.")]


@dataclass(frozen=True)
class _Terms:
    """What a switch depends on."""

    gate: Path | None
    cohort: Path | None
    layout: Layout
    cache: Path | None
    may_lose: int
    keep: int


@app.command()
def reindex(
    gallery: GalleryPath,
    model: Model = None,
    device: Device = "cpu",
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
    discard: Discard = False,
    prune: Prune = False,
    dry_run: DryRun = False,
) -> None:
    """Embed a gallery's photos with another model, compare, and switch to it.

    Searches go on with the old model until --switch. After an interruption the same command goes on
    from the last batch. Exits with 7 or 8 where the new model does not keep the bounds of --gate.
    """
    if sum((switch, rollback, discard, prune, dry_run)) > 1:
        raise typer.BadParameter(
            "choose one of --switch, --rollback, --discard, --prune, --dry-run"
        )
    _need_each_other("--gate and --cohort", gate is not None, cohort is not None)
    _need_each_other("--executor ray and --address", executor is Where.ray, address is not None)
    if gate is not None and (rollback or discard or prune or dry_run):
        raise typer.BadParameter("--gate judges a model that was re-indexed with")
    if discard or prune:
        _tidy(gallery, None if discard else keep)
        return
    workers = workers or (1 if executor is Where.ray else None)
    settings = _settings(workers, timeout, salvage, batch, photos or [], retry)
    terms = _Terms(gate, cohort, layout, vector_cache or memory, may_lose, keep)
    if rollback:
        _roll_back(gallery, model, device, terms, settings)
    elif model is None:
        raise typer.BadParameter("--model is needed")
    elif dry_run:
        _plan(gallery, model, device, settings, output)
    elif _run(gallery, model, device, settings, _on_ray(model, device, address, actors, stall)):
        without = _report(gallery, report)
        _compare(gallery, model, device, probes, output)
        _hold_to_bounds(model, device, terms)
        if switch:
            _switch(gallery, model, device, terms, settings)
        raise typer.Exit(Exit.ATTENTION if without and not switch else Exit.DONE)


def _need_each_other(names: str, one: bool, other: bool) -> None:
    if one != other:
        raise typer.BadParameter(f"{names} need each other")


def _settings(
    workers: int | None,
    timeout: float,
    salvage: bool,
    batch: int,
    photos: list[str],
    retry: bool,
) -> JobSettings:
    from matcher.jobs.decoding import Decoding
    from matcher.jobs.executors.local_executor import default_workers
    from matcher.jobs.settings import JobSettings

    return JobSettings(
        batch=batch,
        decoding=Decoding(workers or default_workers(), timeout, salvage=salvage),
        moved=tuple(_moved(text) for text in photos),
        retry=retry,
    )


def _on_ray(
    model: str, device: str, address: str | None, actors: int | None, stall: float
) -> RayExecutor | None:
    if address is None:
        return None
    from matcher.embedding import load_extractor
    from matcher.jobs.executors.ray_executor import RayExecutor

    gpus = 1.0 if device.startswith("cuda") else 0.0
    load = partial(load_extractor, model, device=device)
    return RayExecutor(address, load, actors=actors, gpus=gpus, stall=stall)


def _moved(text: str) -> tuple[Path, Path]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise typer.BadParameter("folders that moved are named as in /old/photos=/new/photos")
    return Path(old), Path(new)


def _tidy(gallery: Path, keep: int | None) -> None:
    from matcher.jobs.switching import discard, prune

    if keep is not None:
        say(f"Earlier editions deleted: {prune(gallery, keep=keep)}.")
    else:
        say("The shadow was deleted." if discard(gallery) else "There was no shadow.")


def _plan(gallery: Path, model: str, device: str, settings: JobSettings, output: Format) -> None:
    from matcher.embedding import load_extractor
    from matcher.jobs.planning import plan

    with progress() as hook:
        found = plan(
            gallery, load_extractor(model, device=device), settings=settings, on_progress=hook
        )
    facts = asdict(found) | {"model": str(found.model)}
    if output is Format.table:
        print_rows([{"fact": key, "value": value} for key, value in facts.items()], output)
    else:
        print_rows([facts], output)
    if found.bytes_needed > found.bytes_free:
        say("There is not enough room on the disk.")
        raise typer.Exit(Exit.ATTENTION)


def _run(
    gallery: Path, model: str, device: str, settings: JobSettings, executor: RayExecutor | None
) -> bool:
    """Run the job; return whether there is something to switch to."""
    from matcher.embedding import load_extractor
    from matcher.gallery.editions import read_pointer
    from matcher.jobs.reindexing import reindex

    with progress() as hook:
        done = reindex(
            gallery,
            load_extractor(model, device=device),
            settings=settings,
            executor=executor,
            on_progress=hook,
        )
    if done.edition == read_pointer(gallery).current:
        say("The gallery is of this model, and no photo changed.")
        return False
    counts = "; ".join(f"{count} {status}" for status, count in sorted(done.counts.items()))
    say(f"{done.worked} photos in this run. In all: {counts or 'no photos'}.")
    return True


def _report(gallery: Path, report: Path | None) -> int:
    """Write the outcomes, or talk of the bad ones; return how many photos have no vector."""
    from matcher.jobs.reindexing import outcomes

    without = 0
    with ExitStack() as stack:
        writer = None
        if report is not None:
            file = stack.enter_context(report.open("w", newline="", encoding="utf-8"))
            writer = csv.writer(file)
            writer.writerow(("face_id", "subject_id", "reference", "status", "code", "reason"))
            say(f"The outcome of every photo is in {report}.")
        for outcome in outcomes(gallery):
            bad = outcome.status not in ("done", "changed")
            without += bad
            if writer is not None:
                writer.writerow(astuple(outcome))
            elif bad:
                say(f"{outcome.status.capitalize()}: {outcome.reference} {outcome.reason}")
    return without


def _compare(gallery: Path, model: str, device: str, probes: Path | None, output: Format) -> None:
    from matcher.jobs.drift import compare

    saved = None if probes is None else _saved(gallery, model, device, probes)
    print_rows(compare(gallery, saved=saved).rows(), output, title="old against new")


def _saved(gallery: Path, model: str, device: str, manifest: Path) -> list[SavedProbe]:
    """Return the probes of a manifest that both models find a face in."""
    from matcher.embedding import load_extractor
    from matcher.enrolment import read_manifest
    from matcher.gallery import Gallery
    from matcher.jobs.drift import SavedProbe

    listed = read_manifest(manifest)
    paths = [photo.path for photo in listed.photos]
    with Gallery.open(gallery) as opened:
        name = opened.model.name
    old, new = (
        load_extractor(one, device=device).extract_many(paths, choose="largest", for_gallery=False)
        for one in (name, model)
    )
    saved = [
        SavedProbe(photo.subject.subject_id, a.faces[0].vector, b.faces[0].vector)
        for photo, a, b in zip(listed.photos, old, new, strict=True)
        if a.faces and b.faces
    ]
    left_out = len(listed.photos) - len(saved) + len(listed.errors)
    if left_out:
        say(f"{left_out} probes without a face were left out.")
    return saved


def _hold_to_bounds(model: str, device: str, terms: _Terms) -> None:
    """End the command unless the new model keeps the bounds, if there are any."""
    if terms.gate is None or terms.cohort is None:
        return
    code = _judge(terms.gate, terms.cohort, model, device, terms)
    if code != Exit.DONE:
        say("Not switched: searches go on with the old model.")
        raise typer.Exit(code)


def _switch(gallery: Path, model: str, device: str, terms: _Terms, settings: JobSettings) -> None:
    from matcher.embedding import load_extractor
    from matcher.jobs.switching import switch

    with progress() as hook:
        done = switch(
            gallery,
            load_extractor(model, device=device),
            may_lose=terms.may_lose,
            keep=terms.keep,
            settings=settings,
            on_progress=hook,
        )
    _say_switched(done)


def _judge(gate: Path, cohort: Path, model: str, device: str, terms: _Terms) -> int:
    """Return the exit code that the bounds give the new model, as `matcher audit --bounds`."""
    from fairness import audit, read_bounds, read_cohort
    from matcher.cli.faults import faults_reported
    from matcher.cli.options import Policy

    with faults_reported():
        bounds = read_bounds(gate)
        people = read_cohort(cohort, terms.layout.value)
        cache = terms.cache or gate.absolute().with_suffix(".vectors.sqlite")
        made = embedded(people, model, device, Policy.off, cache)
        report = audit(made.scores, matcher=made.matcher, facts=made.facts, bounds=bounds)
        return verdict(report)


def _roll_back(
    gallery: Path, model: str | None, device: str, terms: _Terms, settings: JobSettings
) -> None:
    from matcher.embedding import load_extractor
    from matcher.jobs.switching import rollback

    extractor = None if model is None else load_extractor(model, device=device)
    with progress() as hook:
        done = rollback(
            gallery,
            extractor,
            may_lose=terms.may_lose,
            keep=max(1, terms.keep),
            settings=settings,
            on_progress=hook,
        )
    _say_switched(done)


def _say_switched(done: Switched) -> None:
    say(f"Searches use {done.model} from now on; {done.lost} faces are left behind.")
    if done.kept:
        say(f"{len(done.kept)} earlier editions are kept: --rollback goes back, --prune deletes.")
