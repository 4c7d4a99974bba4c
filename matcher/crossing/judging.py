"""From pairs of faces to leads: the lowest score of each face, the closest of each subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from matcher.crossing.leads import CrossFace, CrossLead
from matcher.crossing.pair_file import KeptPair
from matcher.crossing.rule import LeadRule
from matcher.gallery import FaceFacts, Gallery, Moment, StoredFace
from matcher.search.ages import age_gap, age_on
from matcher.search.calibration import ExpectedFalseLeads, LowestScore
from matcher.words import visible

_BATCH: Final = 500  # leads whose records are read together


@dataclass(frozen=True, eq=False)
class Side:
    """The faces of one side.

    Parameters
    ----------
    facts
        The facts of each face by its id, or of each face that is in a pair.
    photos
        Number of photos of each subject.
    hidden
        Subjects that no list shows.
    faces
        Number of all faces that a list may show. Only they can be false leads.
    """

    facts: Mapping[int, FaceFacts]
    photos: Mapping[str, int]
    hidden: frozenset[str]
    faces: int

    @classmethod
    def of(cls, gallery: Gallery, moment: Moment, hidden: frozenset[str]) -> Side:
        """Return the faces of a state of the gallery that it still has."""
        facts = {one.face_id: one for one in gallery.facts_of_faces(moment.generation)}
        counts: dict[str, int] = defaultdict(int)
        for one in facts.values():
            counts[one.subject_id] += 1
        left = counts.keys() - hidden
        return cls(facts, counts, hidden.intersection(counts), sum(counts[one] for one in left))

    @classmethod
    def of_pairs(
        cls, gallery: Gallery, moment: Moment, face_ids: Collection[int], hidden: frozenset[str]
    ) -> Side:
        """Return the same with the facts of some faces only, which takes far less time."""
        facts = {one.face_id: one for one in gallery.facts_of_faces(moment.generation, face_ids)}
        counts = gallery.photo_counts()
        inside = hidden.intersection(counts)
        left_out = sum(counts[one] for one in inside)
        return cls(facts, counts, inside, gallery.added(-1, moment.generation) - left_out)

    @cached_property
    def subjects(self) -> frozenset[str]:
        """The subjects that a list may show."""
        return frozenset(self.photos.keys() - self.hidden)

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """Those of the faces with facts that a list may show."""
        return tuple(one.face_id for one in self.facts.values() if one.subject_id in self.subjects)

    def age(self, face_id: int) -> float | None:
        """Return the age at capture of a face, if it is known."""
        one = self.facts[face_id]
        return age_on(one.date_of_birth, one.taken_on, one.age_at_capture)


@dataclass
class Closest:
    """The pairs of photos of two subjects that are close enough.

    Parameters
    ----------
    score, faces
        The closest pair: its score, and the face of the first subject and that of the second.
    photos
        Number of pairs.
    is_reported
        Whether one of them was reported.
    """

    score: float
    faces: tuple[int, int]
    is_reported: bool
    photos: int = 1

    def add(self, other: Closest) -> None:
        """Take note of more pairs of photos of the same two."""
        self.photos += other.photos
        self.is_reported |= other.is_reported
        if other.score > self.score:
            self.score, self.faces = other.score, other.faces


Subjects = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Judge:
    """Tells which pairs are leads.

    Parameters
    ----------
    rule
        What sets the lowest score.
    first, second
        The two sides. Within one gallery they are one object.
    """

    rule: LeadRule
    first: Side
    second: Side

    @property
    def is_within(self) -> bool:
        """Whether both sides are one gallery."""
        return self.first is self.second

    def limit(self, side: Side, face_id: int) -> LowestScore:
        """Return the lowest score of a lead for a face, among the faces of the other side."""
        others = self.first if side is self.second else self.second
        photos = side.photos[side.facts[face_id].subject_id]
        return self.rule.lowest(side.age(face_id), photos, others.faces)

    def close_subjects(
        self, pairs: Iterable[KeptPair], *, at_any_score: bool = False
    ) -> dict[Subjects, Closest]:
        """Return the subjects that have a pair of photos at or above its lowest score.

        Faces that were removed since are left out, and so are two faces of one identifier. Within
        one gallery, a pair has to reach the lowest score of both faces. `at_any_score` takes all
        pairs for close enough.
        """
        found: dict[Subjects, Closest] = {}
        for one, other, score, is_reported in pairs:
            if one not in self.first.facts or other not in self.second.facts:
                continue
            subjects = self.first.facts[one].subject_id, self.second.facts[other].subject_id
            faces = one, other
            if subjects[0] == subjects[1]:
                continue
            if not (at_any_score or self._is_close(faces, score)):
                continue
            if self.is_within and subjects[0] > subjects[1]:
                subjects, faces = subjects[::-1], faces[::-1]
            pair = Closest(score, faces, is_reported)
            if subjects in found:
                found[subjects].add(pair)
            else:
                found[subjects] = pair
        return found

    def _is_close(self, faces: tuple[int, int], score: float) -> bool:
        if score < self.limit(self.first, faces[0]).score:
            return False
        return not self.is_within or score >= self.limit(self.second, faces[1]).score

    def hidden_in(self, pair: Subjects) -> set[tuple[str, str]]:
        """Return those of two subjects that are hidden, each with the name of its side."""
        sides = (("first", self.first), ("first" if self.is_within else "second", self.second))
        return {
            (side, name)
            for (side, one), name in zip(sides, pair, strict=True)
            if name in one.hidden
        }

    def on_both_sides(self) -> tuple[str, ...]:
        """Return the identifiers that both galleries have."""
        if self.is_within:
            return ()
        return tuple(sorted(self.first.subjects & self.second.subjects))

    def without_figures(self) -> int:
        """Return the number of faces of the first side for whose age there are no figures."""
        calibration = self.rule.calibration
        if calibration is None:
            return 0
        return sum(not calibration.covers(self.first.age(one)) for one in self.first.shown)

    def beyond_calibration(self) -> dict[str, float]:
        """Return the subjects for whom the rate is not supported, and the share that holds."""
        wanted = self.rule.max_fpir
        if wanted is None:
            return {}
        shares: dict[str, float] = defaultdict(float)
        for face_id in self.first.shown:
            shares[self.first.facts[face_id].subject_id] += (
                self.limit(self.first, face_id).share or 0.0
            )
        return {
            name: min(share, 1.0) for name, share in shares.items() if share > wanted * (1 + 1e-9)
        }

    def expected(self) -> ExpectedFalseLeads | None:
        """Return the expected number of false pairs of faces in the whole list, if it is known."""
        if self.rule.calibration is None:
            return None
        estimate, low, high, bounded = 0.0, 0.0, 0.0, False
        others = self.second.faces
        for face_id in self.first.shown:
            age = self.first.age(face_id)
            limit = self.limit(self.first, face_id)
            false = self.rule.false_leads(limit.score, age, 1, others)
            if false is None:
                continue
            low, high = low + false.low, high + false.high
            bounded = bounded or false.estimate is None
            estimate += false.estimate or 0.0
        half = 0.5 if self.is_within else 1.0  # each pair stands once
        return ExpectedFalseLeads(None if bounded else half * estimate, half * low, half * high)


def closest_of_each(close: Mapping[Subjects, Closest], top: int) -> dict[Subjects, int]:
    """Return the pairs of subjects to show, with the rank of the second for the first.

    A pair is shown if it is among the `top` of either of the two. Equal scores come in the order of
    identifiers.
    """
    ordered = sorted(close, key=lambda pair: (-close[pair].score, pair))
    ranks: dict[Subjects, int] = {}
    seen: tuple[dict[str, int], dict[str, int]] = (defaultdict(int), defaultdict(int))
    for pair in ordered:
        for side, name in zip(seen, pair, strict=True):
            side[name] += 1
        if min(seen[0][pair[0]], seen[1][pair[1]]) <= top:
            ranks[pair] = seen[0][pair[0]]
    return ranks


def leads_of(
    judge: Judge,
    close: Mapping[Subjects, Closest],
    ranks: Mapping[Subjects, int],
    galleries: tuple[Gallery, Gallery],
) -> Iterator[CrossLead]:
    """Yield the leads with their records, in the order of `CrossList.leads`."""
    best: dict[str, float] = {}
    for pair in ranks:
        best[pair[0]] = max(best.get(pair[0], -2.0), close[pair].score)
    ordered = sorted(ranks, key=lambda pair: (-best[pair[0]], pair[0], ranks[pair]))
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        sides = tuple(
            gallery.faces({close[pair].faces[place] for pair in batch})
            for place, gallery in enumerate(galleries)
        )
        for pair in batch:
            one, other = (
                side.get(face) for side, face in zip(sides, close[pair].faces, strict=True)
            )
            if one is not None and other is not None:  # removed a moment ago
                yield _lead(judge, ranks[pair], close[pair], one, other)


def _lead(judge: Judge, rank: int, close: Closest, one: StoredFace, other: StoredFace) -> CrossLead:
    first, second = _face(one), _face(other)
    photos = judge.first.photos[one.subject.subject_id]
    return CrossLead(
        rank=rank,
        score=close.score,
        first=first,
        second=second,
        age_gap=age_gap(other.photo.taken_on, second.age, one.photo.taken_on, first.age),
        photos=close.photos,
        expected_false_leads=judge.rule.false_leads(
            close.score, first.age, photos, judge.second.faces
        ),
        notes=tuple(_notes(first, second)),
        is_new=not close.is_reported,
    )


def _face(face: StoredFace) -> CrossFace:
    born, photo = face.subject.date_of_birth, face.photo
    age = age_on(born, photo.taken_on, photo.age_at_capture)
    return CrossFace(face.subject, photo, age, face.quality, face.box)


def _notes(first: CrossFace, second: CrossFace) -> Iterator[str]:
    if first.photo.sha256 == second.photo.sha256:
        yield "the same photo on both sides"
    sexes = first.subject.recorded_sex, second.subject.recorded_sex
    if "unknown" not in sexes and sexes[0] != sexes[1]:
        yield f"recorded sex differs: {sexes[0]} and {sexes[1]}"
    born = first.subject.date_of_birth, second.subject.date_of_birth
    if None not in born and born[0] != born[1]:
        yield f"date of birth differs: {born[0]} and {born[1]}"
    for one, other in ((first, second), (second, first)):
        taken, birth = one.photo.taken_on, other.subject.date_of_birth
        if taken is not None and birth is not None and taken < birth:
            yield f"the photo of {taken} is older than the birth on {birth}"
    for subject in (first.subject, second.subject):
        if subject.hidden_because is not None:
            yield f"{visible(subject.subject_id)} is hidden: {visible(subject.hidden_because)}"
