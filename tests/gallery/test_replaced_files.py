"""Files written whole: only their owner reads them, and no failure leaves half of one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matcher.gallery.files import replace_private


@pytest.mark.parametrize("before", [None, b"former"])
def test_the_file_is_whole_and_private(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "page.html"
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o666)
    replace_private(path, b"content")
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"former")

    def fail(descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error)):
        replace_private(path, b"content")
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_leads_to_the_new_content(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "page.html"
    target.write_bytes(b"former")
    link = tmp_path / "page.html"
    link.symlink_to(target)
    replace_private(link, b"content")
    assert link.is_symlink()
    assert target.read_bytes() == b"content"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        replace_private(pipe, b"content")
        assert os.read(reader, 100) == b"content"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


DIES = """
import os, pathlib, sys
from matcher.gallery.files import replace_private
os.fsync = lambda _: os._exit(9)
replace_private(pathlib.Path(sys.argv[1]), b"half")
"""


def test_what_a_killed_process_left_of_the_file_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    (tmp_path / ".part-of-somebody-else").touch()
    done = subprocess.run([sys.executable, "-c", DIES, str(path)], check=False)
    assert done.returncode == 9
    assert len(list(tmp_path.glob(".part-*"))) == 2
    replace_private(path, b"content")
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {".part-of-somebody-else", "page.html"}


def test_of_two_that_write_one_file_the_first_fails_and_the_second_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    fsync = os.fsync

    def overtaken(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", fsync)
        replace_private(path, b"second")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", overtaken)
    with pytest.raises(FileNotFoundError):
        replace_private(path, b"first")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]
