"""Write groups as one HTML file: the faces of each group beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from matcher.errors import MatcherError, PhotoChangedError
from matcher.faces import CropTemplate, align
from matcher.failures import as_photo_errors
from matcher.gallery.files import replace_private
from matcher.grouping.result import Group, GroupedFace, Grouping
from matcher.paths import from_reference, shown
from matcher.photos import DecodeLimits
from matcher.progress import ProgressHook, silent
from matcher.search.lead_sheet.environment import page_environment
from matcher.search.lead_sheet.pictures import as_jpeg, load_shown
from matcher.words import counted

SIDE: Final = 144
"""Side in pixels of the picture of a face."""

MOST_OF_A_GROUP: Final = 12
"""Faces of a group that are shown with a picture: those that represent it."""

MOST_OF_GROUPS, MOST_ON_A_PAGE = 2400, 3000
"""Pictures that a page has room for: of faces in groups, and in all. One takes about 8 kB, so that
a page stays below 30 MB."""

_MOST_NUMBERS: Final = 100  # faces without a picture that a group names

TILE: Final = CropTemplate(
    "contact-sheet",
    SIDE,
    ((52.6, 63.4), (90.7, 63.4), (71.7, 86.1), (55.1, 105.3), (88.2, 105.3)),
)
"""Level eyes, 38 pixels apart, so that hair and chin fit in."""


@dataclass(frozen=True)
class ShownFace:
    """A face on the page: the Base64 of its JPEG, or why there is none."""

    of: GroupedFace
    name: str
    picture: str
    missing: str


@dataclass(frozen=True)
class ShownGroup:
    """A group on the page, with the faces that have a picture, and the numbers of others."""

    of: Group
    faces: tuple[ShownFace, ...]
    others: tuple[int, ...]
    more: int


def write_group_sheet(
    path: Path,
    found: Grouping,
    *,
    title: str,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> tuple[str, ...]:
    """Write one self-contained HTML file with the groups, the largest first.

    Faces are turned and scaled so that the eyes lie at the same places. A page shows at most 12
    faces of a group and 3,000 in all, ungrouped faces last; it says what it leaves out.

    Parameters
    ----------
    path
        File to write. Only its owner can read it. An existing file is replaced.
    found
        The groups.
    title
        Heading of the page.
    limits
        Limits on the size of photos that are decoded.
    on_progress
        Hears of each photo that is decoded.

    Returns
    -------
    tuple of str
        A sentence for each photo whose faces could not be shown: its file is gone, cannot be read,
        or has changed. A changed file may show somebody else, so it is never shown. A last sentence
        says for how many faces the page has no room.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    groups = _with_room(found.groups)
    pictured = [face for group in groups for face in group.faces[:MOST_OF_A_GROUP]]
    alone = found.ungrouped[: MOST_ON_A_PAGE - len(pictured)]
    shown_faces, faults = _pictures([*pictured, *alone], limits, on_progress)
    ungrouped = [shown_faces[face.face_id] for face in alone]
    left_out = sum(len(group.faces) for group in found) - len(pictured)
    left_out += len(found.ungrouped) - len(alone)
    page = (
        page_environment("matcher.grouping", "matcher.search.lead_sheet")
        .get_template("group_sheet.html")
        .render(
            title=title,
            found=found,
            groups=[_shown(group, shown_faces) for group in groups],
            ungrouped=ungrouped,
            without_room=_without_room(len(found) - len(groups), len(found.ungrouped) - len(alone)),
            side=SIDE,
            most_of_a_group=MOST_OF_A_GROUP,
        )
    )
    replace_private(path, page.encode("utf-8", "backslashreplace"))
    if left_out:
        return (*faults, f"{counted(left_out, 'face')}, for which the page has no room.")
    return faults


def _without_room(groups: int, faces: int) -> str:
    if not groups and not faces:
        return ""
    left = f"{counted(groups, 'group')} and {counted(faces, 'face')} in no group"
    return f"Not on this page for lack of room: {left}. The CSV has all."


def _with_room(groups: Sequence[Group]) -> list[Group]:
    kept: list[Group] = []
    room = MOST_OF_GROUPS
    for group in groups:
        room -= min(len(group.faces), MOST_OF_A_GROUP)
        if room < 0:
            break
        kept.append(group)
    return kept


def _shown(group: Group, faces: Mapping[int, ShownFace]) -> ShownGroup:
    others = [face.face_id for face in group.faces[MOST_OF_A_GROUP:]]
    return ShownGroup(
        group,
        tuple(faces[face.face_id] for face in group.faces[:MOST_OF_A_GROUP]),
        tuple(others[:_MOST_NUMBERS]),
        len(others[_MOST_NUMBERS:]),
    )


def _pictures(
    faces: Iterable[GroupedFace], limits: DecodeLimits, on_progress: ProgressHook
) -> tuple[dict[int, ShownFace], tuple[str, ...]]:
    """Return each face with its picture, by its number, and the faults; each photo is read once."""
    of_photo: dict[str, list[GroupedFace]] = defaultdict(list)
    for face in faces:
        of_photo[face.sha256].append(face)
    made: dict[int, ShownFace] = {}
    faults: list[str] = []
    on_progress("sheet", 0, len(of_photo))
    for done, of_it in enumerate(of_photo.values(), start=1):
        photo = list(_pictures_of(of_it, limits))
        made |= {one.of.face_id: one for one in photo}
        if missing := next((one.missing for one in photo if one.missing), ""):
            faults.append(f"{_name(of_it[0], whole=True)}: {missing}.")
        on_progress("sheet", done, len(of_photo))
    return made, tuple(faults)


def _pictures_of(faces: Sequence[GroupedFace], limits: DecodeLimits) -> Iterator[ShownFace]:
    """Yield the faces of one photo, from the first of its files that still has the same bytes."""
    missing = "no file of it is known"
    for reference in faces[0].files:
        path = from_reference(reference)
        try:
            with as_photo_errors("the sheet", path):
                photo, _ = load_shown(path, faces[0].sha256, limits)
                crops = [Image.fromarray(align(photo, one.landmarks, TILE)) for one in faces]
        except PhotoChangedError:
            missing = "changed since it was read"
        except MatcherError as error:
            missing = error.code.replace("_", " ")
        else:
            for face, crop in zip(faces, crops, strict=True):
                yield ShownFace(face, _name(face), as_jpeg(crop, 85), "")
            return
    for face in faces:
        yield ShownFace(face, _name(face), "", missing)


def _name(face: GroupedFace, *, whole: bool = False) -> str:
    if not face.files:
        return f"photo {face.sha256[:12]}"
    return shown(face.files[0] if whole else from_reference(face.files[0]).name)
