"""The last day on which a subject or a case is kept.

A date belongs to the token of the subject or case, so it follows a new name and a merger. If two
dates then belong to one subject, the later one holds: a record that is erased is lost, and one that
is kept too long is still in the list.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

from matcher.arguments import expect, expect_day, listed
from matcher.casework.reading import activity_of
from matcher.casework.retention.collecting import subject_named
from matcher.errors import ActivityLogError, InputError
from matcher.gallery import Gallery
from matcher.governance import Pseudonyms, open_casework
from matcher.governance.pseudonyms import CASE, SUBJECT

Kept = Literal["subject", "case"]
"""What has a date."""

TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS retention ("
    "token TEXT PRIMARY KEY CHECK (length(token) = 32), "
    "until TEXT NOT NULL CHECK (until IS date(until)), "
    "set_at TEXT NOT NULL) STRICT, WITHOUT ROWID",
)


@dataclass(frozen=True)
class RetentionDate:
    """Until when a subject or a case is kept.

    Parameters
    ----------
    kind
        "subject" or "case".
    name
        The identifier.
    until
        The last day.
    set_at
        When the date was set, in UTC.
    """

    kind: Kept
    name: str
    until: date
    set_at: datetime


def set_retention(
    gallery: Gallery,
    until: date | None,
    *,
    subjects: Collection[str] = (),
    cases: Collection[str] = (),
) -> int:
    """Set the last day on which subjects and cases are kept; return how many got it.

    Nothing is erased by this; see `run_retention`. The log records the day and the tokens.

    Parameters
    ----------
    gallery
        An open governed gallery with a context.
    until
        The last day; None takes the date away.
    subjects, cases
        Identifiers of subjects of the gallery or its watch list, and of cases that its log knows.

    Raises
    ------
    InputError
        No day, or a case that the log does not know. Nothing is set.
    UnknownSubjectError
        A subject who is in neither the gallery nor its watch list. Nothing is set.
    NotAuthorisedError
        The gallery is not governed, or was opened without a context.
    ActivityLogError, GalleryWriteError
        The dates or the log cannot be written.
    """
    _expect_gallery(gallery)
    expect_day("until", until)
    tokens = [*_subject_tokens(gallery, subjects), *_case_tokens(gallery, cases)]
    if not tokens:
        return 0
    facts = {"until": "" if until is None else until.isoformat(), "tokens": sorted(tokens)}
    with (
        gallery.recorded("retention", **facts),
        open_casework(gallery.path, TABLES) as database,
        database.writing(),
    ):
        now = datetime.now(UTC).isoformat()
        database.run_each("DELETE FROM retention WHERE token = ?", ((one,) for one in tokens))
        if until is not None:
            rows = ((one, until.isoformat(), now) for one in tokens)
            database.run_each("INSERT INTO retention VALUES (?, ?, ?)", rows)
    return len(tokens)


def retention_dates(gallery: Gallery) -> list[RetentionDate]:
    """Return all dates, the earliest first.

    Raises
    ------
    NotAuthorisedError
        The gallery is not governed.
    ActivityLogError
        The file of dates cannot be used.
    """
    _expect_gallery(gallery)
    activity_of(gallery)
    with open_casework(gallery.path, TABLES) as database:
        rows = list(database.rows("SELECT token, until, set_at FROM retention"))
    meanings = _tokens_of(gallery).meanings([token for token, *_ in rows])
    latest: dict[tuple[str, str], RetentionDate] = {}
    for token, until, set_at in rows:
        if token in meanings:
            found = _date_of(meanings[token].kind, meanings[token].value, until, set_at, gallery)
            known = latest.get((found.kind, found.name))
            if known is None or found.until > known.until:
                latest[found.kind, found.name] = found
    return sorted(latest.values(), key=lambda one: (one.until, one.kind, one.name))


def due(gallery: Gallery, today: date | None = None) -> list[RetentionDate]:
    """Return the dates that are over, the earliest first: what `run_retention` would erase.

    Parameters
    ----------
    gallery
        An open governed gallery.
    today
        The day; None for today by the clock of this machine.

    Raises
    ------
    NotAuthorisedError, ActivityLogError
        As `retention_dates` does.
    """
    expect_day("today", today)
    day = datetime.now().astimezone().date() if today is None else today
    return [one for one in retention_dates(gallery) if one.until < day]


def drop_dates(gallery: Gallery, tokens: Collection[str]) -> None:
    """Forget the dates of tokens, within an erasure."""
    with open_casework(gallery.path, TABLES) as database, database.writing():
        database.run_each("DELETE FROM retention WHERE token = ?", ((one,) for one in tokens))


def _date_of(kind: str, name: str, until: str, set_at: str, gallery: Gallery) -> RetentionDate:
    try:
        what: Kept = "subject" if kind == SUBJECT else "case"
        return RetentionDate(what, name, date.fromisoformat(until), datetime.fromisoformat(set_at))
    except (TypeError, ValueError) as error:
        raise ActivityLogError(
            "dates of retention",
            rule="must be rows that this version wrote",
            got=error,
            next_step="Restore the file from a backup.",
            path=gallery.path,
        ) from error


def _subject_tokens(gallery: Gallery, subjects: Collection[str]) -> list[str]:
    step = "List the subjects of the gallery."
    names = listed("subjects", subjects, str, rule="must be identifiers", next_step=step)
    known = {subject_named(gallery, name) for name in names}
    return list(activity_of(gallery).subject_tokens(known).values())


def _case_tokens(gallery: Gallery, cases: Collection[str]) -> list[str]:
    step = "List the records of the log: matcher log show."
    names = listed("cases", cases, str, rule="must be identifiers", next_step=step)
    tokens = _tokens_of(gallery)
    found = {name: tokens.token_of(CASE, name) for name in names}
    for name, token in found.items():
        if token is None:
            raise InputError(
                "cases", rule="must be in the log of the gallery", got=repr(name), next_step=step
            )
    return [token for token in found.values() if token is not None]


def _tokens_of(gallery: Gallery) -> Pseudonyms:
    return activity_of(gallery).log.pseudonyms


def _expect_gallery(gallery: object) -> None:
    step = "Give Gallery.open(path, context=...)."
    expect("gallery", gallery, Gallery, rule="must be an open gallery", next_step=step)
