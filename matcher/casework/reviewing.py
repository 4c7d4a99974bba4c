"""The casework of a governed gallery: its leads, their reviews, and what reviewers are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, get_args

from matcher.arguments import described, expect
from matcher.casework import probes
from matcher.casework.briefing import Briefing, brief
from matcher.casework.leads import Lead, id_of, lead_of, parts_of
from matcher.casework.opinions import Opinion, Part, Review, check_reason
from matcher.casework.recording import ReviewRecorder, alone
from matcher.casework.searches import ListedCandidate, RecordedSearch, SearchIndex
from matcher.casework.states import STATES, LeadState, Refusal, Reviewed, reviewed
from matcher.casework.storage import ReviewRow, ReviewRows, open_reviews
from matcher.errors import (
    GalleryError,
    InputError,
    MatcherError,
    NotAuthorisedError,
    ReviewError,
    UnknownLeadError,
)
from matcher.gallery import Gallery
from matcher.governance import SEARCH_PURPOSES, Activity, ActivityLog, CaseContext
from matcher.search import Calibration

_RULES: Final[dict[Refusal, tuple[str, str]]] = {
    "own opinion is in": (
        "gets one opinion of each person",
        "Withdraw it first, with a reason. The other opinion must come from somebody else.",
    ),
    "saw the other opinion": (
        "needs two people who do not know each other's opinion",
        "Let somebody give the opinion who took no part before.",
    ),
    "concluded": (
        "has its outcome",
        "If it is wrong, one of its reviewers withdraws the opinion, with a reason.",
    ),
    "gave an independent opinion": (
        "is decided by a third person when two disagree",
        "Let somebody decide who gave no opinion on it.",
    ),
}


class Casework:
    """The leads of one governed gallery. Get it by `open`; close it, or use it in a `with`.

    No function of it decides. Two distinct people review each lead, blind to each other until both
    opinions are in. If they disagree, a third distinct person decides. The person is the operator
    of the gallery's context: each person opens the gallery with an own context.

    Any thread can use it.
    """

    def __init__(
        self, gallery: Gallery, calibration: Calibration | None, index: SearchIndex
    ) -> None:
        self._gallery = gallery
        self._calibration = calibration
        self._index = index

    @classmethod
    def open(
        cls,
        gallery: Gallery,
        *,
        calibration: Calibration | None = None,
        index: SearchIndex | None = None,
    ) -> Self:
        """Open the casework of a gallery, and complete what a process that died left behind.

        Parameters
        ----------
        gallery
            An open governed gallery with a context. Closing the casework leaves it open.
        calibration
            Meaning of scores by age; briefings say "not enough data" without it.
        index
            Where the lists lie in the log, to be shared by several; None for an own one.

        Raises
        ------
        InputError, CalibrationError
            An argument is of another type, or the calibration is of another model.
        NotAuthorisedError
            The gallery is not governed, or was opened without a context.
        ActivityLogError
            The log or the file of reviews cannot be used.
        GalleryBusyError, GalleryWriteError
            Something is to be completed, and another process writes, or the disk is full.
        """
        step = "Give Gallery.open(path, context=...)."
        expect("gallery", gallery, Gallery, rule="must be an open gallery", next_step=step)
        if calibration is not None:
            step = "Give Calibration.load(path)."
            rule = "must be a Calibration"
            expect("calibration", calibration, Calibration, rule=rule, next_step=step)
            calibration.require_model(gallery.model)
        if index is not None:
            rule, step = "must be a SearchIndex", "Leave it out."
            expect("index", index, SearchIndex, rule=rule, next_step=step)
        _activity_of(gallery).require_context("review")
        casework = cls(gallery, calibration, index or SearchIndex(_activity_of(gallery).log))
        casework._finish()
        return casework

    def close(self) -> None:
        """End the use of the casework. The gallery stays open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def leads(self, *, case: str | None = None, state: LeadState | None = None) -> list[Lead]:
        """Return the leads, the latest search first, and within a list in no order of rank.

        Parameters
        ----------
        case
            Identifier of a case; None for all cases.
        state
            Only leads in this state, as the asker may see it; None for all.

        Raises
        ------
        InputError
            For a state that is none.
        """
        if case is not None:
            expect("case", case, str, rule="must be a text", next_step="Leave it out for all.")
        if state is not None and state not in STATES:
            rule = f"must be one of {', '.join(STATES)}"
            step = "Leave it out for all leads."
            raise InputError("state", rule=rule, got=described(state), next_step=step)
        token = None if case is None else self._log.pseudonyms.token_of("case", case)
        if case is not None and token is None:
            return []
        by_lead = self._reviews_by_lead()
        found = [
            lead
            for search in reversed(list(self._index.searches(token)))
            for lead in self._leads_of(search, by_lead)
        ]
        return [lead for lead in found if state is None or lead.state == state]

    def lead(self, lead_id: str) -> Lead:
        """Return one lead.

        Raises
        ------
        InputError
            If it is no identifier of a lead.
        UnknownLeadError
            If there is no such lead.
        """
        search, candidate = self._candidate(lead_id)
        reviews = self._reviewed(lead_id)
        return lead_of(search, candidate, reviews, self._names([search]), self._operator)

    def review(self, lead_id: str, opinion: Opinion) -> Review:
        """Write the opinion of the operator on a lead. It is on disk and in the log then.

        The context needs the case of the lead and a purpose of searches.

        Raises
        ------
        InputError, UnknownLeadError
            No opinion, or no such lead.
        NotAuthorisedError
            The context is of another case, or of a purpose for which nobody reviews.
        ReviewError
            The person may give no opinion on it now; the message says why.
        GalleryBusyError, GalleryWriteError, ActivityLogError
            It cannot be written or recorded. Then nothing of it stands.
        """
        step = "Give Opinion(outcome, reason)."
        expect("opinion", opinion, Opinion, rule="must be an Opinion", next_step=step)
        search, _ = self._candidate(lead_id)
        context = self._require_case(search)
        with self._writing() as (rows, recorder):
            now = _reviewed_of(rows.of_lead(lead_id))
            part = now.part_of_next(context.operator)
            if part not in get_args(Part):
                raise _refused(lead_id, part)  # type: ignore[arg-type]
            row = rows.add(
                lead_id,
                context,
                search.case,
                part=part,  # type: ignore[arg-type]
                opinion=opinion,
                withdraws=None,
                reason=opinion.reason,
            )
            return recorder.record(row, context.case_id)

    def withdraw(self, review_id: int, reason: str) -> Review:
        """Take an own opinion back, by a new record. The opinion stays readable for the log's sake.

        Raises
        ------
        InputError
            No number, or no reason.
        ReviewError
            There is no such opinion of the operator, or it was withdrawn.
        NotAuthorisedError, GalleryBusyError, GalleryWriteError, ActivityLogError
            As in `review`.
        """
        if isinstance(review_id, bool) or not isinstance(review_id, int):
            step = "`Review.review_id` has it."
            got = described(review_id)
            raise InputError("review_id", rule="must be a number", got=got, next_step=step)
        check_reason(reason)
        with self._writing() as (rows, recorder):
            found = rows.by_id(review_id)
            own = () if found is None else self._own_valid(rows, found.review.lead_id)
            if found is None or review_id not in {one.review_id for one in own}:
                raise _not_own(review_id)
            search, _ = self._candidate(found.review.lead_id)
            context = self._require_case(search)
            row = rows.add(
                found.review.lead_id,
                context,
                search.case,
                part=None,
                opinion=None,
                withdraws=review_id,
                reason=reason,
            )
            return recorder.record(row, context.case_id)

    def opinions(self, lead_id: str) -> tuple[Review, ...]:
        """Return the reviews of a lead: until both blind opinions are in, only the operator's own.

        Raises
        ------
        InputError, UnknownLeadError
            No such lead.
        """
        self._candidate(lead_id)
        return self._reviewed(lead_id).seen_by(self._operator)

    def briefing(self, lead_id: str) -> Briefing:
        """Return what a reviewer is told before and after the opinion.

        Raises
        ------
        InputError, UnknownLeadError
            No such lead.
        """
        lead = self.lead(lead_id)
        search, candidate = self._candidate(lead_id)
        return brief(self._gallery, self._calibration, lead, search, candidate)

    def keep_probe(self, data: bytes) -> str:
        """Keep the bytes of a probe beside the log, and return their SHA-256.

        Raises
        ------
        InputError, GalleryWriteError
            No bytes, or they cannot be written.
        """
        return probes.keep(self._folder, data)

    def probe(self, sha256: str) -> bytes | None:
        """Return the bytes of a kept probe; None if they were not kept.

        Raises
        ------
        InputError, GalleryDamagedError
            No SHA-256, or the file is not what was kept.
        """
        return probes.kept(self._folder, sha256)

    @property
    def _log(self) -> ActivityLog:
        return _activity_of(self._gallery).log

    @property
    def _context(self) -> CaseContext:
        context = _activity_of(self._gallery).context
        if context is None:
            raise _ungoverned(self._gallery.path)
        return context

    @property
    def _operator(self) -> str:
        return self._context.operator

    @property
    def _folder(self) -> Path:
        return self._log.path.parent

    def _finish(self) -> None:
        with open_reviews(self._gallery.path) as rows:
            if not rows.not_logged():
                return
        with self._writing():
            pass

    @contextmanager
    def _writing(self) -> Iterator[tuple[ReviewRows, ReviewRecorder]]:
        with alone(self._folder), open_reviews(self._gallery.path) as rows:
            recorder = ReviewRecorder(self._gallery, self._log, rows)
            recorder.finish()
            yield rows, recorder

    def _candidate(self, lead_id: str) -> tuple[RecordedSearch, ListedCandidate]:
        number, place = parts_of(lead_id)
        search = self._index.search(number)
        if search is None or place > len(search.candidates):
            raise UnknownLeadError(
                "lead",
                rule="must be in the log of the gallery",
                got=lead_id,
                next_step="List the leads: matcher leads list.",
                path=self._gallery.path,
            )
        return search, search.candidates[place - 1]

    def _leads_of(self, search: RecordedSearch, by_lead: dict[str, list[Review]]) -> list[Lead]:
        names = self._names([search])
        return [
            lead_of(
                search,
                candidate,
                reviewed(by_lead.get(id_of(search, candidate), ())),
                names,
                self._operator,
            )
            for candidate in search.candidates
        ]

    def _names(self, searches: Iterable[RecordedSearch]) -> dict[str, str]:
        tokens = {
            token
            for search in searches
            for token in (search.case, *(one.token for one in search.candidates))
            if token
        }
        found = self._log.pseudonyms.meanings(tokens)
        return {token: meaning.value for token, meaning in found.items()}

    def _reviewed(self, lead_id: str) -> Reviewed:
        with open_reviews(self._gallery.path) as rows:
            return _reviewed_of(rows.of_lead(lead_id))

    def _reviews_by_lead(self) -> dict[str, list[Review]]:
        found: dict[str, list[Review]] = defaultdict(list)
        with open_reviews(self._gallery.path) as rows:
            for row in rows.all():
                if row.review.log_number is not None:
                    found[row.review.lead_id].append(row.review)
        return found

    def _own_valid(self, rows: ReviewRows, lead_id: str) -> tuple[Review, ...]:
        return _reviewed_of(rows.of_lead(lead_id)).own_valid(self._operator)

    def _require_case(self, search: RecordedSearch) -> CaseContext:
        """Refuse a review outside the case of the lead. The refusal is in the log."""
        context = self._context
        token = self._log.pseudonyms.token_of("case", context.case_id) if context.case_id else ""
        if context.purpose not in SEARCH_PURPOSES:
            got, code = f"the purpose {context.purpose}", "purpose"
        elif token != search.case:
            got, code = "another case, or none", "other_case"
        else:
            return context
        activity = _activity_of(self._gallery)
        activity.record("denied", {"use": "review"}, outcome=f"denied: {code}")
        raise NotAuthorisedError(
            "review of a lead",
            rule="needs the case of the lead, and a purpose of searches",
            got=got,
            next_step="Open the gallery with a context of that case.",
            path=self._gallery.path,
        )


def erase_review_texts(gallery: Path, lead_ids: Sequence[str]) -> int:
    """Erase reasons, notes and marks of leads; return the number of reviews.

    The log keeps who reviewed what and when, and the outcomes. It never held these texts.

    Parameters
    ----------
    gallery
        Directory of a governed gallery.
    lead_ids
        The leads.

    Raises
    ------
    InputError
        If one is no identifier of a lead.
    ActivityLogError, GalleryBusyError, GalleryWriteError
        If they cannot be erased. Then none is.
    """
    for lead_id in lead_ids:
        parts_of(lead_id)
    with alone(ActivityLog.of(gallery).path.parent), open_reviews(gallery) as rows:
        return rows.erase_texts(lead_ids)


def _reviewed_of(rows: Sequence[ReviewRow]) -> Reviewed:
    """Return the reviews of a lead that have their record in the log."""
    return reviewed([row.review for row in rows if row.review.log_number is not None])


def _activity_of(gallery: Gallery) -> Activity:
    activity = gallery.activity
    if activity is None:
        raise _ungoverned(gallery.path)
    return activity


def _ungoverned(path: Path) -> GalleryError:
    return NotAuthorisedError(
        "casework",
        rule="needs a governed gallery that was opened with a context",
        got="a gallery without a log of its use, or no context",
        next_step="Govern it: matcher gallery govern GALLERY.",
        path=path,
    )


def _refused(lead_id: str, refusal: Refusal) -> ReviewError:
    rule, step = _RULES[refusal]
    return ReviewError(f"lead {lead_id}", rule=rule, got=refusal, next_step=step)


def _not_own(review_id: int) -> MatcherError:
    return ReviewError(
        f"review {review_id}",
        rule="must be an opinion of the operator that stands",
        got="another one",
        next_step="List the opinions: matcher leads show.",
    )
