"""Files that are no video, are damaged, or made to do harm: a typed error, or a counted loss."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import made_video
import pytest
from made_video import read
from waiting import children, wait_until

from matcher.errors import (
    JobError,
    MissingExtraError,
    VideoDamagedError,
    VideoError,
    VideoFormatError,
    VideoNotFoundError,
    VideoTooLargeError,
)
from matcher.video import decoder as decoding
from matcher.video.decoder import VideoDecoder, Wish
from matcher.video.limits import VideoLimits

SPEAK = (
    "import sys, time; from matcher.decoding.worker import receive, send; out = sys.stdout.buffer; "
    "send(out, {'ready': True}); receive(sys.stdin.buffer); "
)
FACTS = (
    "facts = dict(container='mov', codec='h264', width=8, height=8, frames_per_second=None, "
    "seconds=None, created=None, streams=1); send(out, {'facts': facts}); "
)


def test_what_is_no_file_of_this_machine_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (
        tmp_path / "none.mp4",
        tmp_path,
        tmp_path / "pipe",
        Path("/dev/zero"),
        Path("http://127.0.0.1:9/a.mp4"),
        Path("rtsp://127.0.0.1/a"),
        Path("concat:a.mp4|b.mp4"),
        Path("a\0b"),
    ):
        with pytest.raises(VideoNotFoundError, match="existing file"):
            read(place)


@contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    """Listen at a port of this machine; give it, and the calls that come."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    server.accept()[0].close()
                    calls.append("called")
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname()[1], calls
        finally:
            over.set()
            thread.join()


def lists(folder: Path, port: int) -> dict[str, str]:
    """Return files that name other files or hosts, in the forms that FFmpeg knows."""
    other = folder / "other.ts"
    host = f"http://127.0.0.1:{port}/a.ts"
    return {
        "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{other}\n#EXT-X-ENDLIST\n",
        "b.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{host}\n#EXT-X-ENDLIST\n",
        "a.ffconcat": f"ffconcat version 1.0\nfile '{other.name}'\n",
        "a.mp4": f"#EXTM3U\n#EXTINF:3,\nconcat:{other}\n",
        "a.sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} "
        "RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "a.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        f"<Period><AdaptationSet><Representation><BaseURL>{host}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>",
        "a.ram": f"{host}\n",
        "a.asx": f'<ASX version="3.0"><ENTRY><REF HREF="{host}"/></ENTRY></ASX>',
        "a.edl": "# mpv EDL v0\nother.ts\n",
        "a.txt": "no video at all\n" * 100,
        "a.srt": "1\n00:00:01,000 --> 00:00:02,000\nHello\n",
        "a.y4m": "YUV4MPEG2 W8 H8 F25:1\nFRAME\n" + "x" * 96,
        "empty.mp4": "",
    }


def test_a_list_of_other_files_or_hosts_is_refused_and_nothing_of_it_is_opened(
    tmp_path: Path,
) -> None:
    made_video.write(tmp_path / "other.ts", made_video.grey(12))
    opened = tmp_path / "other.ts"
    os.utime(opened, (1, 1))
    with listening() as (port, calls):
        for name, text in lists(tmp_path, port).items():
            (tmp_path / name).write_text(text)
            with pytest.raises(VideoFormatError):
                read(tmp_path / name)
        assert calls == []
    assert opened.stat().st_atime == 1


def test_a_picture_or_a_text_with_the_name_of_a_video_is_none(tmp_path: Path) -> None:
    from PIL import Image

    for form in ("png", "jpeg", "webp", "tiff"):
        Image.new("RGB", (32, 32)).save(tmp_path / f"{form}.mp4", form)
        with pytest.raises(VideoFormatError):
            read(tmp_path / f"{form}.mp4")


def test_sound_alone_has_no_pictures(tmp_path: Path) -> None:
    made_video.write_sound(tmp_path / "a.m4a")
    with pytest.raises(VideoFormatError, match="track of pictures"):
        read(tmp_path / "a.m4a")


def test_a_track_that_the_file_lacks_is_refused(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(3))
    with pytest.raises(VideoFormatError, match="number 2"):
        read(path, Wish(1.0, stream=2))


def test_a_video_without_a_frame_is_damaged(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.noise(3))
    data = bytearray(path.read_bytes())
    place = data.index(b"mdat")
    (size,) = struct.unpack(">I", data[place - 4 : place])
    data[place + 4 : place - 4 + size] = bytes(size - 8)
    path.write_bytes(data)
    with pytest.raises(VideoError):
        read(path)


def test_a_video_that_ends_early_gives_what_it_has(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mkv", made_video.noise(40))
    whole = path.read_bytes()
    _, all_frames, _ = read(path)
    path.write_bytes(whole[: len(whole) * 6 // 10])
    _, frames, counts = read(path)
    assert 10 < len(frames) < len(all_frames)
    assert counts.read_until < 3.5


def test_an_mp4_without_its_index_is_refused(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.noise(40))
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(VideoFormatError):
        read(path)


def test_damage_in_the_middle_is_counted_and_what_follows_is_read(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.ts", made_video.noise(60))
    data = bytearray(path.read_bytes())
    start = len(data) // 3
    for place in range(start, start + len(data) // 10, 7):
        data[place] ^= 0x5A
    path.write_bytes(data)
    _, frames, counts = read(path)
    assert counts.damaged > 0
    assert any("damaged part" in note for note in counts.notes())
    assert frames[-1].time > 5.5


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bytes_end_in_frames_or_in_a_typed_error(tmp_path: Path, seed: int) -> None:
    import numpy as np

    name = ("a.mp4", "a.mkv", "a.ts", "a.avi")[seed % 4]
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    path = made_video.write(tmp_path / name, made_video.noise(12), codec=codec)
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    draw = np.random.default_rng(seed)
    places = draw.integers(0, len(data) if seed % 2 else 2000, 40)
    data[places] = draw.integers(0, 256, 40)
    path.write_bytes(data.tobytes())
    try:
        _, frames, counts = read(path, limits=VideoLimits(max_seconds=20))
    except VideoError:
        return
    assert counts.taken == len(frames)
    times = [frame.time for frame in frames]
    assert times == sorted(times)


def test_times_that_jump_are_counted_on_from_the_frame_before(tmp_path: Path) -> None:
    """Two recordings of a camera, one behind the other in one file, as recorders write them."""
    one = made_video.write(tmp_path / "a.ts", made_video.grey(20)).read_bytes()
    (tmp_path / "both.ts").write_bytes(one + one)
    _, frames, counts = read(tmp_path / "both.ts")
    assert len(frames) == 40
    assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)
    assert counts.jumps >= 1
    assert any("time stamps jump" in note for note in counts.notes())


def test_frames_larger_than_the_limit_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(3, (200, 100)))
    with pytest.raises(VideoTooLargeError, match="19999 pixels"):
        read(path, limits=VideoLimits(max_pixels=19_999))
    assert read(path, limits=VideoLimits(max_pixels=20_000))[1]


def test_frames_that_grow_in_the_middle_are_not_decoded(tmp_path: Path) -> None:
    small = made_video.write(tmp_path / "a.ts", made_video.grey(10)).read_bytes()
    large = made_video.write(tmp_path / "b.ts", made_video.grey(10, (640, 480))).read_bytes()
    (tmp_path / "c.ts").write_bytes(small + large)
    _, frames, counts = read(tmp_path / "c.ts", limits=VideoLimits(max_pixels=96 * 64))
    assert {frame.pixels.shape for frame in frames} == {(64, 96, 3)}
    assert counts.damaged
    _, frames, counts = read(tmp_path / "c.ts", limits=VideoLimits(max_pixels=160_000))
    assert {frame.pixels.shape for frame in frames} == {(64, 96, 3)}
    assert "at most 160000 pixels; got 640 x 480" in counts.ended


def test_hours_and_frames_beyond_the_limits_are_refused_or_said(tmp_path: Path) -> None:
    stamps = [number * 60 for number in range(100)]
    path = made_video.write(tmp_path / "a.mkv", made_video.grey(100), rate=1, stamps=stamps)
    one_hour = VideoLimits(max_hours=1)
    with pytest.raises(VideoTooLargeError, match="--from and --until"):
        read(path, limits=one_hour)
    _, frames, counts = read(path, Wish(1.0, start=600, until=3600), one_hour)
    assert len(frames) == 50
    _, frames, counts = read(path, limits=VideoLimits(max_frames=10))
    assert len(frames) == 10
    assert "10 frames" in counts.ended


def test_a_length_that_the_file_hides_is_held_all_the_same(tmp_path: Path) -> None:
    stamps = [number * 60 for number in range(100)]
    path = made_video.write(
        tmp_path / "a.mkv", made_video.grey(100), rate=1, stamps=stamps, options={"live": "1"}
    )
    facts, frames, counts = read(path, limits=VideoLimits(max_hours=0.5))
    assert facts.seconds is None
    assert len(frames) == 30
    assert "0.5 hours" in counts.ended


def processes() -> list[int]:
    """Return the decoding processes of this one."""
    return [
        child
        for child in children(os.getpid())
        if b"video.worker" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_a_decoder_that_is_killed_leaves_the_frames_before_it(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(60, (640, 480)))
    with VideoDecoder(path, Wish(100.0), VideoLimits()) as decoder:
        frames = decoder.frames()
        first = next(frames)
        (process,) = processes()
        os.kill(process, 9)
        rest = list(frames)
    assert first.time == 0
    assert len(rest) < 60
    assert "died" in decoder.counts.ended
    assert processes() == []


def test_a_decoder_that_stops_is_ended_after_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "GRACE", 0.5)
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(3))
    hang = SPEAK + FACTS + "time.sleep(600)"
    with VideoDecoder(path, Wish(1.0), VideoLimits(max_seconds=1), program=hang) as decoder:
        assert list(decoder.frames()) == []
    assert "hung or died" in decoder.counts.ended
    with pytest.raises(VideoDamagedError, match="hung or died"):
        VideoDecoder(path, Wish(1.0), VideoLimits(max_seconds=1), program=SPEAK + "time.sleep(600)")


def test_a_decoder_that_hangs_by_itself_ends_itself(tmp_path: Path) -> None:
    """So that it never outlives a program that was killed."""
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(3))
    program = (
        "import time; from matcher.video import worker; "
        "worker.read = lambda *given: time.sleep(600); worker.main()"
    )
    with pytest.raises(VideoDamagedError):
        VideoDecoder(path, Wish(1.0), VideoLimits(max_seconds=1), program=program)


@pytest.mark.parametrize(
    "answer",
    [
        "send(out, {'shape': [-1, 8, 3], 'time': 0, 'scene': 0})",
        "send(out, {'shape': [1 << 40, 1 << 40, 3], 'time': 0, 'scene': 0})",
        "send(out, {'shape': [8, 8, 3], 'time': 'x', 'scene': 0}, b'x' * 192)",
        "send(out, {'shape': [8, 8, 3], 'time': 0, 'scene': 0}, b'x' * 100)",
        "send(out, {'passed': None})",
        "send(out, {'end': {}})",
        "send(out, {'end': 3})",
        "send(out, {'error': 'exit'})",
        "send(out, {})",
        "out.write((1 << 62).to_bytes(8, 'little'))",
        "out.write((4).to_bytes(8, 'little') + b'nope')",
        "raise SystemExit",
    ],
)
def test_a_decoder_that_talks_nonsense_ends_the_reading_and_no_more(
    tmp_path: Path, answer: str
) -> None:
    """As one may whose memory a hostile video has overwritten."""
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(3))
    with VideoDecoder(path, Wish(1.0), VideoLimits(), program=SPEAK + FACTS + answer) as decoder:
        assert list(decoder.frames()) == []
    assert decoder.counts.ended
    with pytest.raises(VideoError):
        VideoDecoder(path, Wish(1.0), VideoLimits(), program=SPEAK + answer)


def test_a_decoder_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(3))
    with pytest.raises(JobError, match="must start"):
        VideoDecoder(path, Wish(1.0), VideoLimits(), program="raise SystemExit(3)")


def test_without_the_extra_the_next_step_is_said(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(3))
    program = "sys.modules['av'] = None; from matcher.video.worker import main; main()"
    with pytest.raises(MissingExtraError, match=r"av>=18\.1,<19"):
        VideoDecoder(path, Wish(1.0), VideoLimits(), program=program)


def test_the_library_of_codecs_is_loaded_only_where_it_may_die() -> None:
    script = "import sys, matcher.video, matcher.cli.commands; print('av' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_a_reader_who_is_slow_costs_the_decoder_no_time(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(20, (640, 480)))
    with VideoDecoder(path, Wish(100.0), VideoLimits(max_seconds=1)) as decoder:
        frames = decoder.frames()
        next(frames)
        time.sleep(2.5)
        assert len(list(frames)) == 19
    assert not decoder.counts.ended


def test_leaving_early_leaves_no_process(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(60, (640, 480)))
    with VideoDecoder(path, Wish(100.0), VideoLimits()) as decoder:
        next(decoder.frames())
        assert processes()
    wait_until(lambda: not processes())
