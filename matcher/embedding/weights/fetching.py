"""Get weights onto this machine, from the network or from a file."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import filelock

from matcher.embedding.models import AnyRecord, ModelRecord, get_any_record, typed_name
from matcher.embedding.weights.cache import (
    each_file,
    expected_sha256,
    note_path,
    read_external,
    read_file,
    record_sha256,
    reinstallation,
    weights_folder,
    weights_path,
    written_whole,
)
from matcher.embedding.weights.download import Download, GaveUpError
from matcher.embedding.weights.map_file import read_map
from matcher.errors import (
    DownloadError,
    InputError,
    WeightsDamagedError,
    WeightsMissingError,
)
from matcher.private_files import PUBLIC_FILE_MODE, PUBLIC_FOLDER_MODE, make_folder
from matcher.progress import ProgressHook, silent

MIRROR_VARIABLE = "MATCHER_MODEL_MIRROR"


def fetch(
    name: str,
    *,
    cache: Path | None = None,
    mirror: str | None = None,
    from_file: Path | None = None,
    on_progress: ProgressHook = silent,
) -> Path:
    """Get the weights of a model or a detector, verify them, and put them in place in one step.

    Weights that are already there and undamaged are left alone. The next call continues an
    interrupted download.

    Parameters
    ----------
    name
        One of the names in `list_models` and `list_detectors`, or the path of a TOML record. The
        weights of a record go into the record's folder. Of an adapted model the weights of the base
        are fetched; its map must be there.
    cache
        Folder for weights, see `matcher.embedding.weights.cache.cache_folder`.
    mirror
        Base address that replaces the publisher's address; the file name is appended. Without it,
        the environment variable MATCHER_MODEL_MIRROR counts. It may be plain http.
    from_file
        A copy of the weights on this machine, for sites without a network. External data of an ONNX
        file lie beside it.
    on_progress
        Called with numbers of bytes.

    Returns
    -------
    Path
        Path of the weights.

    Raises
    ------
    UnknownModelError
        If there is no such model or detector.
    DownloadError
        If the weights cannot be obtained, or are not the file that the record names.
    InputError
        If the address is neither https nor the http address of a mirror.
    WeightsMissingError
        If a Python package should carry the weights and is not installed, or an adapted model's
        map is missing.
    WeightsDamagedError
        If an adapted model's map is another file.
    """
    record, folder = get_any_record(name), weights_folder(name, cache)
    if isinstance(record, ModelRecord) and record.adaptation is not None:
        read_map(record, record.adaptation, folder)
        base = record.adaptation.base
        return fetch(base, cache=cache, mirror=mirror, from_file=from_file, on_progress=on_progress)
    own, *others = each_file(record)
    path = weights_path(own, folder)
    if not _is_there(own, folder, read_file):
        _get(own, path, mirror, from_file, on_progress)
    for one in others:
        if not _is_there(one, folder, read_external):
            beside = from_file and from_file.with_name(one.weights.filename)
            _get(one, weights_path(one, folder), mirror, beside, on_progress)
    return path


def _is_there(record: AnyRecord, folder: Path, read: Callable[[AnyRecord, Path], object]) -> bool:
    try:
        read(record, folder)
    except (WeightsMissingError, WeightsDamagedError):
        return False
    return True


def _get(
    record: AnyRecord,
    path: Path,
    mirror: str | None,
    source: Path | None,
    on_progress: ProgressHook,
) -> None:
    """Put the only file of a record in place."""
    if record.weights.package is not None:
        raise _failure(record, "they come with a Python package", f"a damaged {path.name}")
    with _alone(record, path):
        if source is not None:
            _copy(record, source, path)
        else:
            _download(record, _address(record, mirror), path, on_progress)


def _address(record: AnyRecord, mirror: str | None) -> str:
    mirror = mirror or os.environ.get(MIRROR_VARIABLE)
    if mirror:
        return _checked(f"{mirror.rstrip('/')}/{record.weights.filename}", ("https", "http"))
    if record.weights.url is None:
        raise _failure(record, "the record must name an address", "a record without one")
    return _checked(record.weights.url, ("https",))


def _checked(url: str, schemes: tuple[str, ...]) -> str:
    if urlsplit(url).scheme not in schemes:
        raise InputError(
            "The address of the weights is not allowed",
            rule=f"it must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}",
            got=url,
            next_step="Correct the mirror, or give a file on this machine instead.",
        )
    return url


def _download(record: AnyRecord, url: str, path: Path, on_progress: ProgressHook) -> None:
    download = Download(
        url=url,
        part=path.with_name(path.name + ".part"),
        label=f"fetch {record.name}",
        checked=expected_sha256(record, path) is not None,
    )
    try:
        download.run(on_progress)
        actual = _hash(download.part)
    except GaveUpError as error:
        raise _failure(record, f"{url} must be reachable", error) from error
    except OSError as error:
        raise _failure(record, f"{download.part} must be writable", error) from error
    try:
        _check(record, path, actual)
    except DownloadError:
        download.discard()
        raise
    _note_first_use(record, path, actual)
    download.part.replace(path)
    download.discard()


def _copy(record: AnyRecord, source: Path, path: Path) -> None:
    try:
        with written_whole(path) as part:
            shutil.copyfile(source, part)
            actual = _hash(part)
            _check(record, path, actual)
            _note_first_use(record, path, actual)
    except OSError as error:
        raise _failure(record, f"{source} must be a file, and {path} writable", error) from error


def _check(record: AnyRecord, path: Path, found: str) -> None:
    expected = expected_sha256(record, path)
    if expected in (None, found):
        return
    next_step = "Get the file again from a source you trust."
    if record.weights.sha256 is None:
        next_step += f" If the publisher has changed it, remove {note_path(path)} and fetch again."
    raise DownloadError(
        f"The file is not the weights of {record.name!r}; nothing was kept",
        rule=f"SHA-256 must be {expected}",
        got=found,
        next_step=next_step,
    )


def _note_first_use(record: AnyRecord, path: Path, found: str) -> None:
    # The note is written before the file is in place. From then on no other file is accepted.
    if record.weights.sha256 is None:
        record_sha256(path, found)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone(record: AnyRecord, path: Path) -> Iterator[None]:
    try:
        make_folder(path.parent, PUBLIC_FOLDER_MODE)
        lock = path.with_name(path.name + ".lock")
        with filelock.FileLock(lock, timeout=0, mode=PUBLIC_FILE_MODE):
            yield
    except filelock.Timeout as error:
        rule = "one process at a time may fetch them"
        raise _failure(record, rule, "another that is fetching now") from error
    except OSError as error:
        raise _failure(record, f"{path.parent} must be writable", error) from error


def _failure(record: AnyRecord, rule: str, got: object) -> DownloadError:
    filename = record.weights.filename
    if record.weights.package is not None:
        step = reinstallation(record.weights.package)
    else:
        step = (
            "Try again; or bring the file on a disk and run "
            f"matcher models fetch {typed_name(record)} --from {filename}"
        )
    return DownloadError(
        f"The weights of {record.name!r} could not be fetched", rule=rule, got=got, next_step=step
    )
