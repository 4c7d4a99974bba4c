"""A file gets each lead exactly once; a command gets it until it says that it has it."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest
from made_watch import ON_BOTH, enrol, lines_of, pairs_in, run_that_notes_nothing

from matcher import run_watch_list, set_watch_list
from matcher.errors import InputError
from matcher.gallery import Gallery
from matcher.watching import ToCommand, ToFile
from matcher.watching.files import FOLDER_NAME, PAIRS_NAME


def appending(file: Path, then: str = "") -> ToCommand:
    """Return a command that appends what it gets to a file, and then does something."""
    code = f"import sys; open({str(file)!r}, 'a').write(sys.stdin.read()); {then}"
    return ToCommand((sys.executable, "-c", code))


def test_a_command_gets_each_lead_on_its_standard_input(gallery: Gallery, file: Path) -> None:
    set_watch_list(gallery, receiver=appending(file))
    run = run_watch_list(gallery)
    assert (len(run.received), run.failures) == (10, ())
    assert set(pairs_in(file)) == ON_BOTH
    assert [one["lead"] for one in lines_of(file)] == [one.lead_id for one in run.received]
    assert run_watch_list(gallery).received == ()
    assert "received by" in str(run)


def test_what_a_command_refuses_is_delivered_again_with_the_same_identifier(
    gallery: Gallery, file: Path
) -> None:
    set_watch_list(gallery, receiver=appending(file, "sys.exit(3)"))
    refused = run_watch_list(gallery)
    assert (refused.new, refused.received, len(refused.waiting)) == (10, (), 10)
    assert "ended with 3" in refused.failures[0]
    assert "Not tried after 3 failures in a row: 7 further leads." in refused.failures
    assert len(lines_of(file)) == 3
    set_watch_list(gallery, receiver=appending(file))
    again = run_watch_list(gallery)
    assert (again.new, len(again.received)) == (0, 10)
    names = [one["lead"] for one in lines_of(file)]
    assert names[:3] == names[3:6]
    assert len(set(names)) == 10


def test_a_lead_is_received_again_if_a_run_ends_before_it_notes_it(
    gallery: Gallery, file: Path
) -> None:
    set_watch_list(gallery, receiver=appending(file))
    run_that_notes_nothing(gallery)
    assert len(run_watch_list(gallery).received) == 10
    names = [one["lead"] for one in lines_of(file)]
    assert names[0] == names[1]
    assert len(set(names)) == 10


def test_a_lead_that_a_command_refuses_does_not_keep_the_others(
    gallery: Gallery, file: Path
) -> None:
    code = f"""
import json, sys
line = sys.stdin.read()
if json.loads(line)["probe"]["subject"]["subject_id"] == "m033":
    sys.exit(1)
open({str(file)!r}, "a").write(line)
"""
    set_watch_list(gallery, receiver=ToCommand((sys.executable, "-c", code)))
    run = run_watch_list(gallery)
    assert [one.pair.first.subject.subject_id for one in run.waiting] == ["m033"]
    assert set(pairs_in(file)) == ON_BOTH - {("m033", "f033")}


def test_a_command_that_hangs_is_ended_with_what_it_started(gallery: Gallery, file: Path) -> None:
    beat = file.with_suffix(".beat")
    code = f"""
import subprocess, sys, time
inner = "import time\\nwhile True: open({str(beat)!r}, 'a').write('x'); time.sleep(0.02)"
subprocess.Popen([sys.executable, "-c", inner])
time.sleep(600)
"""
    enrol(gallery, "only", 3)
    set_watch_list(
        gallery, threshold=0.9, receiver=ToCommand((sys.executable, "-c", code), seconds=2)
    )
    run = run_watch_list(gallery)
    assert run.received == ()
    assert "took longer than 2 s, and was ended" in run.failures[0]
    size = beat.stat().st_size
    time.sleep(0.3)
    assert beat.stat().st_size == size


def test_a_command_need_not_read_and_no_shell_reads_its_arguments(
    gallery: Gallery, file: Path
) -> None:
    code = f"import sys; open({str(file)!r}, 'a').write(sys.argv[1])"
    words = (sys.executable, "-c", code, "$HOME; `ls` && *")
    set_watch_list(gallery, receiver=ToCommand(words))
    assert len(run_watch_list(gallery).received) == 10
    assert file.read_text() == 10 * words[-1]


def test_a_command_that_is_gone_is_refused_before_the_work(
    gallery: Gallery, tmp_path: Path
) -> None:
    program = tmp_path / "notify"
    with pytest.raises(InputError, match="can be started"):
        set_watch_list(gallery, receiver=ToCommand((str(program),)))
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o700)
    set_watch_list(gallery, receiver=ToCommand((str(program),)))
    program.unlink()
    with pytest.raises(InputError, match="can be started"):
        run_watch_list(gallery)
    assert not (gallery.path / FOLDER_NAME / PAIRS_NAME).exists()
    program.write_text("no program")
    program.chmod(0o700)
    run = run_watch_list(gallery)
    assert "could not be started" in run.failures[0]
    assert len(run.waiting) == 10


EARLIER = b'{"lead": "' + b"f" * 32 + b'"}\n'
"""A line of a lead that some earlier run wrote."""


def make_folder(file: Path) -> None:
    file.mkdir()


def make_other(file: Path) -> None:
    file.write_text("photo,subject\n")


def make_pipe(file: Path) -> None:
    os.mkfifo(file)


def make_settings(file: Path) -> None:
    file.write_text('{"format": 1}')


@pytest.mark.parametrize("make", [make_folder, make_other, make_pipe, make_settings])
def test_a_file_that_cannot_take_leads_is_refused_before_the_work(
    gallery: Gallery, file: Path, make: Callable[[Path], None]
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    make(file)
    with pytest.raises(InputError, match="file of such leads"):
        set_watch_list(gallery, receiver=ToFile(file))
    with pytest.raises(InputError, match="file of such leads"):
        run_watch_list(gallery)
    assert not (gallery.path / FOLDER_NAME / PAIRS_NAME).exists()


def test_a_file_in_the_gallery_or_nowhere_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    for path in (
        gallery.path / "leads.jsonl",
        gallery.path / "store.sqlite3",
        gallery.path / FOLDER_NAME / "watch.json",
        tmp_path / "none" / "leads.jsonl",
    ):
        with pytest.raises(InputError, match="file of such leads"):
            set_watch_list(gallery, receiver=ToFile(path))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_file_without_rights_is_refused(gallery: Gallery, file: Path) -> None:
    file.touch(0o400)
    with pytest.raises(InputError, match="without the right"):
        set_watch_list(gallery, receiver=ToFile(file))


class HalfWrites:
    """A file that takes half of a text at a time; on a full disk, no more than that."""

    def __init__(self, file: IO[bytes], *, is_full: bool) -> None:
        self._file, self._is_full, self._calls = file, is_full, 0

    def __enter__(self) -> HalfWrites:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, text: memoryview) -> int:
        """Write half of it."""
        if self._is_full and self._calls:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._calls += 1
        return self._file.write(text[: 1 + len(text) // 2])


def let_write_by_half(patched: pytest.MonkeyPatch, *, is_full: bool) -> None:
    opened = Path.open

    def by_half(path: Path, mode: str = "r", *rest: Any, **words: Any) -> Any:
        file: Any = opened(path, mode, *rest, **words)
        return HalfWrites(file, is_full=is_full) if mode == "r+b" else file

    patched.setattr(Path, "open", by_half)


def let_sync_fail(patched: pytest.MonkeyPatch) -> None:
    def no_sync(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    patched.setattr(os, "fsync", no_sync)


@pytest.mark.parametrize("fail", [let_sync_fail, partial(let_write_by_half, is_full=True)])
def test_a_disk_that_is_full_leaves_the_file_as_it_was(
    gallery: Gallery,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    fail: Callable[[pytest.MonkeyPatch], None],
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    before = file.read_bytes()
    enrol(gallery, "late", 3)
    with monkeypatch.context() as patched:
        fail(patched)
        run = run_watch_list(gallery)
    assert "No space left" in run.failures[0]
    assert len(run.waiting) == 1
    assert file.read_bytes() == before
    assert len(run_watch_list(gallery).received) == 1
    assert len(lines_of(file)) == 11


def test_a_disk_that_takes_a_part_at_a_time_gets_the_whole(
    gallery: Gallery, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    with monkeypatch.context() as patched:
        let_write_by_half(patched, is_full=False)
        assert len(run_watch_list(gallery).received) == 10
    assert set(pairs_in(file)) == ON_BOTH


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        (b'{"lead": "0123', b""),
        (b'{"le', b""),
        (b'{"lead": "' + b"0" * 32 + b'", "format": 1}', b'{"lead": "' + b"0" * 32),
        (b'{"note": "mine"}', b'{"note": "mine"}\n'),
        (b"# mine", b"# mine\n"),
    ],
)
def test_half_a_lead_is_cut_off_and_nothing_else(
    gallery: Gallery, file: Path, tail: bytes, kept: bytes
) -> None:
    file.write_bytes(EARLIER + tail)
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    content = file.read_bytes()
    assert content.startswith(EARLIER + kept)
    lines = content.removeprefix(EARLIER + kept).splitlines()[-10:]
    assert len({json.loads(line)["lead"] for line in lines}) == 10
    assert content.count(b"\n") == 11 + bool(kept)


def test_a_file_that_was_written_anew_by_another_program_has_its_leads_still(
    gallery: Gallery, file: Path
) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    run_that_notes_nothing(gallery)
    compact = [json.dumps(one, separators=(",", ":"), sort_keys=True) for one in lines_of(file)]
    file.write_text("".join(f"{line}\n" for line in compact))
    assert len(run_watch_list(gallery).received) == 10
    assert len(lines_of(file)) == 10


def test_a_file_that_was_taken_away_gets_only_new_leads(gallery: Gallery, file: Path) -> None:
    set_watch_list(gallery, receiver=ToFile(file))
    run_watch_list(gallery)
    file.rename(file.with_suffix(".old"))
    enrol(gallery, "late", 3)
    run_watch_list(gallery)
    assert pairs_in(file) == [("m003", "late")]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux")
def test_a_file_and_a_program_of_any_name_receive(gallery: Gallery, tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"le\xe9ds \xc3\xa9.jsonl")
    set_watch_list(gallery, receiver=ToFile(file))
    run = run_watch_list(gallery)
    assert len(lines_of(file)) == 10
    assert r"le\xe9ds" in str(run)
    program = tmp_path / "to \u4e00; $x"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o700)
    set_watch_list(gallery, receiver=ToCommand((str(program), "", "\u4e00")))
    enrol(gallery, "late", 3)
    assert len(run_watch_list(gallery).received) == 1


def test_a_program_is_found_from_any_folder(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    set_watch_list(gallery, receiver=ToCommand(("./program",)))
    monkeypatch.chdir(tmp_path.parent)
    assert len(run_watch_list(gallery).received) == 10
