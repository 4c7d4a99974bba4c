"""A lead of a report in the words of a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

from matcher.casework.exports.languages import Messages
from matcher.casework.exports.photo_wording import ShownPhoto, name_of, shown_photo
from matcher.casework.exports.report import ReportLead, ReportSearch
from matcher.casework.exports.texts import Line, lines, moment, short
from matcher.faces import POLICIES, FaceQuality, refusals
from matcher.gallery import Subject
from matcher.search import ExpectedFalseLeads
from matcher.words import figure


@dataclass(frozen=True, eq=False)
class ShownLead:
    """A lead on the page. `rows` are facts of both photos: name, of the probe, of the candidate."""

    title: str
    under: str
    probe: ShownPhoto
    candidate: ShownPhoto
    rows: tuple[tuple[str, str, str], ...]
    subject: tuple[Line, ...]
    notes: tuple[str, ...]
    place: tuple[Line, ...]
    reviews: tuple[str, ...]


def shown_lead(
    number: int, lead: ReportLead, search: ReportSearch, probe: ShownPhoto, words: Messages
) -> ShownLead:
    """Return a lead of a search, the probe of which is worded already, in a language."""
    candidate = shown_photo(words("lead.candidate"), lead.photo, words)
    return ShownLead(
        title=words("lead.title", name=lead.name),
        under=words("lead.of_probe", number=number, probe=name_of(search.probe)),
        probe=probe,
        candidate=candidate,
        rows=tuple(_side_by_side(probe.facts, candidate.facts)),
        subject=tuple(_subject_facts(lead.subject, words)),
        notes=tuple(_lead_notes(lead, search, words)),
        place=tuple(_place(lead, words)),
        reviews=tuple(_reviews(lead, words)),
    )


def _side_by_side(
    probe: Iterable[Line], candidate: Iterable[Line]
) -> Iterator[tuple[str, str, str]]:
    of_probe, of_candidate = dict(probe), dict(candidate)
    for name in of_probe | of_candidate:
        yield name, of_probe.get(name, ""), of_candidate.get(name, "")


def _subject_facts(subject: Subject | None, words: Messages) -> Iterator[Line]:
    if subject is None:
        return iter([(words("subject.subject_id"), words("lead.erased"))])
    sex, unknown = subject.recorded_sex, words("photo.not_recorded")
    known = {
        "subject_id": subject.subject_id,
        "date_of_birth": subject.date_of_birth or unknown,
        "recorded_sex": unknown if sex == "unknown" else words.named("sex", sex),
        "region": subject.region,
        "tags": ", ".join(subject.tags),
        "case_reference": subject.case_reference,
        "source": subject.source,
        "note": subject.note,
        "hidden_because": subject.hidden_because,
    }
    return lines("subject", known, words)


def _lead_notes(lead: ReportLead, search: ReportSearch, words: Messages) -> Iterator[str]:
    yield _gap(lead.age_gap, words)
    yield _quality(words("lead.probe"), search.probe.quality, words)
    yield _quality(words("lead.candidate"), lead.photo.quality, words)
    yield words("report.growth_meaning")
    yield words("report.relatives_meaning")
    if search.degraded:
        yield words("search.degraded")
    for remark in lead.remarks:
        yield words("lead.remark", text=short(remark))


def _gap(gap: float | None, words: Messages) -> str:
    if gap is None:
        return words("lead.gap_unknown")
    key = "lead.gap_later" if gap >= 0 else "lead.gap_earlier"
    return words(key, years=f"{abs(gap):.1f}")


def _quality(role: str, measures: Mapping[str, float], words: Messages) -> str:
    """Return for what a face is below the strict limits of quality."""
    names = {field.name for field in fields(FaceQuality)}
    try:
        quality = FaceQuality(**{name: measures[name] for name in measures if name in names})
    except TypeError:  # a measure is missing
        return words("below.unknown", role=role)
    found = [
        words(f"below.{one.code}", measured=figure(one.measured), limit=figure(one.limit))
        for one in refusals(quality, POLICIES["strict"])
    ]
    if not found:
        return words("below.none", role=role)
    return words("below.title", role=role, reasons="; ".join(found))


def _place(lead: ReportLead, words: Messages) -> Iterator[Line]:
    known = {
        "rank": lead.rank,
        "score": _score(lead.score),
        "template_score": _score(lead.template_score),
        "photos": lead.photos,
        "expected": _expected(lead.expected_false_leads, words),
    }
    if lead.rank is None:
        yield words("lead.list"), words("lead.not_shown")
        return
    yield from lines("lead", known, words)


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.3f}"


def _expected(expected: ExpectedFalseLeads | None, words: Messages) -> str:
    if expected is None:
        return words("lead.not_enough_data")
    high = figure(expected.high)
    if expected.estimate is None:
        return words("lead.expected_most", high=high)
    estimate, low = figure(expected.estimate), figure(expected.low)
    return words("lead.expected_range", estimate=estimate, low=low, high=high)


def _reviews(lead: ReportLead, words: Messages) -> Iterator[str]:
    if lead.conclusion is None:
        yield words("lead.not_reviewed")
        return
    conclusion = words.named("conclusion", lead.conclusion)
    yield words("lead.concluded", conclusion=conclusion)
    for one in lead.reviews:
        yield words(
            "lead.review",
            reviewer=one.reviewer,
            given_at=moment(one.given_at),
            conclusion=words.named("conclusion", one.conclusion),
            reason=short(one.reason),
        )
