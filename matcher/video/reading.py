"""From a video to tracks: take frames, find faces, follow them, keep the best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from os import PathLike
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Self

from matcher.arguments import described, expect, expect_hook, expect_number, path_of
from matcher.embedding import EmbeddedFace, Extractor
from matcher.errors import InputError, MatcherError
from matcher.faces import POLICIES, Detector, Face, QualityPolicy, refusals
from matcher.photos import Photo
from matcher.progress import ProgressHook, silent
from matcher.video.best_frames import BestFrames, goodness
from matcher.video.cutting import cut_out, overview_of
from matcher.video.decoder import VideoDecoder, Wish
from matcher.video.facts import VideoFacts, VideoFrame
from matcher.video.following import Follower, Following, FollowRule
from matcher.video.limits import VideoLimits
from matcher.video.times import time_text
from matcher.video.track import BestFrame, Track

PER_SECOND: Final = 4.0
"""Frames that are looked at in each second of the video, unless another number is asked for."""

LEAST_SCORES: Mapping[str, float] = MappingProxyType({"youth-resnet": 0.5})
"""Least score of a face with the track that it continues, by the name of the model. See
docs/evidence/video.md for the measurement."""

_TOGETHER, _PIXELS_TOGETHER = 8, 8_000_000  # frames searched at a time


class VideoTracks:
    """The tracks of a video, one after the other as each ends. Go through it once.

    Attributes
    ----------
    path
        The file.
    facts
        What the container states.
    counts
        What became of the frames and faces so far; complete when the last track was given.
    finished
        Whether the last track was given.
    """

    def __init__(
        self,
        decoder: VideoDecoder,
        path: Path,
        extractor: Extractor,
        rule: FollowRule,
        policy: QualityPolicy,
        best: int,
        on_progress: ProgressHook,
    ) -> None:
        self.path, self.facts, self.counts = path, decoder.facts, decoder.counts
        self._decoder, self._extractor = decoder, extractor
        self._follower, self._policy, self._best = Follower(rule), policy, best
        self._on_progress = on_progress
        self._kept: dict[int, BestFrames[BestFrame]] = {}
        self._tracks = self._read()
        self._since = 0.0
        self.finished = False

    def __iter__(self) -> Iterator[Track]:
        return self._tracks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._decoder.close()

    def notes(self) -> Iterator[str]:
        """Yield a sentence for all that was left out, converted, estimated or not checked."""
        if not self.finished:
            starts = [track.first for track in self._follower.open]
            since = time_text(min([*starts, self._since]))
            yield f"Not read to the end. Tracks that went on are not here; go on from {since}."
        elif not self.counts.taken:
            yield "No frame lies in the part that was asked for."
        if self.facts.streams > 1:
            yield f"The file has {self.facts.streams} tracks of pictures; one of them was read."
        yield from self.counts.notes()
        if self.facts.created:
            yield (
                f"The file says that it was created at {self.facts.created}. The clock of a camera "
                "or of a program wrote that, or the time of a copy; nobody checked it."
            )

    def _read(self) -> Iterator[Track]:
        with self._decoder:
            frames = self._decoder.frames()
            while batch := _batch(frames):
                self._since = batch[0].time
                yield from self._follow(batch)
                self._since = batch[-1].time
                self._report(self._since)
            yield from map(self._ended, self._follower.rest())
        self.finished = True

    def _report(self, time: float) -> None:
        total = self.facts.seconds
        self._on_progress("seconds of video", int(time), None if total is None else int(total))

    def _follow(self, frames: list[VideoFrame]) -> Iterator[Track]:
        found = [
            self._counted(faces)
            for faces in self._extractor.detect_each(list(map(_photo_of, frames)))
        ]
        usable = [self._accepted(faces) for faces in found]
        wanted = [face for faces in usable for face in faces]
        embedded = iter(self._extractor.embed_each(wanted, purpose="pairs") if wanted else ())
        for frame, faces, accepted in zip(frames, found, usable, strict=True):
            self._since = frame.time
            yield from map(self._ended, self._follower.ended(frame.time, frame.scene))
            self._put(frame, faces, list(islice(embedded, len(accepted))))

    def _counted(self, found: list[Face] | MatcherError) -> list[Face]:
        """Return the faces of a frame; none, and a count, if the detector failed on it."""
        if isinstance(found, MatcherError):
            self.counts.undetected += 1
            return []
        self.counts.faces += len(found)
        return found

    def _accepted(self, found: list[Face]) -> list[Face]:
        """Return the faces that the policy accepts; count the others by reason."""
        reasons = [refusals(face.quality, self._policy) for face in found]
        refused = Counter(reason.code for each in reasons for reason in each)
        for code, number in refused.items():
            self.counts.refused[code] = self.counts.refused.get(code, 0) + number
        self.counts.refused_faces += sum(map(bool, reasons))
        return [face for face, each in zip(found, reasons, strict=True) if not each]

    def _put(
        self, frame: VideoFrame, faces: list[Face], embedded: list[EmbeddedFace | MatcherError]
    ) -> None:
        """Give the faces of a frame to their tracks."""
        known = [one for one in embedded if isinstance(one, EmbeddedFace)]
        self.counts.unembedded += len(embedded) - len(known)
        tracks = self._follower.follow(
            frame.time,
            frame.scene,
            [one.face.box for one in known],
            [one.vector for one in known],
        )
        for track, one in zip(tracks, known, strict=True):
            kept = self._kept.setdefault(track.number, BestFrames(self._best))
            good = goodness(one.face.quality)
            others = [face for face in faces if face is not one.face]

            def make(face: Face = one.face, others: list[Face] = others) -> BestFrame:
                return _best_frame(frame, face, others)

            kept.offer(frame.time, good, make)

    def _ended(self, track: Following) -> Track:
        best = self._kept.pop(track.number).chosen()
        return Track(track.number, track.first, track.last, track.faces, best)


def read_tracks(
    path: str | PathLike[str],
    extractor: Extractor,
    *,
    per_second: float = PER_SECOND,
    start: float = 0.0,
    until: float | None = None,
    best: int = 5,
    stream: int = 1,
    policy: QualityPolicy = POLICIES["standard"],
    least_score: float | None = None,
    detector: Detector | None = None,
    limits: VideoLimits = VideoLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> VideoTracks:
    """Follow the faces of a video; give the few best frames of each as one probe.

    The file is decoded in a process that may die; what is read then stays. Only this file is
    opened: a play list, an address of a server, a device are refused.

    Parameters
    ----------
    path
        A file of this machine: MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV, Ogg or GIF.
    extractor
        Makes the vectors by which faces are followed. Another model may search for them later.
    per_second
        Frames of each second of the video that are looked at, in (0, 240].
    start, until
        The part to read, in seconds from the start of the video; None reads to the end.
    best
        Most frames to keep of each track, in [1, 100]. They are spread over its time, so that there
        may be fewer.
    stream
        Number of the track of pictures in the file, from 1.
    policy
        A face that it refuses is counted, and is in no track.
    least_score
        Least score of a face with the track that it continues, in [-1, 1]. None takes the measured
        one of the model, if there is one: see `LEAST_SCORES`.
    detector
        Finds the faces; None for the library's own on the CPU, without its retries.
    limits
        Limits on what is decoded.
    on_progress
        Hears of the seconds of the video that were read.

    Returns
    -------
    VideoTracks
        Tracks in the order in which they end. Nothing but the header is read before the first.

    Raises
    ------
    InputError
        An argument breaks its rule, or the model has no measured score and none is given.
    VideoError
        The video cannot be read: it is no file, no video, damaged, or larger than the limits allow.
    MissingExtraError
        PyAV is not installed.
    """
    place = path_of("path", path)
    _require(per_second, start, until, best, stream)
    _require_types(extractor, policy, limits, detector)
    expect_hook("on_progress", on_progress)
    rule = FollowRule(_least_score(least_score, extractor), gap=max(1.0, 2 / per_second))
    decoder = VideoDecoder(place, Wish(per_second, start, until, stream), limits)
    looking = (
        extractor.with_one_attempt() if detector is None else extractor.with_detector(detector)
    )
    return VideoTracks(decoder, place, looking, rule, policy, best, on_progress)


def video_facts(
    path: str | PathLike[str],
    *,
    stream: int = 1,
    limits: VideoLimits = VideoLimits(),  # noqa: B008 - frozen, so one instance serves all calls
) -> VideoFacts:
    """Return what a video says of itself, after one frame of it could be decoded.

    Parameters
    ----------
    path, stream, limits
        As for `read_tracks`, which raises the same errors.
    """
    place = path_of("path", path)
    _require(PER_SECOND, 0.0, None, 1, stream)
    with VideoDecoder(place, Wish(PER_SECOND, stream=stream, until=0.001), limits) as decoder:
        return decoder.facts


def _require_types(extractor: object, policy: object, limits: object, detector: object) -> None:
    step = "Take it from `matcher.load_extractor()`."
    expect("extractor", extractor, Extractor, rule="must be an extractor", next_step=step)
    step = 'Take it from `matcher.faces.POLICIES`, as POLICIES["standard"].'
    expect("policy", policy, QualityPolicy, rule="must be a quality policy", next_step=step)
    step = "Give VideoLimits(...)."
    expect("limits", limits, VideoLimits, rule="must be limits", next_step=step)
    if detector is not None and not callable(getattr(detector, "detect", None)):
        rule, step = "must be a detector", "Take it from `matcher.faces.load_detector()`."
        raise InputError("detector", rule=rule, got=described(detector), next_step=step)


def _require(per_second: float, start: float, until: float | None, best: int, stream: int) -> None:
    end = math.inf if until is None else until
    expect_number("until", end)
    for name, value, whole in (
        ("per_second", per_second, False),
        ("start", start, False),
        ("best", best, True),
        ("stream", stream, True),
    ):
        expect_number(name, value, whole=whole)
    for name, value, holds, rule in (
        ("per_second", per_second, 0 < per_second <= 240, "must be above 0 and at most 240"),
        ("start", start, 0 <= start < math.inf, "must be 0 or more, and finite"),
        ("until", end, end > start, "must be later than the start"),
        ("best", best, 1 <= best <= 100, "must be in 1 to 100"),
        ("stream", stream, stream >= 1, "must be 1 or more"),
    ):
        if not holds:
            raise InputError(name, rule=rule, got=value, next_step="Choose another number.")


def _least_score(given: float | None, extractor: Extractor) -> float:
    name = extractor.model.name
    if given is None and name not in LEAST_SCORES:
        raise InputError(
            "least_score",
            rule=f"is measured for {', '.join(LEAST_SCORES)} only",
            got=f"none, with the model {name!r}",
            next_step=f"Follow faces with {min(LEAST_SCORES)}; the pictures can be searched with "
            "any model. Or give a score (--least-score).",
        )
    score = LEAST_SCORES[name] if given is None else given
    expect_number("least_score", score)
    if not -1 <= score <= 1:
        step = "Choose a score of the model."
        raise InputError("least_score", rule="must be in -1 to 1", got=score, next_step=step)
    return score


def _batch(frames: Iterator[VideoFrame]) -> list[VideoFrame]:
    """Return the next frames that are searched together."""
    taken: list[VideoFrame] = []
    pixels = 0
    for frame in frames:
        taken.append(frame)
        pixels += frame.pixels.shape[0] * frame.pixels.shape[1]
        if len(taken) == _TOGETHER or pixels >= _PIXELS_TOGETHER:
            break
    return taken


def _photo_of(frame: VideoFrame) -> Photo:
    height, width = frame.pixels.shape[:2]
    return Photo(frame.pixels, sha256="", original_size=(width, height), format="array")


def _best_frame(frame: VideoFrame, face: Face, others: list[Face]) -> BestFrame:
    left, top, right, bottom = (float(side) for side in face.box)
    return BestFrame(
        time=frame.time,
        face=cut_out(face, others),
        box=(left, top, right, bottom),
        frame_size=face.photo.size,
        goodness=goodness(face.quality),
        overview=overview_of(face.photo),
    )
