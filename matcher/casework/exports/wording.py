"""A lead report in the words of one language, in the order in which a page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from matcher._version import __version__
from matcher.casework.exports.languages import Messages
from matcher.casework.exports.lead_wording import ShownLead, shown_lead
from matcher.casework.exports.photo_wording import ShownPhoto, name_of, shown_photo
from matcher.casework.exports.report import LeadReport, ReportLead, ReportSearch
from matcher.casework.exports.texts import Line, lines, moment, short
from matcher.words import counted, figure

MOST_LEADS: Final = 200
"""Leads that a report has room for. Each has a page of its own, and takes about 300 kB."""


@dataclass(frozen=True, eq=False)
class ShownSearch:
    """A search on the page, with those of its leads that the report has room for."""

    title: str
    facts: tuple[Line, ...]
    notes: tuple[str, ...]
    probe: ShownPhoto
    leads: tuple[ShownLead, ...]


@dataclass(frozen=True, eq=False)
class Wording:
    """A report in words. `left_out` is a sentence, empty if no lead was left out."""

    words: Messages
    case: tuple[Line, ...]
    case_note: str
    reading: tuple[str, ...]
    searches: tuple[ShownSearch, ...]
    left_out: str
    faults: tuple[str, ...]


def worded(report: LeadReport, words: Messages) -> Wording:
    """Return a report in the words of a language, with what is not on it, in English."""
    room = MOST_LEADS
    searches = []
    for number, search in enumerate(report.searches, start=1):
        searches.append(_search(number, search, search.leads[:room], words))
        room -= min(room, len(search.leads))
    left = sum(len(search.leads) for search in report.searches) - sum(
        len(search.leads) for search in searches
    )
    return Wording(
        words=words,
        case=tuple(_case(report, words)),
        case_note="" if report.context is not None else words("case.none"),
        reading=tuple(words(f"report.{key}") for key in _READING),
        searches=tuple(searches),
        left_out=words("report.left_out", number=left, room=MOST_LEADS) if left else "",
        faults=(*_faults(report), *_without_room(left)),
    )


_READING: Final = (
    "score_meaning",
    "order_meaning",
    "two_people",
    "aligned_meaning",
    "blurred_meaning",
    "ages_meaning",
    "growth_meaning",
    "relatives_meaning",
    "small_print",
)


def _faults(report: LeadReport) -> Iterator[str]:
    """Yield a sentence for each photo that has no pictures."""
    for search in report.searches:
        if search.probe.missing:
            yield f"Probe {search.probe.name}: {search.probe.missing}."
        for lead in search.leads:
            if lead.photo.missing:
                known = lead.subject
                subject = f"Lead {lead.name}" if known is None else f"Subject {known.subject_id}"
                name = lead.photo.name
                yield f"{subject}, {name}: {lead.photo.missing}."


def _without_room(left: int) -> Iterator[str]:
    if left:
        yield f"{counted(left, 'lead')}, for which a report of {MOST_LEADS} has no room."


def _case(report: LeadReport, words: Messages) -> Iterator[Line]:
    context = report.context
    if context is not None:
        known = {
            "case_id": context.case_id,
            "purpose": words.named("purpose", context.purpose),
            "operator": context.operator,
            "legal_basis": context.legal_basis,
            "authorisation": context.authorisation,
            "authorised_until": context.authorised_until,
        }
        yield from lines("case", known, words)
    yield words("case.made_at"), moment(report.made_at)
    yield words("case.software"), f"matcher {__version__}"


def _search(
    number: int, search: ReportSearch, leads: Iterable[ReportLead], words: Messages
) -> ShownSearch:
    probe = shown_photo(words("lead.probe"), search.probe, words)
    return ShownSearch(
        title=words("search.title", number=number, probe=name_of(search.probe)),
        facts=tuple(_search_facts(search, words)),
        notes=tuple(_search_notes(search, words)),
        probe=probe,
        leads=tuple(shown_lead(number, lead, search, probe, words) for lead in leads),
    )


def _search_facts(search: ReportSearch, words: Messages) -> Iterator[Line]:
    model = search.model
    yield from lines(
        "search",
        {
            "searched_at": moment(search.searched_at),
            "subjects": search.searched_subjects,
            "faces": search.searched_faces,
            "found": search.found,
            "reported": len(search.leads),
            "threshold": _threshold(search, words),
            "calibration": _calibration(search, words),
            "filters": ", ".join(search.filters),
            "model": f"{model.name} {model.version}".strip(),
            "weights": model.weights_sha256,
        },
        words,
    )
    state, place = search.gallery, search.log
    if state is not None:
        when = "generation_at_search" if state.at_search else "generation_now"
        known = {"gallery": state.name, "edition": state.edition, when: state.generation}
        yield from lines("search", known, words)
    if place is not None:
        log = words("search.log_of", number=place.number, sha256=place.sha256)
        yield words("search.log"), log
    for one in search.exclusions:
        yield (
            words("search.filter", name=one.name),
            words(
                "search.filter_effect",
                value=short(one.value),
                excluded=one.excluded_subjects,
                unknown=one.unknown_subjects,
            ),
        )


def _threshold(search: ReportSearch, words: Messages) -> str:
    if search.threshold is None:
        return words("search.no_threshold")
    threshold, use = f"{search.threshold:.4f}", search.calibration
    if use is None or use.max_fpir is None:
        return threshold
    rate = f"{figure(100 * use.max_fpir, 3)} %"
    return words("search.by_rate", threshold=threshold, rate=rate)


def _calibration(search: ReportSearch, words: Messages) -> str:
    use = search.calibration
    if use is None:
        return words("search.no_calibration")
    cohort = {"cohort": use.cohort, "made_on": use.made_on, "sha256": use.cohort_sha256}
    return words("search.calibration_of", **cohort)


def _search_notes(search: ReportSearch, words: Messages) -> Iterator[str]:
    use = search.calibration
    if search.reasons:
        yield words("search.refused", reasons=short("; ".join(search.reasons)))
    elif not search.leads:
        yield words("search.no_leads")
    if search.degraded:
        yield words("search.degraded")
    if search.fused:
        yield words("search.fused", number=search.fused)
    if search.hidden:
        yield words("search.hidden", number=search.hidden)
    if use is not None:
        yield words("search.all_others", faces=use.faces)
        if not use.covered:
            yield words("search.not_covered")
    if search.gallery is not None and not search.gallery.governed:
        yield words("search.ungoverned")
