"""Read what to enrol from a folder with a sub-folder for each subject; nothing is lost unsaid."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from fairness.manifests import spelling_remarks
from matcher.arguments import expect_number, path_of
from matcher.enrolment.manifest import Manifest, PhotoOfSubject, RefusedRow
from matcher.errors import InputError, ManifestError, PhotoNotFoundError
from matcher.gallery.records import Subject
from matcher.names import controls, one_form
from matcher.paths import shown
from matcher.photos import FolderListing, LeftOut, Reason, list_folder

BESIDE: Final = Reason("photo beside the subjects' folders", "photos beside the subjects' folders")
NO_PHOTO: Final = Reason("subject's folder without a photo", "subjects' folders without a photo")
CLOSED: Final = Reason("folder that may not be listed", "folders that may not be listed")

_YEAR: Final = re.compile(r"(19|20)\d\d([-_ .]\d\d)*")
_SHOWN: Final = 5


def read_folder(folder: Path | str, *, subjects_at: int | None = None) -> Manifest:
    """Read a folder with one sub-folder for each subject, named by the subject's identifier.

    The content of a file tells whether it is a photo, see `matcher.photos.list_folder`. Photos
    deeper in a subject's folder are photos of this subject. Two names that differ only in how an
    accent is written are one subject. All that is left out is in `Manifest.left_out` and counted in
    `Manifest.remarks`.

    Parameters
    ----------
    folder
        The folder.
    subjects_at
        Level of the subjects' folders: 1 in FOLDER/SUBJECT, 2 in FOLDER/YEAR/SUBJECT, and so on. If
        it is not given, it is 1, and a folder that looks otherwise is refused.

    Raises
    ------
    InputError
        `subjects_at` is below 1.
    ManifestError
        There is no such folder, no subject's folder holds a photo, or the folder does not show at
        which level its subjects are. A subject that cannot be stored is one of `Manifest.refused`
        instead.
    """
    folder = path_of("folder", folder)
    if subjects_at is not None:
        expect_number("subjects_at", subjects_at, whole=True)
    if subjects_at is not None and subjects_at < 1:
        raise InputError(
            "subjects_at",
            rule="must be at least 1",
            got=subjects_at,
            next_step="1 means a sub-folder for each subject directly in the folder.",
        )
    try:
        listing = list_folder(folder)
    except PhotoNotFoundError as error:
        raise _unreadable(folder, "is not a folder") from error
    if folder in listing.unreadable:
        raise _unreadable(folder, "a folder that may not be listed")
    if subjects_at is None:
        _require_plain(folder, listing.photos)
    reading = _Reading(folder, listing, subjects_at or 1)
    reading.require_own_names()
    return reading.manifest()


class _Reading:
    """A folder whose subjects are at a known level."""

    def __init__(self, folder: Path, listing: FolderListing, level: int) -> None:
        self._folder, self._listing, self._level = folder, listing, level
        self._photos: dict[Path, list[Path]] = defaultdict(list)
        self._beside: list[LeftOut] = []
        for photo in listing.photos:
            if self._depth(photo) > level:
                self._photos[self._subject_folder(photo)].append(photo)
            else:
                self._beside.append(LeftOut(photo, BESIDE))

    def require_own_names(self) -> None:
        """Refuse folders whose photos would be taken for one person's for lack of a name in text.

        Raises
        ------
        ManifestError
            The names of two subjects' folders differ in bytes that are not UTF-8 only.
        """
        written: dict[str, str] = {}
        for place in self._photos:
            other = written.setdefault(_subject_of(place), place.name)
            if other != place.name and {shown(other), shown(place.name)} != {other, place.name}:
                raise ManifestError(
                    "folder of photos",
                    rule="has one sub-folder for each subject",
                    got=f"two sub-folders that are both written {shown(other)}",
                    next_step="Rename one of them.",
                    path=self._folder,
                )

    def manifest(self) -> Manifest:
        """Return what to enrol."""
        found = [
            (photo, _subject_of(place))
            for place, photos in self._photos.items()
            for photo in photos
        ]
        empty = [place for place in self._folders() if place not in self._photos]
        present = {subject for _, subject in found}
        without = dict.fromkeys(
            shown(name) for name in map(_subject_of, empty) if name not in present
        )
        left_out = (
            *self._beside,
            *self._listing.left_out,
            *(LeftOut(place, NO_PHOTO) for place in empty),
        )
        if not found:
            closed = [LeftOut(place, CLOSED) for place in self._listing.unreadable]
            seen = counted([*left_out, *closed]) or "nothing"
            raise _unreadable(self._folder, f"no photos in any sub-folder, but {seen}")
        refused = [
            _refused(photo, subject) for photo, subject in found if not _can_be_stored(subject)
        ]
        refused += [self._unlisted(place) for place in self._listing.unreadable]
        return Manifest(
            tuple(PhotoOfSubject(p, Subject(s)) for p, s in found if _can_be_stored(s)),
            tuple(refused),
            left_out=left_out,
            without_photos=tuple(without),
            remarks=tuple(self._remarks(left_out, without)),
        )

    def _depth(self, path: Path) -> int:
        return len(path.relative_to(self._folder).parts)

    def _subject_folder(self, path: Path) -> Path:
        return self._folder.joinpath(*path.relative_to(self._folder).parts[: self._level])

    def _folders(self) -> list[Path]:
        return [place for place in self._listing.folders if self._depth(place) == self._level]

    def _unlisted(self, place: Path) -> RefusedRow:
        is_of_subject = self._depth(place) >= self._level
        subject = _subject_of(self._subject_folder(place)) if is_of_subject else ""
        error = ManifestError(
            f"the folder {shown(str(place))}",
            rule="must be readable",
            got="one that may not be listed",
            next_step="Check the rights on it and run again.",
        )
        return RefusedRow(shown(str(place)), shown(subject), error)

    def _remarks(self, left_out: Sequence[LeftOut], without: Iterable[str]) -> Iterator[str]:
        if left_out:
            yield f"Left out: {counted(left_out)}."
        if names := ", ".join(without):
            yield f"No photo in the folder of: {names}"
        deeper = sum(
            self._depth(photo) > self._level + 1
            for photos in self._photos.values()
            for photo in photos
        )
        if deeper:
            yield (
                f"Photos in folders within a subject's folder: {deeper}. They are photos of that "
                "subject."
            )
        if links := len(self._listing.links):
            yield f"Links to files inside the folder, read as photos: {links}."
        places = Counter(map(_subject_of, self._photos))
        if self._level > 1 and (several := sum(count > 1 for count in places.values())):
            yield f"Subjects with folders in several places, each read as one subject: {several}."
        yield from spelling_remarks((place.name, _subject_of(place)) for place in self._folders())


def counted(left_out: Iterable[LeftOut]) -> str:
    """Return how many things were left out for each reason: "2 linked folders, 1 hidden file"."""
    by_reason: dict[Reason, list[str]] = defaultdict(list)
    for item in left_out:
        by_reason[item.reason].append(item.path.name)
    parts = []
    for reason, found in by_reason.items():
        names = [shown(name) for name in dict.fromkeys(found)]
        more = ", …" if len(names) > _SHOWN else ""
        named = f" ({', '.join(names[:_SHOWN])}{more})" if reason.by_name else ""
        parts.append(f"{len(found)} {reason.one if len(found) == 1 else reason.many}{named}")
    return ", ".join(parts)


def _subject_of(place: Path) -> str:
    return one_form(shown(place.name))


def _can_be_stored(subject: str) -> bool:
    return bool(subject.strip()) and not controls(subject)


def _refused(photo: Path, subject: str) -> RefusedRow:
    error = ManifestError(
        "the name of a subject's folder",
        rule="must not be blank, and have no control characters",
        got=ascii(subject),
        next_step="Rename the folder and run again; photos already enrolled are skipped.",
    )
    return RefusedRow(shown(str(photo)), shown(subject), error)


def _require_plain(folder: Path, photos: Sequence[Path]) -> None:
    """Refuse a folder that looks as if its subjects were not directly in it.

    Raises
    ------
    ManifestError
        It has a manifest of its own; or photos lie deeper in a sub-folder that is named by a year,
        or that holds no photo itself.
    """
    if (folder / "manifest.csv").is_file():
        raise ManifestError(
            "the folder",
            rule="holds a sub-folder of photos for each subject",
            got="a folder with a manifest.csv",
            next_step="Give the manifest.csv itself; or, if each sub-folder is a subject, "
            "--subjects-at 1 (in Python, subjects_at=1).",
            path=folder,
        )
    places = [photo.relative_to(folder).parts[:-1] for photo in photos]
    hold_photos = {place[0] for place in places if len(place) == 1}
    inner = [
        place
        for place in dict.fromkeys(places)
        if len(place) > 1 and (place[0] not in hold_photos or _YEAR.fullmatch(place[0]))
    ]
    if not inner:
        return
    outer = len({place[0] for place in inner})
    named = ", ".join(shown("/".join(place)) for place in inner[:_SHOWN])
    level = min(map(len, inner))
    raise ManifestError(
        "the folder",
        rule="must show at which level the subjects are",
        got=f"{outer} {'folder' if outer == 1 else 'folders'} with photos a level deeper: "
        f"{named}{', …' if len(inner) > _SHOWN else ''}",
        next_step=f"If the inner folders are the subjects, add --subjects-at {level} (in Python, "
        f"subjects_at={level}) or give the folder around them; if the outer ones are, add "
        "--subjects-at 1.",
        path=folder,
    )


def _unreadable(folder: Path, got: str) -> ManifestError:
    return ManifestError(
        "what to enrol",
        rule="a CSV manifest, or a folder with one sub-folder of photos for each subject",
        got=got,
        next_step="Check the path.",
        path=folder,
    )
