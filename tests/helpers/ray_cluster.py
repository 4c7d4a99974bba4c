"""A cluster of two nodes on this host, and extractors that say who used them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from job_builders import NEW
from waiting import PATIENCE, alive

from matcher.embedding import Extractor
from matcher.errors import WeightsMissingError
from matcher.testing import FakeDetector, FakeEmbedder

HEAD, OTHER = "127.0.0.2", "127.0.0.3"
_MARK = "MATCHER_TEST_CLUSTER"


class Noted(FakeDetector):
    """Writes down every photo that it is given with its process and node, and takes its time.

    With `on_nodes` it takes until as many nodes are at work: one that is slow to start would
    otherwise find nothing left to do.
    """

    def __init__(self, journal: Path, seconds: float, on_nodes: int) -> None:
        self._journal = journal
        self._seconds = seconds
        self._on_nodes = on_nodes

    def detect(self, photos):
        node = os.getppid()  # the raylet
        lines = [f"{photo.sha256} {os.getpid()} {node}\n" for photo in photos]
        with self._journal.open("a", encoding="ascii") as file:
            file.write("".join(lines))
        time.sleep(self._seconds * len(photos))
        deadline = time.monotonic() + PATIENCE
        while len(nodes(self._journal)) < self._on_nodes and time.monotonic() < deadline:
            time.sleep(0.05)
        return super().detect(photos)


def noted(journal: Path, seconds: float = 0.0, on_nodes: int = 0) -> Extractor:
    return Extractor(Noted(journal, seconds, on_nodes), NEW._embedder)


def loading(journal: Path, seconds: float = 0.0, on_nodes: int = 0) -> Callable[[], Extractor]:
    """Return what an executor calls in a worker."""
    journal.touch()
    return partial(noted, journal, seconds, on_nodes)


def no_model() -> Extractor:
    raise WeightsMissingError("weights", rule="must be here", got="none", next_step="Fetch them.")


def another_model() -> Extractor:
    return Extractor(FakeDetector(), FakeEmbedder(24, "3"))


class Deadly(FakeDetector):
    """Ends its process."""

    def detect(self, photos):
        os._exit(len(photos))


def deadly() -> Extractor:
    return Extractor(Deadly(), NEW._embedder)


def embedded(journal: Path) -> Counter[str]:
    """Return how often each photo was given to a detector, by hash."""
    return Counter(line.split()[0] for line in journal.read_text("ascii").splitlines())


def workers(journal: Path) -> set[int]:
    """Return the processes that detected something and that live."""
    lines = journal.read_text("ascii").splitlines()
    return {pid for pid in {int(line.split()[1]) for line in lines} if alive(pid)}


def nodes(journal: Path) -> set[int]:
    """Return the raylets whose workers detected something."""
    return {int(line.split()[2]) for line in journal.read_text("ascii").splitlines()}


class Cluster:
    """Two nodes of `ray start`; every process that comes of it carries a mark."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self.folder = Path(
            tempfile.mkdtemp(prefix="mray", dir="/tmp")
        )  # paths of sockets are short
        self.address = f"{HEAD}:{_free_port()}"
        self._started: list[subprocess.Popen[bytes]] = []
        self._start(
            "--head",
            f"--port={self.address.rpartition(':')[2]}",
            f"--node-ip-address={HEAD}",
            f"--temp-dir={self.folder}",
            "--include-dashboard=false",
            "--disable-usage-stats",
        )
        self.other = 0
        self.start_other()

    def start_other(self) -> None:
        """Start the second node, unless it is there."""
        if not alive(self.other):
            self._start(f"--address={self.address}", f"--node-ip-address={OTHER}")
            self.other = self._raylet(OTHER)

    def kill_other(self) -> None:
        """Kill the raylet of the second node, as when its machine is switched off."""
        os.kill(self.other, signal.SIGKILL)

    def stop(self) -> None:
        """End every process of the cluster."""
        deadline = time.monotonic() + PATIENCE
        while pids := self._pids():
            assert time.monotonic() < deadline, pids
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.1)
        for process in self._started:
            process.wait(PATIENCE)
        shutil.rmtree(self.folder)

    def _start(self, *options: str) -> None:
        ray = Path(sys.executable).with_name("ray")
        common = ["--num-cpus=2", "--object-store-memory=80000000"]
        log = (self.folder / f"start-{len(self._started)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [str(ray), "start", *options, *common],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._started.append(process)
        assert process.wait(PATIENCE) == 0, Path(log.name).read_text()

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            _MARK: self.mark,
            "PYTHONPATH": f"{Path(__file__).parent}:{Path.cwd()}",
            "RAY_USAGE_STATS_ENABLED": "0",
            "OMP_NUM_THREADS": "1",
        }

    def _pids(self) -> list[int]:
        """Return all processes that carry the mark."""
        found = []
        mark = f"{_MARK}={self.mark}".encode()
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (path / "environ").read_bytes() and alive(int(path.name)):
                    found.append(int(path.name))
            except OSError:
                continue
        return found

    def _raylet(self, address: str) -> int:
        for pid in self._pids():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"/raylet") and f"--node_ip_address={address}".encode() in words:
                return pid
        raise AssertionError(f"no raylet of {address}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HEAD, 0))
        return int(probe.getsockname()[1])
