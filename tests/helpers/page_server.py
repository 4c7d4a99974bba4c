"""A server of example pages, with the headers and files of the real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import shown_pages

import matcher.serve
from matcher.search.lead_sheet.environment import page_environment
from matcher.serve.security import PAGE_POLICY

STATIC = Path(matcher.serve.__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class PageServer:
    """Answers with example pages, and keeps the forms that were sent."""

    def __init__(self) -> None:
        templates = page_environment("matcher.serve")
        self.pages = {
            path: templates.get_template(name).render(**values)
            for path, (name, values) in shown_pages.pages().items()
        }
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self.job = {"state": "running", "done": 4, "total": 12, "result": ""}
        self.picture = shown_pages.picture()
        self.address = ""

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return status, kind and body for a path."""
        if path in self.pages:
            return 200, "text/html; charset=utf-8", self.pages[path].encode()
        if path.startswith("/pictures/"):
            return 200, "image/jpeg", self.picture
        if path.endswith(".json"):
            return 200, "application/json", json.dumps(self.job).encode()
        file = STATIC / Path(path).name
        if path.startswith("/static/") and file.is_file():
            return 200, _KINDS[file.suffix], file.read_bytes()
        return 404, "text/plain", b"nothing here"


@contextmanager
def page_server() -> Iterator[PageServer]:
    """Serve example pages on a free port of this machine."""
    held = PageServer()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*held.answer(self.path.partition("?")[0]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            held.forms.append((self.path, parse_qsl(body, keep_blank_values=True)))
            self._send(200, "text/html; charset=utf-8", b"<!doctype html><title>sent</title>")

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", PAGE_POLICY)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        held.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield held
        finally:
            server.shutdown()
            thread.join()
