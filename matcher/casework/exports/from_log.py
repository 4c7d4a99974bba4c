"""Make a lead report of leads of the log: the search as it was recorded, photos as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args

from matcher.arguments import expect, expect_hook, listed
from matcher.casework.exports.photos import ReportPhoto, expect_detector, facts_of, report_photo
from matcher.casework.exports.report import (
    Conclusion,
    GalleryState,
    LeadReport,
    LogPlace,
    ReportLead,
    ReportReview,
    ReportSearch,
)
from matcher.casework.leads import Lead, parts_of
from matcher.casework.reading import activity_of
from matcher.casework.reviewing import Casework
from matcher.casework.reviews.opinions import Review
from matcher.casework.searches import RecordedSearch
from matcher.errors import ActivityLogError
from matcher.faces import Detector, FaceNumber
from matcher.gallery import Gallery, StoredFace
from matcher.governance import LogRecord
from matcher.paths import shown
from matcher.photos import DecodeLimits, Photo, sha256_of
from matcher.progress import ProgressHook, silent
from matcher.search import Calibration, CalibrationUse
from matcher.strict_reading import list_of, object_of, text_of, whole_of

_UNKNOWN: Final = "?"  # for what the log tells by a hash only


def report_of_leads(
    gallery: Gallery,
    lead_ids: Sequence[str],
    *,
    detector: Detector,
    probes: Sequence[Path] = (),
    calibration: Calibration | None = None,
    limits: DecodeLimits = DecodeLimits(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> LeadReport:
    """Return the report of leads of a governed gallery, as its operator may see them.

    A report shows the place and the score of a lead only to somebody who may see them, and opinions
    only once the review is concluded. It reads the photos of the candidates from their files. The
    caller records the export, as `matcher leads export` does.

    Parameters
    ----------
    gallery
        An open governed gallery with a context.
    lead_ids
        The leads, such as "17-3". Those of one search stand together.
    detector
        Finds the eyes, and all other faces, which are obscured. An `Extractor` is one.
    probes
        Files of probes. A probe is shown if it was kept, see `Casework.keep_probe`, or if one of
        these files has its hash.
    calibration
        Meaning of scores by age, for the expected false leads.
    limits
        Limits on the size of photos that are decoded.
    on_progress
        Hears of each lead.

    Raises
    ------
    InputError, UnknownLeadError
        An argument is of another type, or there is no such lead.
    NotAuthorisedError
        The gallery is not governed, or was opened without a context.
    ActivityLogError
        The log cannot be read.
    PhotoError
        A file of a probe cannot be read.
    """
    step = "Give identifiers of leads, such as 17-3."
    wanted = listed("lead_ids", lead_ids, str, rule="must be identifiers", next_step=step)
    expect("lead_ids", wanted[0] if wanted else None, str, rule="must name a lead", next_step=step)
    files = listed("probes", probes, Path, rule="must be paths", next_step="Give paths.")
    expect_hook("on_progress", on_progress)
    expect_detector(detector)
    with Casework.open(gallery, calibration=calibration) as casework:
        reading = _Reading(gallery, casework, calibration, detector, limits, files)
        found = list(dict.fromkeys(wanted))
        of_search: dict[int, list[ReportLead]] = {}
        for done, lead_id in enumerate(found, start=1):
            number, _ = parts_of(lead_id)
            of_search.setdefault(number, []).append(reading.lead(casework.lead(lead_id)))
            on_progress("lead report", done, len(found))
        records = activity_of(gallery).log.records_of(of_search)
        searches = tuple(
            reading.search(records[number], leads) for number, leads in of_search.items()
        )
    return LeadReport(searches, gallery.context)


class _Reading:
    """Reads the parts of a report from the log, the gallery and the files of photos."""

    def __init__(
        self,
        gallery: Gallery,
        casework: Casework,
        calibration: Calibration | None,
        detector: Detector,
        limits: DecodeLimits,
        probes: Sequence[Path],
    ) -> None:
        self._gallery = gallery
        self._casework = casework
        self._calibration = calibration
        self._detector = detector
        self._limits = limits
        self._probes = {sha256_of(path): path for path in probes}

    def lead(self, lead: Lead) -> ReportLead:
        """Return one lead as the operator may see it."""
        told = self._casework.briefing(lead.lead_id)
        at_score = told.at_score
        face = self._face(lead)
        reach = () if told.in_reach is None else (str(told.in_reach),)
        figures = f"In the whole list: {told.in_list}"
        return ReportLead(
            name=lead.lead_id,
            subject=None if face is None else face.subject,
            photo=self._photo_of(face),
            photos=None,
            rank=lead.rank,
            score=lead.score,
            age_gap=told.age_gap,
            expected_false_leads=None if at_score is None else at_score.expected,
            reviews=_opinions(self._casework.opinions(lead.lead_id)),
            conclusion=lead.state if lead.state in get_args(Conclusion) else None,  # type: ignore[arg-type]
            remarks=(*told.hidden_notes, figures, told.features.sentence, *reach),
        )

    def search(self, record: LogRecord, leads: Sequence[ReportLead]) -> ReportSearch:
        """Return one search with the leads of it that are reported."""
        try:
            return self._search(record, RecordedSearch.of(record), leads)
        except (ValueError, KeyError, TypeError) as error:
            raise ActivityLogError(
                f"record {record.number} of the activity log",
                rule="must be that of a search",
                got=error,
                next_step="Run `matcher log verify`.",
                path=activity_of(self._gallery).log.path,
            ) from error

    def _search(
        self, record: LogRecord, search: RecordedSearch, leads: Sequence[ReportLead]
    ) -> ReportSearch:
        facts, model = record.facts, self._gallery.model
        probe = object_of(facts["probe"])
        if model.weights_sha256 != record.model:
            model = replace(model, name=_UNKNOWN, version="", weights_sha256=record.model)
        return ReportSearch(
            probe=self._probe(search, probe),
            leads=tuple(leads),
            model=model,
            searched_subjects=whole_of(object_of(facts["searched"])["subjects"]),
            searched_faces=search.faces,
            found=len(search.candidates),
            searched_at=datetime.fromisoformat(record.ended),
            threshold=search.lowest,
            calibration=self._use(search, facts),
            filters=tuple(object_of(object_of(facts["request"])["filters"])),
            hidden=whole_of(facts["hidden"]),
            degraded=search.degraded,
            fused=len(list_of(probe["fused"])),
            gallery=GalleryState(
                self._gallery.path.name,
                record.generation,
                record.edition,
                at_search=True,
                governed=True,
            ),
            log=LogPlace(record.number, record.digest),
        )

    def _use(self, search: RecordedSearch, facts: Mapping[str, Any]) -> CalibrationUse | None:
        """Return what the log knows of the calibration; its name and day, if it is given."""
        request = object_of(facts["request"])
        if request["calibration"] is None:
            return None
        cohort = text_of(object_of(request["calibration"])["cohort_sha256"])
        given = self._calibration
        same = given is not None and given.cohort_sha256 == cohort
        return CalibrationUse(
            cohort=given.cohort if same and given is not None else _UNKNOWN,
            cohort_sha256=cohort,
            made_on=given.made_on if same and given is not None else _UNKNOWN,
            covered=facts["figures"] is True,
            ages="",
            faces=search.faces,
            max_fpir=request["max_fpir"],
        )

    def _face(self, lead: Lead) -> StoredFace | None:
        if lead.subject_id is None:
            return None
        found = self._gallery.faces([lead.face_id]).get(lead.face_id)
        return found if found is not None and found.subject.subject_id == lead.subject_id else None

    def _photo_of(self, face: StoredFace | None) -> ReportPhoto:
        if face is None:
            return ReportPhoto(missing="not kept")
        facts = facts_of(face.photo, face.subject, face.quality)
        return self._shown(face.photo.path, facts, face.box)

    def _probe(self, search: RecordedSearch, probe: Mapping[str, Any]) -> ReportPhoto:
        fused = [text_of(one) for one in list_of(probe["fused"])]
        sha256 = search.probe_sha256 or next(filter(None, fused), None)
        facts = ReportPhoto(
            sha256=sha256,
            quality=search.quality,
            taken_on=search.taken_on,
            age_at_capture=search.age,
        )
        if sha256 is None:
            return replace(facts, missing="not kept")
        path = self._probes.get(sha256)
        if path is not None:
            facts = replace(facts, name=shown(path.name))
        source = path or self._casework.probe(sha256)
        return self._shown(source, facts, None, _number_of(probe["face"]))

    def _shown(
        self,
        source: Path | Photo | bytes | None,
        facts: ReportPhoto,
        box: tuple[float, float, float, float] | None,
        number: FaceNumber | None = None,
    ) -> ReportPhoto:
        return report_photo(
            source, facts, box, number=number, detector=self._detector, limits=self._limits
        )


def _number_of(face: object) -> FaceNumber | None:
    """Return which of the probe's faces was searched for, as the log has it."""
    if face is None:
        return None
    number, of = map(whole_of, list_of(face))
    return FaceNumber(number, of, "one")


def _opinions(reviews: Sequence[Review]) -> tuple[ReportReview, ...]:
    """Return the opinions that were not withdrawn."""
    withdrawn = {one.withdraws for one in reviews}
    return tuple(
        ReportReview(one.reviewer, one.opinion.outcome, one.opinion.reason, one.at)
        for one in reviews
        if one.opinion is not None and one.review_id not in withdrawn
    )
