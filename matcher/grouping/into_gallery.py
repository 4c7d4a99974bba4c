"""Put the groups of a file into a gallery, as unknown subjects."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from matcher.arguments import expect, expect_hook
from matcher.errors import InputError
from matcher.faces import weight
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.grouping.faces import PhotoFile, StoredFace
from matcher.grouping.group_file import GroupFile
from matcher.progress import ProgressHook, silent

_TAG: Final = "unknown"
_BATCH: Final = 500  # faces in one transaction of the gallery


@dataclass(frozen=True)
class EnrolledGroup:
    """What became of one group in the gallery.

    Parameters
    ----------
    group
        Its number.
    subject_id
        The subject that it is there.
    added
        Faces that were added.
    already_there
        Faces that the subject had: a photo stands under one subject once.
    taken_out
        Photos that were taken out of the subject, because a correction or a later run moved their
        face to another group, or out of all. `Gallery.undo` brings them back.
    also_under
        Other subjects with the same photos, sorted. A person should look why.
    """

    group: int
    subject_id: str
    added: int
    already_there: int
    taken_out: int
    also_under: tuple[str, ...] = ()


def enrol_groups(
    file: GroupFile, gallery: Gallery, *, on_progress: ProgressHook = silent
) -> tuple[EnrolledGroup, ...]:
    """Enrol each group as an unknown subject; near-identical pictures are left out.

    A new subject is called `unknown-STAMP-0012`: the stamp of the file, and the number of the
    group. Its `source` says so too, and by that a later call finds it, also when it was renamed
    since. A later call adds new faces, and takes those out that moved to another group.

    Parameters
    ----------
    file
        The open file of groups.
    gallery
        The gallery to write to, of the same model.
    on_progress
        Hears of the groups that are enrolled.

    Raises
    ------
    InputError
        An argument is of another type, or the gallery has an identifier for another subject.
    GalleryModelError
        The gallery is of another model.
    GalleryBusyError, GalleryWriteError
        The gallery cannot be written. Earlier groups are stored, and the next call goes on.
    """
    step = "Give GroupFile.open(path)."
    expect("file", file, GroupFile, rule="must be an open file of groups", next_step=step)
    expect("gallery", gallery, Gallery, rule="must be a Gallery", next_step="Open one first.")
    expect_hook("on_progress", on_progress)
    grouping = file.grouping()
    gallery.require_model(grouping.model)
    return tuple(_Enrolling(file, gallery, grouping.stamp).run(on_progress))


class _Enrolling:
    """One enrolment of all groups of a file."""

    def __init__(self, file: GroupFile, gallery: Gallery, stamp: str) -> None:
        self._gallery = gallery
        self._stamp = stamp
        self._files = _by_photo(file.rows.files())
        self._faces = file.rows.faces()
        subjects = list(gallery.subjects())
        self._names = {one.subject_id for one in subjects}
        # Who was merged into somebody else in the gallery has left the source to that one.
        said = re.compile(rf"group (\d+) of grouping {re.escape(stamp)}\b")
        self._known = {
            int(number): one.subject_id
            for one in subjects
            for number in said.findall(one.source or "")
        }

    def run(self, on_progress: ProgressHook) -> Iterator[EnrolledGroup]:
        groups: dict[int, list[StoredFace]] = defaultdict(list)
        for face in self._faces:
            if face.place.group is not None and face.copy_of is None:
                groups[face.place.group].append(face)
        emptied = self._take_out_moved()
        subjects = {number: self._subject(number) for number in groups}
        on_progress("groups enrolled", 0, len(groups))
        for done, (number, faces) in enumerate(sorted(groups.items()), start=1):
            yield self._enrol(number, subjects[number], faces, emptied.pop(number, 0))
            on_progress("groups enrolled", done, len(groups))
        for number, count in sorted(emptied.items()):
            yield EnrolledGroup(number, self._known[number], 0, 0, count)

    def _source(self, number: int) -> str:
        return f"group {number} of grouping {self._stamp}"

    def _subject(self, number: int) -> Subject:
        """Return the subject of a group: the one that is there, or a new one."""
        if number in self._known:
            return self._gallery.subject(self._known[number])
        name = f"{_TAG}-{self._stamp}-{number:04d}"
        if name in self._names:
            raise InputError(
                "identifier of an unknown subject",
                rule="must be free in the gallery",
                got=f"{name!r}, which is another subject",
                next_step="Rename that subject: matcher gallery rename.",
            )
        return Subject(name, source=self._source(number), tags=(_TAG,))

    def _enrol(
        self, number: int, subject: Subject, faces: Sequence[StoredFace], taken_out: int
    ) -> EnrolledGroup:
        outcomes = [
            outcome
            for start in range(0, len(faces), _BATCH)
            for outcome in self._gallery.add(
                [self._entry(subject, one) for one in faces[start : start + _BATCH]]
            )
        ]
        added = sum(one.status == "enrolled" for one in outcomes)
        others = {name for one in outcomes for name in one.also_under}
        return EnrolledGroup(
            number,
            subject.subject_id,
            added,
            len(outcomes) - added,
            taken_out,
            tuple(sorted(others)),
        )

    def _entry(self, subject: Subject, stored: StoredFace) -> Enrolment:
        face = stored.face
        files = self._files.get(face.sha256, ())
        days = [file.taken_on for file in files if file.taken_on is not None]
        return Enrolment(
            subject=subject,
            photo=PhotoRecord(
                face.sha256,
                files[0].reference if files else f"photo {face.sha256}",
                taken_on=min(days, default=None),
                source=self._source(stored.place.group or 0),
            ),
            vectors=face.vectors,
            box=face.box,
            probability=face.probability,
            quality=asdict(face.quality),
            weight=weight(face.quality),
        )

    def _take_out_moved(self) -> dict[int, int]:
        """Take faces out of subjects whose group they left; return how many of each group."""
        now = {(one.face.sha256, one.face.box): one.place.group for one in self._faces}
        held = self._gallery.faces_of(set(self._known.values())) if self._known else {}
        numbers: dict[str, set[int | None]] = defaultdict(set)
        for number, name in self._known.items():
            numbers[name].add(number)
        taken: dict[int, int] = Counter()
        for name, its in numbers.items():
            for one in held.get(name, ()):
                face = one.photo.sha256, one.box
                if face in now and now[face] not in its:
                    self._gallery.take_out_photo(one.photo.sha256, name)
                    taken[min(number for number in its if number)] += 1
        return taken


def _by_photo(files: Sequence[PhotoFile]) -> Mapping[str, Sequence[PhotoFile]]:
    found: dict[str, list[PhotoFile]] = defaultdict(list)
    for file in files:
        if not file.code:
            found[file.sha256].append(file)
    return found
