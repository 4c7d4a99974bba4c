"""A real Milvus server on loopback for the tests, in a directory that goes away with it."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

# Sets up the directory, then becomes the server: one process to end, and none that outlives it.
_LAUNCHER = """
import ctypes, os, sys
from pathlib import Path
import milvus
ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: it is killed when the tests are
base, ports = sys.argv[1], [int(port) for port in sys.argv[2:]]
if not Path(base, "configs", "milvus.yaml").exists():
    config = milvus.MilvusServerConfig(data_dir=base)
    names = [name for name in config.configurable_items if name.endswith("_port")]
    config.update(**dict(zip(names, ports)))
    config.resolve()
    milvus._initialize_data_files(base)
os.chdir(base)
program = str(Path(base, "bin", "milvus"))
environment = os.environ | {
    "DEPLOY_MODE": "STANDALONE",
    "METRICS_PORT": str(ports[-1]),
    "MILVUS_RUN_DIR": str(Path(base, "run")),
    "LD_LIBRARY_PATH": str(Path(base, "bin")),
}
os.execve(program, [program, "run", "standalone"], environment)
"""

PORTS = 11
"""Ten that the configuration names, and one for its health."""

PROXY = 2
"""Which of them answers clients."""


class MilvusOnLoopback:
    """The standalone server of the package `milvus`.

    Its etcd takes ports 2379 and 2380 whatever it is told, so one server runs on a machine. Apart
    from etcd it listens on all interfaces.
    """

    kind = "milvus"
    variable = "MATCHER_MILVUS_SERVER"
    environment: ClassVar[dict[str, str]] = {}
    transactions = False
    nowhere = "milvus:http://127.0.0.1:9"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ports = free_ports(PORTS)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._ports[PROXY]}"

    @property
    def index(self) -> str:
        """What a gallery is told to keep its index here."""
        return f"milvus:{self.url}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, patience: float = 240) -> None:
        """Start it and wait until it says that it is well."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "output.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _LAUNCHER, str(self.directory), *map(str, self._ports)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + patience
        while not self._is_well():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError((self.directory / "output.log").read_text()[-2000:])
            time.sleep(0.2)

    def _is_well(self) -> bool:
        url = f"http://127.0.0.1:{self._ports[-1]}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return b"OK" in answer.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.directory)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses at this moment, below those given to outgoing connections."""
    found: list[int] = []
    for port in random.Random(os.getpid()).sample(range(20_000, 32_000), 1000):
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found


def etcd_is_taken() -> bool:
    """Return whether somebody listens where the server's etcd must."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", 2379)) == 0
