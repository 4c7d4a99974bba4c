"""Search with a probe: find the nearest faces, group them by subject, explain the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice

from matcher.arguments import expect_hook
from matcher.embedding import Extractor
from matcher.errors import FaceError
from matcher.faces import POLICIES, Choice, ProbeFace, QualityPolicy, require_probe_face
from matcher.gallery import Filters, Gallery, Selection
from matcher.progress import ProgressHook, silent
from matcher.search.arguments import check_parts, probe_of, probes_of
from matcher.search.calibration import Calibration
from matcher.search.candidates import Candidate, CandidateList, Outcome
from matcher.search.fused_probe import fused
from matcher.search.nearest import closest_subjects, faces_of_subjects
from matcher.search.probe import PreparedProbe, Probe, prepare
from matcher.search.ranking import ranked, without_hidden
from matcher.search.recording import Asked, record_lists
from matcher.search.request import SearchRequest

_BATCH = 64  # probes embedded and searched together


class Searcher:
    """Searches one gallery with one extractor.

    Parameters
    ----------
    gallery, extractor
        Both must use the same model.
    policy
        A probe whose face is below the policy gets the outcome `probe not good enough`.
    calibration
        Meaning of scores for people of each age. `max_fpir` and expected false leads need it.
    dates_from_photos
        Whether a good date that a probe's photo carries is its day of capture, where none is given.

    Raises
    ------
    InputError
        An argument is of another type.
    GalleryModelError
        Gallery and extractor use different models.
    CalibrationError
        The calibration is of another model.

    Notes
    -----
    A search of a governed gallery raises `NotAuthorisedError` unless the gallery was opened with a
    `CaseContext` that allows it. It is recorded before its list is returned. If it cannot be
    recorded, `GalleryWriteError` or `ActivityLogError` is raised, and there is no list.
    """

    def __init__(
        self,
        gallery: Gallery,
        extractor: Extractor,
        *,
        policy: QualityPolicy = POLICIES["standard"],
        calibration: Calibration | None = None,
        dates_from_photos: bool = False,
    ) -> None:
        check_parts(gallery, extractor, policy, calibration)
        gallery.require_model(extractor.model)
        if calibration is not None:
            calibration.require_model(extractor.model)
        self._gallery = gallery
        self._extractor = extractor
        self._policy = policy
        self._calibration = calibration
        self._dates_from_photos = dates_from_photos

    def search(
        self,
        probe: Probe | object,
        *,
        top: int = 20,
        filters: Filters | None = None,
        threshold: float | None = None,
        max_fpir: float | None = None,
        choose: ProbeFace = "one",
        taken_on: date | None = None,
        age_at_capture: float | None = None,
    ) -> CandidateList:
        """Return the closest subjects to a probe, the closest first.

        Parameters
        ----------
        probe
            A `Probe`, or anything that `Probe.source` may be.
        top
            Largest number of subjects to return, >= 1.
        filters
            The part of the gallery to search; without hidden subjects, unless they include them.
            The list counts what was left out.
        threshold
            Lowest score to return. There is no default, because a threshold means something only if
            it was calibrated on people of the probe's age.
        max_fpir
            Replaces `threshold`: the accepted share, in (0, 1), of searches that return a lead
            although the person is not in the gallery. The threshold follows from the calibration,
            the age of the probe (the worst age band if it is not given) and the number of searched
            faces. All of these faces are assumed to be of other people of the probe's age and sex.
            For a degraded probe the threshold is the same, but the share is not measured. The list
            says so.
        choose
            Which face of a photo: `one` (the only face, or one that dominates the others),
            `largest`, or the number of a face, 1 for the largest. `search_faces` searches for each
            face of a photo of several people.
        taken_on, age_at_capture
            Known facts of the probe, for age gaps and the calibration.

        Raises
        ------
        PhotoError
            The probe cannot be read as a picture. A photo without a usable face is not an error;
            the outcome says so.
        InputError
            A vector has the wrong length or values that are not finite, `top` is below 1,
            `threshold` is outside [-1, 1], `max_fpir` is outside (0, 1), `threshold` and `max_fpir`
            are both given, or `choose` is none of these.
        CalibrationError
            There is no calibration for `max_fpir`, or it does not support `max_fpir` for so many
            faces or for that age.
        """
        require_probe_face(choose)
        request = self._request(top, filters, threshold, max_fpir)
        (result,) = self._lists_of(probe_of(probe, taken_on, age_at_capture), request, choose)
        return result

    def search_faces(
        self,
        probe: Probe | object,
        *,
        top: int = 20,
        filters: Filters | None = None,
        threshold: float | None = None,
        max_fpir: float | None = None,
        taken_on: date | None = None,
        age_at_capture: float | None = None,
    ) -> tuple[CandidateList, ...]:
        """Return one list for each face of a photo, the list of the largest face first.

        The method works like `search` for each face. `ProbeFacts.face` and `ProbeFacts.box` of a
        list say which face it is of. There is always a list: a photo without a face gives one with
        the outcome `probe not good enough`. Each face is a search of its own, so that `max_fpir`
        and the expected false leads hold for each list alone. `age_at_capture` is taken for the age
        of every face.
        """
        request = self._request(top, filters, threshold, max_fpir)
        return self._lists_of(probe_of(probe, taken_on, age_at_capture), request, "all")

    def search_person(
        self,
        photos: Iterable[Probe | object],
        *,
        top: int = 20,
        filters: Filters | None = None,
        threshold: float | None = None,
        max_fpir: float | None = None,
        choose: ProbeFace = "one",
    ) -> CandidateList:
        """Search for one person with several photos, whose vectors are fused into one.

        The method works like `search`. Photos that cannot be used, and photos that differ so much
        from the others that they may show somebody else, are left out; `ProbeFacts.notes` names
        each. No calibration has figures for fused photos, and the list says so. The facts of the
        probe are those that the photos have in common.

        Parameters
        ----------
        photos
            Photos of one person: each a `Probe`, or anything that `Probe.source` may be.

        Raises
        ------
        InputError, CalibrationError
            As for `search_many`; also without any photo.
        """
        require_probe_face(choose)
        self._require_allowed()
        request = self._request(top, filters, threshold, max_fpir)
        probes = probes_of(photos)
        self._require_supported(probes, request)
        prepared = self._prepared(probes, choose)
        (result,) = self._search([fused(probes, [face for (face,) in prepared])], request, choose)
        return result

    def search_many(
        self,
        probes: Iterable[Probe | object],
        *,
        top: int = 20,
        filters: Filters | None = None,
        threshold: float | None = None,
        max_fpir: float | None = None,
        choose: ProbeFace = "one",
        on_progress: ProgressHook = silent,
    ) -> list[CandidateList]:
        """Search many probes; return one list for each, in order.

        The method works like `search`, but a photo that cannot be read gets the outcome `probe not
        good enough` instead of ending the run. Each probe is a `Probe`, or anything that
        `Probe.source` may be.

        Raises
        ------
        InputError, CalibrationError
            As for `search`; also if `probes` is a single probe.
        """
        require_probe_face(choose)
        request = self._request(top, filters, threshold, max_fpir)
        lists = self._lists_of_each(probes, request, choose, on_progress)
        return [result for (result,) in lists]

    def search_faces_many(
        self,
        probes: Iterable[Probe | object],
        *,
        top: int = 20,
        filters: Filters | None = None,
        threshold: float | None = None,
        max_fpir: float | None = None,
        on_progress: ProgressHook = silent,
    ) -> list[tuple[CandidateList, ...]]:
        """Search for each face of many probes; return the lists of each probe, in order.

        The method works like `search_faces`, but a photo that cannot be read gives one list with
        the outcome `probe not good enough` instead of ending the run.
        """
        request = self._request(top, filters, threshold, max_fpir)
        return self._lists_of_each(probes, request, "all", on_progress)

    def _request(
        self,
        top: int,
        filters: Filters | None,
        threshold: float | None,
        max_fpir: float | None,
    ) -> SearchRequest:
        wanted = Filters() if filters is None else filters
        return SearchRequest(top, wanted, threshold, max_fpir, self._calibration)

    def _lists_of(
        self, probe: Probe, request: SearchRequest, choose: Choice
    ) -> tuple[CandidateList, ...]:
        self._require_allowed()
        self._require_supported([probe], request)
        (faces,) = self._prepared([probe], choose)
        for face in faces:
            if face.error is not None and not isinstance(face.error, FaceError):
                raise face.error
        return tuple(self._search(faces, request, choose))

    def _lists_of_each(
        self,
        given: Iterable[Probe | object],
        request: SearchRequest,
        choose: Choice,
        on_progress: ProgressHook,
    ) -> list[tuple[CandidateList, ...]]:
        probes = probes_of(given)
        expect_hook("on_progress", on_progress)
        self._require_allowed()
        self._require_supported(probes, request)
        results: list[tuple[CandidateList, ...]] = []
        on_progress("search", 0, len(probes))
        for start in range(0, len(probes), _BATCH):
            batch = probes[start : start + _BATCH]
            prepared = list(self._prepared(batch, choose))
            found = self._search([face for faces in prepared for face in faces], request, choose)
            results.extend(tuple(islice(found, len(faces))) for faces in prepared)
            on_progress("search", len(results), len(probes))
        return results

    def _prepared(
        self, probes: Sequence[Probe], choose: Choice
    ) -> Iterator[tuple[PreparedProbe, ...]]:
        take = self._dates_from_photos
        return prepare(probes, self._extractor, self._policy, choose, dates_from_photos=take)

    def _require_supported(self, probes: Sequence[Probe], request: SearchRequest) -> None:
        ages = [probe.age_at_capture for probe in probes]
        request.require_supported(ages, self._gallery.select(request.filters).faces)

    def _require_allowed(self) -> None:
        activity = self._gallery.activity
        if activity is not None:
            activity.require_search()

    def _search(
        self, probes: Sequence[PreparedProbe], request: SearchRequest, choose: Choice
    ) -> Iterator[CandidateList]:
        """Yield the list of each probe; for a governed gallery, all are recorded first."""
        self._require_allowed()
        began, activity = datetime.now(UTC), self._gallery.activity
        selection = self._gallery.select(request.filters)
        with nullcontext() if activity is None else activity.covering():
            closest = closest_subjects(self._gallery, probes, request.top, selection)
        references = faces_of_subjects(self._gallery, closest, selection)
        found = (
            self._list(
                probe,
                ranked(probe, [references[name] for name in subjects if name in references]),
                request,
                selection,
            )
            for probe, subjects in zip(probes, closest, strict=True)
        )
        if activity is None:
            yield from found
            return
        lists = list(found)
        asked = Asked(request, choose, self._policy, self._dates_from_photos)
        numbers = record_lists(activity, asked, probes, lists, references, began)
        for one, number in zip(lists, numbers, strict=True):
            yield replace(one, record=number)

    def _list(
        self,
        probe: PreparedProbe,
        candidates: tuple[Candidate, ...],
        request: SearchRequest,
        selection: Selection,
    ) -> CandidateList:
        faces = selection.faces
        threshold = request.lowest_score(probe.facts.age_at_capture, faces)
        close = [c for c in candidates if threshold is None or c.score >= threshold]
        kept, hidden = (
            (close, 0) if request.filters.include_hidden else without_hidden(close, request.top)
        )
        asked_for = selection.hidden if request.filters.subject_ids else ()
        return CandidateList(
            outcome=_outcome(probe, kept, selection),
            candidates=tuple(
                request.explained(candidate, probe.facts, faces) for candidate in kept
            ),
            reasons=probe.reasons,
            probe=probe.facts,
            threshold=threshold,
            exclusions=selection.exclusions,
            searched_faces=faces,
            searched_subjects=selection.subjects,
            model=self._gallery.model,
            calibration=request.use(probe.facts, faces),
            searched_at=datetime.now(UTC),
            hidden=hidden,
            hidden_asked_for=tuple(sorted(asked_for)),
        )


def _outcome(
    probe: PreparedProbe, candidates: Sequence[Candidate], selection: Selection
) -> Outcome:
    if probe.vector is None:
        return "probe not good enough"
    if selection.subjects == 0:
        return "nobody to search"
    return "leads" if candidates else "none above the threshold"
