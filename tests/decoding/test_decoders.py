"""Photos come in order, decoded ahead within a bound, whatever becomes of the workers."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from job_builders import HOSTILE, draw
from waiting import PATIENCE, children, wait_until

from matcher.decoding import Decoders, Decoding
from matcher.decoding import pool as decoding
from matcher.embedding import Extractor
from matcher.errors import (
    InputError,
    JobError,
    PhotoDamagedError,
    PhotoFailureError,
    PhotoNotFoundError,
)
from matcher.photos import DecodeLimits, Photo, load_photo
from matcher.testing import FakeDetector, FakeEmbedder


def workers() -> list[int]:
    """Return the decoding processes of this one."""
    return [
        child
        for child in children(os.getpid())
        if b"sys.path" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_each_photo_is_as_load_photo_gives_it_and_in_order(tmp_path: Path) -> None:
    paths = [draw(tmp_path / f"{number}.jpg", number, 20 + number) for number in range(12)]
    with Decoders(Decoding(workers=2)) as decoders:
        read = list(decoders.read_all(iter(paths), ahead=5))
    for path, photo in zip(paths, read, strict=True):
        alone = load_photo(path)
        assert isinstance(photo, Photo)
        np.testing.assert_array_equal(photo.pixels, alone.pixels)
        assert not photo.pixels.flags.writeable
        facts = (
            "sha256",
            "sha1",
            "md5",
            "original_size",
            "format",
            "path",
            "jpeg_quality",
            "notes",
        )
        assert [getattr(photo, name) for name in facts] == [getattr(alone, name) for name in facts]


def test_limits_and_errors_reach_the_caller_with_their_facts(tmp_path: Path) -> None:
    small = Decoding(workers=1, limits=DecodeLimits(max_pixels=100))
    paths = [draw(tmp_path / "large.png", 1, 30), tmp_path / "none.png"]
    with Decoders(small) as decoders:
        large, none = decoders.read_all(paths, ahead=2)
    assert large.code == "photo_too_large"
    assert large.path == paths[0]
    assert isinstance(none, PhotoNotFoundError)
    with pytest.raises(PhotoNotFoundError) as alone:
        load_photo(paths[1])
    assert str(none) == str(alone.value)


@pytest.mark.parametrize(("asked", "wide"), [(1 << 20, True), (-1, False)])
def test_a_pipe_takes_a_whole_photo_and_a_narrow_one_does_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: int, wide: bool
) -> None:
    monkeypatch.setattr(decoding, "PIPE_BYTES", asked)  # -1 is refused, as one too many is
    path = draw(tmp_path / "larger-than-the-pipe.png", 1, 700)
    with Decoders(Decoding(workers=1)) as decoders:
        (photo,) = decoders.read_all([path], ahead=1)
        process = decoders._workers[0]._process
        assert process is not None
        assert process.stdout is not None
        assert (fcntl.fcntl(process.stdout, fcntl.F_GETPIPE_SZ) == 1 << 20) == wide
    assert isinstance(photo, Photo)
    np.testing.assert_array_equal(photo.pixels, load_photo(path).pixels)


def test_no_more_bytes_wait_than_there_is_room_for(tmp_path: Path) -> None:
    paths = [draw(tmp_path / f"{number}.png", number, 100) for number in range(20)]
    one = 100 * 100 * 3
    with Decoders(Decoding(workers=2, waiting_bytes=3 * one)) as decoders:
        for photo in decoders.read_all(paths, ahead=20):
            time.sleep(0.02)
            assert isinstance(photo, Photo)
            assert decoders._room._held <= 3 * one


def test_a_photo_larger_than_all_the_room_is_read_all_the_same(tmp_path: Path) -> None:
    paths = [draw(tmp_path / f"{number}.png", number, 50) for number in range(6)]
    with Decoders(Decoding(workers=2, waiting_bytes=10)) as decoders:
        assert all(isinstance(photo, Photo) for photo in decoders.read_all(paths, ahead=4))


def test_a_hanging_or_crashing_photo_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    names = ("a", "hang", "b", "crash", "die", "c", "crash-2", "d")
    paths = [draw(tmp_path / f"{name}.png", 1) for name in names]
    with Decoders(HOSTILE.decoding) as decoders:
        read = list(decoders.read_all(paths, ahead=8))
    bad = [path.stem for path, one in zip(paths, read, strict=True) if not isinstance(one, Photo)]
    assert bad == ["hang", "crash", "crash-2"]
    assert all(isinstance(one, (Photo, PhotoDamagedError)) for one in read)


def test_a_stopped_worker_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is stopped cannot end itself; its time limit is then kept from outside."""
    monkeypatch.setattr(decoding, "GRACE", 0.5)
    paths = [draw(tmp_path / f"{number}.png", number) for number in range(4)]
    with Decoders(Decoding(workers=1, seconds=3.0)) as decoders:
        read = decoders.read_all(paths, ahead=1)
        assert isinstance(next(read), Photo)
        wait_until(lambda: decoders._idle)  # the next photo is read ahead
        (worker,) = workers()
        os.kill(worker, signal.SIGSTOP)
        before, stopped, after = read
    assert isinstance(before, Photo)
    assert isinstance(stopped, PhotoDamagedError)
    assert isinstance(after, Photo)


def test_a_worker_killed_in_between_costs_nothing(tmp_path: Path) -> None:
    paths = [draw(tmp_path / f"{number}.png", number) for number in range(6)]
    with Decoders(Decoding(workers=1)) as decoders:
        read = decoders.read_all(paths, ahead=1)
        assert isinstance(next(read), Photo)
        os.kill(workers()[0], signal.SIGKILL)
        assert all(isinstance(photo, Photo) for photo in read)
    assert workers() == []


def test_a_worker_that_does_not_start_ends_the_job_with_an_error(tmp_path: Path) -> None:
    broken = Decoding(workers=1, program="raise SystemExit(3)")
    with Decoders(broken) as decoders, pytest.raises(JobError, match="must start"):
        list(decoders.read_all([draw(tmp_path / "a.png", 1)], ahead=1))


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (2**63, ""),
        (2**40, ""),
        (4, "nope"),
        (3, "[1]"),
        (2, "{}"),
        (24, '{"shape": [-1, -1, -1]} '),
        (24, '{"shape": [1, 1, 3]}    abc'),
        (24, '{"error": "PhotoError"} '),
    ],
)
def test_a_worker_that_talks_nonsense_costs_its_photo_only(
    tmp_path: Path, length: int, text: str
) -> None:
    """As one may whose memory a hostile photo has overwritten."""
    program = (
        "import struct, sys; from matcher.decoding.worker import receive, send; "
        "send(sys.stdout.buffer, {'ready': True}); receive(sys.stdin.buffer); "
        f"sys.stdout.buffer.write(struct.pack('<Q', {length}) + {text.encode()!r})"
    )
    with Decoders(Decoding(workers=1, program=program)) as decoders:
        (read,) = decoders.read_all([draw(tmp_path / "a.png", 1)], ahead=1)
    assert isinstance(read, PhotoDamagedError)


def test_leaving_early_waits_for_no_photo_and_leaves_no_process(tmp_path: Path) -> None:
    paths = [draw(tmp_path / f"{name}.png", 1) for name in ("a", "hang", "b", "hang-2", "c")]
    patient = replace(HOSTILE.decoding, seconds=PATIENCE)
    with Decoders(patient) as decoders:
        next(decoders.read_all(paths, ahead=4))
        wait_until(lambda: not decoders._idle)  # both work, and one of them hangs
        left = time.monotonic()
    assert time.monotonic() - left < patient.seconds / 2
    assert workers() == []


def test_a_photo_that_asks_for_more_memory_than_is_stated_costs_itself_only(
    tmp_path: Path,
) -> None:
    greedy = (
        "from pathlib import Path; from matcher.decoding.worker import load, main; "
        "main(lambda path, limits, salvage: "
        "bytearray(20 << 30) if 'greedy' in path.name else load(path, limits, salvage))"
    )
    paths = [draw(tmp_path / name, 1) for name in ("a.png", "greedy.png", "b.png")]
    with Decoders(Decoding(workers=1, program=greedy)) as decoders:
        first, second, third = decoders.read_many(paths)
    assert isinstance(first, Photo)
    assert isinstance(third, Photo)
    assert isinstance(second, PhotoDamagedError | PhotoFailureError)


def test_the_time_of_the_limits_counts_unless_another_is_given() -> None:
    assert Decoding(limits=DecodeLimits(max_seconds=7)).longest == 7
    assert Decoding(seconds=3, limits=DecodeLimits(max_seconds=7)).longest == 3
    with pytest.raises(InputError, match="max_seconds"):
        DecodeLimits(max_seconds=0)


def test_an_extractor_decodes_apart_what_is_a_file_and_gives_the_same(tmp_path: Path) -> None:
    paths = [draw(tmp_path / f"{number}.png", number) for number in range(5)]
    sources = [paths[0], paths[1].read_bytes(), str(paths[2]), load_photo(paths[3]), paths[4]]
    extractor = Extractor(FakeDetector(), FakeEmbedder(16))
    alone = list(extractor.extract_many(sources))
    assert not workers()
    with extractor.decoding_apart() as apart:
        together = list(apart.extract_many(sources))
        assert workers()
    assert not workers()
    for one, other in zip(alone, together, strict=True):
        assert one.photo.sha256 == other.photo.sha256
        assert one.photo.path == other.photo.path
        np.testing.assert_array_equal(one.faces[0].vector, other.faces[0].vector)


def test_a_photo_that_never_ends_is_one_outcome_of_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [draw(tmp_path / name, 1) for name in ("a.png", "hang.png", "crash.png", "b.png")]
    limits = DecodeLimits(max_seconds=2)
    extractor = Extractor(FakeDetector(), FakeEmbedder(16), limits=limits)
    monkeypatch.setattr(
        "matcher.embedding.extractor.Decoding",
        lambda workers, **options: Decoding(workers, program=HOSTILE.decoding.program, **options),
    )
    with extractor.decoding_apart() as apart:
        found = list(apart.extract_many(paths))
    assert [one.error is None for one in found] == [True, False, False, True]
    assert "within 2 seconds" in str(found[1].error)
    assert "died" in str(found[2].error)


def test_ctrl_c_ends_a_batch_at_once_whatever_a_photo_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [draw(tmp_path / f"{name}.png", 1) for name in ("a", "hang", "hang-2", "b")]
    monkeypatch.setattr(
        "matcher.embedding.extractor.Decoding",
        lambda workers, **options: Decoding(workers, program=HOSTILE.decoding.program, **options),
    )
    limits = DecodeLimits(max_seconds=500)
    extractor = Extractor(FakeDetector(), FakeEmbedder(16), limits=limits)
    threading.Timer(2.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), extractor.decoding_apart() as apart:
        list(apart.extract_many(paths))
    assert time.monotonic() - started < 100
    assert workers() == []
