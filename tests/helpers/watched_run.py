"""Run every command and write down each file and folder that there is at any moment.

    python watched_run.py FOLDER RECORD

The record is JSON: for each path below the folder the rights that were seen, and the addresses
that were connected to.
"""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from command_story import Story


class Watch:
    """Looks at a whole folder whenever Python opens, makes, renames or removes something."""

    def __init__(self, folder: Path, apart: Path) -> None:
        self.seen: dict[str, set[str]] = {}
        self.connected: list[str] = []
        self._folder, self._apart = folder, apart
        self._looking = False
        sys.addaudithook(self._hear)

    def look(self) -> None:
        """Take note of everything that is there now."""
        self._looking = True
        try:
            self._walk(str(self._folder))
        finally:
            self._looking = False

    def _walk(self, folder: str) -> None:
        try:
            entries = list(os.scandir(folder))
        except OSError:  # it was removed meanwhile
            return
        for entry in entries:
            if Path(entry.path) == self._apart:
                continue
            try:
                mode = entry.stat(follow_symlinks=False).st_mode
            except OSError:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            name = os.path.relpath(entry.path, self._folder) + ("/" if is_folder else "")
            self.seen.setdefault(name, set()).add(f"{mode & 0o7777:04o}")
            if is_folder:
                self._walk(entry.path)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._looking:
            return
        if event == "socket.connect":
            self.connected.append(str(arguments[1]))
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "sqlite3.connect"):
            self.look()


class Mirror(BaseHTTPRequestHandler):
    """Gives bytes that are no weights."""

    def do_GET(self) -> None:
        """Answer every request alike."""
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"something")


def main() -> None:
    folder, record = Path(sys.argv[1]), Path(sys.argv[2])
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as mirror:
        Thread(target=mirror.serve_forever, daemon=True).start()
        story = Story(folder, mirror=f"http://127.0.0.1:{mirror.server_port}")
        watch = Watch(folder, folder / "given")
        runs = story.tell()
        watch.look()
        mirror.shutdown()
    talk = [(run.command, run.code, run.stderr) for run in runs]
    seen = {name: sorted(rights) for name, rights in sorted(watch.seen.items())}
    record.write_text(json.dumps({"seen": seen, "connected": watch.connected, "talk": talk}))


if __name__ == "__main__":
    main()
