"""What the sub-commands of `matcher reindex` do, and say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from matcher.cells import write_csv
from matcher.cli.app import Exit
from matcher.cli.console import Format, print_facts, print_rows, progress, say, say_guarded
from matcher.cli.options import Finder, Precision, extractor_of
from matcher.cli.places import writing_to
from matcher.cli.using import context_for
from matcher.private_files import open_private
from matcher.words import counted

if TYPE_CHECKING:
    from matcher.embedding import Extractor
    from matcher.enrolment import Manifest
    from matcher.faces import DetectorName
    from matcher.jobs import JobReport, JobSettings, RayExecutor, SavedProbe, Switched


OUTCOME_COLUMNS = ("face_id", "subject_id", "reference", "status", "code", "reason")


@dataclass(frozen=True)
class SwitchTerms:
    """What a switch may leave behind, and what it keeps."""

    may_lose: int
    keep: int


@dataclass(frozen=True)
class DriftProbes:
    """Probes for a comparison of two models, with the model that is searched now."""

    listed: Manifest
    old: Extractor


def need_each_other(names: str, one: bool, other: bool) -> None:
    """Refuse one of two options without the other."""
    if one != other:
        raise typer.BadParameter(f"{names} need each other")


def loaded(
    gallery: Path,
    model: str | None,
    device: str,
    precision: Precision,
    detector: Finder | None = None,
) -> Extractor | None:
    """Return the model of an option; None if it is not given."""
    if model is None:
        return None
    return extractor_of(model, device, precision, detector=detector, gallery=gallery)


def read_probes(
    gallery: Path, probes: Path | None, device: str, precision: Precision
) -> DriftProbes | None:
    """Read the probes of a drift report and load the present model; None if none are given."""
    from matcher.embedding import name_for
    from matcher.enrolment import read_manifest
    from matcher.gallery import Gallery

    if probes is None:
        return None
    listed = read_manifest(probes)
    for remark in listed.remarks:
        say(remark)
    for row in listed.refused:
        say(f"Refused: {row.photo} {row.error}")
    if listed.refused:
        say(f"Rows of the probes that were refused: {len(listed.refused)}.")
    with Gallery.open(gallery) as opened:
        name = name_for(opened.model)
    return DriftProbes(listed, extractor_of(name, device, precision, gallery=gallery))


def require_shadow(gallery: Path, extractor: Extractor | None) -> None:
    """Refuse a gallery that was not re-indexed, or with another model."""
    from matcher.gallery import Gallery
    from matcher.jobs.reindexing import opened_shadow, require_model

    with Gallery.open(gallery) as source, opened_shadow(source) as shadow:
        if extractor is not None:
            require_model(gallery, shadow.directory.name, extractor.model)


def settings_of(
    workers: int | None,
    timeout: float,
    salvage: bool,
    batch: int,
    photos: list[str],
    retry: bool,
    take_changed: bool = False,
) -> JobSettings:
    """Return the settings of a job as the options give them."""
    from matcher.decoding import Decoding
    from matcher.jobs.executors.local_executor import default_workers
    from matcher.jobs.settings import JobSettings

    return JobSettings(
        batch=batch,
        decoding=Decoding(workers or default_workers(), timeout, salvage=salvage),
        moved=tuple(_moved(text) for text in photos),
        retry=retry,
        take_changed=take_changed,
    )


def on_ray(
    model: str,
    device: str,
    precision: Precision,
    detector: DetectorName,
    address: str | None,
    actors: int | None,
    stall: float,
) -> RayExecutor | None:
    """Return the workers on a cluster; None without an address: then photos are embedded here."""
    if address is None:
        return None
    from matcher.embedding import load_extractor
    from matcher.jobs.executors.ray_executor import RayExecutor

    gpus = 1.0 if device.startswith("cuda") else 0.0
    load = partial(
        load_extractor, model, detector=detector, device=device, precision=precision.value
    )
    return RayExecutor(address, load, actors=actors, gpus=gpus, stall=stall)


def _moved(text: str) -> tuple[Path, Path]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise typer.BadParameter("folders that moved are named as in /old/photos=/new/photos")
    return Path(old), Path(new)


def print_plan(gallery: Path, extractor: Extractor, settings: JobSettings, output: Format) -> None:
    """Print what a job would do."""
    from matcher.jobs.planning import plan

    with progress() as hook:
        found = plan(gallery, extractor, settings=settings, on_progress=hook)
    facts = asdict(found) | {"model": str(found.model)}
    print_facts(facts, output)
    if found.bytes_needed > found.bytes_free:
        say("There is not enough room on the disk.")
        raise typer.Exit(Exit.ATTENTION)


def run_job(
    gallery: Path, extractor: Extractor, settings: JobSettings, executor: RayExecutor | None
) -> bool:
    """Run the job; return whether there is something to switch to."""
    from matcher.gallery.editions import read_pointer
    from matcher.jobs.reindexing import reindex

    context = context_for(gallery)
    with progress() as hook:
        done = reindex(
            gallery,
            extractor,
            settings=settings,
            executor=executor,
            on_progress=hook,
            context=context,
        )
    if done.edition == read_pointer(gallery).current:
        say("The gallery is of this model, and no photo changed.")
        return False
    say_counts(done)
    return True


def say_counts(done: JobReport) -> None:
    """Say how many photos a job did, and how they ended."""
    counts = "; ".join(f"{count} {status}" for status, count in sorted(done.counts.items()))
    say(f"{counted(done.worked, 'photo')} in this run. In all: {counts or 'no photos'}.")


def write_outcomes(gallery: Path, report: Path | None) -> int:
    """Write the outcomes, or talk of the bad ones; return how many photos need a look."""
    from matcher.jobs.reindexing import outcomes

    to_look_at = 0

    def told() -> Iterator[dict[str, Any]]:
        nonlocal to_look_at
        for outcome in outcomes(gallery):
            bad = outcome.status != "done"
            to_look_at += bad
            if bad and report is None:
                say(f"{outcome.status.capitalize()}: {outcome.reference} {outcome.reason}")
            yield asdict(outcome)

    if report is None:
        for _ in told():
            pass
        return to_look_at
    kept = "The outcomes are in the gallery: the same command writes them again."
    with (
        writing_to("--report", report, kept),
        open_private(report, newline="", encoding="utf-8") as file,
    ):
        guarded = write_csv(file, OUTCOME_COLUMNS, told())
    say(f"The outcome of every photo is in {report}.")
    say_guarded(guarded)
    return to_look_at


def print_comparison(
    gallery: Path, extractor: Extractor | None, probes: DriftProbes | None, output: Format
) -> None:
    """Print how the new edition differs from the current one."""
    from matcher.jobs.drift import compare

    saved = None if probes is None or extractor is None else _saved(probes, extractor)
    rows = compare(gallery, saved=saved, context=context_for(gallery)).rows()
    print_rows(rows, output, title="old against new", always=("what", "old", "new"))


def _saved(probes: DriftProbes, extractor: Extractor) -> list[SavedProbe]:
    """Return the probes of a manifest that both models find a face in."""
    from matcher.jobs.drift import SavedProbe

    listed = probes.listed
    paths = [photo.path for photo in listed.photos]
    old, new = (
        one.extract_many(paths, choose="largest", purpose="pairs")
        for one in (probes.old, extractor)
    )
    saved = [
        SavedProbe(photo.subject.subject_id, a.faces[0].vector, b.faces[0].vector)
        for photo, a, b in zip(listed.photos, old, new, strict=True)
        if a.faces and b.faces
    ]
    if without := len(listed.photos) - len(saved):
        say(f"Probes without a face that were left out: {without}.")
    return saved


def switch_to(
    gallery: Path, extractor: Extractor | None, terms: SwitchTerms, settings: JobSettings
) -> None:
    """Let searches use the new edition."""
    from matcher.jobs.switching import switch

    with progress() as hook:
        done = switch(
            gallery,
            extractor,
            may_lose=terms.may_lose,
            keep=terms.keep,
            settings=settings,
            on_progress=hook,
            context=context_for(gallery),
        )
    _say_switched(done)


def roll_back(
    gallery: Path, extractor: Extractor | None, terms: SwitchTerms, settings: JobSettings
) -> None:
    """Let searches use the edition before."""
    from matcher.jobs.switching import rollback

    with progress() as hook:
        done = rollback(
            gallery,
            extractor,
            may_lose=terms.may_lose,
            keep=terms.keep,
            settings=settings,
            on_progress=hook,
            context=context_for(gallery),
        )
    _say_switched(done)


def _say_switched(done: Switched) -> None:
    say(f"Searches use {done.model} from now on; faces left behind: {done.lost}.")
    ways = []
    if done.kept:
        ways.append(f"{counted(len(done.kept), 'earlier edition')} (`rollback` goes back)")
    if done.later:
        ways.append(f"{counted(len(done.later), 'later edition')} (`switch` goes there again)")
    if ways:
        say(f"Kept: {', '.join(ways)}; `prune` deletes.")
