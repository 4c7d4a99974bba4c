"""Compare the rows of reviews with their records in the log, which nobody can change unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from matcher.casework.reviews.storage import ERASED, ReviewRow
from matcher.governance import LogRecord


def faults_of(rows: Sequence[ReviewRow], records: Iterable[LogRecord]) -> Iterator[str]:
    """Yield what does not agree, in sentences without any text of a review.

    A row whose texts were erased has no digest, and its texts are not compared.

    Parameters
    ----------
    rows
        All rows.
    records
        The records of the log; those of reviews count.
    """
    by_token = {
        str(record.facts["review"]): record for record in records if record.kind == "review"
    }
    tokens = {row.review.review_id: row.token for row in rows}
    for row in rows:
        record = by_token.pop(row.token, None)
        name = f"Review {row.review.review_id} on lead {row.review.lead_id}"
        if record is None:
            yield f"{name} has no record in the log."
            continue
        facts, review = record.facts, row.review
        if (record.number, record.operator) != (review.log_number, review.reviewer):
            yield f"{name} is record {record.number} of somebody else, or of another number."
        if (facts["lead"], facts["act"]) != (review.lead_id, review.part or "withdrawal"):
            yield f"{name} is of another lead or of another kind in the log."
        if facts.get("withdraws") != _token_of(tokens, review.withdraws):
            yield f"{name} withdraws another opinion in the log."
        if row.digest != facts["digest"] and not _is_erased(row):
            yield f"{name} was changed: outcome, reason, marks or notes."
        yield from _outcome_faults(name, row, facts.get("opinions", ()))
    for record in by_token.values():
        yield f"Record {record.number} of the log, on lead {record.facts['lead']}, has no review."


def _outcome_faults(name: str, row: ReviewRow, told: Sequence[dict[str, str]]) -> Iterator[str]:
    """Compare the outcome with what the log told of it, also where the texts were erased."""
    opinion = row.review.opinion
    for one in told:
        if one["review"] != row.token or opinion is None:
            continue
        if one["outcome"].replace("_", " ") != opinion.outcome:
            yield f"{name} has another outcome in the log."


def _is_erased(row: ReviewRow) -> bool:
    """Return whether a row is as `ReviewRows.erase_texts` leaves it."""
    opinion = row.review.opinion
    is_blank = opinion is None or not (opinion.checklist or opinion.notes)
    return not row.digest and row.review.reason == ERASED and is_blank


def _token_of(tokens: dict[int, str], review_id: int | None) -> str | None:
    return None if review_id is None else tokens.get(review_id)
