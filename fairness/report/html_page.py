"""The report as one self-contained page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fairness.errors import MissingExtraError
from fairness.report.figures import Picture
from fairness.report.sections import chapters
from fairness.report.summary import summarise
from fairness.report.wording import GLOSSARY
from fairness.words import visible

if TYPE_CHECKING:
    from jinja2 import Environment

    from fairness.report.result import AuditResult


def render(report: AuditResult, pictures: Sequence[Picture]) -> str:
    """Return the page. It loads nothing from elsewhere and has no script.

    Raises
    ------
    MissingExtraError
        If Jinja2 is not installed.
    """
    template = _environment().get_template("report.html")
    return template.render(
        report=report,
        summary=summarise(report),
        chapters=chapters(report, pictures),
        glossary=GLOSSARY,
    )


def _environment() -> Environment:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError(
            "the report as a page",
            rule="needs Jinja2",
            got="no Jinja2 in this environment",
            next_step='Install it with: pip install "jinja2>=3.1".',
        ) from error
    environment = Environment(
        loader=PackageLoader("fairness.report"),
        autoescape=True,  # labels come from users
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["inline"] = _inline
    environment.filters["visible"] = visible  # for what no element can isolate
    return environment


def _inline(picture: Picture) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.svg).decode('ascii')}"
