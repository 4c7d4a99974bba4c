"""The proof of an erasure: what was looked at, what was found, and what it cannot reach."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from matcher.casework.retention.needles import (
    SHORTEST,
    Found,
    Needle,
    Searched,
    files_below,
    needles_for,
    needles_of_vectors,
    search_files,
)
from matcher.casework.retention.traces import Traces, is_of_traces
from matcher.casework.retention.vectors import VectorsLeft, vectors_left
from matcher.encryption import keys_of
from matcher.errors import MatcherError
from matcher.gallery.editions import directory_of, read_pointer
from matcher.gallery.store import Store
from matcher.governance import KINDS, PURPOSES, ActivityLog, LogRecord, open_casework
from matcher.governance.places import log_of
from matcher.governance.pseudonyms import CASE
from matcher.watching.files import folder_of as watch_folder_of
from matcher.watching.files import has_probes
from matcher.words import counted

BEYOND_REACH: Final = (
    "Copies of the gallery and backups, also those that the file system keeps by itself.",
    "Lead sheets, tables, reports and exports that were written elsewhere; name their folders with "
    "--also to have them searched.",
    "The photos themselves, and whatever other people or systems were given.",
    "Bytes of deleted files that the disk has not written over yet.",
)
"""What no erasure of a gallery reaches."""

_NOTHING: Final = VectorsLeft((), 0, 0, 0, 0, ())
_BUSY_TIMEOUT: Final = 10.0
_STATEMENTS: Final = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"


@dataclass(frozen=True)
class ErasureProof:
    """What was looked at after an erasure, and what was found.

    Parameters
    ----------
    rows
        Number of rows of the subject and its faces that are left; 0 if all are gone.
    vectors_compared
        Number of vectors that were compared: those of all editions and of the watch list, in the
        stores and in the indexes.
    vectors_left
        Number of these within 1e-6, in each number, of an erased vector.
    same_photo
        Number of vectors of photos that another subject has too; they stay with that subject.
    editions
        Names of the editions that were looked at; those of the watch list begin with `watch/`.
    files, size
        Number of files in the gallery's folder, and of their bytes, that were searched for the
        identifier, hashes and references of photos, and vectors.
    found
        Where some of these were found in the gallery's folder, apart from the log.
    found_in_log
        The same for the log, which is never changed: an authorisation, for example, that holds the
        identifier of the case.
    found_elsewhere
        The same for the other places that were named.
    notes
        What was not looked at, or stays on purpose, in sentences.
    beyond
        What no erasure of a gallery reaches, in sentences.
    """

    rows: int
    vectors_compared: int
    vectors_left: int
    same_photo: int
    editions: tuple[str, ...]
    files: int
    size: int
    found: tuple[Found, ...]
    found_in_log: tuple[Found, ...]
    found_elsewhere: tuple[Found, ...]
    notes: tuple[str, ...]
    unread: int
    beyond: tuple[str, ...] = BEYOND_REACH

    @property
    def ok(self) -> bool:
        """Whether everything in the gallery's folder could be looked at, and nothing was found.

        It says nothing of other places.
        """
        return self.is_over and not self.found_in_log

    @property
    def is_over(self) -> bool:
        """Whether nothing is left that can be cleared; what stands in the log stays there."""
        return not (self.vectors_left or self.found or self.is_unfinished)

    @property
    def is_unfinished(self) -> bool:
        """Whether rows are left or something could not be read, which nobody can accept."""
        return bool(self.rows or self.unread)

    def facts(self) -> dict[str, Any]:
        """Return the counts for the log."""
        return {
            "rows_left": self.rows,
            "vectors_compared": self.vectors_compared,
            "vectors_left": self.vectors_left,
            "same_photo": self.same_photo,
            "editions": len(self.editions),
            "files": self.files,
            "bytes": self.size,
            "found": sum(one.count for one in self.found),
            "found_in_log": sum(one.count for one in self.found_in_log),
            "found_elsewhere": sum(one.count for one in self.found_elsewhere),
            "unread": self.unread,
        }


def prove(gallery: Path, traces: Traces, also: Sequence[Path] = ()) -> ErasureProof:
    """Look for what is left of erased traces in a gallery's folder, and in other places.

    Nothing is changed. Files elsewhere are searched and never deleted.
    """
    here, watch = _vectors_left(gallery, traces), _vectors_of_watch(gallery, traces)
    needles, notes = _needles(gallery, traces)
    searched = _search_gallery(gallery, needles)
    found, in_log, kept = _parted(gallery, searched.found)
    home = gallery.resolve()
    outside = [path for path in files_below(also) if home not in path.resolve().parents]
    elsewhere = search_files(outside, needles)
    unread = [*searched.not_read, *here.not_read, *watch.not_read]
    notes += kept
    notes += [f"Not read: {one}." for one in (*unread, *elsewhere.not_read)]
    notes += [f"Not looked into, it is compressed: {one}." for one in elsewhere.packed]
    served = (*here.served, *watch.served)
    notes += [f"The index of edition {one} is on a server: not looked at there." for one in served]
    if here.same_photo + watch.same_photo:
        count = here.same_photo + watch.same_photo
        notes.append(f"{counted(count, 'vector')} of a photo that another subject has as well.")
    return ErasureProof(
        rows=here.rows + watch.rows,
        vectors_compared=here.compared + watch.compared,
        vectors_left=here.same + watch.same,
        same_photo=here.same_photo + watch.same_photo,
        editions=(*here.editions, *(f"watch/{name}" for name in watch.editions)),
        files=searched.files,
        size=searched.size,
        found=found,
        found_in_log=in_log,
        found_elsewhere=elsewhere.found,
        notes=tuple(notes),
        unread=len(unread),
    )


def _search_gallery(gallery: Path, needles: Collection[Needle]) -> Searched:
    """Search the files of a gallery, those of its watch list by their own keys."""
    watch = watch_folder_of(gallery)
    files = [path for path in files_below([gallery]) if not is_of_traces(path)]
    of_watch = [path for path in files if watch in path.parents]
    rest = [path for path in files if path not in of_watch]
    one = search_files(rest, needles, keys_of(gallery))
    return one + search_files(of_watch, needles, keys_of(watch))


def _vectors_left(gallery: Path, traces: Traces, *, watch: bool = False) -> VectorsLeft:
    if traces.kind == CASE:
        return _NOTHING
    return vectors_left(
        gallery,
        traces.vectors,
        faces=traces.probes if watch else traces.faces,
        subjects=[traces.name],
        photos=traces.photos,
    )


def _vectors_of_watch(gallery: Path, traces: Traces) -> VectorsLeft:
    if not has_probes(gallery):
        return _NOTHING
    return _vectors_left(watch_folder_of(gallery), traces, watch=True)


def _needles(gallery: Path, traces: Traces) -> tuple[list[Needle], list[str]]:
    """Return what to look for, without what belongs to somebody else as well; and notes on that."""
    others = _others(gallery)
    shared = {*others.photos, *others.references}
    names = [name for name in traces.names if name not in others.names]
    common = [name for name in names if any(name in text for text in others.words)]
    needles = needles_for("identifier", [one for one in names if one not in common], others.names)
    needles += needles_for("photo hash", [one for one in traces.photos if one not in shared])
    needles += needles_for("reference", [one for one in traces.references if one not in shared])
    if not shared & set(traces.photos):
        needles += needles_of_vectors(traces.vectors)
    notes = []
    if short := [name for name in names if len(name.encode("utf-8", "replace")) < SHORTEST]:
        notes.append(
            f"{counted(len(short), 'identifier is', 'identifiers are')} too short to be looked for "
            "in bytes of files; only rows and vectors were looked for."
        )
    for name in common:
        notes.append(
            f"The identifier {name} is a part of words that the files of every gallery hold; only "
            "rows and vectors were looked for."
        )
    if left := [one for one in (*traces.photos, *traces.references) if one in shared]:
        shown = counted(len(left), "hash or reference", "hashes or references")
        notes.append(f"{shown} of photos that another subject has as well.")
    return needles, notes


@dataclass(frozen=True)
class _Others:
    """What belongs to all who are left, and the words that the files of every gallery hold."""

    words: tuple[str, ...]
    names: frozenset[str]
    photos: frozenset[str]
    references: frozenset[str]


def _others(gallery: Path) -> _Others:
    """Return the identifiers, and the hashes and references of photos, of all who are left."""
    log = ActivityLog.of(gallery)
    names = {one for kind in ("subject", "case") for one in log.pseudonyms.values(kind)}
    words = [*KINDS, *PURPOSES, *(one.name for one in fields(LogRecord)), *_tables_of(gallery)]
    photos: set[str] = set()
    references: set[str] = set()
    for folder in (gallery, watch_folder_of(gallery)):
        if not folder.is_dir():
            continue
        try:
            current = directory_of(folder, read_pointer(folder).current)
            with closing(Store(current, _BUSY_TIMEOUT)) as store:
                words += [sql for (sql,) in store.query(_STATEMENTS)]
                names |= {one for (one,) in store.query("SELECT subject_id FROM subjects")}
                for sha256, reference in store.query("SELECT sha256, reference FROM faces"):
                    photos.add(sha256)
                    references.add(reference)
        except MatcherError:
            continue  # what cannot be read is said by the comparison of vectors
    return _Others(tuple(words), frozenset(names), frozenset(photos), frozenset(references))


def _tables_of(gallery: Path) -> list[str]:
    """Return the statements that made the tables of the casework."""
    with open_casework(gallery) as database:
        return [sql for (sql,) in database.rows(_STATEMENTS)]


def _parted(
    gallery: Path, found: Collection[Found]
) -> tuple[tuple[Found, ...], tuple[Found, ...], list[str]]:
    """Return what was found outside the log, and in it; hashes of probes there are only noted."""
    logs = (log_of(gallery), log_of(watch_folder_of(gallery)))
    in_log = [one for one in found if one.path in logs]
    hashes = [one for one in in_log if one.what == "photo hash"]
    notes = [
        "The log keeps the SHA-256 of a probe that is also a photo of the subject. It tells "
        "nothing to whoever does not have the photo."
        for _ in hashes[:1]
    ]
    rest = tuple(one for one in found if one not in in_log)
    return rest, tuple(one for one in in_log if one not in hashes), notes


def lines_of(proof: ErasureProof) -> Iterator[str]:
    """Yield what a proof says, in sentences."""
    yield (
        f"Searched {counted(proof.files, 'file')} of the gallery with {proof.size} bytes, and "
        f"{counted(len(proof.editions), 'edition')}; compared "
        f"{counted(proof.vectors_compared, 'vector')}."
    )
    yield f"Left: {counted(proof.rows, 'row')}, {counted(proof.vectors_left, 'vector')}."
    for one in proof.found:
        yield f"Found in the gallery: {one.what}, {counted(one.count, 'time')}: {one.path}"
    for one in proof.found_in_log:
        yield f"Found in the log, where it stays: {one.what}, {counted(one.count, 'time')}."
    for one in proof.found_elsewhere:
        yield f"Found elsewhere: {one.what}, {counted(one.count, 'time')}: {one.path}"
    yield from proof.notes
