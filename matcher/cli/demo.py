"""`matcher demo`: the main job on rendered faces, start to end."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairness import ProbeResult, Rate, rates_by_group
from matcher.cli.app import app
from matcher.cli.console import Format, print_rows, progress, say
from matcher.cli.options import DEFAULT_MODEL, Precision, extractor_of
from matcher.errors import InputError
from matcher.private_files import make_folder, open_private

if TYPE_CHECKING:
    from matcher.enrolment import PhotoOfSubject
    from matcher.progress import ProgressHook
    from matcher.search import CandidateList

ENROLLED_AT, SEARCHED_AT = 8.0, 13.0  # years
QUALITIES = (
    "clean",
    "phone",
    "old-print",
    "screenshot",
)  # `clean`, or names of degradation recipes
SHOWN = 12  # probes on the sheet, and people whose photos are left to try things with
NOTE = "All pictures are rendered, not photographs; nobody in them exists."


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option(help="Folder to write into; must not hold an earlier demo.")
    ] = Path("demo"),
    subjects: Annotated[int, typer.Option(min=1, help="Number of rendered people.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same faces.")] = 7,
    top: Annotated[int, typer.Option(min=1, help="Length of the lists.")] = 20,
) -> None:
    """Enrol rendered children, search with degraded photos of them five years older."""
    from matcher.enrolment import enrol
    from matcher.gallery import Gallery
    from matcher.search import Probe, Searcher, write_sheet

    _require_new(out)
    with progress() as hook:
        enrolled, probes = _render(out, subjects, seed, hook)
        _leave_photos(out, enrolled[:SHOWN], probes[0])
        extractor = extractor_of(DEFAULT_MODEL, "cpu", Precision.float32)
        with Gallery.create(out / "demo.gallery", model=extractor.model) as gallery:
            outcomes = enrol(gallery, extractor, enrolled, on_progress=hook)
            results = Searcher(gallery, extractor).search_many(
                [Probe(p.path, p.taken_on, p.age_at_capture) for p in probes],
                top=top,
                on_progress=hook,
            )
    for outcome in outcomes:
        if outcome.error is not None:
            say(f"Not enrolled: {outcome.error}")
    _report(probes, results, top)
    sheet = out / "leads.html"
    with progress() as hook:
        write_sheet(
            sheet,
            [probe.path for probe in probes[:SHOWN]],
            results[:SHOWN],
            title="Leads of the demonstration",
            note=f"{NOTE} Enrolled at {ENROLLED_AT:.0f} years, searched at {SEARCHED_AT:.0f}.",
            mates=[probe.subject.subject_id for probe in probes[:SHOWN]],
            detector=extractor,
            on_progress=hook,
        )
    say(f"Look at the leads: {sheet}")
    say(f"Search again: matcher search {out}/demo.gallery PHOTO")
    say(f"To try the lines of the README, go to {out}: photos/ and probe.png are there.")


def _require_new(out: Path) -> None:
    if (out / "demo.gallery").exists() or (out / "enrolled").exists():
        raise InputError(
            "demo folder",
            rule="must not hold an earlier demo",
            got="one",
            next_step="Remove it, or name another with --out.",
            path=out,
        )


def _render(
    out: Path, subjects: int, seed: int, hook: ProgressHook
) -> tuple[Sequence[PhotoOfSubject], Sequence[PhotoOfSubject]]:
    """Write the enrolled photos and, as JPEG of several qualities, the later probes."""
    from matcher.enrolment import read_manifest
    from matcher.synthetic import CohortSpec, write_cohort

    manifests = [
        write_cohort(CohortSpec(subjects, ages=(age,), seed=seed), out / name, on_progress=hook)
        for name, age in (("enrolled", ENROLLED_AT), ("later", SEARCHED_AT))
    ]
    enrolled, later = (read_manifest(manifest).photos for manifest in manifests)
    return enrolled, [_degraded(photo, number, out) for number, photo in enumerate(later)]


def _leave_photos(out: Path, enrolled: Sequence[PhotoOfSubject], probe: PhotoOfSubject) -> None:
    """Copy some photos to a folder for each subject, and a later photo of the first of them."""
    for photo in enrolled:
        folder = out / "photos" / photo.subject.subject_id
        make_folder(folder)
        _copy(photo.path, folder / photo.path.name)
    _copy(probe.path, out / "probe.png")


def _copy(photo: Path, place: Path) -> None:
    with photo.open("rb") as source, open_private(place, "wb") as copy:
        shutil.copyfileobj(source, copy)


def _degraded(photo: PhotoOfSubject, number: int, out: Path) -> PhotoOfSubject:
    """Write the photo again, degraded, and return it with its quality as a tag of the source."""
    from dataclasses import replace

    from matcher.degradation import RECIPES
    from matcher.photos import load_photo
    from matcher.synthetic import save_photo

    quality = QUALITIES[number % len(QUALITIES)]
    pixels = load_photo(photo.path).pixels
    if quality != "clean":
        pixels = RECIPES[quality].apply(pixels, seed=number)
    path = out / "probes" / f"{photo.path.stem}-{quality}.png"
    make_folder(path.parent)
    save_photo(pixels, path)
    return replace(photo, path=path, source=quality)


def _report(probes: Sequence[PhotoOfSubject], results: Sequence[CandidateList], top: int) -> None:
    """Print how often the true subject is on the list, with intervals over subjects."""
    found = [
        ProbeResult(
            subject=probe.subject.subject_id,
            rank=result.rank_of(probe.subject.subject_id),
            groups={"quality": probe.source or "", "all": "all"},
            refused=result.outcome == "probe not good enough",
        )
        for probe, result in zip(probes, results, strict=True)
    ]
    rows = []
    for group in ("quality", "all"):
        at_top = rates_by_group(found, group, k=top)
        for first, within in zip(rates_by_group(found, group, k=1), at_top, strict=True):
            rows.append(
                {
                    "probes": first.group,
                    "refused": first.refused.errors,
                    "rank 1, searched": _hits(first.missed),
                    "rank 1, all": _hits(first.missed_or_refused),
                    f"rank {top}, all": _hits(within.missed_or_refused),
                }
            )
    say(NOTE)
    title = "Probes whose subject is found"
    print_rows(rows, Format.table, title=title, always=tuple(rows[0]))
    say("In brackets: 95 % intervals over subjects. `all` counts refused probes as not found.")
    say("Rendered faces are easier than people: these are no error rates of anybody.")


def _hits(missed: Rate) -> str:
    """Return how many were found, with the 95 % interval of the share over subjects."""
    if missed.trials == 0:
        return "none searched"
    if missed.status == "suppressed":
        return "too few subjects"
    low, high = 100 * (1 - missed.high), 100 * (1 - missed.low)
    found = missed.trials - missed.errors
    return f"{found} of {missed.trials} ({low:.0f} to {high:.0f} %)"
