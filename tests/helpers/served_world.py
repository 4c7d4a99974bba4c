"""Serve a world of `made_server` on a real socket, in a process of its own.

    python served_world.py FOLDER [CERTIFICATE KEY]

The process says the address on stderr.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from job_builders import NEW, OLD
from made_server import World

from matcher.cli.process import prepare
from matcher.serve import Listening, ServeSettings, create_app
from matcher.serve.server import serve_on

HERE = Path(__file__)


def settings_of(folder: Path, *, tls: bool = False) -> ServeSettings:
    """Return the settings for a folder of a world."""
    galleries = {"Cases": folder / "cases.gallery"}
    return ServeSettings(galleries=galleries, state=folder / "state", policy="off", tls=tls)


def main() -> None:
    """Serve until somebody ends the process."""
    prepare()
    folder, files = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:4]]
    listening = (
        Listening(port=0, certificate=files[0], key=files[1]) if files else Listening(port=0)
    )
    made = {one.model: one for one in (OLD, NEW)}
    app = create_app(settings_of(folder, tls=listening.tls), load=lambda model, _: made[model])

    def say(text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    serve_on(app, listening, say)


@contextmanager
def served(world: World, *files: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the process; give it, and the address. It is killed if it has not ended."""
    words = [sys.executable, str(HERE), str(world.folder), *map(str, files)]
    path = f"{HERE.parent}{os.pathsep}{HERE.parent.parent.parent}"
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"Serving (https?://\S+) ", line):
                    yield process, found[1]
                    break
            else:
                raise AssertionError("".join(said))
        finally:
            process.kill()


if __name__ == "__main__":
    main()
