"""The rules: which face continues a track, which frames are the best, which times count."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import InputError
from matcher.video import seconds_of, time_text
from matcher.video.best_frames import BestFrames
from matcher.video.following import Follower, FollowRule, is_near
from matcher.video.sampling import Clock, Sampler
from matcher.video.upright import turn_of

ANNE, BEN = np.eye(8, dtype=np.float32)[:2]
RULE = FollowRule(0.5, gap=1.0)


def box(x: float, y: float = 100.0, side: float = 40.0) -> np.ndarray:
    return np.array([x, y, x + side, y + side], np.float32)


def like(person: np.ndarray, turn: float) -> np.ndarray:
    """Return a vector whose score with the person's is the cosine of the turn."""
    other = np.eye(8, dtype=np.float32)[7]
    return (np.cos(turn) * person + np.sin(turn) * other).astype(np.float32)


def test_two_who_walk_past_each_other_keep_their_tracks() -> None:
    follower = Follower(RULE)
    numbers: dict[str, set[int]] = {"anne": set(), "ben": set()}
    for step in range(21):
        places = {"anne": box(10 * step), "ben": box(200 - 10 * step)}
        hidden = {"ben"} if 8 <= step <= 12 else set()
        there = [name for name in places if name not in hidden]
        vectors = {"anne": ANNE, "ben": BEN}
        tracks = follower.follow(
            step / 5, 0, [places[name] for name in there], [vectors[name] for name in there]
        )
        for name, track in zip(there, tracks, strict=True):
            numbers[name].add(track.number)
        assert list(follower.ended(step / 5, 0)) == []
    assert numbers == {"anne": {1}, "ben": {2}}
    assert [(track.number, track.faces) for track in follower.rest()] == [(1, 21), (2, 16)]


def test_a_cut_ends_every_track_whoever_stands_there_next() -> None:
    follower = Follower(RULE)
    follower.follow(0.0, 0, [box(0), box(100)], [ANNE, BEN])
    assert [track.number for track in follower.ended(0.2, 1)] == [1, 2]
    (again,) = follower.follow(0.2, 1, [box(0)], [ANNE])
    assert again.number == 3


def test_a_face_that_stays_away_too_long_ends_its_track() -> None:
    follower = Follower(RULE)
    follower.follow(0.0, 0, [box(0)], [ANNE])
    assert list(follower.ended(1.0, 0)) == []
    assert [track.number for track in follower.ended(1.25, 0)] == [1]


def test_another_face_at_the_same_place_begins_a_track() -> None:
    follower = Follower(RULE)
    follower.follow(0.0, 0, [box(0)], [ANNE])
    (other,) = follower.follow(0.2, 0, [box(0)], [BEN])
    assert other.number == 2


def test_the_same_face_too_far_away_begins_a_track() -> None:
    follower = Follower(RULE)
    follower.follow(0.0, 0, [box(0)], [ANNE])
    (far,) = follower.follow(0.1, 0, [box(400)], [ANNE])
    assert far.number == 2
    assert is_near(box(0), box(400), 1.0)


def test_a_head_that_turns_slowly_stays_one_track() -> None:
    """Each face is alike the one before it, and the last is not alike the first."""
    follower = Follower(RULE)
    tracks = {
        follower.follow(step / 5, 0, [box(0)], [like(ANNE, step * 0.15)])[0].number
        for step in range(12)
    }
    assert tracks == {1}


def test_a_track_has_one_face_of_a_frame() -> None:
    """A mirror, or twins: the second face is a track of its own."""
    follower = Follower(RULE)
    follower.follow(0.0, 0, [box(0)], [ANNE])
    close, mirrored = follower.follow(0.2, 0, [box(0), box(60)], [ANNE, like(ANNE, 0.3)])
    assert (close.number, mirrored.number) == (1, 2)


@dataclass(frozen=True)
class Kept:
    time: float
    goodness: float


def best_of(frames: list[Kept], wanted: int) -> tuple[Kept, ...]:
    best: BestFrames[Kept] = BestFrames(wanted)
    for one in frames:
        best.offer(one.time, one.goodness, lambda one=one: one)  # type: ignore[misc]
        assert len(best._kept) <= 2 * wanted
    return best.chosen()


FRAMES = st.lists(st.tuples(st.floats(0.05, 30), st.floats(0.01, 1)), min_size=1, max_size=200)


@given(FRAMES, st.integers(1, 8))
def test_few_frames_are_kept_in_order_and_the_very_best_is_among_them(
    steps: list[tuple[float, float]], wanted: int
) -> None:
    times = np.cumsum([step for step, _ in steps]).tolist()
    frames = [Kept(time, good) for time, (_, good) in zip(times, steps, strict=True)]
    chosen = best_of(frames, wanted)
    assert 1 <= len(chosen) <= wanted
    assert [one.time for one in chosen] == sorted({one.time for one in chosen})
    assert max(one.goodness for one in chosen) == max(one.goodness for one in frames)


def test_the_best_frames_are_no_neighbours_of_one_instant() -> None:
    """Ten excellent frames at one instant, and fair ones over a minute: the fair ones count too."""
    frames = [Kept(n / 4, 0.95 if 30 <= n / 4 < 32.5 else 0.5 + n / 1000) for n in range(240)]
    chosen = best_of(frames, 5)
    assert len(chosen) == 5
    assert np.diff([one.time for one in chosen]).min() >= 5
    assert sum(one.goodness == 0.95 for one in chosen) == 1


@given(st.lists(st.floats(1e-5, 0.3), min_size=1, max_size=60), st.floats(0, 1e5))
def test_no_two_of_the_best_frames_have_files_of_one_name(steps: list[float], start: float) -> None:
    chosen = best_of([Kept(time, 0.5) for time in (start + np.cumsum(steps)).tolist()], 5)
    assert len({time_text(one.time) for one in chosen}) == len(chosen)


def test_a_long_track_keeps_frames_from_all_of_it() -> None:
    chosen = best_of([Kept(n / 4, 0.5) for n in range(4 * 3600 * 4)], 5)
    assert len(chosen) == 5
    assert chosen[-1].time - chosen[0].time > 3600


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True)), max_size=60))
def test_times_never_go_back_whatever_the_file_says(stamps: list[float | None]) -> None:
    clock = Clock(None)
    times = [clock.time_of(stamp) for stamp in stamps]
    assert times == sorted(times)


def test_what_lies_before_the_start_comes_at_the_start() -> None:
    clock = Clock(0.5)
    assert [clock.time_of(stamp) for stamp in (-1.0, -0.5, 0.0, 0.5)] == [0, 0, 0, 0.5]
    assert clock.jumps == 0


def test_times_that_jump_or_lack_are_counted() -> None:
    clock = Clock(0.5)
    stamps = [0.0, 0.5, None, 1.5, 0.0, 0.5, 1e9, 1e9 + 0.5]
    assert [clock.time_of(stamp) for stamp in stamps] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]
    assert (clock.untimed, clock.jumps) == (1, 2)


@given(st.floats(0.1, 100), st.floats(0, 1000), st.lists(st.floats(0, 5), max_size=100))
def test_a_second_gives_no_more_frames_than_are_asked_for(
    per_second: float, start: float, steps: list[float]
) -> None:
    sampler = Sampler(per_second, start)
    times = (start + np.cumsum(steps)).tolist()
    taken = [time for time in times if sampler.takes(time)]
    if times:
        assert taken[0] == times[0]
        assert len(taken) <= (times[-1] - start) * per_second + 2


def matrix(a: float, b: float, c: float, d: float) -> bytes:
    one = 1 << 16
    return struct.pack("<9i", *(int(x * one) for x in (a, b, 0, c, d, 0, 0, 0)), 1 << 30)


@pytest.mark.parametrize(
    "given", [(a, 0, 0, d) for a in (1, -1) for d in (1, -1)] + [(0, 1, -1, 0), (0, -1, -1, 0)]
)
def test_a_pixel_goes_where_the_matrix_sends_it(given: tuple[int, int, int, int]) -> None:
    a, b, c, d = given
    stored = np.zeros((3, 5, 3), np.uint8)
    stored[0, 0] = 255
    turn = turn_of(matrix(*given))
    assert turn is not None
    upright = turn(stored)
    (row,), (column,) = np.nonzero(upright[..., 0])
    # The corner (0, 0) is shown at the origin; the picture lies on the side that the signs say.
    assert column == (0 if a + c > 0 else upright.shape[1] - 1)
    assert row == (0 if b + d > 0 else upright.shape[0] - 1)


@pytest.mark.parametrize("given", [b"", b"x" * 36, matrix(0, 0, 0, 0), matrix(0.7, 0.7, -0.7, 0.7)])
def test_a_matrix_of_another_kind_turns_nothing(given: bytes) -> None:
    assert turn_of(given) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("95", 95), ("1:35", 95), ("00:01:35.250", 95.25), ("7:00:00", 25200), ("0", 0), ("0.5", 0.5)],
)
def test_a_time_can_be_written_in_three_ways(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
    assert seconds_of(time_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "x", "-1", "1:75", "1:75:00", "nan", "inf", "1e9", "1:2:3:4"])
def test_any_other_text_is_no_time(text: str) -> None:
    with pytest.raises(InputError, match="HH:MM:SS"):
        seconds_of(text)


@given(st.floats(0, 4e5))
def test_a_written_time_is_at_most_a_thousandth_early(seconds: float) -> None:
    assert -2e-6 <= seconds - seconds_of(time_text(seconds)) < 0.001 + 1e-6
