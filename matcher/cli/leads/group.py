"""The group of sub-commands of `matcher leads`, and how they open the casework."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from matcher.cli.app import Group, app
from matcher.cli.using import open_for_use

if TYPE_CHECKING:
    from matcher.casework import Casework

leads = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Leads of a governed gallery. Two people review each, without the other's opinion.",
)
app.add_typer(leads, name="leads")

LeadId = Annotated[str, typer.Argument(metavar="LEAD", help="The lead, as in 17-3.")]
CalibrationFile = Annotated[
    Path | None,
    typer.Option("--calibration", help="Record of what scores mean by age, for the figures."),
]


@contextmanager
def casework_of(gallery: Path, calibration: Path | None = None) -> Iterator[Casework]:
    """Open the casework of a gallery with the context that the options name."""
    from matcher.casework import Casework
    from matcher.search import Calibration

    meaning = None if calibration is None else Calibration.load(calibration)
    with (
        open_for_use(gallery) as opened,
        Casework.open(opened, calibration=meaning) as casework,
    ):
        yield casework
