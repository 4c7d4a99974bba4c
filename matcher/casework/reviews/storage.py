"""The rows of reviews in the casework file of a gallery. None is deleted; free text can be erased.

A row is written before its record in the log, and gets the number of that record afterwards. Until
then it counts for nobody. If the process dies in between, whoever comes next writes the record.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, get_args

from matcher.casework.reviews.opinions import Opinion, Part, Review
from matcher.databases import SmallDatabase
from matcher.errors import ActivityLogError
from matcher.governance import CaseContext, open_casework
from matcher.strict_reading import object_of, read_json, text_of, whole_of

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS reviews ("
    "review_id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "token TEXT NOT NULL UNIQUE, "
    "salt TEXT NOT NULL, "
    "lead TEXT NOT NULL, "
    "reviewer TEXT NOT NULL, "
    "at TEXT NOT NULL, "
    "part TEXT, "
    "outcome TEXT, "
    "reason TEXT NOT NULL, "
    "marks TEXT NOT NULL, "
    "notes TEXT NOT NULL, "
    "withdraws INTEGER REFERENCES reviews, "
    "context TEXT NOT NULL, "
    "log_number INTEGER) STRICT",
    "CREATE INDEX IF NOT EXISTS reviews_by_lead ON reviews (lead)",
)

_COLUMNS: Final = (
    "review_id, token, salt, lead, reviewer, at, part, outcome, reason, marks, notes, withdraws, "
    "context, log_number"
)

ERASED: Final = "(erased)"
"""What stands in place of a reason that was erased."""


@dataclass(frozen=True)
class ReviewRow:
    """One row: a review, and what ties it to its record in the log.

    Parameters
    ----------
    review
        The review.
    token
        Random name by which the log refers to it.
    digest
        Salted SHA-256 of outcome, reason, marks and notes. The salt is only in the row, so that the
        log tells nothing of them; and it tells whether they were changed. Empty once erased.
    context
        Who wrote it and by which right; its case is a token.
    """

    review: Review
    token: str
    digest: str
    context: Mapping[str, str]


class ReviewRows:
    """The rows of an open casework file. Get it by `open_reviews`."""

    def __init__(self, database: SmallDatabase) -> None:
        self._database = database

    def all(self) -> list[ReviewRow]:
        """Return all rows in the order of their numbers."""
        return self._found("ORDER BY review_id")

    def of_lead(self, lead_id: str) -> list[ReviewRow]:
        """Return the rows of a lead in the order of their numbers."""
        return self._found("WHERE lead = ? ORDER BY review_id", lead_id)

    def not_logged(self) -> list[ReviewRow]:
        """Return the rows without a record in the log."""
        return self._found("WHERE log_number IS NULL ORDER BY review_id")

    def by_id(self, review_id: int) -> ReviewRow | None:
        """Return one row; None without it."""
        return next(iter(self._found("WHERE review_id = ?", review_id)), None)

    def add(
        self,
        lead_id: str,
        context: CaseContext,
        case_token: str,
        *,
        part: Part | None,
        opinion: Opinion | None,
        withdraws: int | None,
        reason: str,
    ) -> ReviewRow:
        """Write a row without a number of the log, and return it."""
        marks = {} if opinion is None else dict(opinion.checklist)
        number = self._database.run(
            "INSERT INTO reviews (token, salt, lead, reviewer, at, part, outcome, reason, marks, "
            "notes, withdraws, context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                secrets.token_hex(16),
                secrets.token_hex(16),
                lead_id,
                context.operator,
                datetime.now(UTC).isoformat(),
                part,
                None if opinion is None else opinion.outcome,
                reason,
                json.dumps(marks, sort_keys=True),
                "" if opinion is None else opinion.notes,
                withdraws,
                json.dumps(_facts_of(context, case_token), sort_keys=True),
            ),
        )
        return self._found("WHERE review_id = ?", number)[0]

    def set_log_number(self, review_id: int, number: int) -> None:
        """Note the record of a row."""
        self._database.run(
            "UPDATE reviews SET log_number = ? WHERE review_id = ?", (number, review_id)
        )

    def drop(self, review_id: int) -> None:
        """Delete a row that could not be logged, so that nothing of it stands."""
        self._database.run(
            "DELETE FROM reviews WHERE review_id = ? AND log_number IS NULL", (review_id,)
        )

    def erase_texts(self, lead_ids: Iterable[str]) -> int:
        """Erase reasons, notes, marks and salts of leads; return the number of rows."""
        wanted = [(ERASED, lead_id) for lead_id in lead_ids]
        rows = sum(len(self.of_lead(lead_id)) for _, lead_id in wanted)
        with self._database.writing():
            self._database.run_each(
                "UPDATE reviews SET reason = ?, notes = '', marks = '{}', salt = '' WHERE lead = ?",
                wanted,
            )
        return rows

    def _found(self, where: str, *values: object) -> list[ReviewRow]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM reviews {where}", values)  # noqa: S608
        try:
            return [_row_of(*row) for row in rows]
        except (ValueError, KeyError, TypeError) as error:
            raise ActivityLogError(
                "reviews of the gallery",
                rule="must be rows that this version wrote",
                got=error,
                next_step="Restore the file from a backup.",
                path=self._database.path,
            ) from error


@contextmanager
def open_reviews(gallery: Path) -> Iterator[ReviewRows]:
    """Open the reviews of a governed gallery.

    Raises
    ------
    ActivityLogError
        If the file is no casework file, is damaged, or cannot be written.
    """
    with open_casework(gallery, _TABLES) as database:
        yield ReviewRows(database)


def context_of(facts: Mapping[str, str], operator: str, case_id: str) -> CaseContext:
    """Return the context of a row again; `case_id` is what its token stands for."""
    until = facts["authorised_until"]
    return CaseContext(
        operator=operator,
        purpose=facts["purpose"],  # type: ignore[arg-type]  # checked by CaseContext
        case_id=case_id,
        legal_basis=facts["legal_basis"],
        authorisation=facts["authorisation"],
        authorised_until=date.fromisoformat(until) if until else None,
    )


def _facts_of(context: CaseContext, case_token: str) -> dict[str, str]:
    until = context.authorised_until
    return {
        "purpose": context.purpose,
        "case": case_token,
        "legal_basis": context.legal_basis,
        "authorisation": context.authorisation,
        "authorised_until": "" if until is None else until.isoformat(),
    }


def _row_of(
    review_id: int,
    token: str,
    salt: str,
    lead: str,
    reviewer: str,
    at: str,
    part: str | None,
    outcome: str | None,
    reason: str,
    marks: str,
    notes: str,
    withdraws: int | None,
    context: str,
    log_number: int | None,
) -> ReviewRow:
    if part is not None and part not in get_args(Part):
        raise ValueError("an unknown part")
    opinion = None
    if outcome is not None:
        opinion = Opinion(outcome, reason, object_of(read_json(marks)), notes)  # type: ignore[arg-type]
    review = Review(
        review_id=whole_of(review_id, 1),
        lead_id=lead,
        reviewer=reviewer,
        at=datetime.fromisoformat(at),
        part=part,  # type: ignore[arg-type]  # checked above
        opinion=opinion,
        withdraws=withdraws,
        reason=reason,
        log_number=log_number,
    )
    facts = {name: text_of(value) for name, value in object_of(read_json(context)).items()}
    return ReviewRow(review, token, _digest(salt, outcome, reason, marks, notes), facts)


def _digest(salt: str, *said: Any) -> str:
    if not salt:
        return ""
    text = json.dumps([salt, *said], separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
