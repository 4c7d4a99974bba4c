"""`matcher leads export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Exit
from matcher.cli.leads.group import CalibrationFile, leads
from matcher.cli.leads.report_file import (
    LanguageName,
    ReportLanguage,
    require_report,
    write_report,
)
from matcher.cli.options import MEGAPIXELS, GalleryPath, MaxMegapixels, limits_of
from matcher.cli.using import open_for_use, with_context

if TYPE_CHECKING:
    from matcher.casework import LeadReport
    from matcher.progress import ProgressHook


@leads.command()
@with_context
def export(
    gallery: GalleryPath,
    names: Annotated[
        list[str], typer.Argument(metavar="LEAD...", help="The leads, as in 17-3 17-5.")
    ],
    out: Annotated[Path, typer.Option(help="The report, as FILE.pdf or FILE.html.")],
    language: ReportLanguage = LanguageName.en,
    probe: Annotated[
        list[Path] | None,
        typer.Option(help="File of a probe that was not kept, to show it; repeatable."),
    ] = None,
    calibration: CalibrationFile = None,
    max_megapixels: MaxMegapixels = MEGAPIXELS,
) -> None:
    """Write leads for a case file, as PDF or HTML: both photos side by side, hashes, reviews."""
    from matcher.casework import report_of_leads
    from matcher.faces import load_detector
    from matcher.search import Calibration

    require_report("--out", out)
    meaning = None if calibration is None else Calibration.load(calibration)
    with open_for_use(gallery) as opened:

        def made(hook: ProgressHook) -> LeadReport:
            return report_of_leads(
                opened,
                names,
                detector=load_detector(),
                probes=probe or (),
                calibration=meaning,
                limits=limits_of(max_megapixels),
                on_progress=hook,
            )

        faults = write_report("--out", out, language, opened, made, "The leads are in the log.")
    raise typer.Exit(Exit.ATTENTION if faults else Exit.DONE)
