"""Make a manifest for enrolment from a VICS file and a folder of photos, by their hashes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from matcher.arguments import expect_hook, path_of
from matcher.errors import InputError, MatcherError
from matcher.gallery.files import write_private_csv
from matcher.hashes import SUBJECT_FIELDS, FileHashes, VicsMedia, vics_media
from matcher.paths import to_reference
from matcher.photos import file_hashes, list_folder
from matcher.progress import ProgressHook, silent
from matcher.words import visible

_COLUMNS: Final = ("photo", "subject", "source")
_REPORTED: Final = 100  # photos between two reports of progress
_NAMED: Final = 10


@dataclass(frozen=True)
class VicsImport:
    """What an import found. Entries are named by their `MediaID`, or by their place in the file.

    Parameters
    ----------
    entries
        Entries of the file.
    rows
        Rows of the manifest, one for each photo of each subject.
    repeated
        Entries that name the same photo of the same subject once more.
    unnamed
        Rows whose subject is called after the entry, because no field names it.
    missing
        Entries whose photo is not in the folder.
    changed
        Entries for which the folder has a file of that name, with other bytes.
    contradicting
        Entries whose MD5 is that of one file, and whose SHA-1 is not.
    without_hash
        Entries without a hash that can be read.
    videos
        Entries of videos, by their `MimeType`, that are not in the folder of photos.
    not_named
        Photos of the folder that no entry names.
    failed
        Files of the folder that could not be read.
    left_out
        How many things in the folder are no photos, or may not be listed.
    unread
        By name, how often a field that is not read holds something. Nothing of it is taken over.
    guarded
        Cells of the manifest that got an apostrophe, because they begin like a formula.
    """

    entries: int
    rows: int
    repeated: int = 0
    unnamed: int = 0
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()
    without_hash: tuple[str, ...] = ()
    videos: int = 0
    not_named: int = 0
    failed: tuple[MatcherError, ...] = ()
    left_out: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)
    guarded: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every entry has its photo."""
        return not (self.missing or self.changed or self.contradicting or self.without_hash)

    def remarks(self) -> Iterator[str]:
        """Yield what a person should know, as sentences."""
        for what, entries in (
            ("no photo in the folder has these bytes", self.missing),
            ("a file of that name has other bytes", self.changed),
            ("MD5 and SHA-1 are not of one file", self.contradicting),
            ("no hash that can be read", self.without_hash),
        ):
            if entries:
                more = ", …" if len(entries) > _NAMED else ""
                named = ", ".join(entries[:_NAMED])
                yield f"Left out, {what}: {len(entries)} ({named}{more})."
        for what, count in (
            ("Entries that name a photo once more", self.repeated),
            ("Videos, which are left out", self.videos),
            ("Subjects that are called after their entry", self.unnamed),
            ("Photos in the folder that no entry names", self.not_named),
            ("Things in the folder that are no photos", self.left_out),
        ):
            if count:
                yield f"{what}: {count}."
        for error in self.failed:
            yield f"Failed: {error}"
        if self.unread:
            fields = ", ".join(f"{name} ({count})" for name, count in sorted(self.unread.items()))
            yield f"Fields that are not read, and go nowhere: {visible(fields)}."


def import_vics(
    path: Path | str,
    photos: Path | str,
    out: Path | str,
    *,
    subject_from: str | None = None,
    on_progress: ProgressHook = silent,
) -> VicsImport:
    """Write a manifest of the photos that a VICS file names. Nothing is enrolled.

    A photo is found by its hashes alone, wherever it lies in the folder. No path of the file is
    followed.

    Parameters
    ----------
    path
        The VICS file, at most 512 MiB.
    photos
        The folder with the photos. Each is hashed.
    out
        The manifest to write, a CSV with the columns photo, subject and source. Only its owner can
        read it. An existing file is replaced.
    subject_from
        The field that holds the identifier of the subject, one of `SUBJECT_FIELDS`. VICS has no
        field of its own for it. Where it is empty, or none is given, each entry is a subject of its
        own, called `vics-` and its `MediaID`.
    on_progress
        Called after some photos of the folder.

    Raises
    ------
    ExchangeFileError
        The file cannot be read as VICS; the message names line and column.
    PhotoNotFoundError
        There is no such folder.
    InputError
        `subject_from` is no field that can be read, or `out` is the VICS file.
    OSError
        The manifest cannot be written.
    """
    path, photos, out = path_of("path", path), path_of("photos", photos), path_of("out", out)
    if path.resolve() == out.resolve():
        raise InputError(
            "out",
            rule="must not be the VICS file itself",
            got=str(out),
            next_step="Name another file for the manifest.",
        )
    if subject_from is not None and subject_from not in SUBJECT_FIELDS:
        raise InputError(
            "subject_from",
            rule=f"must be one of {', '.join(SUBJECT_FIELDS)}",
            got=repr(subject_from),
            next_step="Choose one of them, or leave it out.",
        )
    expect_hook("on_progress", on_progress)
    unread: Counter[str] = Counter()
    entries = list(vics_media(path, unread))
    folder = _Folder.read(photos, on_progress)
    sorted_out = _sort_out(entries, folder, subject_from)
    source = f"VICS file {path.name}"
    rows = [
        {"photo": to_reference(place.absolute()), "subject": subject, "source": source}
        for place, subject in sorted_out.rows
    ]
    guarded = write_private_csv(out, _COLUMNS, rows)
    named = {place for place, _ in sorted_out.rows}
    return VicsImport(
        entries=len(entries),
        rows=len(rows),
        repeated=sorted_out.repeated,
        unnamed=sorted_out.unnamed,
        videos=sorted_out.videos,
        not_named=len(set(folder.hashes) - named),
        failed=folder.failed,
        left_out=folder.left_out,
        unread=dict(unread),
        guarded=guarded,
        **{name: tuple(found) for name, found in sorted_out.faults.items()},
    )


@dataclass(frozen=True)
class _Folder:
    """The photos of a folder and their hashes. Of several files with the same bytes one is kept."""

    hashes: Mapping[Path, FileHashes]
    names: frozenset[str]
    failed: tuple[MatcherError, ...]
    left_out: int

    @classmethod
    def read(cls, folder: Path, on_progress: ProgressHook) -> _Folder:
        listing = list_folder(folder)
        hashes: dict[str, tuple[Path, FileHashes]] = {}
        failed: list[MatcherError] = []
        for number, place in enumerate(listing.photos, start=1):
            try:
                of_file = file_hashes(place)
            except MatcherError as error:
                failed.append(error)
            else:
                hashes.setdefault(of_file.sha256, (place, of_file))
            if number % _REPORTED == 0 or number == len(listing.photos):
                on_progress("hash photos", number, len(listing.photos))
        names = frozenset(place.name.lower() for place in listing.photos)
        left_out = len(listing.left_out) + len(listing.unreadable)
        return cls(dict(hashes.values()), names, tuple(failed), left_out)


@dataclass
class _SortedOut:
    """The rows of the manifest, and what became of the other entries."""

    rows: dict[tuple[Path, str], None] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(
        default_factory=lambda: {
            name: [] for name in ("missing", "changed", "contradicting", "without_hash")
        }
    )
    repeated: int = 0
    unnamed: int = 0
    videos: int = 0


def _sort_out(entries: list[VicsMedia], folder: _Folder, subject_from: str | None) -> _SortedOut:
    by_md5 = {one.md5: place for place, one in folder.hashes.items()}
    by_sha1 = {one.sha1: place for place, one in folder.hashes.items()}
    made = _SortedOut()
    for entry in entries:
        of_md5, of_sha1 = by_md5.get(entry.md5 or ""), by_sha1.get(entry.sha1 or "")
        name = visible(entry.media_id) or f"entry {entry.number}"
        place = of_sha1 or of_md5
        if entry.md5 is None and entry.sha1 is None:
            made.faults["without_hash"].append(name)
        elif place is None and entry.is_video:
            made.videos += 1
        elif place is None:
            is_there = bool(entry.names & folder.names)
            made.faults["changed" if is_there else "missing"].append(name)
        elif (entry.md5 and of_md5 != place) or (entry.sha1 and of_sha1 != place):
            made.faults["contradicting"].append(name)
        else:
            _add(made, place, entry, subject_from)
    return made


def _add(made: _SortedOut, place: Path, entry: VicsMedia, subject_from: str | None) -> None:
    subject = entry.texts[subject_from] if subject_from else ""
    row = place, subject or f"vics-{entry.media_id or entry.number}"
    if row in made.rows:
        made.repeated += 1
        return
    made.rows[row] = None
    made.unnamed += not subject
