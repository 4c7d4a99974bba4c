"""Read the casework of a governed gallery: leads, opinions, briefings, kept probes, counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from matcher.arguments import expect, expect_one_of
from matcher.casework import probes
from matcher.casework.counting.reviewer_audit import (
    ReviewerAudit,
    audited,
    checked_tones,
    labels_of,
    opinions_of,
)
from matcher.casework.counting.yearly_report import YearReport, year_report
from matcher.casework.errors import UnknownLeadError
from matcher.casework.leads import Lead, id_of, lead_of, parts_of
from matcher.casework.reviews.checking import faults_of
from matcher.casework.reviews.opinions import Review
from matcher.casework.reviews.states import STATES, LeadState, Reviewed, reviewed
from matcher.casework.reviews.storage import ReviewRow, open_reviews
from matcher.casework.searches import ListedCandidate, RecordedSearch, SearchIndex
from matcher.casework.telling.briefing import Briefing, brief
from matcher.errors import NotAuthorisedError
from matcher.gallery import Gallery
from matcher.governance import Activity, ActivityLog, CaseContext
from matcher.search import Calibration

_NO_TONES: Mapping[str, int] = {}


class CaseworkReader:
    """The reading half of `Casework`. Each person sees what that person may see."""

    def __init__(
        self, gallery: Gallery, calibration: Calibration | None, index: SearchIndex
    ) -> None:
        self._gallery = gallery
        self._calibration = calibration
        self._index = index

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
        if state is not None:
            expect_one_of("state", state, STATES, next_step="Leave it out for all leads.")
        token = None if case is None else self._log.pseudonyms.token_of("case", case)
        if case is not None and token is None:
            return []
        by_lead = self._reviews_by_lead()
        searches = list(self._index.searches(token))
        searches.reverse()
        names = self._names(searches)
        found = (lead for search in searches for lead in self._leads_of(search, by_lead, names))
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

    def leads_of_search(self, number: int) -> list[Lead]:
        """Return the leads of one recorded search, in no order of rank; none if it lists nobody.

        Parameters
        ----------
        number
            Number of the search in the log.
        """
        search = self._index.search(number)
        if search is None:
            return []
        with open_reviews(self._gallery.path) as rows:
            by_lead = {
                lead_id: reviewed_rows(rows.of_lead(lead_id)).reviews
                for lead_id in (id_of(search, one) for one in search.candidates)
            }
        return self._leads_of(search, by_lead, self._names([search]))

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

    def faults(self) -> list[str]:
        """Compare the reviews with the log; return what does not agree, in sentences.

        An opinion that was changed in the file, or taken out of it, is found. `ActivityLog.verify`
        says whether the log itself was changed.

        Raises
        ------
        ActivityLogError
            The log or the file of reviews cannot be read.
        """
        with open_reviews(self._gallery.path) as rows:
            return list(faults_of(rows.all(), self._log.records()))

    def audit(self, *, tones: Mapping[str, int] = _NO_TONES) -> ReviewerAudit:
        """Return how often reviewers confirm leads: of all, by reviewer, age, sex and tone.

        Parameters
        ----------
        tones
            Annotated Monk steps, 1 to 10, by subject. They belong to an evaluation, and are not
            kept.

        Raises
        ------
        InputError
            For tones that are none.
        """
        known = checked_tones(tones)
        people, labels = self._people(known)
        reviews = {lead_id: reviewed(some) for lead_id, some in self._reviews_by_lead().items()}
        there = {lead_id: now for lead_id, now in reviews.items() if lead_id in people}
        return audited(opinions_of(there, people, labels))

    def report(self, year: int) -> YearReport:
        """Count what was done in a year.

        Raises
        ------
        InputError
            For a year that is none.
        ActivityLogError
            For a log that cannot be read.
        """
        _, labels = self._people(_NO_TONES)
        return year_report(self._log.records(), year, labels)

    def _people(self, tones: Mapping[str, int]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Return the token of each lead's candidate, and the labels of each token, where known."""
        people: dict[str, str] = {}
        candidates: dict[str, tuple[str, int]] = {}
        searches = list(self._index.searches())
        names = self._names(searches)
        for search in searches:
            for candidate in search.candidates:
                token = candidate.token
                people[id_of(search, candidate)] = token
                if token in names:
                    candidates.setdefault(token, (names[token], candidate.face_id))
        return people, labels_of(self._gallery, candidates, tones)

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
        return activity_of(self._gallery).log

    @property
    def _context(self) -> CaseContext:
        context = activity_of(self._gallery).context
        if context is None:
            raise ungoverned(self._gallery.path)
        return context

    @property
    def _operator(self) -> str:
        return self._context.operator

    @property
    def _folder(self) -> Path:
        return self._log.path.parent

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

    def _leads_of(
        self,
        search: RecordedSearch,
        by_lead: Mapping[str, Sequence[Review]],
        names: Mapping[str, str],
    ) -> list[Lead]:
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
            return reviewed_rows(rows.of_lead(lead_id))

    def _reviews_by_lead(self) -> dict[str, list[Review]]:
        found: dict[str, list[Review]] = defaultdict(list)
        with open_reviews(self._gallery.path) as rows:
            for row in rows.all():
                if row.review.log_number is not None:
                    found[row.review.lead_id].append(row.review)
        return found


def reviewed_rows(rows: Sequence[ReviewRow]) -> Reviewed:
    """Return the reviews of a lead that have their record in the log."""
    return reviewed([row.review for row in rows if row.review.log_number is not None])


def activity_of(gallery: Gallery) -> Activity:
    """Return the activity of a gallery; raise NotAuthorisedError for one that is not governed."""
    activity = gallery.activity
    if activity is None:
        raise ungoverned(gallery.path)
    return activity


def ungoverned(path: Path) -> NotAuthorisedError:
    """Return the error of a gallery without casework."""
    return NotAuthorisedError(
        "casework",
        rule="needs a governed gallery that was opened with a context",
        got="a gallery without a log of its use, or no context",
        next_step="Govern it: matcher gallery govern GALLERY.",
        path=path,
    )
