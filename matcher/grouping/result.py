"""The groups of faces, for a person to review: one object with everything that was found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from matcher.embedding import ModelIdentity
from matcher.faces import FaceQuality
from matcher.grouping.faces import PhotoFile
from matcher.grouping.thresholds import how_sure
from matcher.paths import shown
from matcher.search.lead_sheet.places import Box
from matcher.words import counted, visible


@dataclass(frozen=True)
class GroupedFace:
    """One face of one photo.

    Parameters
    ----------
    face_id
        Its number in the file of groups, by which corrections name it.
    files
        The files that hold the photo, byte for byte the same, sorted; see
        `matcher.paths.to_reference`.
    sha256
        Hash of the photo's bytes.
    number
        1 for the largest face of the photo, 2 for the next.
    box
        left, top, right, bottom in pixels of the upright photo.
    landmarks
        (x, y) of the five landmarks, see `matcher.faces.LANDMARKS`.
    quality
        Measures of the face.
    taken_on
        Day of capture, if known; the earliest if the files have several.
    group
        Number of its group; None if it is in none.
    copy_of
        The face that this one is a near-identical picture of, if it is one.
    corrected
        Whether a correction put it where it is, or left it there.
    reason
        Why it is in no group; empty if it is in one.
    similarity
        Cosine of its vector and the mean vector of its group, in [-1, 1]; None without a group.
    notes
        What was converted, chosen or lost while the photo was read.
    """

    face_id: int
    files: tuple[str, ...]
    sha256: str
    number: int
    box: Box
    landmarks: tuple[tuple[float, float], ...]
    quality: FaceQuality
    taken_on: date | None = None
    group: int | None = None
    copy_of: int | None = None
    corrected: bool = False
    reason: str = ""
    similarity: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Faces that may be of one person.

    Parameters
    ----------
    number
        Its number. It stays the same in later runs, and is never used for another group.
    faces
        The faces, each once however many pictures of it there are. First come those that represent
        the group: clear pictures that are similar to the others.
    copies
        Near-identical pictures of these faces.
    closest
        Number of the group that is most similar, which may be the same person; None without
        another group.
    closest_similarity
        Cosine of the mean vectors of the two groups, in [-1, 1].
    """

    number: int
    faces: tuple[GroupedFace, ...]
    copies: tuple[GroupedFace, ...] = ()
    closest: int | None = None
    closest_similarity: float | None = None

    @property
    def photos(self) -> int:
        """Number of different photos."""
        return len({one.sha256 for one in (*self.faces, *self.copies)})

    @property
    def days(self) -> tuple[date, date] | None:
        """First and last day of capture; None if none is known."""
        known = [one.taken_on for one in (*self.faces, *self.copies) if one.taken_on is not None]
        return (min(known), max(known)) if known else None

    @property
    def corrected(self) -> bool:
        """Whether a person corrected the group."""
        return any(one.corrected for one in (*self.faces, *self.copies))

    @property
    def has_two_of_one_photo(self) -> bool:
        """Whether a photo shows two faces of the group: twins, a mirror, or a mistake."""
        return len({one.sha256 for one in self.faces}) < len(self.faces)

    def row(self) -> dict[str, Any]:
        """Return the group as one flat row for a table."""
        first, last = self.days or (None, None)
        best = self.faces[0]
        return {
            "group": self.number,
            "faces": len(self.faces),
            "copies": len(self.copies),
            "photos": self.photos,
            "first": first,
            "last": last,
            "closest": self.closest,
            "closest_similarity": self.closest_similarity,
            "corrected": self.corrected,
            "eyes_px": round(best.quality.inter_eye_distance),
            "sharpness": round(best.quality.sharpness, 3),
            "face": best.face_id,
            "photo": best.files[0] if best.files else "",
        }


@dataclass(frozen=True)
class Grouping:
    """All faces of a folder, in groups of one person each as far as a model can tell.

    Every face of every photo that was read is in exactly one group or in `ungrouped`.

    Parameters
    ----------
    groups
        The groups, the largest first.
    ungrouped
        The faces in no group, with the reason of each. Copies of them stand there too.
    failed
        Files that could not be read, with the error of each.
    without_face
        Files of photos in which no face was found.
    model, threshold, policy
        The model, the threshold and the name of the quality policy of the last run.
    photos
        Number of different photos that were read.
    files
        Number of files, those that failed included.
    left_out
        What the folder held beside photos: a count for each reason.
    not_there
        Number of photos of earlier runs that were not in the folder of the last run: no file of it
        had their bytes. Their faces stay.
    stamp
        Random name of the grouping.
    """

    groups: tuple[Group, ...]
    ungrouped: tuple[GroupedFace, ...]
    failed: tuple[PhotoFile, ...]
    without_face: tuple[PhotoFile, ...]
    model: ModelIdentity
    threshold: float | None
    policy: str
    photos: int
    files: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    not_there: int = 0
    stamp: str = ""

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)

    @property
    def faces(self) -> int:
        """Number of all faces."""
        inside = sum(len(group.faces) + len(group.copies) for group in self.groups)
        return inside + len(self.ungrouped)

    @property
    def reasons(self) -> dict[str, int]:
        """Number of ungrouped faces for each reason, the most frequent first."""
        return dict(Counter(_kind(face.reason) for face in self.ungrouped).most_common())

    @property
    def failures(self) -> dict[str, int]:
        """Number of files that failed for each code of an error, the most frequent first."""
        return dict(Counter(file.code for file in self.failed).most_common())

    def every_face(self) -> Iterator[GroupedFace]:
        """Yield all faces: those of the groups, each with its copies, then the ungrouped ones."""
        for group in self.groups:
            yield from (*group.faces, *group.copies)
        yield from self.ungrouped

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat row for each group; its keys are `COLUMNS`."""
        return [group.row() for group in self.groups]

    def to_json(self) -> str:
        """Return everything as one JSON object. Dates are ISO 8601."""
        facts = asdict(self) | {"model": self.model.facts()}
        return json.dumps(facts, default=_plain, ensure_ascii=False)

    def __str__(self) -> str:
        lines = [self.headline(), *map(_line, self.groups), *self.cautions()]
        return "\n".join(visible(shown(line)) for line in lines)

    def headline(self) -> str:
        """Return what was found, and in what, as one sentence."""
        copies = sum(len(group.copies) for group in self.groups)
        copies += sum(face.copy_of is not None for face in self.ungrouped)
        photos = f"{counted(self.photos, 'photo')} ({counted(self.files, 'file')})"
        said = f"{counted(len(self), 'group')}; {counted(self.faces, 'face')} in {photos}"
        pictures = counted(copies, "near-identical picture")
        return f"{said}, {pictures} among them" if copies else said

    def cautions(self) -> list[str]:
        """Return sentences that say what is in no group, what failed, and how sure groups are."""
        said = [
            "A group is a suggestion. Look at each: it may hold two people, and one person may be "
            "in several groups.",
            how_sure(self.model, self.threshold),
            f"Threshold {self.threshold}, quality policy {self.policy}.",
        ]
        if doubtful := [one.number for one in self.groups if one.has_two_of_one_photo]:
            first = ", ".join(map(str, doubtful[:_SHOWN]))
            more = f" and {len(doubtful) - _SHOWN} more" if len(doubtful) > _SHOWN else ""
            said.append(
                f"Look first at {counted(len(doubtful), 'group')} with two faces of one photo, "
                f"who are hardly one person: {first}{more}."
            )
        if self.ungrouped:
            said.append(f"In no group: {_listed(self.reasons, 'face')}.")
        if self.without_face:
            said.append(f"No face was found in {counted(len(self.without_face), 'file')}.")
        if self.failed:
            said.append(f"Failed: {_listed(self.failures, 'file')}.")
        if self.left_out:
            said.append(
                f"Left out: {', '.join(f'{n} {what}' for what, n in self.left_out.items())}."
            )
        if self.not_there:
            said.append(
                f"{counted(self.not_there, 'photo')} of earlier runs not in the folder this time; "
                "their faces stay."
            )
        return said


_SHOWN: Final = 10

COLUMNS: Final = (
    "group",
    "faces",
    "copies",
    "photos",
    "first",
    "last",
    "closest",
    "closest_similarity",
    "corrected",
    "eyes_px",
    "sharpness",
    "face",
    "photo",
)
"""Keys of the rows of a grouping, in their order."""


def _kind(reason: str) -> str:
    """Return a reason without the measures of the single face."""
    return reason.partition(": ")[0]


def _listed(counts: Mapping[str, int], noun: str) -> str:
    total = counted(sum(counts.values()), noun)
    return f"{total} ({', '.join(f'{n} {what}' for what, n in counts.items())})"


def _line(group: Group) -> str:
    days = "" if group.days is None else f"  {group.days[0]} to {group.days[1]}"
    best = "" if not group.faces[0].files else f"  {group.faces[0].files[0]}"
    return f"{group.number}  {counted(len(group.faces), 'face')}{days}{best}"


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON form for {type(value).__name__}")
