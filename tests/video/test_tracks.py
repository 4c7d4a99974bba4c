"""From a video to tracks of one person each, and from a track to a lead."""

from __future__ import annotations

from pathlib import Path

import made_video
import numpy as np
import pytest
from rendered_cohort import Cohort
from rendered_film import SIDE, SIZE, Film

import matcher
from matcher.embedding import Extractor
from matcher.errors import InputError, VideoFormatError
from matcher.faces import POLICIES, load_detector
from matcher.gallery import Gallery
from matcher.testing import FakeDetector, FakeEmbedder
from matcher.video import Track, VideoTracks, read_tracks

FAKE = Extractor(FakeDetector(), FakeEmbedder(16))


@pytest.fixture(scope="module")
def told(film: Film, extractor: Extractor) -> tuple[list[Track], VideoTracks]:
    reading = read_tracks(film.path, extractor)
    return sorted(reading, key=lambda track: track.number), reading


def middle(track: Track, time: float) -> float:
    """Return where the face is at about a time."""
    best = min(track.best, key=lambda one: abs(one.time - time))
    return (best.box[0] + best.box[2]) / 2


def test_people_who_cross_stay_apart_and_a_cut_begins_anew(
    told: tuple[list[Track], VideoTracks], cohort: Cohort, extractor: Extractor, film: Film
) -> None:
    """Each track shows one person in all its best frames, and each of the three has one."""
    tracks, reading = told
    own = {
        subject: extractor.extract(path)[0].vector
        for subject, path in zip(cohort.subjects, cohort.probes, strict=True)
    }
    shown = []
    for track in tracks:
        vectors = [one.vector for one in extractor.embed(track.probe, purpose="pairs")]
        nearest = {max(own, key=lambda name: float(own[name] @ vector)) for vector in vectors}
        assert len(nearest) == 1
        shown += nearest
    assert set(shown) == set(film.subjects)
    assert all(track.last < 3.0 or track.first >= 3.0 for track in tracks)
    assert reading.finished
    assert reading.counts.taken == 24


def test_a_track_says_when_and_where_and_its_best_frames_are_spread(
    told: tuple[list[Track], VideoTracks],
) -> None:
    tracks, _ = told
    third = tracks[-1]
    assert third.first == pytest.approx(3.0, abs=0.11)
    assert third.last == pytest.approx(5.75, abs=0.16)
    assert third.faces == 12
    assert len(third.best) == 5
    times = [one.time for one in third.best]
    assert times == sorted(times)
    assert np.diff(times).min() >= (third.last - third.first) / 10 - 1e-6
    assert middle(third, 3.0) == pytest.approx(240, abs=15)
    assert middle(third, 6.0) == pytest.approx(270, abs=15)
    for one in third.best:
        assert one.frame_size == SIZE
        assert 0 < one.goodness <= 1
        assert max(one.overview.shape[:2]) <= 320
        width, height = one.face.photo.size
        assert width < SIDE * 1.5
        left, top, right, bottom = one.face.box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_the_best_frames_are_one_probe_of_several_photos(
    told: tuple[list[Track], VideoTracks], gallery: Gallery, extractor: Extractor, film: Film
) -> None:
    searcher = matcher.Searcher(gallery, extractor)
    for track in told[0]:
        found = searcher.search_person(track.probe)
        assert found.outcome == "leads"
        assert found.candidates[0].subject.subject_id in film.subjects
    assert found.candidates[0].subject.subject_id == film.subjects[2]
    assert len(found.probe.fused) == 5


def test_a_part_of_the_video_keeps_the_times_of_the_whole(film: Film, extractor: Extractor) -> None:
    heard: list[tuple[str, int, int | None]] = []
    tracks = list(
        read_tracks(
            film.path,
            extractor,
            start=4.0,
            until=5.0,
            per_second=2,
            best=1,
            on_progress=lambda *step: heard.append(step),
        )
    )
    assert [(track.first, track.last, track.faces) for track in tracks] == [(4.0, 4.5, 2)]
    assert len(tracks[0].best) == 1
    assert heard[-1] == ("seconds of video", 4, 6)


def test_faces_that_the_policy_refuses_are_counted_and_in_no_track(
    film: Film, extractor: Extractor
) -> None:
    from dataclasses import replace

    large = replace(POLICIES["off"], name="large", inter_eye_distance=500)
    reading = read_tracks(film.path, extractor, policy=large, start=3.0)
    assert list(reading) == []
    assert reading.counts.refused_faces == reading.counts.faces == 12
    assert reading.counts.refused == {"eyes_close": 12}
    assert any("12 faces refused" in note for note in reading.notes())


def test_frames_without_a_face_give_no_track(tmp_path: Path, extractor: Extractor) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(20, (320, 240)))
    reading = read_tracks(path, extractor)
    assert list(reading) == []
    assert (reading.counts.taken, reading.counts.faces) == (8, 0)


def test_a_part_without_a_frame_is_said(film: Film) -> None:
    reading = read_tracks(film.path, FAKE, least_score=0, detector=FakeDetector(), start=50.0)
    assert list(reading) == []
    assert "No frame lies in the part that was asked for." in list(reading.notes())


def test_a_phone_that_was_held_upright_gives_upright_faces(
    tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    face = made_video.face_of(cohort.probes[0], SIDE)
    frame = made_video.scene([(face, (120, 200))], (240, 400))
    stored = np.rot90(frame, 1)
    path = made_video.write(tmp_path / "a.mp4", [stored] * 10, turned=270)
    (track,) = read_tracks(path, extractor)
    assert track.best[0].frame_size == (240, 400)
    assert abs(track.best[0].face.quality.roll) < 20
    assert track.best[0].face.turned == 0


class FailingDetector:
    """Fails on every second frame."""

    def __init__(self) -> None:
        self._seen = 0

    def detect(self, photos):
        if len(photos) > 1:
            raise RuntimeError("together")
        self._seen += 1
        if self._seen % 2:
            raise RuntimeError("alone")
        return FakeDetector().detect(photos)


def test_a_frame_on_which_the_detector_fails_is_counted(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.noise(10))
    reading = read_tracks(
        path,
        FAKE,
        least_score=-1,
        detector=FailingDetector(),
        policy=POLICIES["off"],
        per_second=10,
    )
    (track,) = reading
    assert (reading.counts.undetected, track.faces) == (5, 5)
    assert any("5 frames on which" in note for note in reading.notes())


def test_a_model_without_a_measured_score_needs_one(film: Film) -> None:
    with pytest.raises(InputError, match="youth-resnet"):
        read_tracks(film.path, FAKE, detector=FakeDetector())


def test_the_default_model_has_a_measured_score_and_the_command_the_rate_of_the_library() -> None:
    import inspect

    from matcher.cli.video import frames
    from matcher.embedding import DEFAULT_MODEL
    from matcher.video.reading import LEAST_SCORES, PER_SECOND

    assert DEFAULT_MODEL in LEAST_SCORES
    asked = inspect.signature(frames).parameters
    given = inspect.signature(read_tracks).parameters
    assert asked["per_second"].default == PER_SECOND == given["per_second"].default
    assert asked["best"].default == given["best"].default


def test_a_frame_is_looked_at_once_and_a_photo_is_turned(cohort: Cohort) -> None:
    turned = matcher.load_photo(np.rot90(made_video.face_of(cohort.probes[0], 256)).copy())
    ((face,),) = load_detector().detect([turned])
    assert face.found_by == "turned"
    for found in load_detector(retries=False).detect([turned])[0]:
        assert found.found_by == "as is"
        assert found.probability < face.probability


def test_what_is_no_video_is_refused_before_a_model_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(VideoFormatError):
        read_tracks(tmp_path / "a.mp4", FAKE, least_score=0, detector=FakeDetector())


def test_the_clock_of_the_file_is_told_with_its_doubts(tmp_path: Path) -> None:
    stamp = "2024-05-01T12:30:00.000000Z"
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(5), created=stamp)
    reading = read_tracks(path, FAKE, least_score=0, detector=FakeDetector())
    (note,) = [note for note in reading.notes() if stamp in note]
    assert "nobody checked it" in note
    assert all(track.first < 1 for track in reading)


def test_neighbours_are_kept_out_of_the_picture_of_a_face(
    tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    """Two who stand close: a search with the pictures of one finds one face in each."""
    pair = [made_video.face_of(path, SIDE) for path in cohort.probes[:2]]
    frame = made_video.scene([(pair[0], (180, 130)), (pair[1], (300, 130))], SIZE)
    path = made_video.write(tmp_path / "a.mp4", [frame] * 10)
    tracks = list(read_tracks(path, extractor))
    assert len(tracks) == 2
    for track in tracks:
        for one in track.best:
            (found,) = extractor.extract(one.face.photo, choose="all")
            width, height = one.face.photo.size
            assert width * height > 0
            assert found.face.quality.inside > 0.6
