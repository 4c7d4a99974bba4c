"""Faces of rendered clips: how well they are followed, and what the best frames are worth.

    python benchmarks/video.py FOLDER [--first 0] [--clips 16] [--others 152]

FOLDER keeps clips and faces between runs. The least score was chosen on clips 0 to 15; `--first 16`
gives others. The tables tell how many tracks a person has and how many tracks mix two people, for
several rates and least scores; rank-1 against a gallery of photos at
seven years, when the clip shows nine, for the fused best frames of the longest track of each
person, the best single frame, a random one, and the fused first frames; and the time of the whole
beside detection alone. Intervals are 95 %: Clopper-Pearson for counts, and a bootstrap over people.

    python benchmarks/video.py FOLDER --fgnet FGNET --lfw LFW

tells instead how often pairs of different real people reach the least score: one photo of each
person of FG-NET from 4 to 11 years, and of 150 people of LFW; and how much a picture changes from
one photo of LFW to another, and when a camera pans over it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from recording import Cell, Record, estimate
from video_clips import SEED, actors_of, frames_of, paths_of, photo_of, place_at, write_clip

from fairness import clopper_pearson
from matcher.embedding import Extractor, fuse, load_extractor
from matcher.faces import POLICIES, load_detector, refusals
from matcher.photos import Photo, find_photos
from matcher.video import VideoLimits, read_tracks
from matcher.video.best_frames import BestFrames, goodness
from matcher.video.decoder import VideoDecoder, Wish
from matcher.video.following import Follower, FollowRule
from matcher.video.scenes import TINY

AGE, AGE_BEFORE = 9.0, 7.0
READ, RATES, SCORES, BEST = 8.0, (2, 4, 8), (0.3, 0.4, 0.45, 0.5, 0.55, 0.6), 5
CRFS = (28, 36)
DRAWS = 2000
FUSED_BEST = f"the {BEST} best frames, fused"
TRACKS = (
    "frames a second",
    "least score",
    "people",
    "tracks for each person",
    "tracks that mix two people",
    "share of a person's faces in the longest track",
)


@dataclass(frozen=True, eq=False)
class Seen:
    """One accepted face of a clip, and whose it is: the number of the person, or -1."""

    time: float
    box: NDArray[np.float32]
    vector: NDArray[np.float32]
    probe: NDArray[np.float32]
    goodness: float
    person: int


def clip_of(folder: Path, clip: int) -> Path:
    """Return the file of a clip; it is rendered if it is not there."""
    path = folder / f"clip-{clip}.mp4"
    if not path.exists():
        part = path.with_suffix(".part.mp4")
        write_clip(part, frames_of(actors_of(clip, AGE), clip), crf=CRFS[clip % len(CRFS)])
        part.rename(path)
    return path


def faces_of(folder: Path, clip: int, extractor: Extractor) -> list[Seen]:
    """Return the accepted faces of a clip, in order; they are kept in a file."""
    path = folder / f"faces-{clip}.npz"
    if not path.exists():
        rows = list(_looked_at(clip_of(folder, clip), clip, extractor))
        names = ("time", "box", "vector", "probe", "goodness", "person")
        columns = {name: np.array([getattr(row, name) for row in rows]) for name in names}
        np.savez(path, allow_pickle=False, **columns)
    with np.load(path) as kept:
        columns = {name: kept[name] for name in kept}
    return [
        Seen(**{name: values[row] for name, values in columns.items()})
        for row in range(len(columns["time"]))
    ]


def _looked_at(path: Path, clip: int, extractor: Extractor) -> Iterator[Seen]:
    with VideoDecoder(path, Wish(READ), VideoLimits()) as decoder:
        for frame in decoder.frames():
            height, width = frame.pixels.shape[:2]
            photo = Photo(frame.pixels, "", (width, height), "array")
            (found,) = extractor.detect([photo])
            usable = [face for face in found if not refusals(face.quality, POLICIES["standard"])]
            for one in extractor.embed(usable, purpose="search") if usable else ():
                box, good = one.face.box, goodness(one.face.quality)
                person = _owner(clip, frame.time, box)
                yield Seen(frame.time, box, one.vector, one.probe, good, person)


def _owner(clip: int, moment: float, box: NDArray[np.float32]) -> int:
    middle = (box[:2] + box[2:]) / 2
    away = {}
    for place, path in enumerate(paths_of(clip)):
        x, y, width = place_at(path, 3 * clip + place, moment)
        away[3 * clip + place] = float(np.hypot(middle[0] - x, middle[1] - y) / width)
    nearest = min(away, key=away.__getitem__)
    return nearest if away[nearest] < 0.3 else -1


def followed(faces: Sequence[Seen], per_second: float, least: float) -> dict[int, list[Seen]]:
    """Return the faces of each track, as `read_tracks` follows them at a rate."""
    follower = Follower(FollowRule(least, gap=max(1.0, 2 / per_second)))
    tracks: defaultdict[int, list[Seen]] = defaultdict(list)
    at: defaultdict[float, list[Seen]] = defaultdict(list)
    instants: dict[int, float] = {}
    for face in faces:
        at[float(face.time)].append(face)
    for moment in sorted(at):
        instants.setdefault(int(moment * per_second + 1e-6), moment)
    for moment in instants.values():
        here = at[moment]
        for _ in follower.ended(moment, 0):
            pass
        given = follower.follow(moment, 0, [f.box for f in here], [f.vector for f in here])
        for track, face in zip(given, here, strict=True):
            tracks[track.number].append(face)
    return tracks


def faces_table(clips: Sequence[Sequence[Seen]], record: Record) -> None:
    """Write how many faces are usable, and how alike people are who are seen at one time."""
    scores = [
        float(one.vector @ other.vector)
        for faces in clips
        for one, other in combinations(faces, 2)
        if one.time == other.time and -1 < one.person != other.person > -1
    ]
    high = np.quantile(scores, (0.5, 0.95))
    shown = round(READ * 6) * 3 * len(clips)
    known = sum(face.person >= 0 for faces in clips for face in faces)
    record.table(
        "faces",
        ("what", "figure"),
        [
            ("clips", len(clips)),
            ("usable faces of those shown, some behind others", f"{known:,} of {shown:,}"),
            ("score of different people at one time, median", f"{high[0]:.2f}"),
            ("score that one in twenty of these is above", f"{high[1]:.2f}"),
        ],
    )


def following_table(clips: Sequence[Sequence[Seen]], record: Record) -> None:
    """Write how the faces are put into tracks, for rates and least scores."""
    rows = []
    for rate in RATES:
        for least in SCORES:
            each = [followed(faces, rate, least) for faces in clips]
            tracks = [track for of in each for track in of.values()]
            people = {face.person for track in tracks for face in track} - {-1}
            mixed = sum(len({face.person for face in track}) > 1 for track in tracks)
            longest = [max(shares) for shares in _shares(tracks, people)]
            low, high = clopper_pearson(mixed, len(tracks))
            rows.append(
                (
                    rate,
                    f"{least:g}",
                    len(people),
                    f"{len(tracks) / len(people):.2f}",
                    f"{mixed} of {len(tracks)} ({100 * low:.1f} to {100 * high:.1f} %)",
                    f"{statistics.mean(longest):.2f}",
                )
            )
    record.table("tracks", TRACKS, rows)


def _shares(tracks: Sequence[Sequence[Seen]], people: set[int]) -> Iterator[list[float]]:
    """Yield, for each person, the share of the person's faces in each track."""
    for person in people:
        counts = [sum(face.person == person for face in track) for track in tracks]
        yield [count / sum(counts) for count in counts]


def probes_of(
    track: Sequence[Seen], draw: np.random.Generator
) -> dict[str, list[NDArray[np.float32]]]:
    """Return the probes that are compared, by name: one vector, or several that count alike."""
    best: BestFrames[Seen] = BestFrames(BEST)
    for face in track:
        best.offer(float(face.time), face.goodness, lambda face=face: face)  # type: ignore[misc]
    one = max(track, key=lambda face: face.goodness)
    return {
        FUSED_BEST: [_fused(best.chosen())],
        f"the first {BEST} frames, fused": [_fused(track[:BEST])],
        f"{BEST} random frames, fused": [
            _fused([track[row] for row in draw.permutation(len(track))[:BEST]]) for _ in range(20)
        ],
        "all frames, fused": [_fused(track)],
        "the best frame alone": [one.probe],
        "a random frame alone": [face.probe for face in track],
    }


def _fused(faces: Sequence[Seen]) -> NDArray[np.float32]:
    return fuse(np.stack([face.probe for face in faces]), np.ones(len(faces))).vector


def ranks_table(
    clips: Sequence[Sequence[Seen]], gallery: NDArray[np.float32], least: float, record: Record
) -> None:
    """Write rank-1 of each kind of probe, and the differences to the fused best frames."""
    draw = np.random.default_rng(SEED)
    hits: defaultdict[str, list[float]] = defaultdict(list)
    for faces in clips:
        longest: dict[int, list[Seen]] = {}
        for track in followed(faces, 4, least).values():
            person = Counter(face.person for face in track).most_common(1)[0][0]
            if person >= 0 and len(track) > len(longest.get(person, ())):
                longest[person] = track
        for person, track in longest.items():
            for name, probes in probes_of(track, draw).items():
                hits[name].append(_share_first(probes, person, gallery))
    people = len(next(iter(hits.values())))
    rows = draw.integers(0, people, (DRAWS, people))
    first = np.array(hits[FUSED_BEST])
    table: list[tuple[Cell, ...]] = []
    for name, shares in hits.items():
        each = np.array(shares)
        limits = 100 * np.quantile(each[rows].mean(axis=1), (0.025, 0.975))
        apart = first - each
        low, high = 100 * np.quantile(apart[rows].mean(axis=1), (0.025, 0.975))
        gain = f"{100 * apart.mean():+.1f} ({low:+.1f} to {high:+.1f})"
        told = estimate(100 * each.mean(), limits, "%", 1)
        table.append((name, told, "" if name == FUSED_BEST else gain))
    record.table("gallery", ("people searched for", "people enrolled"), [(people, len(gallery))])
    record.table(
        "rank 1", ("probe", "rank 1", "the best frames, fused, find more by, points"), table
    )


def _share_first(
    probes: Sequence[NDArray[np.float32]], person: int, gallery: NDArray[np.float32]
) -> float:
    return float(np.mean([int((gallery @ probe).argmax()) == person for probe in probes]))


def gallery_of(folder: Path, people: int, extractor: Extractor) -> NDArray[np.float32]:
    """Return a vector of each person at seven, float32 (people, d); kept in a file."""
    path = folder / f"gallery-{people}.npy"
    if not path.exists():
        photos = (photo_of(person, AGE_BEFORE, 1) for person in range(people))
        found = extractor.extract_many(photos, choose="largest")
        np.save(path, np.stack([one.faces[0].vector for one in found]))
    return np.asarray(np.load(path), np.float32)


def strangers(
    name: str, photos: Sequence[Path], extractor: Extractor, least: float
) -> tuple[Cell, ...]:
    """Return how many pairs of photos reach a score; each photo is another person's."""
    found = extractor.extract_many(photos, choose="largest", purpose="pairs")
    vectors = np.stack([one.faces[0].vector for one in found if one.faces])
    scores = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    reached = int((scores >= least).sum())
    return name, len(vectors), len(scores), reached


def changes_table(photos: Sequence[Path], record: Record) -> None:
    """Write the mean change of tiny pictures: between two photos, and in a pan over each."""
    images = [Image.open(path).convert("L") for path in photos]
    whole = [_tiny(image) for image in images]
    between = [np.abs(a - b).mean() for a, b in pairwise(whole)]
    rows: list[tuple[Cell, ...]] = [
        ("from one photo to another", len(between), *_quantiles(between))
    ]
    for share in (0.02, 0.05):
        panned = []
        for image in images:
            width, height = image.size
            before, after = (
                _tiny(image.crop((round(start), 0, round(start + 0.75 * width), height)))
                for start in (0, share * width)
            )
            panned.append(np.abs(before - after).mean())
        rows.append(
            (f"a pan by {100 * share:.0f} % of the width", len(panned), *_quantiles(panned))
        )
    heads = ("one in a hundred below", "median", "one in a hundred above", "largest")
    record.table("change of the picture, levels of 255", ("change", "pictures", *heads), rows)


def _quantiles(changes: Sequence[float]) -> list[str]:
    return [f"{one:.1f}" for one in np.quantile(changes, (0.01, 0.5, 0.99, 1.0))]


def _tiny(image: Image.Image) -> NDArray[np.int16]:
    return np.asarray(image.resize(TINY), np.int16)


def children_of(fgnet: Path) -> list[Path]:
    """Return the first photo from 4 to 11 years of each person of FG-NET (`001A05.JPG`)."""
    first: dict[str, Path] = {}
    for path in find_photos(fgnet):
        if path.stem[4:6].isdigit() and 4 <= int(path.stem[4:6]) <= 11:
            first.setdefault(path.stem[:3], path)
    return list(first.values())


def people_of(lfw: Path, count: int) -> list[Path]:
    """Return the first photo of some people of LFW."""
    folders = [folder for folder in sorted(lfw.rglob("*")) if any(folder.glob("*.jpg"))]
    chosen = np.random.default_rng(SEED).permutation(len(folders))[:count]
    return [min(folders[place].glob("*.jpg")) for place in chosen]


def speed_table(path: Path, extractor: Extractor, record: Record, turns: int = 3) -> None:
    """Write the time of following beside that of decoding, and of detecting, the same frames."""
    detector, ratios = load_detector(retries=False), []
    rows: list[tuple[Cell, ...]] = []
    for turn in range(turns + 1):
        started = time.perf_counter()
        with VideoDecoder(path, Wish(4.0), VideoLimits()) as decoder:
            frames = list(decoder.frames())
        decoded = time.perf_counter()
        photos = [Photo(one.pixels, "", one.pixels.shape[1::-1], "array") for one in frames]
        for start in range(0, len(photos), 8):
            detector.detect(photos[start : start + 8])
        detected = time.perf_counter()
        list(read_tracks(path, extractor, detector=detector))
        whole = time.perf_counter() - detected
        if turn:  # the first turn warms up
            ratios.append(whole / (detected - decoded))
            taken = (decoded - started, detected - decoded, whole)
            rows.append((turn, len(frames), *(f"{one:.1f} s" for one in taken)))
    record.table("time", ("turn", "frames", "decoding", "detection", "tracks"), rows)
    ratio = f"{statistics.median(ratios):.2f}"
    record.table("tracks beside detection alone", ("turns", "times, median"), [(turns, ratio)])


def main() -> None:
    """Render what is missing, look at it, print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=0, help="number of the first clip")
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--others", type=int, default=152, help="more people in the gallery")
    parser.add_argument("--least-score", type=float, default=0.5)
    parser.add_argument("--fgnet", type=Path)
    parser.add_argument("--lfw", type=Path)
    record = Record.begin(__file__, parser)
    options = record.options
    options.folder.mkdir(parents=True, exist_ok=True)
    extractor = load_extractor()
    if options.fgnet and options.lfw:
        real_people(options, extractor, record)
    else:
        rendered_people(options, extractor, record)
    record.write()


def real_people(options: argparse.Namespace, extractor: Extractor, record: Record) -> None:
    """Write how alike strangers are in photos, and how much pictures change."""
    sets = {"FG-NET": children_of(options.fgnet), "LFW": people_of(options.lfw, 150)}
    least = options.least_score
    pairs = [strangers(name, photos, extractor, least) for name, photos in sets.items()]
    heads = ("photos of", "people", "pairs", f"pairs that reach {least:g}")
    record.table("strangers", heads, pairs)
    changes_table(people_of(options.lfw, 400), record)


def rendered_people(options: argparse.Namespace, extractor: Extractor, record: Record) -> None:
    """Render what is missing, and write how its people are followed and found."""
    looking = extractor.with_detector(load_detector(retries=False))
    numbers = range(options.first, options.first + options.clips)
    clips = [faces_of(options.folder, clip, looking) for clip in numbers]
    faces_table(clips, record)
    following_table(clips, record)
    gallery = gallery_of(options.folder, 3 * numbers.stop + options.others, extractor)
    ranks_table(clips, gallery, options.least_score, record)
    speed_table(clip_of(options.folder, numbers[0]), extractor, record)


if __name__ == "__main__":
    main()
