"""The casework of a governed gallery: its leads, their reviews, and what reviewers are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, get_args

from matcher.arguments import described, expect, listed, path_of
from matcher.casework.errors import ReviewError
from matcher.casework.leads import parts_of
from matcher.casework.reading import CaseworkReader, activity_of, reviewed_rows
from matcher.casework.reviews.opinions import Opinion, Part, Review, check_reason
from matcher.casework.reviews.recording import ReviewRecorder, alone
from matcher.casework.reviews.states import Refusal
from matcher.casework.reviews.storage import ReviewRows, open_reviews
from matcher.casework.searches import RecordedSearch, SearchIndex
from matcher.errors import (
    InputError,
    MatcherError,
    NotAuthorisedError,
)
from matcher.gallery import Gallery
from matcher.governance import SEARCH_PURPOSES, ActivityLog, CaseContext
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


class Casework(CaseworkReader):
    """The leads of one governed gallery. Get it by `open`; close it, or use it in a `with`.

    No function of it decides. Two distinct people review each lead, blind to each other until both
    opinions are in. If they disagree, a third distinct person decides. The person is the operator
    of the gallery's context: each person opens the gallery with an own context.

    Any thread can use it.
    """

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
        activity_of(gallery).require_context("review")
        casework = cls(gallery, calibration, index or SearchIndex(activity_of(gallery).log))
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
            now = reviewed_rows(rows.of_lead(lead_id))
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

    def _own_valid(self, rows: ReviewRows, lead_id: str) -> tuple[Review, ...]:
        return reviewed_rows(rows.of_lead(lead_id)).own_valid(self._operator)

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
        activity = activity_of(self._gallery)
        activity.record("denied", {"use": "review"}, outcome=f"denied: {code}")
        raise NotAuthorisedError(
            "review of a lead",
            rule="needs the case of the lead, and a purpose of searches",
            got=got,
            next_step="Open the gallery with a context of that case.",
            path=self._gallery.path,
        )


def erase_review_texts(gallery: Path | str, lead_ids: Sequence[str]) -> int:
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
        If they are no identifiers of leads.
    ActivityLogError, GalleryBusyError, GalleryWriteError
        If they cannot be erased. Then none is.
    """
    place = path_of("gallery", gallery)
    step = 'Give identifiers as in ["17-3"].'
    rule = "must be identifiers of leads"
    names = listed("lead_ids", lead_ids, str, rule=rule, next_step=step)
    for name in names:
        parts_of(name)
    with alone(ActivityLog.of(place).path.parent), open_reviews(place) as rows:
        return rows.erase_texts(names)


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
