"""What the sub-commands of `matcher reindex` do, and say."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from dataclasses import asdict, astuple, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from matcher.cli.app import Exit
from matcher.cli.audit import Layout, embedded, read_people, verdict
from matcher.cli.console import Format, print_rows, progress, say
from matcher.errors import InputError

if TYPE_CHECKING:
    from matcher.enrolment import Manifest
    from matcher.jobs import JobSettings, RayExecutor, SavedProbe, Switched


@dataclass(frozen=True)
class SwitchTerms:
    """What a switch depends on, and leaves behind."""

    may_lose: int
    keep: int
    gate: Path | None = None
    cohort: Path | None = None
    layout: Layout = Layout.auto
    cache: Path | None = None


def need_each_other(names: str, one: bool, other: bool) -> None:
    """Refuse one of two options without the other."""
    if one != other:
        raise typer.BadParameter(f"{names} need each other")


def require_readable(gate: Path | None, cohort: Path | None) -> None:
    """Refuse a gate that could not be judged, before hours of work."""
    for option, path in (("--gate", gate), ("--cohort", cohort)):
        if path is not None and not path.exists():
            raise typer.BadParameter(f"{option} {path}: there is no such file")


def read_probes(probes: Path | None) -> Manifest | None:
    """Return the probes of a drift report, read before the work; None if none are given."""
    from matcher.enrolment import read_manifest

    if probes is None:
        return None
    listed = read_manifest(probes)
    for remark in listed.remarks:
        say(remark)
    for row in listed.refused:
        say(f"Refused: {row.photo} {row.error}")
    if listed.refused:
        say(f"Rows of the probes that were refused: {len(listed.refused)}.")
    return listed


def settings_of(
    workers: int | None,
    timeout: float,
    salvage: bool,
    batch: int,
    photos: list[str],
    retry: bool,
) -> JobSettings:
    """Return the settings of a job as the options give them."""
    from matcher.jobs.decoding import Decoding
    from matcher.jobs.executors.local_executor import default_workers
    from matcher.jobs.settings import JobSettings

    return JobSettings(
        batch=batch,
        decoding=Decoding(workers or default_workers(), timeout, salvage=salvage),
        moved=tuple(_moved(text) for text in photos),
        retry=retry,
    )


def on_ray(
    model: str, device: str, address: str | None, actors: int | None, stall: float
) -> RayExecutor | None:
    """Return the workers on a cluster; None without an address: then photos are embedded here."""
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


def print_plan(
    gallery: Path, model: str, device: str, settings: JobSettings, output: Format
) -> None:
    """Print what a job would do."""
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


def run_job(
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


def write_outcomes(gallery: Path, report: Path | None) -> int:
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


def print_comparison(
    gallery: Path, model: str | None, device: str, probes: Manifest | None, output: Format
) -> None:
    """Print how the new edition differs from the current one."""
    from matcher.jobs.drift import compare

    saved = None if probes is None or model is None else _saved(gallery, model, device, probes)
    print_rows(compare(gallery, saved=saved).rows(), output, title="old against new")


def _saved(gallery: Path, model: str, device: str, listed: Manifest) -> list[SavedProbe]:
    """Return the probes of a manifest that both models find a face in."""
    from matcher.embedding import load_extractor
    from matcher.gallery import Gallery
    from matcher.jobs.drift import SavedProbe

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
    if without := len(listed.photos) - len(saved):
        say(f"{without} probes without a face were left out.")
    return saved


def hold_to_bounds(model: str | None, device: str, terms: SwitchTerms) -> None:
    """End the command unless the new model keeps the bounds, if there are any."""
    if terms.gate is None or terms.cohort is None or model is None:
        return
    code = _judge(terms.gate, terms.cohort, model, device, terms)
    if code != Exit.DONE:
        say("Not switched: searches go on with the old model.")
        raise typer.Exit(code)


def switch_to(
    gallery: Path, model: str | None, device: str, terms: SwitchTerms, settings: JobSettings
) -> None:
    """Let searches use the new edition."""
    from matcher.embedding import load_extractor
    from matcher.jobs.switching import switch

    extractor = None if model is None else load_extractor(model, device=device)
    with progress() as hook:
        done = switch(
            gallery,
            extractor,
            may_lose=terms.may_lose,
            keep=terms.keep,
            settings=settings,
            on_progress=hook,
        )
    _say_switched(done)


def _judge(gate: Path, cohort: Path, model: str, device: str, terms: SwitchTerms) -> int:
    """Return the exit code that the bounds give the new model, as `matcher audit --bounds`."""
    from fairness import audit, read_bounds
    from matcher.cli.faults import faults_reported
    from matcher.cli.options import Policy

    with faults_reported():
        bounds = read_bounds(gate)
        people = read_people(cohort, terms.layout)
        if people.refused:
            raise InputError(
                "--cohort",
                rule="must be readable to the last row, for it decides a switch",
                got=f"refused rows: {len(people.refused)}",
                next_step="Correct these rows and run again.",
                path=cohort,
            )
        cache = terms.cache or gate.absolute().with_suffix(".vectors.sqlite")
        made = embedded(people, model, device, Policy.off, cache)
        report = audit(made.scores, matcher=made.matcher, facts=made.facts, bounds=bounds)
        return verdict(report)


def roll_back(
    gallery: Path, model: str | None, device: str, terms: SwitchTerms, settings: JobSettings
) -> None:
    """Let searches use the edition before."""
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
        say(f"{len(done.kept)} earlier editions are kept: `rollback` goes back, `prune` deletes.")
