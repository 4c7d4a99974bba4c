"""Results in files, on their way from a worker to the one process that commits them.

A file has the safetensors format, and nothing is unpickled. It holds the records as JSON, the
vectors as float32, and a checksum of both. In an encrypted gallery the file is a sealed one; a
worker on another machine then needs the gallery's key in its own environment. The files that tell
the processes of a shared job what to do are of the same kind, without vectors.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import secrets
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from matcher.embedding.models import STORED_NAMES
from matcher.encryption import Purpose, keys_of, seal, unseal
from matcher.errors import GalleryWriteError
from matcher.gallery.files import home_of
from matcher.hashes import Algorithm, is_hash
from matcher.jobs.tasks import ReindexResult, Status
from matcher.private_files import open_private, sync_directory
from matcher.strict_reading import list_of, object_of, text_of, whole_of

log = logging.getLogger(__name__)

SUFFIX: Final = ".shard"
PART: Final = ".part"
"""End of the name of a file that is being written."""

_PURPOSE: Final = "results of a job"

_NAMES: Final = {stored: name for name, stored in STORED_NAMES.items()}
DAMAGE: Final = (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError)
"""What reading a damaged file raises."""

_HASHES: Final[tuple[Algorithm, ...]] = ("md5", "sha1")
_FACTS: Final = tuple(field.name for field in fields(ReindexResult) if field.name != "vectors")


def write_shard(file: Path, results: Sequence[ReindexResult]) -> None:
    """Write results to a file that exists completely on the disk, or not at all.

    Raises
    ------
    FileNotFoundError
        The folder is gone: a subject was removed, or the job was discarded.
    GalleryWriteError
        The disk is full, for example.
    GalleryKeyError, MissingExtraError
        The gallery is encrypted and the key is not known here, see `keys_of`.
    """
    write_checked(file, _packed(results), _PURPOSE)


def write_checked(file: Path, content: bytes, purpose: Purpose) -> None:
    """Write what `packed` made to a file that exists completely on the disk, or not at all.

    Two processes may write the same file: whole is the one or the other.

    Raises
    ------
    FileNotFoundError, GalleryWriteError, GalleryKeyError, MissingExtraError
        As for `write_shard`.
    """
    keys = keys_of(home_of(file.parent.parent))
    content = content if keys is None else seal(content, keys, purpose)
    part = file.with_name(f"{file.stem}-{secrets.token_hex(4)}{PART}")
    try:
        with open_private(part, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
        sync_directory(file.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if is_gone(error):
            raise FileNotFoundError(*error.args) from error
        raise GalleryWriteError(
            "file of results",
            rule="must be writable, with room on the disk",
            got=error,
            next_step="Free space or correct the rights, then start the same command again.",
            path=file,
        ) from error


def is_gone(error: OSError) -> bool:
    """Return whether an error says that a folder was deleted, here or on a network disk."""
    return isinstance(error, FileNotFoundError) or error.errno == errno.ESTALE


def read_checked(file: Path, purpose: Purpose) -> tuple[bytes, NDArray[np.float32]]:
    """Return the text and the vectors that `packed` was given.

    Raises
    ------
    OSError
        The file cannot be read.
    SafetensorError, KeyError, TypeError, ValueError
        It is damaged.
    """
    content = file.read_bytes()
    keys = keys_of(home_of(file.parent.parent))
    held = load(content if keys is None else unseal(content, keys, purpose))
    records, vectors = held["records"], held["vectors"]
    if not np.array_equal(held["crc32"], _checksum(records, vectors)) or vectors.ndim != 2:
        raise ValueError("not the checksum of what is there")
    return records.tobytes(), vectors


def packed(text: bytes, vectors: NDArray[np.float32]) -> bytes:
    """Return a text and vectors, float32 of shape (n, d), with a checksum of both."""
    records = np.frombuffer(text, np.uint8)
    return save({"records": records, "vectors": vectors, "crc32": _checksum(records, vectors)})


def _packed(results: Sequence[ReindexResult]) -> bytes:
    rows = [vector for result in results for vector in result.vectors.values()]
    text = json.dumps([_record(result) for result in results]).encode("ascii")
    vectors = np.array(rows, np.float32).reshape(len(rows), -1) if rows else np.zeros((0, 0))
    return packed(text, vectors.astype(np.float32))


def _record(result: ReindexResult) -> dict[str, Any]:
    facts = {name: getattr(result, name) for name in _FACTS}
    held = [STORED_NAMES.get(name, name) for name in result.vectors]
    return facts | {"quality": dict(result.quality), "looks": held}


def _checksum(records: NDArray[np.uint8], vectors: NDArray[np.float32]) -> NDArray[np.uint32]:
    return np.array([zlib.crc32(vectors.tobytes(), zlib.crc32(records.tobytes()))], np.uint32)


def read_shard(file: Path) -> list[ReindexResult] | None:
    """Return the results of a file; None if it is gone or damaged and its photos must be redone."""
    try:
        return _unpacked(*read_checked(file, _PURPOSE))
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        log.warning("file of results %s is damaged (%s)", file.name, type(error).__name__)
        return None


def _unpacked(text: bytes, vectors: NDArray[np.float32]) -> list[ReindexResult]:
    rows = iter(vectors)
    return [_result(object_of(facts), rows) for facts in list_of(json.loads(text))]


def _result(facts: dict[str, Any], rows: Iterator[NDArray[np.float32]]) -> ReindexResult:
    """Return a result; raise ValueError, KeyError or TypeError for one that no job made."""
    held = [_NAMES.get(text_of(name), name) for name in list_of(facts.pop("looks"))]
    vectors = dict(zip(held, rows, strict=False))
    texts = (facts["code"], facts["reason"], facts["reference"], facts["sha256"])
    left, top, right, bottom = list_of(facts["box"])
    quality = object_of(facts["quality"])
    numbers = (left, top, right, bottom, facts["probability"], facts["weight"], *quality.values())
    if (
        len(vectors) < len(held)
        or facts["status"] not in get_args(Status)
        or not all(isinstance(text, str) for text in texts)
        or not all(facts.get(name) is None or _is_hash(facts[name], name) for name in _HASHES)
        or not all(type(number) in (int, float) for number in numbers)
    ):
        raise ValueError("a result that no job made")
    for name in ("bytes", "mtime_ns"):
        if facts[name] is not None:
            whole_of(facts[name])
    whole_of(facts["face_id"])
    return ReindexResult(**facts | {"box": (left, top, right, bottom), "vectors": vectors})


def _is_hash(given: object, name: Algorithm) -> bool:
    return isinstance(given, str) and is_hash(given, name)
