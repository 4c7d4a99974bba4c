"""The parts of the sheet: a section for each probe, with its leads and their photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matcher.faces import Detector
from matcher.names import told_apart
from matcher.paths import shown
from matcher.photos import DecodeLimits, Photo
from matcher.progress import ProgressHook
from matcher.search.candidates import Candidate, CandidateList, CandidatePhoto, ProbeFacts
from matcher.search.lead_sheet.facts import (
    Facts,
    facts_of_photo,
    facts_of_probe,
    facts_of_search,
    facts_of_subject,
)
from matcher.search.lead_sheet.limits import Room
from matcher.search.lead_sheet.pictures import Picture, picture_of
from matcher.search.lead_sheet.places import Box


@dataclass(frozen=True)
class ShownPhoto:
    """One photo of a candidate. Without a picture only its facts are shown."""

    photo: CandidatePhoto
    picture: Picture | None
    facts: Facts


@dataclass(frozen=True)
class Lead:
    """One candidate. `marked` tells the true subject of a demonstration."""

    candidate: Candidate
    facts: Facts
    marked: bool
    pictured: tuple[ShownPhoto, ...]
    listed: tuple[ShownPhoto, ...]


@dataclass(frozen=True)
class Section:
    """One probe and its leads. `picture` is None where the page has no room for it."""

    name: str
    picture: Picture | None
    facts: Facts
    search: Facts
    result: CandidateList
    headline: str
    leads: tuple[Lead, ...]

    def faults(self) -> Iterator[str]:
        """Yield a sentence for each picture that could not be shown."""
        if self.picture is not None and self.picture.missing:
            yield f"Probe {self.name}: {self.picture.missing}."
        for lead in self.leads:
            subject = lead.candidate.subject.subject_id
            for of_photo in lead.pictured:
                if of_photo.picture is not None and of_photo.picture.missing:
                    reference = of_photo.photo.photo.reference
                    yield f"Subject {subject}, {reference}: {of_photo.picture.missing}."


class Pictures:
    """Makes the pictures of a page. A photo that is a lead of several probes is read once.

    Parameters
    ----------
    detector
        Finds the landmarks by which faces are aligned; None to cut them out by their boxes.
    limits
        Limits on the size of photos that are decoded.
    total, on_progress
        Number of pictures that will be asked for, and the hook that hears of each.
    """

    def __init__(
        self,
        detector: Detector | None,
        limits: DecodeLimits,
        total: int,
        on_progress: ProgressHook,
    ) -> None:
        self._detector = detector
        self._limits = limits
        self._total = total
        self._on_progress = on_progress
        self._made: dict[tuple[Path | None, str | None, Box | None], Picture] = {}
        self._asked = 0

    def of_probe(self, source: Path | Photo, probe: ProbeFacts) -> Picture:
        """Return the picture of a probe."""
        return self._picture(source, probe.sha256, probe.box, "changed since the search")

    def of_photo(self, shown: CandidatePhoto) -> Picture:
        """Return the picture of an enrolled photo."""
        path = shown.photo.path
        return self._picture(path, shown.photo.sha256, shown.box, "changed since enrolment")

    def _picture(
        self, source: Path | Photo, sha256: str | None, box: Box | None, changed: str
    ) -> Picture:
        key = (_path_of(source), sha256, box)
        if key not in self._made:
            self._made[key] = picture_of(
                source, sha256, box, self._detector, self._limits, changed=changed
            )
        self._asked += 1
        self._on_progress("sheet", self._asked, self._total)
        return self._made[key]


def sections_of(
    probes: Sequence[Path | Photo],
    results: Sequence[CandidateList],
    mates: Sequence[str | None],
    room: Room,
    pictures: Pictures,
) -> Iterator[Section]:
    """Yield the section of each probe, in order, with the pictures that the page has room for."""
    paths = [_path_of(source) or Path("photo") for source in probes]
    names = told_apart(paths)
    for number, (source, path, result) in enumerate(zip(probes, paths, results, strict=True)):
        yield Section(
            name=shown(names[number]),
            picture=pictures.of_probe(source, result.probe) if number < room.probes else None,
            facts=facts_of_probe(path, result.probe),
            search=facts_of_search(result),
            result=result,
            headline=str(result).partition("\n")[0],
            leads=tuple(
                _lead(candidate, mates[number], room.photos[number, candidate.rank], pictures)
                for candidate in result
            ),
        )


def _path_of(source: Path | Photo) -> Path | None:
    return source.path if isinstance(source, Photo) else source


def _lead(candidate: Candidate, mate: str | None, pictured: int, pictures: Pictures) -> Lead:
    subject = candidate.subject
    photos = [
        ShownPhoto(
            photo,
            pictures.of_photo(photo) if position < pictured else None,
            facts_of_photo(photo, subject),
        )
        for position, photo in enumerate(candidate.photos)
    ]
    return Lead(
        candidate=candidate,
        facts=facts_of_subject(candidate),
        marked=subject.subject_id == mate,
        pictured=tuple(photos[:pictured]),
        listed=tuple(photos[pictured:]),
    )
