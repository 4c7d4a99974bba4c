"""Groups of faces, as pages show them."""

from __future__ import annotations

from typing import Final

from matcher.grouping import Group, GroupedFace
from matcher.grouping.sheet import MOST_OF_A_GROUP
from matcher.paths import from_reference
from matcher.serve.views import FaceTile, GroupingView, GroupView
from matcher.serve.work import ServedGrouping
from matcher.words import counted

_MOST_GROUPS: Final = 100
_MOST_ALONE: Final = 200


def grouping_view(served: ServedGrouping) -> GroupingView:
    """Return what a page shows of a file of groups."""
    found, _ = served.read()
    cautions = list(found.cautions())
    if len(found.groups) > _MOST_GROUPS:
        cautions.append(f"The {_MOST_GROUPS} largest groups are shown.")
    if len(found.ungrouped) > _MOST_ALONE:
        cautions.append(f"The first {_MOST_ALONE} faces in no group are shown.")
    return GroupingView(
        key=served.key,
        name=served.name,
        headline=f"{found.headline()}.",
        cautions=tuple(cautions),
        groups=tuple(_group(served.key, one) for one in found.groups[:_MOST_GROUPS]),
        ungrouped=tuple(_tile(served.key, one) for one in found.ungrouped[:_MOST_ALONE]),
    )


def _group(key: str, group: Group) -> GroupView:
    said = [f"{counted(len(group.faces), 'face')} in {counted(group.photos, 'photo')}"]
    if group.copies:
        said.append(f"{counted(len(group.copies), 'near-identical picture')} besides")
    if group.days is not None:
        first, last = group.days
        said.append(f"{first}" if first == last else f"{first} to {last}")
    if group.corrected:
        said.append("corrected by a person")
    if group.has_two_of_one_photo:
        said.append("two faces of one photo: hardly one person")
    if len(group.faces) > MOST_OF_A_GROUP:
        said.append(f"{len(group.faces) - MOST_OF_A_GROUP} faces not shown")
    faces = tuple(_tile(key, one) for one in group.faces[:MOST_OF_A_GROUP])
    return GroupView(group.number, faces, "; ".join(said), group.closest)


def _tile(key: str, face: GroupedFace) -> FaceTile:
    there = any(from_reference(one).is_file() for one in face.files)
    said = [str(face.taken_on)] if face.taken_on else []
    said += [face.reason] if face.reason else []
    return FaceTile(
        face_id=face.face_id,
        picture=f"/pictures/groups/{key}/{face.face_id}" if there else "",
        missing="" if there else "The file of the photo is not there any more.",
        said="; ".join(said),
    )
