"""Write a review and its record in the log, so that a process that dies leaves no half of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from matcher.casework.reviews.opinions import Review
from matcher.casework.reviews.states import reviewed
from matcher.casework.reviews.storage import ReviewRow, ReviewRows, context_of
from matcher.errors import GalleryBusyError, MatcherError
from matcher.gallery import Gallery
from matcher.gallery.files import unwritable_reported
from matcher.governance import ActivityLog, Entry
from matcher.private_files import held_alone

LOCK_NAME: Final = "reviews.lock"
WAIT: Final = 30.0
"""Seconds that a writer waits for another one."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of the reviews. The system releases it when the process ends, however it ends.

    Raises
    ------
    GalleryBusyError
        If another process holds it for longer than `WAIT`.
    GalleryWriteError
        If the file of the lock cannot be made.
    """
    path = folder / LOCK_NAME
    busy = GalleryBusyError(
        "reviews of the gallery",
        rule=f"are free within {WAIT:g} seconds",
        got="another process that writes",
        next_step="Try again.",
        path=folder,
    )
    reported = unwritable_reported("lock of the reviews", path)
    with held_alone(path, WAIT, busy=busy, reported=reported):
        yield


class ReviewRecorder:
    """Gives rows of reviews their records in the log. Hold the lock of the reviews meanwhile.

    Parameters
    ----------
    gallery, log
        The open gallery, and its log.
    rows
        The open rows.
    """

    def __init__(self, gallery: Gallery, log: ActivityLog, rows: ReviewRows) -> None:
        self._gallery, self._log, self._rows = gallery, log, rows

    def record(self, row: ReviewRow, case_id: str, *, late: bool = False) -> Review:
        """Write the record of a row; if it cannot be written, nothing of the row stays.

        Raises
        ------
        GalleryWriteError, GalleryBusyError, ActivityLogError
            As in `ActivityLog.append`.
        """
        context = context_of(row.context, row.review.reviewer, case_id)
        facts = self._facts(row) | ({"late": True} if late else {})
        entry = Entry(
            "review",
            context,
            facts,
            begun=row.review.at,
            edition=self._gallery.edition,
            generation=self._gallery.generation,
            model=self._gallery.model.weights_sha256,
        )
        try:
            number = self._log.append(entry).number
        except MatcherError:
            if self._adopt(row) is None and not late:
                self._rows.drop(row.review.review_id)
            raise
        self._rows.set_log_number(row.review.review_id, number)
        return replace(row.review, log_number=number)

    def finish(self) -> int:
        """Complete what a process that died left behind; return how many rows that were."""
        left = self._rows.not_logged()
        for row in left:
            if self._adopt(row) is None:
                case = row.context["case"]
                meaning = self._log.pseudonyms.meanings([case]).get(case)
                self.record(row, "" if meaning is None else meaning.value, late=True)
        return len(left)

    def _adopt(self, row: ReviewRow) -> int | None:
        """Find the record of a row in the log and note its number; None if there is none."""
        for record in self._log.records():
            if record.kind == "review" and record.facts.get("review") == row.token:
                self._rows.set_log_number(row.review.review_id, record.number)
                return record.number
        return None

    def _facts(self, row: ReviewRow) -> dict[str, Any]:
        """Return what the log is told. Outcomes are told when both blind opinions are in."""
        rows = [
            one
            for one in self._rows.of_lead(row.review.lead_id)
            if one.review.review_id <= row.review.review_id
        ]
        now = reviewed([one.review for one in rows])
        tokens = {one.review.review_id: one.token for one in rows}
        facts: dict[str, Any] = {
            "lead": row.review.lead_id,
            "act": row.review.part or "withdrawal",
            "review": row.token,
            "digest": row.digest,
            "state": _code(now.state),
        }
        if row.review.withdraws is not None:
            facts["withdraws"] = tokens[row.review.withdraws]
        if now.both_in:
            counted = (*now.independent, *([now.deciding] if now.deciding else []))
            facts["opinions"] = _outcomes(counted, tokens)
        return facts


def _outcomes(reviews: Sequence[Review], tokens: dict[int, str]) -> list[dict[str, str]]:
    return [
        {"review": tokens[one.review_id], "outcome": _code(one.opinion.outcome)}
        for one in reviews
        if one.opinion is not None
    ]


def _code(words: str) -> str:
    """Return a state or an outcome as the log writes it."""
    return words.replace(" ", "_")
