"""The options of a lead report, and how commands write one."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from matcher.cli.console import progress, say_sheet
from matcher.cli.places import require_place_for, writing_to
from matcher.errors import InputError
from matcher.paths import shown

if TYPE_CHECKING:
    from matcher.casework import LeadReport
    from matcher.casework.exports import ReportFormat
    from matcher.gallery import Gallery
    from matcher.progress import ProgressHook

_FORMATS: Final = {".pdf": "pdf", ".html": "html", ".htm": "html"}


class LanguageName(enum.StrEnum):
    """Languages of a report; a test holds them and the library's together."""

    en = "en"
    es = "es"
    hi = "hi"


ReportLanguage = Annotated[
    LanguageName, typer.Option("--language", help="Language of a lead report.")
]


def require_report(option: str, file: Path | None) -> None:
    """Refuse a file of a report that could not be written, or whose format is not known."""
    require_place_for(option, file)
    if file is not None:
        format_of(option, file)


def format_of(option: str, file: Path) -> ReportFormat:
    """Return the format that the name of a file asks for.

    Raises
    ------
    InputError
        If it is neither PDF nor HTML.
    """
    found = _FORMATS.get(file.suffix.lower())
    if found is None:
        raise InputError(
            f"{option} {shown(file)}",
            rule="must end in .pdf or .html",
            got=f"the ending {shown(file.suffix)!r}",
            next_step="Name the file report.pdf, for instance.",
        )
    return cast("ReportFormat", found)


def write_report(
    option: str,
    file: Path,
    language: LanguageName,
    gallery: Gallery,
    made: Callable[[ProgressHook], LeadReport],
    kept: str,
) -> tuple[str, ...]:
    """Make and write a report, say where it is, and return what is not on it.

    The log of a governed gallery has a record of it.

    Parameters
    ----------
    option, file, language
        Where it is written, and in which language.
    gallery
        The gallery that its leads come from.
    made
        Returns the report; gets a hook that hears of each photo.
    kept
        Where the leads are all the same if it cannot be written, as a sentence.
    """
    from matcher.casework import write_lead_report

    form = format_of(option, file)
    with (
        gallery.recorded("export", of="lead_report", form=form, language=language.value) as end,
        writing_to(option, file, kept),
        progress() as hook,
    ):
        report = made(hook)
        faults = write_lead_report(file, report, format=form, language=language.value)
        end["leads"] = sum(len(search.leads) for search in report.searches)
    say_sheet(file, faults)
    return faults
