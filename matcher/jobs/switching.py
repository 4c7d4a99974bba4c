"""Switch from one edition to another and back. At every moment one edition is current."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from matcher.embedding import Extractor, ModelIdentity
from matcher.errors import InputError, JobError
from matcher.gallery import Gallery
from matcher.gallery.editions import (
    Pointer,
    directory_of,
    drop,
    number_of,
    read_pointer,
    shadow_of,
    write_pointer,
)
from matcher.gallery.shard_folders import away_folder, drop_shard_folders
from matcher.gallery.store import Store
from matcher.governance import CaseContext
from matcher.jobs.executors import LocalExecutor
from matcher.jobs.lock import job_on
from matcher.jobs.reindexing import fill, require_model
from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import BUSY_TIMEOUT, Shadow
from matcher.progress import ProgressHook, silent
from matcher.words import counted


@dataclass(frozen=True)
class Switched:
    """The result of a switch.

    Parameters
    ----------
    edition, model
        The edition that is searched now, and its model.
    lost
        Number of faces of the previous edition that this one lacks.
    kept
        Earlier editions to which `rollback` can go back, the next one first.
    later
        Later editions, which a `rollback` left and to which `switch` can go again, the next one
        first.
    """

    edition: str
    model: ModelIdentity
    lost: int
    kept: tuple[str, ...]
    later: tuple[str, ...] = ()


def switch(
    gallery: Path | str,
    extractor: Extractor | None = None,
    *,
    may_lose: int = 0,
    keep: int = 1,
    settings: JobSettings = JobSettings(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
    context: CaseContext | None = None,
) -> Switched:
    """Make the re-indexed edition the edition that is searched; or the one that a rollback left.

    Faces that were enrolled after the job are done first. Then, while no other process can write,
    the records are updated and the pointer is replaced in one step. An object that has the gallery
    open continues to search the edition that it opened. Its next write is refused with
    `GalleryReplacedError`.

    Parameters
    ----------
    gallery
        The gallery's directory.
    extractor
        The new model, for faces that were enrolled after the job; None if there are none.
    may_lose
        Largest number of faces without a vector of the new model. They stay in the old edition.
    keep
        Number of earlier editions to keep for `rollback`, >= 0. Older ones are deleted.
    settings, on_progress, context
        As in `reindex`.

    Raises
    ------
    JobError
        There is neither a shadow nor a later edition, the switch would lose more faces, faces are
        left to do and there is no extractor, or shares of the job are not merged. Nothing is
        switched.
    JobRunningError, GalleryBusyError, GalleryWriteError, NotAuthorisedError
        Nothing is switched.
    """
    _check(keep)
    with (
        job_on(gallery, context=context) as source,
        source.recorded("model_switch", action="switch"),
    ):
        edition = shadow_of(source.path) or next(iter(_later(source.path)), None)
        if edition is None:
            raise _nothing("re-indexed", "no shadow", "Run the job first.", source.path)
        return _move(source, edition, extractor, may_lose, keep, settings, on_progress)


def rollback(
    gallery: Path | str,
    extractor: Extractor | None = None,
    *,
    may_lose: int = 0,
    keep: int = 1,
    settings: JobSettings = JobSettings(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
    context: CaseContext | None = None,
) -> Switched:
    """Go back to the edition that was searched before. The steps are those of `switch`.

    It goes back only: another rollback goes to a still earlier edition, or finds none. Faces that
    were enrolled after the switch are first done with the old model, so that none is lost. The
    edition that is left is kept besides the `keep` others, so that `switch` undoes the rollback.

    Raises
    ------
    JobError
        No earlier edition is kept, or for a reason as in `switch`. Nothing is switched.
    JobRunningError, GalleryBusyError, GalleryWriteError, NotAuthorisedError
        Nothing is switched.
    """
    _check(keep)
    with (
        job_on(gallery, context=context) as source,
        source.recorded("model_switch", action="rollback"),
    ):
        earlier = _earlier(source.path)
        if not earlier:
            raise _nothing_earlier(source.path)
        return _move(source, earlier[0], extractor, may_lose, keep + 1, settings, on_progress)


def discard(gallery: Path | str, *, context: CaseContext | None = None) -> bool:
    """Delete the shadow, and shares that are out; return whether there was one.

    A governed gallery needs a context.
    """
    with (
        job_on(gallery, context=context) as source,
        source.recorded("model_switch", action="discard"),
    ):
        found = False
        current = directory_of(source.path, source.edition)
        while (edition := shadow_of(source.path)) is not None:
            with closing(Store(current, BUSY_TIMEOUT)) as store, store.locked():
                drop_shard_folders(directory_of(source.path, edition))
            drop(source.path, edition)
            found = True
        return found


def prune(gallery: Path | str, *, keep: int = 0, context: CaseContext | None = None) -> int:
    """Delete the kept editions except the `keep` latest left; return how many were deleted.

    A governed gallery needs a context.
    """
    _check(keep)
    with (
        job_on(gallery, context=context) as source,
        source.recorded("model_switch", action="prune", keep=keep),
    ):
        return _prune(source.path, keep)


def _check(keep: int) -> None:
    if keep < 0:
        raise InputError(
            "keep", rule="must be at least 0", got=keep, next_step="Keep one, if in doubt."
        )


def _move(
    source: Gallery,
    edition: str,
    extractor: Extractor | None,
    may_lose: int,
    keep: int,
    settings: JobSettings,
    on_progress: ProgressHook,
) -> Switched:
    path = source.path
    _require_merged(path, edition)
    if extractor is not None:
        require_model(path, edition, extractor.model)
    detector = None if extractor is None else extractor.detector
    with closing(Shadow(source, directory_of(path, edition), detector)) as shadow:
        shadow.migrate()
        _fill(shadow, extractor, settings, on_progress)
        _build_index(path, edition)
        while not _moved(path, edition, shadow, may_lose):
            _fill(shadow, extractor, settings, on_progress)
        model, lost = shadow.model, shadow.lost()
    _prune(path, keep)
    return Switched(edition, model, lost, _earlier(path), _later(path))


def _require_merged(path: Path, edition: str) -> None:
    """Refuse an edition while shares of its job are out."""
    if (folder := away_folder(directory_of(path, edition))) is not None:
        raise JobError(
            "re-indexing job",
            rule="must have all its shares merged before the switch",
            got=f"shares that are out, in {folder.parent}",
            next_step="Run: matcher reindex merge GALLERY. To take them back and do the rest "
            "here: matcher reindex run GALLERY.",
            path=path,
        )


def _earlier(path: Path) -> tuple[str, ...]:
    """Return the kept editions that were made before the current one, the latest left first."""
    pointer = read_pointer(path)
    return tuple(name for name in pointer.kept if number_of(name) < number_of(pointer.current))


def _later(path: Path) -> tuple[str, ...]:
    pointer = read_pointer(path)
    return tuple(name for name in pointer.kept if number_of(name) > number_of(pointer.current))


def _fill(
    shadow: Shadow, extractor: Extractor | None, settings: JobSettings, on_progress: ProgressHook
) -> None:
    if extractor is not None:
        fill(shadow, LocalExecutor(extractor), settings, on_progress)
    elif left := shadow.count():
        raise JobError(
            "re-indexing job",
            rule="must have done every face of the gallery",
            got=f"{counted(left, 'face')} that it has not",
            next_step=f"Load the model {shadow.model} and pass it, to do them first.",
            path=shadow.source.path,
        )


def _build_index(path: Path, edition: str) -> None:
    with Gallery.open(path, edition=edition, busy_timeout=BUSY_TIMEOUT) as built:
        built.rebuild()


def _moved(path: Path, edition: str, shadow: Shadow, may_lose: int) -> bool:
    """Switch unless something is left to do; no other process can write meanwhile."""
    with shadow.locked():
        if shadow.count():
            return False
        lost = shadow.lost()
        if lost > may_lose:
            raise JobError(
                "re-indexed edition",
                rule=f"may lack at most {counted(may_lose, 'face')}",
                got=f"{counted(lost, 'face')} without a vector",
                next_step="Look at the outcomes; correct what can be, or allow for that many.",
                path=path,
            )
        shadow.finish()
        drop_shard_folders(shadow.directory)
        before = read_pointer(path)
        kept = [before.current, *(name for name in before.kept if name != edition)]
        write_pointer(path, Pointer(edition, tuple(kept)))
    return True


def _prune(path: Path, keep: int) -> int:
    """Drop kept editions. `read_pointer` leaves them out from then on, so no pointer is written."""
    old = read_pointer(path).kept[keep:]
    for name in old:
        drop(path, name)
    return len(old)


def _nothing_earlier(path: Path) -> JobError:
    again = "`switch` goes to the later edition again" if _later(path) else ""
    advice = again or "Re-index it with the model that you want"
    return _nothing("switched, and an earlier edition kept", "nothing earlier", f"{advice}.", path)


def _nothing(rule: str, got: str, next_step: str, path: Path) -> JobError:
    return JobError(
        "gallery", rule=f"must have been {rule}", got=got, next_step=next_step, path=path
    )
