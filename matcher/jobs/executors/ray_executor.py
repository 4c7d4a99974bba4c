"""Embed the photos of a job by workers on a Ray cluster, one shard (group of photos) at a time.

Each worker is an actor that loads the model once. It reads photos by the paths that the job knows,
and writes the results of a shard to a file beside the shadow. Only the job writes to the store: it
commits the file and deletes it. If a worker is lost, alone or with its node, a new worker replaces
it wherever there is room, and its shard is done again.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

from matcher._version import __version__
from matcher.embedding import Extractor
from matcher.errors import InputError, JobError, JobStalledError, MissingExtraError
from matcher.gallery.shard_folders import drop_shard_folders, make_shard_folder
from matcher.jobs.executors.ray_worker import Worker
from matcher.jobs.executors.shards import SUFFIX, read_shard
from matcher.jobs.photo_reads import moved_path
from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import Shadow
from matcher.jobs.tasks import ReindexResult, ReindexTask, Status
from matcher.telemetry import import_silent
from matcher.words import counted

log = logging.getLogger(__name__)

ATTEMPTS: Final = 5
"""Number of times that a shard is given out if its worker is lost. A node may be lost, and the next
one too. Without a limit, a shard that ends every worker would be given out for ever."""

CONNECTING: Final = 10.0
"""Seconds to reach the head of the cluster."""


@dataclass(frozen=True)
class RayExecutor:
    """Workers on a Ray cluster that is already running.

    Every node must have this version of the library. It must see the gallery's directory, the
    photos and the folder in which the job is started under the same paths, with the same rights.

    Parameters
    ----------
    address
        Host and port of the cluster's head, for example "10.0.0.2:6379".
    load
        Function that returns the extractor. It is called once in each worker and must be importable
        there, for example `partial(load_extractor, "youth-resnet")`.
    actors
        Number of workers, >= 1. None means one for each CPU, or with `gpus` as many as there is
        room for.
    shard
        Photos in one task and one transaction, >= 1. The loss of a worker costs at most these.
    cpus, gpus
        Share of a node that Ray reserves for a worker, >= 0. It is small, so that after the loss of
        a node all workers find room on the others.
    threads
        Threads of a worker's network, >= 1. The number of threads changes the order of additions.
        The results equal those of a job on one machine to the last digit only if its network has as
        many threads.
    stall
        Seconds without a finished shard after which the job ends, > 0.

    Raises
    ------
    MissingExtraError
        Ray is not installed.
    InputError
        A number is out of its range.
    """

    address: str
    load: Callable[[], Extractor]
    actors: int | None = None
    shard: int = 128
    cpus: float = 0.1
    gpus: float = 0.0
    threads: int = 1
    stall: float = 600.0

    def __post_init__(self) -> None:
        _ray()
        ranges = {
            "actors": self.actors is None or self.actors >= 1,
            "shard": self.shard >= 1,
            "cpus": self.cpus >= 0,
            "gpus": self.gpus >= 0,
            "threads": self.threads >= 1,
            "stall": self.stall > 0,
        }
        for name, in_range in ranges.items():
            if not in_range:
                raise InputError(
                    f"{name} of the Ray executor",
                    rule="must be in its range, see RayExecutor",
                    got=getattr(self, name),
                    next_step="Leave it out, if in doubt.",
                )

    def embedded(
        self, shadow: Shadow, settings: JobSettings, again: Sequence[Status]
    ) -> Generator[list[ReindexResult]]:
        """Yield the results of one shard after another; the caller commits each before the next.

        Raises
        ------
        JobError
            There is no cluster at the address, a worker cannot work, or a shard ends its workers.
        JobStalledError
            No work was finished for `stall` seconds.
        """
        ray = _ray()
        with _connected(ray, self.address):
            yield from _Pool(ray, self, shadow, settings, again).results()
        with shadow.locked():
            drop_shard_folders(shadow.directory)


def _ray() -> Any:
    try:
        return import_silent("ray")
    except ImportError as error:
        raise MissingExtraError(
            "executor on Ray",
            rule="needs ray",
            got="no ray in this environment",
            next_step='Run: pip install "ray>=2.60,<3".',
        ) from error


@contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECTING).close()  # Ray tries for minutes
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise JobError(
            "Ray cluster",
            rule=f"must be reachable at {address}, and be of this version of Ray and Python",
            got=f"{type(error).__name__}: {error}",
            next_step="Look at `ray status --address` there; start it with `ray start --head`.",
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@dataclass(frozen=True)
class _Shard:
    tasks: tuple[ReindexTask, ...]
    lost: int = 0
    """Number of workers that had the shard and were lost."""


@dataclass(frozen=True)
class _Call:
    """The work of a worker: a shard, or getting ready."""

    actor: Any
    shard: _Shard | None = None
    file: Path = Path()


class _Pool:
    """Workers and their shards. A worker is given a shard when it asks for work."""

    def __init__(
        self,
        ray: Any,
        executor: RayExecutor,
        shadow: Shadow,
        settings: JobSettings,
        again: Sequence[Status],
    ) -> None:
        self._ray = ray
        self._executor = executor
        self._shadow = shadow
        self._settings = settings
        self._again = again
        self._fresh = _shards(shadow.tasks(again), executor.shard)
        self._returned: deque[_Shard] = deque()
        self._calls: dict[Any, _Call] = {}
        self._idle: list[Any] = []
        self._folder: Path | None = None
        self._numbers = count()
        self._lost_in_a_row = 0
        self._last_success = time.monotonic()
        self._worker = ray.remote(Worker).options(
            num_cpus=executor.cpus, num_gpus=executor.gpus, scheduling_strategy="SPREAD"
        )

    def results(self) -> Iterator[list[ReindexResult]]:
        self._number = self._executor.actors or self._room()
        for _ in range(self._number):
            self._hire()
        while not self._idle or any(call.shard for call in self._calls.values()):
            call, results = self._next_ended()
            self._give_out()
            if results:
                yield results
                call.file.unlink(missing_ok=True)
                self._last_success = time.monotonic()

    def _room(self) -> int:
        resources, gpus = self._ray.cluster_resources(), self._executor.gpus
        return max(1, int(resources.get("GPU", 0) // gpus if gpus else resources.get("CPU", 1)))

    def _hire(self) -> None:
        given = (self._executor.load, self._executor.threads, self._settings, Path.cwd())
        actor = self._worker.remote(*given)
        ready = actor.get_ready.remote(self._shadow.model, __version__)
        self._calls[ready] = _Call(actor)

    def _next_ended(self) -> tuple[_Call, list[ReindexResult]]:
        """Wait for a worker; return the work that it finished, and the results if there are any."""
        errors = self._ray.exceptions
        ended = self._wait()
        call = self._calls.pop(ended)
        try:
            written = self._ray.get(ended)
        except errors.RayTaskError as error:
            raise _cause(error) from error
        except errors.RayError as error:
            self._replace(call, error)
            return call, []
        self._idle.append(call.actor)
        self._lost_in_a_row = 0
        self._last_success = time.monotonic()
        return call, self._read(call) if written else self._return(call)

    def _wait(self) -> Any:
        left = self._last_success + self._executor.stall - time.monotonic()
        ended, _ = self._ray.wait(list(self._calls), num_returns=1, timeout=max(0.0, left))
        if ended:
            return ended[0]
        out = sum(call.shard is not None for call in self._calls.values())
        raise self._stalled(
            f"nothing; {out} of {self._number} workers have a shard, "
            f"{len(self._calls) - out} are not ready"
        )

    def _stalled(self, got: str) -> JobStalledError:
        return JobStalledError(
            "re-indexing job on the Ray cluster",
            rule=f"must finish something within {counted(float(self._executor.stall), 'second')}",
            got=got,
            next_step="See with `ray status` whether nodes are alive and have room for workers; "
            "then start the same command again: it goes on from what is stored.",
        )

    def _read(self, call: _Call) -> list[ReindexResult]:
        if call.shard is None:
            return []
        results = read_shard(call.file)
        if results is None:
            return self._return(call)
        for task, result in zip(call.shard.tasks, results, strict=True):
            if result.status == "missing":
                _require_missing(moved_path(task.reference, self._settings.moved))
        return results

    def _return(self, call: _Call) -> list[ReindexResult]:
        """Put a shard back, to be done again, because its file is gone or damaged."""
        if call.shard is not None:
            self._returned.append(call.shard)
        return []

    def _replace(self, call: _Call, error: Exception) -> None:
        log.warning("a worker was lost (%s); another takes its place", type(error).__name__)
        self._ray.kill(call.actor)
        self._lost_in_a_row += 1
        if self._lost_in_a_row > ATTEMPTS * self._number:
            message = str(error).strip().splitlines()[-1]
            raise self._stalled(f"{self._lost_in_a_row} lost workers in a row, the last: {message}")
        if call.shard is not None:
            self._returned.append(_once_more(call.shard))
        self._hire()

    def _give_out(self) -> None:
        while self._idle:
            shard = self._returned.popleft() if self._returned else next(self._fresh, None)
            if shard is None:
                return
            shard, folder = self._with_a_place(shard)
            if shard.tasks:
                file = folder / f"{next(self._numbers):08d}{SUFFIX}"
                actor = self._idle.pop()
                self._calls[actor.embed.remote(shard.tasks, file)] = _Call(actor, shard, file)

    def _with_a_place(self, shard: _Shard) -> tuple[_Shard, Path]:
        """Return the shard without removed faces, and a folder for its file.

        No removal of a face can come in between. A later removal deletes this folder with the
        others. After an earlier removal, the face is not in the shard.
        """
        with self._shadow.locked():
            if self._folder is None or not self._folder.is_dir():
                self._folder = make_shard_folder(self._shadow.directory.absolute())
            waiting = self._shadow.waiting([task.face_id for task in shard.tasks], self._again)
        tasks = tuple(task for task in shard.tasks if task.face_id in waiting)
        return replace(shard, tasks=tasks), self._folder


def _shards(tasks: Iterable[ReindexTask], size: int) -> Iterator[_Shard]:
    remaining = iter(tasks)
    while some := tuple(islice(remaining, size)):
        yield _Shard(some)


def _once_more(shard: _Shard) -> _Shard:
    if shard.lost + 1 < ATTEMPTS:
        return replace(shard, lost=shard.lost + 1)
    raise JobError(
        "shard of photos",
        rule="must be embedded by a worker that survives it",
        got=f"{ATTEMPTS} workers that were lost with it",
        next_step="Look at the memory of the nodes; fewer actors, or a smaller shard, need less.",
    )


def _cause(error: Any) -> BaseException:
    cause = error.cause
    return cause if isinstance(cause, BaseException) else error


def _require_missing(path: Path) -> None:
    """Raise JobError if a photo exists although a worker did not find it.

    Otherwise a node without the disk of the photos would soon report all of them as missing.
    """
    if path.is_file():
        raise JobError(
            "photo",
            rule="must be readable on all nodes by the same path",
            got="a node that does not see it, while it is there",
            next_step="Mount the disk of the photos on every node, then start the command again.",
            path=path,
        )
