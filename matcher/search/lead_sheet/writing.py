"""Write the lead sheet as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matcher.faces import Detector
from matcher.gallery.files import replace_private
from matcher.photos import DecodeLimits, Photo
from matcher.progress import ProgressHook, silent
from matcher.search.candidates import CandidateList
from matcher.search.lead_sheet.environment import page_environment
from matcher.search.lead_sheet.limits import MOST_OF_A_CANDIDATE, MOST_ON_A_PAGE, room_for
from matcher.search.lead_sheet.pictures import SIDE, WHOLE_SIDE
from matcher.search.lead_sheet.sections import Pictures, sections_of


def write_sheet(
    path: Path,
    probes: Sequence[Path | Photo],
    results: Sequence[CandidateList],
    *,
    title: str,
    note: str = "",
    mates: Sequence[str | None] = (),
    detector: Detector | None = None,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> tuple[str, ...]:
    """Write one HTML file with each probe beside its candidates, their photos and records.

    Each photo is shown as a face, turned and scaled so that the eyes lie at the same places in all
    pictures, and as a whole with the face's box. The page says how much a face was enlarged. A page
    shows at most 8 photos of a candidate and 1,000 photos in all; it lists the others, and says how
    many there are. A photo takes 40 to 60 kB, so that a page stays below 60 MB.

    Parameters
    ----------
    path
        File to write. Only its owner can read it. An existing file is replaced, and an interruption
        leaves no half page.
    probes, results
        The photos that were searched for, loaded ones if a page of a file was meant, and their
        lists in the same order.
    title
        Heading of the page.
    note
        A line under the heading, for instance the origin of the pictures.
    mates
        For demonstrations and tests: the true subject of each probe. The page marks it.
    detector
        Finds the eyes again, because the gallery keeps no landmarks. An `Extractor` is one. Without
        it faces are cut out by their boxes, and the page says so.
    limits
        Limits on the size of photos that are decoded.
    on_progress
        Hears of each picture.

    Returns
    -------
    tuple of str
        A sentence for each picture that is not on the page: its file is gone, cannot be read, or
        has changed since it was enrolled or searched with. A changed file may show somebody else,
        so it is never shown. If the page has no room for all pictures, a last sentence says for
        how many.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    room = room_for(results)
    pictures = Pictures(detector, limits, room.total, on_progress)
    known = list(mates) or [None] * len(probes)
    sections = tuple(sections_of(probes, results, known, room, pictures))
    page = (
        page_environment("matcher.search.lead_sheet")
        .get_template("lead_sheet.html")
        .render(
            title=title,
            note=note,
            calibrated=any(result.calibration is not None for result in results),
            sections=sections,
            left_out=room.left_out,
            most_of_a_candidate=MOST_OF_A_CANDIDATE,
            most_on_a_page=MOST_ON_A_PAGE,
            side=SIDE,
            whole_side=WHOLE_SIDE,
        )
    )
    # A name of a file may hold bytes that are no text; they are shown as numbers.
    replace_private(path, page.encode("utf-8", "backslashreplace"))
    faults = tuple(fault for section in sections for fault in section.faults())
    if room.left_out:
        left_out = f"{room.left_out} photos, for which a page of {MOST_ON_A_PAGE} has no room."
        return (*faults, left_out)
    return faults
