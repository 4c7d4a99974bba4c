"""The main job on an ageing database: enrol early photos, search with later ones.

    python benchmarks/age_gap.py FOLDER [--before 10] [--others FOLDER] [--model NAME]

FOLDER holds photos named as FG-NET names them: subject, "A", age at capture, an optional letter
(001A02.JPG, 033A21b.JPG). The gallery is every subject's photos taken before the age given; the
probes are the later photos of those subjects. Intervals are over subjects, not over photos. With
`--others FOLDER`, each photo in FOLDER is enrolled as one more subject whom nobody looks for. A
probe that the policy refuses counts as missed.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from recording import Record, estimate

from fairness import ProbeResult, Rate, rates_by_group
from matcher.embedding import DEFAULT_MODEL, load_extractor
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.photos import find_photos
from matcher.search import CandidateList, Probe, Searcher

_NAME = re.compile(r"^(\d{3})A(\d{2})[A-Z]?$", re.IGNORECASE)
TOP = 20
GAPS = ((0, 5), (5, 10), (10, 20), (20, 200))  # years from the latest enrolled photo to the probe


def read_names(folder: Path) -> list[PhotoOfSubject]:
    """Return the photos whose names follow FG-NET, with the age in the name."""
    photos = []
    for path in find_photos(folder):
        if name := _NAME.match(path.stem):
            subject, age = name.groups()
            photos.append(PhotoOfSubject(path, Subject(subject), age_at_capture=float(age)))
    return photos


def read_others(folder: Path | None) -> list[PhotoOfSubject]:
    """Return each photo of a folder as a subject of its own."""
    paths = find_photos(folder) if folder else ()
    return [PhotoOfSubject(path, Subject(f"other {n}")) for n, path in enumerate(paths)]


def split(
    photos: Sequence[PhotoOfSubject], before: float
) -> tuple[list[PhotoOfSubject], list[PhotoOfSubject]]:
    """Return what to enrol, and the later photos of the same subjects."""
    early = [photo for photo in photos if (photo.age_at_capture or 0) < before]
    known = {photo.subject.subject_id for photo in early}
    late = [
        photo
        for photo in photos
        if (photo.age_at_capture or 0) >= before and photo.subject.subject_id in known
    ]
    return early, late


def judge(
    early: Sequence[PhotoOfSubject],
    probes: Sequence[PhotoOfSubject],
    results: Sequence[CandidateList],
) -> list[ProbeResult]:
    """Return the rank of each probe's subject, grouped by the gap to the latest enrolled photo."""
    latest: dict[str, float] = {}
    for photo in early:
        name = photo.subject.subject_id
        latest[name] = max(latest.get(name, 0.0), photo.age_at_capture or 0.0)
    judged = []
    for probe, result in zip(probes, results, strict=True):
        name = probe.subject.subject_id
        gap = (probe.age_at_capture or 0.0) - latest[name]
        low, high = next(bounds for bounds in GAPS if bounds[0] <= gap < bounds[1])
        label = f"{low:02d} to under {high} years" if high < 200 else f"{low} years or more"
        judged.append(
            ProbeResult(
                name,
                result.rank_of(name),
                {"gap": label, "all": "all probes"},
                refused=result.outcome == "probe not good enough",
            )
        )
    return judged


def cell(rate: Rate) -> str:
    """Write a rate with its interval, as far as the data support it, and its counts."""
    counts = f"{rate.errors:,} of {rate.trials:,}"
    if rate.status == "bound_only":
        return f"{counts}: at most {100 * rate.high:.1f} %"
    if rate.status in ("limited", "ok"):
        limits = 100 * rate.low, 100 * rate.high
        return f"{counts}: {estimate(100 * rate.estimate, limits, '%')}"
    return f"{counts}: not enough data"


def missed(judged: Sequence[ProbeResult]) -> list[tuple[str | int, ...]]:
    """Return how often the subject was missed: of all probes, and by the gap in years."""
    rows: list[tuple[str | int, ...]] = []
    for group in ("all", "gap"):
        ranks = (rates_by_group(judged, group, k=k) for k in (1, TOP))
        for first, listed in zip(*ranks, strict=True):
            of = first.missed_or_refused
            told = (cell(of), cell(listed.missed_or_refused))
            name = first.group.removeprefix("0")
            rows.append((name, of.trials, of.subjects, *told, first.refused.errors))
    return rows


def _options() -> tuple[argparse.ArgumentParser, Record]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", type=float, default=10.0, help="years")
    parser.add_argument("--others", type=Path, help="photos of other people, one each")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--policy", default="off", choices=sorted(POLICIES))
    return parser, Record.begin(__file__, parser)


def main() -> None:
    """Enrol, search, print, save."""
    parser, record = _options()
    options = record.options
    early, late = split(read_names(options.folder), options.before)
    if not late:
        parser.error(f"no photos named as FG-NET names them below {options.folder}")
    policy = POLICIES[options.policy]
    extractor = load_extractor(options.model, device=options.device)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with Gallery.create(Path(folder) / "gallery", model=extractor.model) as gallery:
            enrolling = [*early, *read_others(options.others)]
            outcomes = enrol(gallery, extractor, enrolling, choose="largest", policy=policy)
            enrolled = time.perf_counter()
            probes = [Probe(photo.path, age_at_capture=photo.age_at_capture) for photo in late]
            searcher = Searcher(gallery, extractor, policy=policy)
            results = searcher.search_many(probes, top=TOP, choose="largest")
            ended = time.perf_counter()
            subjects = gallery.info().subjects
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    sought = len({photo.subject.subject_id for photo in late})
    record.table(
        "gallery and probes",
        ("what", "number"),
        [
            ("photos enrolled", f"{len(outcomes) - failed:,} of {len(outcomes):,}"),
            ("people in the gallery", subjects),
            ("people searched for", sought),
            ("probes", len(late)),
            ("photos enrolled a second", f"{len(outcomes) / (enrolled - started):.1f}"),
            ("probes searched a second", f"{len(late) / (ended - enrolled):.1f}"),
        ],
    )
    record.table(
        "missed",
        (
            "years since the latest enrolled photo",
            "probes",
            "people",
            "not first",
            f"not among the first {TOP}",
            "probes refused",
        ),
        missed(judge(early, late, results)),
    )
    record.write()


if __name__ == "__main__":
    main()
