"""How often reviewers take a lead for a candidate: by reviewer, and by age, sex and tone.

Rates, intervals, and the withholding of small groups are those of an audit, from `fairness`. Only
blind opinions count that stand, on leads where both are in. Whether an opinion is right is not
known here, so these are no error rates: a difference between groups may lie in the searches, in the
model, in the photos, or in the reviewers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairness.cohort import UNKNOWN, band
from fairness.cohort.tone_bands import monk_band
from fairness.rates import FEWEST_SUBJECTS, Rate, clustered_rate
from fairness.tables import withheld
from matcher.arguments import described, expect
from matcher.casework.reviews.states import Reviewed, outcome_of
from matcher.errors import InputError
from matcher.gallery import FaceFacts, Gallery
from matcher.search.ages import age_on

EVERYBODY: Final = "all"
CAVEATS: Final = (
    "Which confirmed leads are wrong is not known here. These shares are no error rates.",
    "A difference between groups may come from the searches, the model, the photos or the "
    "reviewers.",
    f"Groups of fewer than {FEWEST_SUBJECTS} people are withheld, and further ones that would "
    "tell of them.",
)
COLUMNS: Final = (
    "of",
    "factor",
    "group",
    "status",
    "confirmed",
    "opinions",
    "people",
    "share",
    "low",
    "high",
)
"""Keys of the rows of an audit, in their order."""


@dataclass(frozen=True)
class BlindOpinion:
    """One blind opinion that stands, and the labels of the candidate.

    Parameters
    ----------
    reviewer
        Who gave it.
    person
        Token of the candidate in the log.
    confirmed
        Whether its outcome is `candidate`.
    differs
        Whether the other blind opinion on the lead has another outcome.
    labels
        Group by factor.
    """

    reviewer: str
    person: str
    confirmed: bool
    differs: bool
    labels: Mapping[str, str]


@dataclass(frozen=True)
class AuditedGroup:
    """A share of opinions in one group.

    Parameters
    ----------
    of
        What the share is of: `confirmed`, or `differs from the other opinion`.
    factor, group
        The group.
    rate
        The share, with counts over the enrolled people and an interval; None if it is withheld.
    """

    of: str
    factor: str
    group: str
    rate: Rate | None

    def row(self) -> dict[str, Any]:
        """Return it as one flat row for a table; its keys are `COLUMNS`."""
        rate = self.rate
        if rate is None:
            values: tuple[Any, ...] = ("withheld", None, None, None, None, None, None)
        else:
            has_estimate = rate.status in ("ok", "limited")
            has_bound = has_estimate or rate.status == "bound_only"
            values = (
                rate.status,
                rate.errors,
                rate.trials,
                rate.subjects,
                rate.estimate if has_estimate else None,
                rate.low if has_estimate else None,
                rate.high if has_bound else None,
            )
        return dict(zip(COLUMNS, (self.of, self.factor, self.group, *values), strict=True))

    def __str__(self) -> str:
        said = "withheld (too few people)" if self.rate is None else str(self.rate)
        return f"{self.of}, {self.factor} {self.group}: {said}"


@dataclass(frozen=True)
class ReviewerAudit:
    """What the blind opinions of a gallery come to.

    Parameters
    ----------
    groups
        The shares: of all, then by factor and group.
    caveats
        What they do not say.
    """

    groups: tuple[AuditedGroup, ...]
    caveats: tuple[str, ...] = CAVEATS

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat row for each share."""
        return [one.row() for one in self.groups]

    def __str__(self) -> str:
        return "\n".join([*map(str, self.groups), *self.caveats])


def audited(opinions: Sequence[BlindOpinion]) -> ReviewerAudit:
    """Return the shares of opinions by reviewer and by label."""
    groups = []
    for of in (_CONFIRMED, _DIFFERS):
        groups.append(AuditedGroup(of, EVERYBODY, EVERYBODY, _shown_rate(opinions, of)))
        for factor in _factors(opinions):
            groups.extend(_by_factor(opinions, of, factor))
    return ReviewerAudit(tuple(groups))


_CONFIRMED: Final = "confirmed"
_DIFFERS: Final = "differs from the other opinion"
_REVIEWER: Final = "reviewer"


def _factors(opinions: Sequence[BlindOpinion]) -> tuple[str, ...]:
    labels = dict.fromkeys(factor for one in opinions for factor in one.labels)
    return (_REVIEWER, *labels)


def _by_factor(opinions: Sequence[BlindOpinion], of: str, factor: str) -> Iterator[AuditedGroup]:
    of_group: dict[str, list[BlindOpinion]] = defaultdict(list)
    for one in opinions:
        group = one.reviewer if factor == _REVIEWER else one.labels.get(factor, UNKNOWN)
        of_group[group].append(one)
    codes = {person: code for code, person in enumerate(sorted({o.person for o in opinions}))}
    people = {
        group: frozenset(codes[one.person] for one in some) for group, some in of_group.items()
    }
    hidden = withheld(people)
    for group in sorted(of_group):
        rate = None if group in hidden else _shown_rate(of_group[group], of)
        yield AuditedGroup(of, factor, group, rate)


def _shown_rate(opinions: Collection[BlindOpinion], of: str) -> Rate | None:
    trials = Counter(one.person for one in opinions)
    counted = Counter(
        one.person for one in opinions if (one.confirmed if of == _CONFIRMED else one.differs)
    )
    if not trials:
        return None
    rate = clustered_rate([counted[person] for person in trials], list(trials.values()))
    return None if rate.status == "suppressed" else rate


def opinions_of(
    reviews: Mapping[str, Reviewed],
    people: Mapping[str, str],
    labels: Mapping[str, Mapping[str, str]],
) -> list[BlindOpinion]:
    """Return the blind opinions that stand, on leads where both are in.

    Parameters
    ----------
    reviews
        The reviews by lead.
    people
        Token of the candidate by lead.
    labels
        Group by factor, by token; a token without labels counts as unknown.
    """
    factors = list(dict.fromkeys(factor for one in labels.values() for factor in one))
    unknown = dict.fromkeys(factors, UNKNOWN)
    return [
        BlindOpinion(
            reviewer=one.reviewer,
            person=people[lead_id],
            confirmed=outcome_of(one) == "candidate",
            differs=now.disagree,
            labels={**unknown, **labels.get(people[lead_id], {})},
        )
        for lead_id, now in reviews.items()
        if now.both_in
        for one in now.independent
    ]


def labels_of(
    gallery: Gallery, candidates: Mapping[str, tuple[str, int]], tones: Mapping[str, int]
) -> dict[str, dict[str, str]]:
    """Return the group of candidates by factor; those who are not in the gallery are left out.

    Parameters
    ----------
    gallery
        The open gallery.
    candidates
        Subject and face by token. The age is that at the capture of this face's photo.
    tones
        Annotated Monk steps by subject; without any, there is no such factor.
    """
    wanted = {subject_id for subject_id, _ in candidates.values()}
    sexes = {
        one.subject_id: one.recorded_sex for one in gallery.subjects() if one.subject_id in wanted
    }
    faces = {face_id for _, face_id in candidates.values()}
    facts = {one.face_id: one for one in gallery.facts_of_faces(gallery.generation, faces)}
    found: dict[str, dict[str, str]] = {}
    for token, (subject_id, face_id) in candidates.items():
        if subject_id not in sexes:
            continue
        face = facts.get(face_id)
        is_own = face is not None and face.subject_id == subject_id
        found[token] = {
            "age": _band(face) if face is not None and is_own else UNKNOWN,
            "recorded sex": sexes[subject_id],
        }
        if tones:
            found[token]["tone"] = monk_band(tones.get(subject_id))
    return found


def _band(face: FaceFacts) -> str:
    age = age_on(face.date_of_birth, face.taken_on, face.age_at_capture)
    return UNKNOWN if age is None or age < 0 else band(age)


def checked_tones(tones: object) -> Mapping[str, int]:
    """Return annotated tones, or raise InputError unless they map subjects to Monk steps."""
    step = "Give {'subject': 4}; leave subjects without an annotation out."
    expect("tones", tones, Mapping, rule="must map subjects to Monk steps", next_step=step)
    for subject, tone in tones.items():  # type: ignore[attr-defined]
        is_step = isinstance(tone, int) and not isinstance(tone, bool) and 1 <= tone <= 10
        if not isinstance(subject, str) or not is_step:
            got = f"{described(subject)}: {described(tone)}"
            rule = "maps each subject to a step from 1 to 10"
            raise InputError("tones", rule=rule, got=got, next_step=step)
    return tones  # type: ignore[return-value]
