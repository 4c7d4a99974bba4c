"""Downloads against a real server on this machine: whole, cut off, wrong, refused."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import filelock
import pytest

import matcher.embedding.weights.download as download
from matcher.embedding import fetch, get_record, verify_weights
from matcher.embedding.weights.cache import each_file
from matcher.errors import DownloadError, InputError, UnknownModelError

CONTENT = bytes(range(256)) * 4000
FILE = "tiny.onnx"
RECORD = """
name = "tiny"
version = "1"
file = "tiny.onnx"
licence = "CC0-1.0"
training_data = "none"
size = 112
template = [[38, 52], [74, 52], [56, 72], [42, 92], [71, 92]]
colour_order = "RGB"
mean = [0, 0, 0]
scale = 1
dimension = 4
mirrored = false
"""


class Server(ThreadingHTTPServer):
    """Serves `content` at any path, in the manner that a test sets."""

    content = CONTENT
    ranges = True
    etag: str | None = '"one"'
    cut_after: int | None = None  # bytes, for the first answer only
    statuses: list[int] = []  # noqa: RUF012 - replaced, never changed
    location = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/models"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append(wanted)
        if server.statuses:
            self._refuse(server.statuses.pop(0))
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if not server.ranges or self.headers.get("If-Range", server.etag) != server.etag:
            start = 0
        if start and start >= len(server.content):
            self._refuse(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            whole = len(server.content)
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if server.etag:
            self.send_header("ETag", server.etag)
        self.end_headers()
        self.wfile.write(body[: server.cut_after])
        server.cut_after = None

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *facts: object) -> None:
        """Stay silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "_PAUSES", (0.01, 0.01, 0.01))
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _record(folder: Path, sha256: str | None = None) -> str:
    path = folder / "tiny.toml"
    path.write_text(RECORD + (f'sha256 = "{sha256}"\n' if sha256 else ""))
    return str(path)


@pytest.fixture
def pinned(tmp_path: Path) -> str:
    """Write a record that states the hash."""
    return _record(tmp_path, hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def unpinned(tmp_path: Path) -> str:
    """Write a record that states none."""
    return _record(tmp_path)


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix not in (".toml", ".lock")}


def test_weights_are_fetched_whole_and_verified(
    server: Server, pinned: str, tmp_path: Path
) -> None:
    path = fetch(pinned, mirror=server.address)

    assert path == tmp_path / FILE
    assert path.read_bytes() == CONTENT
    assert _files(tmp_path) == {FILE}
    status = verify_weights(pinned)
    assert (status.state, status.hash_source) == ("present", "record")


def test_sound_weights_are_not_fetched_again(server: Server, pinned: str) -> None:
    fetch(pinned, mirror=server.address)
    fetch(pinned, mirror=server.address)

    assert server.asked == [None]


def test_mirror_may_come_from_the_environment(
    server: Server, pinned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATCHER_MODEL_MIRROR", server.address + "/")

    assert fetch(pinned).read_bytes() == CONTENT


def test_progress_counts_bytes_up_to_the_total(server: Server, pinned: str) -> None:
    seen: list[tuple[str, int, int | None]] = []
    fetch(pinned, mirror=server.address, on_progress=lambda *step: seen.append(step))

    assert {label for label, _, _ in seen} == {"fetch tiny"}
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1][1:] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("etag", ['"one"', 'W/"one"', None], ids=["strong", "weak", "none"])
def test_cut_connection_is_continued_where_it_ended(
    server: Server, pinned: str, etag: str | None
) -> None:
    server.cut_after, server.etag = 300_000, etag

    assert fetch(pinned, mirror=server.address).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-"]


def test_without_a_hash_only_a_confirmed_part_is_continued(server: Server, unpinned: str) -> None:
    server.cut_after, server.etag = 300_000, None

    assert fetch(unpinned, mirror=server.address).read_bytes() == CONTENT
    assert server.asked == [None, None]


def test_next_call_continues_what_the_last_one_left(
    server: Server, pinned: str, tmp_path: Path
) -> None:
    server.cut_after, server.statuses = 300_000, []
    server.content = CONTENT
    part = tmp_path / f"{FILE}.part"
    part.write_bytes(CONTENT[:1000])

    assert fetch(pinned, mirror=server.address).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-", "bytes=301000-"]
    assert _files(tmp_path) == {FILE}


def test_part_of_another_version_is_not_continued(
    server: Server, unpinned: str, tmp_path: Path
) -> None:
    part = tmp_path / f"{FILE}.part"
    part.write_bytes(b"older" * 100)
    note = '{"url": "%s/%s", "etag": "\\"older\\""}' % (server.address, FILE)  # noqa: UP031
    part.with_name(part.name + ".json").write_text(note)

    assert fetch(unpinned, mirror=server.address).read_bytes() == CONTENT
    assert server.asked == ["bytes=500-"]


def test_server_without_ranges_starts_again(server: Server, pinned: str) -> None:
    server.cut_after, server.ranges = 300_000, False

    assert fetch(pinned, mirror=server.address).read_bytes() == CONTENT


def test_part_longer_than_the_file_is_discarded(
    server: Server, pinned: str, tmp_path: Path
) -> None:
    (tmp_path / f"{FILE}.part").write_bytes(CONTENT + b"more")

    assert fetch(pinned, mirror=server.address).read_bytes() == CONTENT


def test_wrong_part_is_found_out_and_does_not_come_back(
    server: Server, pinned: str, tmp_path: Path
) -> None:
    (tmp_path / f"{FILE}.part").write_bytes(b"wrong" * 100)

    with pytest.raises(DownloadError, match="nothing was kept"):
        fetch(pinned, mirror=server.address)
    assert _files(tmp_path) == set()
    assert fetch(pinned, mirror=server.address).read_bytes() == CONTENT


def test_wrong_content_is_refused_with_both_hashes(
    server: Server, pinned: str, tmp_path: Path
) -> None:
    server.content = b"something else"

    with pytest.raises(DownloadError) as caught:
        fetch(pinned, mirror=server.address)
    assert hashlib.sha256(CONTENT).hexdigest() in str(caught.value)
    assert hashlib.sha256(b"something else").hexdigest() in str(caught.value)
    assert _files(tmp_path) == set()


def test_damaged_weights_are_replaced(server: Server, pinned: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"damaged")

    assert fetch(pinned, mirror=server.address).read_bytes() == CONTENT


def test_failed_fetch_leaves_what_was_there(server: Server, pinned: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"damaged")
    server.statuses = [404]

    with pytest.raises(DownloadError):
        fetch(pinned, mirror=server.address)
    assert (tmp_path / FILE).read_bytes() == b"damaged"


def test_passing_trouble_is_waited_out(server: Server, pinned: str) -> None:
    server.statuses = [503, 429, 500]

    assert fetch(pinned, mirror=server.address).read_bytes() == CONTENT


@pytest.mark.parametrize(("statuses", "requests"), [([404] * 9, 1), ([403] * 9, 1), ([503] * 9, 4)])
def test_refusal_is_reported_after_bounded_patience(
    server: Server, pinned: str, statuses: list[int], requests: int
) -> None:
    server.statuses = list(statuses)

    with pytest.raises(DownloadError, match=f"answered {statuses[0]}") as caught:
        fetch(pinned, mirror=server.address)
    assert "--from tiny.onnx" in caught.value.next_step
    assert len(server.asked) == requests


def test_no_network_is_reported_kindly(
    pinned: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "_PAUSES", (0.01,))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        with pytest.raises(DownloadError, match=r"no connection \(.*refused"):
            fetch(pinned, mirror=f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert _files(tmp_path) == set()


def test_silent_server_is_given_up(pinned: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "_PAUSES", ())
    monkeypatch.setattr(download, "_TIMEOUT", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(DownloadError, match="timed out"),
    ):
        fetch(pinned, mirror=f"http://127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x/"])
def test_redirection_to_another_scheme_is_refused(
    server: Server, pinned: str, location: str
) -> None:
    server.statuses, server.location = [302] * 9, location

    with pytest.raises(DownloadError):
        fetch(pinned, mirror=server.address)
    assert len(server.asked) == 1


@pytest.mark.parametrize("mirror", ["file:///tmp", "ftp://x", "models.example", "/tmp"])  # noqa: S108
def test_other_schemes_are_refused(pinned: str, mirror: str) -> None:
    with pytest.raises(InputError, match="not allowed"):
        fetch(pinned, mirror=mirror)


def test_record_without_address_says_so(pinned: str) -> None:
    with pytest.raises(DownloadError, match="must name an address"):
        fetch(pinned)


def test_first_download_is_recorded_and_enforced(
    server: Server, unpinned: str, tmp_path: Path
) -> None:
    assert verify_weights(unpinned).hash_source == "none"
    path = fetch(unpinned, mirror=server.address)
    status = verify_weights(unpinned)
    assert (status.state, status.hash_source) == ("present", "first use")
    assert "publisher states none" in status.detail

    path.unlink()
    server.content, server.etag = b"another", '"two"'
    with pytest.raises(DownloadError, match="nothing was kept") as caught:
        fetch(unpinned, mirror=server.address)
    assert "tiny.onnx.sha256" in caught.value.next_step


def test_file_brought_by_hand_is_verified_and_copied(
    pinned: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    disk = tmp_path_factory.mktemp("disk")
    (disk / "any name").write_bytes(CONTENT)

    assert fetch(pinned, from_file=disk / "any name").read_bytes() == CONTENT
    assert (disk / "any name").exists()
    assert _files(tmp_path) == {FILE}


def test_wrong_or_absent_file_is_refused(
    pinned: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    disk = tmp_path_factory.mktemp("disk")
    (disk / "wrong").write_bytes(b"wrong")

    for source in (disk / "wrong", disk / "absent", disk):
        with pytest.raises(DownloadError):
            fetch(pinned, from_file=source)
    assert _files(tmp_path) == set()


def test_only_one_process_fetches_at_a_time(server: Server, pinned: str, tmp_path: Path) -> None:
    with (
        filelock.FileLock(tmp_path / f"{FILE}.lock"),
        pytest.raises(DownloadError, match="one process at a time"),
    ):
        fetch(pinned, mirror=server.address)
    assert fetch(pinned, mirror=server.address).read_bytes() == CONTENT


def test_named_model_goes_to_the_cache(tmp_path: Path) -> None:
    wrong = tmp_path / "file"
    wrong.write_bytes(b"not the weights")

    with pytest.raises(DownloadError, match="nothing was kept"):
        fetch("sface", cache=tmp_path, from_file=wrong)
    assert {path.suffix for path in (tmp_path / "weights").iterdir()} <= {".lock"}


def test_weights_in_a_package_need_no_fetching() -> None:
    assert fetch("dlib-resnet").name == "dlib_face_recognition_resnet_model_v1.dat"


def test_unknown_model_is_refused() -> None:
    with pytest.raises(UnknownModelError):
        fetch("nobody")


def test_status_tells_missing_from_damaged(pinned: str, tmp_path: Path) -> None:
    assert verify_weights(pinned).state == "missing"
    assert verify_weights(pinned).path == tmp_path / FILE
    (tmp_path / FILE).write_bytes(b"damaged")
    status = verify_weights(pinned)

    assert status.state == "damaged"
    assert hashlib.sha256(b"damaged").hexdigest() in status.detail


def test_external_data_come_from_beside_the_file(server: Server, tmp_path: Path) -> None:
    digits = hashlib.sha256(CONTENT).hexdigest()
    path = tmp_path / "tiny.toml"
    url = "https://files.example/models/tiny.onnx?download=true"
    more = f'url = "{url}"\nexternal_data = {{"a.bin" = "{digits}", "b.bin" = "{digits}"}}\n'
    path.write_text(f'{RECORD}sha256 = "{digits}"\n{more}', "utf-8")
    (tmp_path / "b.bin").write_bytes(CONTENT)

    assert fetch(str(path), mirror=server.address) == tmp_path / FILE

    assert len(server.asked) == 2
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert verify_weights(str(path)).state == "present"
    addresses = [one.weights.url for one in each_file(get_record(path))]
    base = "https://files.example/models/"
    assert addresses == [url, f"{base}a.bin", f"{base}b.bin"]


def test_wrong_external_data_are_not_kept(server: Server, tmp_path: Path) -> None:
    digits = hashlib.sha256(CONTENT).hexdigest()
    path = tmp_path / "tiny.toml"
    more = f'external_data = {{"a.bin" = "{"0" * 64}"}}\n'
    path.write_text(f'{RECORD}sha256 = "{digits}"\n{more}', "utf-8")

    with pytest.raises(DownloadError, match="nothing was kept"):
        fetch(str(path), mirror=server.address)

    assert not (tmp_path / "a.bin").exists()
    assert verify_weights(str(path)).state == "missing"
