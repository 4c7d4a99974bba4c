"""A side of `beside_peers.py` in a process of its own: asked, timed, started again if it ends.

`peers/runner_protocol.py` says what the lines are.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from peer_environments import PEERS, Missing

Vector = NDArray[np.float32]

THREADS = dict.fromkeys(
    (
        "PEER_BOUND",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
    ),
    "1",
)
LOADING, LOOKING = 300.0, 60.0
"""Seconds after which a process that says nothing is ended."""


@dataclass(frozen=True)
class Outcome:
    """What a side made of one photo."""

    boxes: Sequence[Sequence[float]] = ()
    largest: int | None = None
    vector: Vector | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    cpu: float = 0.0
    peak_mib: float = float("nan")
    error: str = ""
    ended: str = ""

    @property
    def total(self) -> float:
        """Seconds from the path to the vectors."""
        return sum(self.seconds.values())

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Return what a line says."""
        held = dict(facts)
        if held.get("vector") is not None:
            rows = np.frombuffer(base64.b64decode(held["vector"]), "<f4")
            held["vector"] = rows.astype(np.float32)
        if isinstance(held.get("error"), Mapping):
            held["error"] = held["error"]["type"]
        return cls(**held)


class PeerProcess:
    """One side's process.

    Parameters
    ----------
    python, script
        Interpreter, and a script of `peers/`.
    options
        What the script gets.
    scratch
        Folder for whatever the side writes: its home, its caches, its temporary files.
    memory
        Limit of its address space in GiB; None for none.
    bound
        Whether it gets one processor and one thread, as all sides of `beside_peers.py` do.
    """

    def __init__(
        self,
        python: Path,
        script: Path | str,
        options: Mapping[str, Any],
        scratch: Path,
        memory: float | None = None,
        *,
        bound: bool = True,
    ) -> None:
        self._command = [str(python), str(PEERS / script)]
        self._options = {**options, "scratch": str(scratch)}
        homes = ("HOME", "XDG_CACHE_HOME", "TORCH_HOME", "TMPDIR", "MPLCONFIGDIR")
        self._environment = {
            **{key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            **(THREADS if bound else {}),
            **dict.fromkeys(homes, str(scratch)),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
        }
        if memory is not None:
            self._environment["PEER_MEMORY_GIB"] = f"{memory:g}"
        self._log = scratch / "stderr.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self.hello: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self) -> dict[str, Any]:
        """Start the process, unless it runs, and return what it says of itself.

        Raises
        ------
        Missing
            If it ends, or cannot load what it needs.
        """
        if self._process is not None and self._process.poll() is None:
            return self.hello
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, json.dumps(self._options)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
            )
        answer = self._answer(LOADING)
        if answer is None or "refused" in answer:
            said = answer["refused"] if answer else f"it ended while loading ({self._how()})"
            self.end()
            raise Missing(str(said))
        self.hello = answer
        return answer

    def ask(self, photo: Path, purpose: str = "gallery") -> dict[str, Any]:
        """Return what the side makes of a photo, as JSON's types, see `Outcome.of`."""
        self.start()
        assert self._process is not None  # noqa: S101 - it was started
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        line = json.dumps({"photo": str(photo), "purpose": purpose}) + "\n"
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()
        answer = self._answer(LOOKING)
        if answer is None:
            ended = self._how()
            self.end()
            return {"ended": ended}
        return answer

    def end(self) -> None:
        """End the process."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was not read is lost
                    pipe.close()
        self._process = None

    def _answer(self, seconds: float) -> dict[str, Any] | None:
        """Return the next line; None if the process ends or says nothing for so long."""
        assert self._process is not None  # noqa: S101 - it was started
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        line = self._process.stdout.readline() if ready else b""
        return json.loads(line) if line.endswith(b"\n") else None

    def _how(self) -> str:
        """Say how a process ended that gave no answer."""
        assert self._process is not None  # noqa: S101 - it was started
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "no answer in time"
        return f"exit {code}" if code >= 0 else signal.Signals(-code).name
