"""Write a lead report as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, get_args

from matcher.arguments import expect, expect_one_of, path_of
from matcher.casework.exports.html_page import html_page
from matcher.casework.exports.languages import Language, messages_in
from matcher.casework.exports.report import LeadReport
from matcher.casework.exports.wording import worded
from matcher.gallery.files import replace_private

ReportFormat = Literal["html", "pdf"]
"""How a report is written."""

REPORT_FORMATS: Final[tuple[str, ...]] = get_args(ReportFormat)


def write_lead_report(
    path: Path | str,
    report: LeadReport,
    *,
    format: ReportFormat = "html",  # noqa: A002 - what everybody calls it
    language: Language = "en",
) -> tuple[str, ...]:
    """Write a lead report as one file that only its owner can read.

    Probe and candidate stand side by side, turned and scaled so that the eyes lie at the same
    places, with how large each face is in its photo. Scores and places in the list come last. The
    report states the hashes of both photos and of the model. It is no decision, and every page says
    so. A report has room for 200 leads.

    Parameters
    ----------
    path
        File to write. An existing file is replaced, and an interruption leaves no half file.
    report
        What to write.
    format
        "html", one page that loads nothing; or "pdf", A4, which needs the extra `pdf`.
    language
        "en", "es" or "hi". Texts of the records stay as they are.

    Returns
    -------
    tuple of str
        A sentence in English for each photo that has no picture, for leads that the report has no
        room for, and for characters that the letters of a PDF lack; the report says the same.

    Raises
    ------
    InputError
        For another format or language.
    MissingExtraError
        For a PDF, if the packages that write it are not installed.
    OSError
        The file cannot be written.
    """
    place = path_of("path", path)
    step = "Make it with lead_report_of."
    expect("report", report, LeadReport, rule="must be a LeadReport", next_step=step)
    words = messages_in(language)
    step = "Choose one of these formats."
    expect_one_of("format", format, REPORT_FORMATS, next_step=step)
    wording = worded(report, words)
    if format == "html":
        replace_private(place, html_page(wording))
        return wording.faults
    from matcher.casework.exports.pdf_file import pdf_file

    content, faults = pdf_file(wording, report.made_at)
    replace_private(place, content)
    return (*wording.faults, *faults)
