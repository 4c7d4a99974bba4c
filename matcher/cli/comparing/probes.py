"""`matcher search`: probes against a gallery."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matcher.cli.app import Exit, app
from matcher.cli.console import Format, print_json, print_rows, progress, say, say_sheet
from matcher.cli.leads.report_file import (
    LanguageName,
    ReportLanguage,
    require_report,
    write_report,
)
from matcher.cli.options import (
    MEGAPIXELS,
    DatesFromPhotos,
    Device,
    GalleryPath,
    IncludeHidden,
    InPrecision,
    MaxMegapixels,
    Output,
    Policy,
    Precision,
    QualityPolicyName,
    RecordedSex,
    Salvage,
    WhichProbeFaces,
    WithDetector,
    extractor_of,
    limits_of,
)
from matcher.cli.places import require_place_for, writing_to
from matcher.cli.using import open_for_use, say_if_ungoverned, with_context
from matcher.errors import InputError
from matcher.paths import shown
from matcher.words import counted

if TYPE_CHECKING:
    from matcher.embedding import Extractor
    from matcher.photos import DecodeLimits, Photo
    from matcher.progress import ProgressHook
    from matcher.search import CandidateList, Probe, Searcher

_FILTERS = "Filters"


@app.command()
@with_context
def search(
    gallery: GalleryPath,
    probes: Annotated[
        list[Path], typer.Argument(help="One or more photos; with --same-person also folders.")
    ],
    top: Annotated[int, typer.Option(min=1, help="Most subjects for each probe.")] = 20,
    threshold: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Lowest score shown; there is no default.")
    ] = None,
    max_fpir: Annotated[
        float | None,
        typer.Option(
            help="Instead of a threshold: share of searches for somebody who is not there that "
            "may return a lead; needs --calibration."
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Record of what scores mean by age; adds the expected false leads."),
    ] = None,
    taken_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day the probes were taken.")
    ] = None,
    age: Annotated[
        float | None, typer.Option(min=0, max=130, help="Age in years on the probes.")
    ] = None,
    sex: Annotated[
        list[RecordedSex] | None,
        typer.Option(help="Recorded sex to search; repeatable.", rich_help_panel=_FILTERS),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(help="Region to search; repeatable.", rich_help_panel=_FILTERS),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="Tag a subject must have; repeatable.", rich_help_panel=_FILTERS),
    ] = None,
    subject: Annotated[
        list[str] | None,
        typer.Option(help="Search only these subjects; repeatable.", rich_help_panel=_FILTERS),
    ] = None,
    min_age: Annotated[
        int | None,
        typer.Option(
            help="Youngest age on --age-on, in completed years.", rich_help_panel=_FILTERS
        ),
    ] = None,
    max_age: Annotated[
        int | None,
        typer.Option(help="Oldest age on --age-on, in completed years.", rich_help_panel=_FILTERS),
    ] = None,
    age_on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Day on which the age counts; today if not given.",
            rich_help_panel=_FILTERS,
        ),
    ] = None,
    exclude_unknown: Annotated[
        bool,
        typer.Option(
            "--exclude-unknown",
            help="Leave out subjects whose value a filter needs is unknown; kept otherwise.",
            rich_help_panel=_FILTERS,
        ),
    ] = False,
    include_hidden: IncludeHidden = False,
    model: Annotated[str | None, typer.Option(help="The gallery's own model if not given.")] = None,
    device: Device = "cpu",
    precision: InPrecision = Precision.float32,
    detector: WithDetector = None,
    policy: QualityPolicyName = Policy.standard,
    face: WhichProbeFaces = "one",
    same_person: Annotated[
        bool,
        typer.Option(
            "--same-person",
            help="All photos, also those of folders, show one person: search once with all.",
        ),
    ] = False,
    salvage: Salvage = False,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
    page: Annotated[
        int | None,
        typer.Option(help="Picture of the probe's file, from 1, if it holds several; one probe."),
    ] = None,
    output: Output = Format.table,
    sheet: Annotated[
        Path | None, typer.Option(help="Write probes and leads as one self-contained HTML file.")
    ] = None,
    lead_report: Annotated[
        Path | None,
        typer.Option(help="Write the leads for a case file, as FILE.pdf or FILE.html."),
    ] = None,
    language: ReportLanguage = LanguageName.en,
    dates_from_photos: DatesFromPhotos = False,
) -> None:
    """Rank the subjects of a gallery by their similarity to each probe, for a person to review."""
    from matcher.embedding import name_for
    from matcher.faces import POLICIES
    from matcher.gallery import Filters
    from matcher.search import Calibration, Probe, Searcher

    require_place_for("--sheet", sheet)
    require_report("--lead-report", lead_report)
    limits = limits_of(max_megapixels)
    probes = _photos_of_one(probes, face) if same_person else probes
    sources = probe_sources(probes, page, limits, salvage)
    wanted = Filters(
        recorded_sex=tuple(choice.value for choice in sex or ()),
        regions=tuple(map(shown, region or ())),
        all_tags=tuple(map(shown, tag or ())),
        subject_ids=tuple(map(shown, subject or ())),
        min_age=min_age,
        max_age=max_age,
        age_on=age_on.date() if age_on else date.today(),
        keep_unknown=not exclude_unknown,
        include_hidden=include_hidden,
    )
    meaning = None if calibration is None else Calibration.load(calibration)
    with open_for_use(gallery) as opened, progress() as hook:
        say_if_ungoverned(opened)
        name = model or name_for(opened.model)
        reading = partial(extractor_of, detector=detector, gallery=gallery, limits=limits)
        extractor = reading(name, device, precision, salvage=salvage)
        with extractor.decoding_apart(min(2, len(sources))) as apart:
            searcher = Searcher(
                opened,
                apart,
                policy=POLICIES[policy.value],
                calibration=meaning,
                dates_from_photos=dates_from_photos,
            )
            lists = _lists(
                searcher,
                [Probe(source, taken_on and taken_on.date(), age) for source in sources],
                face,
                same_person=same_person,
                top=top,
                filters=wanted,
                threshold=threshold,
                max_fpir=max_fpir,
                on_progress=hook,
            )
    probes = [path for path, found in zip(probes, lists, strict=True) for _ in found]
    shown_sources = [one for one, found in zip(sources, lists, strict=True) for _ in found]
    results = [result for found in lists for result in found]
    parts = (shown_sources, results, extractor, limits)
    faults: tuple[str, ...] = ()
    try:
        _print(probes, results, output)
    finally:  # the sheet is written also when nobody reads the list
        if sheet is not None:
            faults = _write_sheet(sheet, f"Leads from {shown(gallery.name)}", *parts)
        if lead_report is not None:
            faults += _write_report(lead_report, language, gallery, *parts)
    found = not faults and all(result.outcome == "leads" for result in results)
    raise typer.Exit(Exit.DONE if found else Exit.ATTENTION)


def _write_sheet(
    sheet: Path,
    title: str,
    sources: Sequence[Path | Photo],
    results: Sequence[CandidateList],
    extractor: Extractor,
    limits: DecodeLimits,
) -> tuple[str, ...]:
    """Write the sheet, say where it is, and return what is not on it."""
    from matcher.search import write_sheet

    kept = "The leads are on standard output."
    with writing_to("--sheet", sheet, kept), progress() as hook:
        faults = write_sheet(
            sheet,
            sources,
            results,
            title=title,
            detector=extractor,
            limits=limits,
            on_progress=hook,
        )
    say_sheet(sheet, faults)
    return faults


def _write_report(
    file: Path,
    language: LanguageName,
    gallery: Path,
    sources: Sequence[Path | Photo],
    results: Sequence[CandidateList],
    extractor: Extractor,
    limits: DecodeLimits,
) -> tuple[str, ...]:
    """Write the lead report, say where it is, and return what is not on it."""
    from matcher.casework import GalleryState, LeadReport, lead_report_of

    kept = "The leads are on standard output."
    with open_for_use(gallery) as opened:

        def made(hook: ProgressHook) -> LeadReport:
            return lead_report_of(
                sources,
                results,
                detector=extractor,
                gallery=GalleryState.of(opened),
                context=opened.context,
                limits=limits,
                on_progress=hook,
            )

        return write_report("--lead-report", file, language, opened, made, kept)


def _lists(
    searcher: Searcher,
    probes: Sequence[Probe],
    face: Any,
    *,
    same_person: bool,
    on_progress: ProgressHook,
    **options: Any,
) -> list[tuple[CandidateList, ...]]:
    """Return the lists of each probe: one for each of its faces that is searched for.

    Several photos of one person are one probe; the list stands at the first photo that counts.
    """
    if same_person:
        found = searcher.search_person(probes, choose=face, **options)
        first = found.probe.first_photo
        return [(found,) if number == first else () for number, _ in enumerate(probes, start=1)]
    options["on_progress"] = on_progress
    if face == "all":
        return searcher.search_faces_many(probes, **options)
    return [(found,) for found in searcher.search_many(probes, choose=face, **options)]


def _photos_of_one(probes: Sequence[Path], face: Any) -> list[Path]:
    """Return the photos, with those of each folder, that show one person."""
    from matcher.photos import find_photos

    if face == "all":
        raise InputError(
            "--same-person",
            rule="needs one face of each photo",
            got="--face all",
            next_step="Leave out --face, or cut out the face that is meant.",
        )
    photos = [
        photo for given in probes for photo in (find_photos(given) if given.is_dir() else [given])
    ]
    if not photos:
        raise InputError(
            "--same-person",
            rule="needs at least one photo",
            got="a folder without any",
            next_step="Name another folder.",
        )
    say(f"Searching with {counted(len(photos), 'photo')} of one person.")
    return photos


def probe_sources(
    probes: Sequence[Path], page: int | None, limits: DecodeLimits, salvage: bool
) -> Sequence[Path | Photo]:
    """Return the probes, or the one probe as the picture of its file that was asked for."""
    from matcher.photos import load_photo

    if page is None:
        return probes
    if len(probes) > 1:
        raise InputError(
            "--page",
            rule="is for one probe",
            got=f"{len(probes)} probes",
            next_step="Search with the file of several pictures alone.",
        )
    return [load_photo(probes[0], page=page, limits=limits, salvage=salvage)]


def _print(probes: Sequence[Path], results: Sequence[CandidateList], output: Format) -> None:
    if output is Format.jsonl:
        for probe, result in zip(probes, results, strict=True):
            print_json(f'{{"probe_path": {json.dumps(shown(probe))}, {result.to_json()[1:]}')
            if result.outcome != "leads":
                say(f"{probe}: {_headline(result)}")
        return
    from matcher.search import lead_rows

    for probe, result in zip(probes, results, strict=True):
        say(f"{probe}: {_headline(result)}")
        for note in (*result.probe.notes, *result.exclusions, *result.cautions()):
            say(f"  {note}")
    rows = lead_rows(probes, results)
    print_rows(
        [_for_a_reader(row) for row in rows] if output is Format.table else rows,
        output,
        always=("rank", "subject", "score"),
        under=("probe", "face", "outcome", "reason", "cautions"),
    )


def _headline(result: CandidateList) -> str:
    return str(result).partition("\n")[0]


def _for_a_reader(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that says which face of the probe it is of, if there are several."""
    number, of = row["probe_face"], row["probe_faces"]
    face = f"face {number} of {of}" if of and of > 1 else ""
    said = ("probe", "probe_face", "probe_faces", "hidden_left_out")
    kept = {name: row[name] for name in row if name not in said}
    return {"probe": row["probe"], "face": face, **kept}
