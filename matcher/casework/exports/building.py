"""Make a lead report from lists of candidates: read the photos, find the faces, cut them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import NoneType

from matcher.arguments import expect, expect_hook, listed
from matcher.casework.exports.photos import ReportPhoto, expect_detector, facts_of, report_photo
from matcher.casework.exports.report import (
    GalleryState,
    LeadReport,
    LogPlace,
    ReportLead,
    ReportSearch,
)
from matcher.errors import InputError
from matcher.faces import Detector
from matcher.governance import ActivityLog, CaseContext, LogRecord
from matcher.paths import shown
from matcher.photos import DecodeLimits, Photo
from matcher.progress import ProgressHook, silent
from matcher.search import Candidate, CandidateList, ProbeFacts


def lead_report_of(
    probes: Sequence[Path | Photo],
    results: Sequence[CandidateList],
    *,
    detector: Detector,
    gallery: GalleryState | None = None,
    log: ActivityLog | None = None,
    context: CaseContext | None = None,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> LeadReport:
    """Return the report of lists of candidates. It reads and shows one photo of each candidate.

    Parameters
    ----------
    probes, results
        The photos that were searched for, and their lists in the same order.
    detector
        Finds the eyes, and all other faces, which are obscured. An `Extractor` is one.
    gallery
        State of the gallery that was searched, see `GalleryState.of`; None to leave it out.
    log
        The log of a governed gallery. The report then states the record of each search, and the
        generation of the gallery at the search.
    context
        Who makes the report, for which case, and by which right; None to state nothing of it.
    limits
        Limits on the size of photos that are decoded.
    on_progress
        Hears of each photo.

    Raises
    ------
    InputError
        For arguments of other types, and if there is not one probe for each list.
    """
    step = "Give what the search was given, and what it returned."
    photos: list[Path | Photo] = listed(
        "probes", probes, (Path, Photo), rule="must be paths or photos", next_step=step
    )
    lists = listed("results", results, CandidateList, rule="must be lists", next_step=step)
    rule = "must be a GalleryState"
    expect("gallery", gallery, (GalleryState, NoneType), rule=rule, next_step=step)
    rule = "must be the ActivityLog of a gallery"
    expect("log", log, (ActivityLog, NoneType), rule=rule, next_step=step)
    expect_hook("on_progress", on_progress)
    expect_detector(detector)
    if len(photos) != len(lists):
        got = f"{len(photos)} probes and {len(lists)} lists"
        raise InputError("probes", rule="must be one for each list", got=got, next_step=step)
    making = _Making(detector, limits, len(lists) + sum(map(len, lists)), on_progress)
    numbers = [found.record for found in lists if found.record is not None]
    records = {} if log is None else log.records_of(numbers)
    searches = [
        _recorded(making.search(photo, found, gallery), found.record, records)
        for photo, found in zip(photos, lists, strict=True)
    ]
    return LeadReport(tuple(searches), context)


class _Making:
    """Makes the parts of a report, and tells of each photo."""

    def __init__(
        self, detector: Detector, limits: DecodeLimits, total: int, on_progress: ProgressHook
    ) -> None:
        self._detector = detector
        self._limits = limits
        self._total = total
        self._on_progress = on_progress
        self._done = 0

    def search(
        self, source: Path | Photo, found: CandidateList, state: GalleryState | None
    ) -> ReportSearch:
        """Return the part of one search."""
        return ReportSearch(
            probe=self._photo(source, _of_probe(source, found.probe), found.probe.box),
            leads=tuple(map(self._lead, found)),
            model=found.model,
            searched_subjects=found.searched_subjects,
            searched_faces=found.searched_faces,
            found=len(found),
            searched_at=found.searched_at,
            threshold=found.threshold,
            calibration=found.calibration,
            exclusions=found.exclusions,
            hidden=found.hidden,
            degraded=found.probe.degraded,
            fused=len(found.probe.fused),
            reasons=found.reasons,
            gallery=state,
        )

    def _lead(self, candidate: Candidate) -> ReportLead:
        closest = candidate.photos[0]
        facts = facts_of(closest.photo, candidate.subject, closest.quality)
        return ReportLead(
            name=str(candidate.rank),
            rank=candidate.rank,
            score=candidate.score,
            subject=candidate.subject,
            photo=self._photo(closest.photo.path, facts, closest.box),
            photos=len(candidate.photos),
            template_score=candidate.template_score,
            age_gap=candidate.age_gap,
            expected_false_leads=candidate.expected_false_leads,
        )

    def _photo(
        self,
        source: Path | Photo,
        facts: ReportPhoto,
        box: tuple[float, float, float, float] | None,
    ) -> ReportPhoto:
        made = report_photo(source, facts, box, detector=self._detector, limits=self._limits)
        self._done += 1
        self._on_progress("lead report", self._done, self._total)
        return made


def _recorded(
    search: ReportSearch, number: int | None, records: Mapping[int, LogRecord]
) -> ReportSearch:
    """Return the part of a search with its place in the log, if it has one."""
    if number is None or number not in records:
        return search
    record = records[number]
    state = None
    if search.gallery is not None:
        state = replace(search.gallery, generation=record.generation, at_search=True)
    return replace(search, gallery=state, log=LogPlace(record.number, record.digest))


def _of_probe(source: Path | Photo, probe: ProbeFacts) -> ReportPhoto:
    path = source.path if isinstance(source, Photo) else source
    return ReportPhoto(
        sha256=probe.sha256 or next(iter(probe.fused), None),
        name="" if path is None else shown(path.name),
        quality=probe.quality or {},
        taken_on=probe.taken_on,
        dated_by=probe.dated_by,
        age_at_capture=probe.age_at_capture,
        notes=probe.notes,
    )
