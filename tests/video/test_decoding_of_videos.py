"""What a video gives: frames at their times, upright, and a count of everything left out."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import made_video
import numpy as np
import pytest
from made_video import Pixels, read
from trapped import require_trap, run_trapped

from matcher.errors import InputError, VideoFormatError
from matcher.video.decoder import Wish
from matcher.video.facts import VideoFrame
from matcher.video.limits import VideoLimits

RED, GREEN, BLUE, WHITE = (200, 20, 20), (20, 180, 20), (20, 20, 220), (230, 230, 230)


def times(frames: Iterable[VideoFrame]) -> list[float]:
    return [round(frame.time, 3) for frame in frames]


def corners() -> Pixels:
    """Return a frame of another colour in each corner: red, green; blue, white."""
    frame = np.empty((64, 96, 3), np.uint8)
    frame[:32, :48], frame[:32, 48:], frame[32:, :48], frame[32:, 48:] = RED, GREEN, BLUE, WHITE
    return frame


def seen(pixels: Pixels) -> list[str]:
    """Name the colours of the corners: upper left, upper right, lower left, lower right."""
    height, width = pixels.shape[:2]
    places = [(8, 8), (8, width - 9), (height - 9, 8), (height - 9, width - 9)]
    named = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    return [
        min(named, key=lambda name: np.abs(pixels[y, x].astype(int) - named[name]).sum())
        for y, x in places
    ]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "mpeg4"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.ts", "libx264"),
        ("a.mpg", "mpeg2video"),
        ("a.flv", "flv"),
        ("a.gif", "gif"),
        ("wrong-name.jpg", "libx264"),
    ],
)
def test_each_container_gives_its_frames_at_their_times(
    tmp_path: Path, name: str, codec: str
) -> None:
    form = "mp4" if name.endswith("jpg") else None
    rate = 25  # MPEG-2 knows no slower one
    made_video.write(tmp_path / name, made_video.grey(25), codec=codec, form=form, rate=rate)
    facts, frames, counts = read(tmp_path / name)
    assert (facts.width, facts.height, facts.streams) == (96, 64, 1)
    assert times(frames) == pytest.approx([number / rate for number in range(25)], abs=0.011)
    brightness = [frame.pixels.mean() for frame in frames]
    assert brightness == pytest.approx([40 + 4 * n for n in range(25)], abs=25)
    assert (counts.decoded, counts.damaged, counts.untimed, counts.jumps) == (25, 0, 0, 0)
    assert list(counts.notes()) == []
    assert not frames[0].pixels.flags.writeable


def test_so_many_frames_are_taken_of_each_second_and_none_twice(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(50), rate=25)
    for per_second, expected in ((1, 2), (4, 8), (12.5, 25), (25, 50), (200, 50)):
        _, frames, _ = read(path, Wish(per_second))
        assert len(frames) == expected
        assert times(frames) == sorted(set(times(frames)))


def test_a_variable_frame_rate_keeps_its_own_times(tmp_path: Path) -> None:
    stamps = [0, 1, 2, 30, 31, 90, 100]
    frames = made_video.grey(len(stamps))
    path = made_video.write(tmp_path / "a.mkv", frames, rate=10, stamps=stamps)
    _, frames, counts = read(path)
    assert times(frames) == [stamp / 10 for stamp in stamps]
    _, frames, _ = read(path, Wish(1.0))
    assert times(frames) == [0.0, 3.0, 9.0, 10.0]
    assert counts.jumps == 0


def test_a_part_is_read_as_a_player_counts_and_its_end_is_left_out(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.ts", "a.mkv"):
        path = made_video.write(tmp_path / name, made_video.grey(100), rate=25)
        _, frames, _ = read(path, Wish(100.0, start=1.0, until=2.0))
        assert times(frames) == pytest.approx([1 + n / 25 for n in range(25)], abs=0.002)
    _, frames, _ = read(path, Wish(100.0, start=50.0))
    assert frames == []


@pytest.mark.parametrize(
    ("turned", "expected"),
    [
        (0, ["red", "green", "blue", "white"]),
        (90, ["green", "white", "red", "blue"]),
        (180, ["white", "blue", "green", "red"]),
        (270, ["blue", "red", "white", "green"]),
    ],
)
def test_the_video_of_a_phone_is_upright(tmp_path: Path, turned: int, expected: list[str]) -> None:
    path = made_video.write(tmp_path / "a.mp4", [corners()] * 3, turned=turned)
    facts, frames, counts = read(path)
    assert (facts.width, facts.height) == (96, 64)
    assert seen(frames[0].pixels) == expected
    assert frames[0].pixels.shape == ((64, 96, 3) if turned % 180 == 0 else (96, 64, 3))
    assert list(counts.notes()) == []


def test_a_turn_by_an_odd_angle_is_not_done_and_said(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", [corners()] * 3, turned=30)
    _, frames, counts = read(path)
    assert seen(frames[0].pixels) == ["red", "green", "blue", "white"]
    assert any("odd angle" in note for note in counts.notes())


def test_pixels_that_are_not_square_are_made_square(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", [corners()] * 3, pixel_shape=Fraction(4, 3))
    _, frames, counts = read(path)
    assert frames[0].pixels.shape == (64, 128, 3)
    assert any("made square" in note for note in counts.notes())


def test_a_cut_begins_a_scene_and_a_change_of_light_does_not(tmp_path: Path) -> None:
    one, other = np.full((64, 96, 3), 60, np.uint8), corners()
    brighter = [np.full((64, 96, 3), 60 + 3 * n, np.uint8) for n in range(40)]
    path = made_video.write(tmp_path / "a.mp4", [one] * 10 + [other] * 10 + [one] * 10)
    _, frames, _ = read(path)
    assert [frame.scene for frame in frames] == [0] * 10 + [1] * 10 + [2] * 10
    path = made_video.write(tmp_path / "b.mp4", brighter)
    assert {frame.scene for frame in read(path)[1]} == {0}


def test_a_cut_between_two_frames_that_are_looked_at_is_seen(tmp_path: Path) -> None:
    one, other = np.full((64, 96, 3), 60, np.uint8), corners()
    path = made_video.write(tmp_path / "a.mp4", [one] * 7 + [other] * 2 + [one] * 7)
    _, frames, _ = read(path, Wish(1.0))
    assert [frame.scene for frame in frames] == [0, 2]


def test_the_time_of_creation_is_what_the_file_says(tmp_path: Path) -> None:
    stamp = "2024-05-01T12:30:00.000000Z"
    made_video.write(tmp_path / "a.mp4", made_video.grey(3), created=stamp)
    made_video.write(tmp_path / "b.mp4", made_video.grey(3))
    assert read(tmp_path / "a.mp4")[0].created == stamp
    assert read(tmp_path / "b.mp4")[0].created is None


def test_sound_makes_no_difference(tmp_path: Path) -> None:
    made_video.write(tmp_path / "a.mp4", made_video.grey(12))
    made_video.write(tmp_path / "b.mp4", made_video.grey(12), sound=True)
    silent, loud = (read(tmp_path / name)[1] for name in ("a.mp4", "b.mp4"))
    assert times(silent) == times(loud)
    for one, other in zip(silent, loud, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_a_cover_of_music_is_no_track_of_pictures(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.m4a"), "w", format="mp4") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 96, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(corners()).reformat(format="yuvj420p")
        container.mux([*cover.encode(frame), *cover.encode()])
    with pytest.raises(VideoFormatError, match="0 tracks of pictures and 1 in all"):
        read(tmp_path / "a.m4a")


def test_each_track_of_pictures_can_be_read_and_their_number_is_known(tmp_path: Path) -> None:
    """As of a camera for a car, which looks forwards and backwards."""
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        streams = [container.add_stream("libx264", rate=10) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(10):
            for stream, grey in zip(streams, (60, 180), strict=True):
                frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), grey, np.uint8))
                frame.pts = number
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode())
    for number, grey in ((1, 60), (2, 180)):
        facts, frames, _ = read(tmp_path / "a.mkv", Wish(100.0, stream=number))
        assert facts.streams == 2
        assert len(frames) == 10
        assert frames[5].pixels.mean() == pytest.approx(grey, abs=8)


def test_hours_pass_within_a_bound_of_memory_and_frames(tmp_path: Path) -> None:
    """Eight hours with a frame each ten seconds: nothing waits but the frame in use."""
    stamps = [number * 10 for number in range(8 * 360)]
    frames = (np.full((32, 32, 3), number % 200, np.uint8) for number in range(len(stamps)))
    path = made_video.write(tmp_path / "a.mkv", frames, rate=1, stamps=stamps, codec="mpeg4")
    facts, frames, counts = read(path)
    assert facts.seconds == pytest.approx(8 * 3600, rel=0.01)
    assert len(frames) == len(stamps)
    assert frames[-1].time == pytest.approx(stamps[-1])
    assert not counts.ended


def test_a_part_of_a_long_video_is_reached_without_the_rest(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(1200), rate=10, codec="mpeg4")
    _, frames, counts = read(path, Wish(100.0, start=110.0))
    assert times(frames) == pytest.approx([110 + number / 10 for number in range(100)])
    assert counts.decoded < 200


def test_limits_are_numbers_in_their_ranges() -> None:
    for wrong in ({"max_pixels": 0}, {"max_hours": 0}, {"max_frames": 2.5}, {"max_seconds": "3"}):
        with pytest.raises(InputError, match=r"VideoLimits|number"):
            VideoLimits(**wrong)


def test_nothing_is_connected_to_or_left_while_a_video_is_read(tmp_path: Path) -> None:
    require_trap()
    made_video.write(tmp_path / "a.mp4", made_video.grey(12))
    script = (
        "from pathlib import Path; from matcher.video.decoder import VideoDecoder, Wish; "
        "from matcher.video import VideoLimits; "
        "d = VideoDecoder(Path('a.mp4'), Wish(9.0), VideoLimits()); "
        "assert len(list(d.frames())) > 5; d.close()"
    )
    trapped = run_trapped(["-c", script], tmp_path)
    assert trapped.code == 0, trapped.errors
    assert trapped.calls == ()
    assert trapped.written == frozenset()
