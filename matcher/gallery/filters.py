"""Filters of a search: the faces that it may return, and how many each filter leaves out."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from types import NoneType
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from matcher.arguments import expect, expect_day, expect_number
from matcher.errors import InputError
from matcher.gallery.records import Sex
from matcher.gallery.store import Store, as_text
from matcher.gallery.store.hidden_rows import face_counts, hidden_subjects
from matcher.gallery.validation import check_names, texts
from matcher.names import forms, one_form
from matcher.words import counted

OLDEST = 150
"""Upper end in years of an age range without a `max_age`."""

_PAGE = 100_000

_SEQUENCES = (
    "recorded_sex",
    "regions",
    "any_tags",
    "all_tags",
    "subject_ids",
    "not_subject_ids",
)


@dataclass(frozen=True)
class Filters:
    """Rules that must all hold. None or an empty tuple means no rule.

    Ages are completed years on a day: 5 to 7 includes a child who turns eight on the next day. The
    age filter leaves a subject out only if no birthday that fits the records gives an age in the
    range. If there is no date of birth, the records are the photos with a date and an age at
    capture.

    Parameters
    ----------
    recorded_sex
        Keep subjects of these sexes; "unknown" counts as unknown.
    min_age, max_age
        Keep subjects who may be of this age, both ends included, in completed years.
    age_on
        The day on which the subjects have that age; needed with `min_age` or `max_age`.
    regions
        Keep subjects of these regions, compared exactly. A missing region counts as unknown.
    any_tags, all_tags
        Keep subjects with at least one, or with all, of these tags.
    enrolled_from, enrolled_before
        Keep faces enrolled in [from, before); both times have a time zone.
    subject_ids, not_subject_ids
        Keep only, or leave out, these subjects. In identifiers, regions and tags, an accented
        letter may be written as one character or as two.
    keep_unknown
        Keep subjects for whom a filter cannot tell (the default), or leave them out.
    include_hidden
        Show hidden subjects too, see `Gallery.hide`. By default no list has them.

    Raises
    ------
    InputError
        For ages without a day, in the wrong order or negative, for times without a zone, for an
        unknown sex, and for anything but texts where texts are due. One text stands for itself:
        ``regions="Kent"`` is the same as ``regions=("Kent",)``.
    """

    recorded_sex: tuple[Sex, ...] = ()
    min_age: int | None = None
    max_age: int | None = None
    age_on: date | None = None
    regions: tuple[str, ...] = ()
    any_tags: tuple[str, ...] = ()
    all_tags: tuple[str, ...] = ()
    enrolled_from: datetime | None = None
    enrolled_before: datetime | None = None
    subject_ids: tuple[str, ...] = ()
    not_subject_ids: tuple[str, ...] = ()
    keep_unknown: bool = True
    include_hidden: bool = False

    def __post_init__(self) -> None:
        for name in _SEQUENCES:
            object.__setattr__(self, name, texts(name, getattr(self, name)))
            check_names(name, getattr(self, name))
        if strange := set(self.recorded_sex) - set(get_args(Sex)):
            raise InputError(
                "recorded_sex",
                rule=f"must be among {', '.join(get_args(Sex))}",
                got=", ".join(sorted(strange)),
                next_step="Correct the filter.",
            )
        self._check_types()
        self._check_ages()
        for moment in (self.enrolled_from, self.enrolled_before):
            if moment is not None and moment.tzinfo is None:
                raise InputError(
                    "enrolled_from, enrolled_before",
                    rule="must have a time zone",
                    got="a time without one",
                    next_step="Pass a datetime such as datetime.now(UTC).",
                )

    def _check_types(self) -> None:
        expect_day("age_on", self.age_on)
        for name in ("min_age", "max_age"):
            if getattr(self, name) is not None:
                expect_number(name, getattr(self, name), whole=True)
        for name in ("enrolled_from", "enrolled_before"):
            expect(
                name,
                getattr(self, name),
                (datetime, NoneType),
                rule="must be a time",
                next_step="Pass a datetime such as datetime.now(UTC).",
            )
        for name, effect in (("keep_unknown", "keep the unknown"), ("include_hidden", "hide them")):
            given, step = getattr(self, name), f"Leave it out to {effect}."
            expect(name, given, bool, rule="must be True or False", next_step=step)

    def _check_ages(self) -> None:
        if self.min_age is None and self.max_age is None:
            return
        lowest, highest = self.min_age or 0, OLDEST if self.max_age is None else self.max_age
        if not 0 <= lowest <= highest <= OLDEST:
            raise InputError(
                "min_age, max_age",
                rule=f"must have 0 <= min_age <= max_age <= {OLDEST}",
                got=f"{self.min_age} to {self.max_age}",
                next_step="Give the youngest age first.",
            )
        if self.age_on is None:
            raise InputError(
                "age_on",
                rule="must say on which day a subject has the age",
                got=None,
                next_step="Pass a date, such as the day on which the probe was taken.",
            )


def check_filters(filters: object) -> None:
    """Raise InputError unless an argument is `Filters`."""
    expect(
        "filters",
        filters,
        Filters,
        rule="must be Filters, or None",
        next_step='Give Filters(regions=("north",)), for example.',
    )


@dataclass(frozen=True)
class Exclusion:
    """The effect of one filter, counted as if it were the only one.

    Parameters
    ----------
    name
        Name of the field of `Filters`.
    value
        The rule in words, as it was asked for.
    excluded_faces, excluded_subjects
        Numbers of faces and subjects that the filter leaves out.
    unknown_faces, unknown_subjects
        Numbers of faces and subjects for which the filter cannot tell.
    kept_unknown
        Whether the unknown faces are kept. Otherwise they are among the excluded.
    """

    name: str
    value: str
    excluded_faces: int
    excluded_subjects: int
    unknown_faces: int
    unknown_subjects: int
    kept_unknown: bool

    def __str__(self) -> str:
        fate = "kept" if self.kept_unknown else "left out too"
        return (
            f"{self.name} ({self.value}): {counted(self.excluded_faces, 'face')} of "
            f"{counted(self.excluded_subjects, 'subject')} left out; "
            f"{counted(self.unknown_faces, 'face')} of {self.unknown_subjects} unknown, {fate}"
        )


@dataclass(frozen=True, eq=False)
class Selection:
    """The faces that a search may return.

    Parameters
    ----------
    allowed
        Face ids, int64, ascending, also those of hidden subjects. None means all faces, because no
        filter was given.
    faces, subjects
        Numbers of faces and subjects that are left and not hidden.
    of_faces, of_subjects
        Numbers of faces, and of subjects with faces, in the gallery.
    exclusions
        One for each given filter, in the order of the fields.
    hidden, hidden_faces
        Identifiers of the hidden subjects whose faces pass the filters, and the number of these
        faces. No list shows them. Empty with `Filters.include_hidden`.
    """

    allowed: NDArray[np.int64] | None
    faces: int
    subjects: int
    of_faces: int
    of_subjects: int
    exclusions: tuple[Exclusion, ...]
    hidden: frozenset[str] = frozenset()
    hidden_faces: int = 0


@dataclass(frozen=True)
class _Rule:
    """One filter as an SQL expression over face f and subject s: 0, 1, or 2 if unknown."""

    name: str
    value: str
    sql: str
    parameters: tuple[Any, ...]


def select(store: Store, filters: Filters) -> Selection:
    """Return the faces that pass all filters, and the effect of each filter."""
    rules = _rules(filters)
    hidden = {} if filters.include_hidden else hidden_subjects(store)
    if not rules:
        return _everybody(store, hidden.values())
    face_ids, subjects, verdicts = _judge(store, rules)
    kept = ((verdicts == _YES) | ((verdicts == _UNKNOWN) & filters.keep_unknown)).all(axis=1)
    left_out = kept & np.isin(subjects, list(hidden))
    shown = kept & ~left_out
    return Selection(
        allowed=face_ids[kept],
        faces=int(shown.sum()),
        subjects=_different(subjects[shown]),
        of_faces=len(face_ids),
        of_subjects=_different(subjects),
        exclusions=tuple(
            _exclusion(rule, verdict, subjects, filters.keep_unknown)
            for rule, verdict in zip(rules, verdicts.T, strict=True)
        ),
        hidden=frozenset(hidden[row] for row in np.unique(subjects[left_out]).tolist()),
        hidden_faces=int(left_out.sum()),
    )


def _everybody(store: Store, hidden: Collection[str]) -> Selection:
    faces, owners = store.query("SELECT count(*), count(DISTINCT subject_id) FROM faces")[0]
    left_out = face_counts(store, hidden)
    hidden_faces = sum(left_out.values())
    return Selection(
        allowed=None,
        faces=faces - hidden_faces,
        subjects=owners - len(left_out),
        of_faces=faces,
        of_subjects=owners,
        exclusions=(),
        hidden=frozenset(left_out),
        hidden_faces=hidden_faces,
    )


def _judge(
    store: Store, rules: list[_Rule]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the face ids, ascending, a number for the subject of each, and a verdict by rule."""
    columns = "".join(f", ({rule.sql})" for rule in rules)
    parameters = tuple(value for rule in rules for value in rule.parameters)
    width, last = 2 + len(rules), 0
    pages = [np.empty((0, width), dtype=np.int64)]
    while page := store.query(
        f"SELECT f.face_id, s.rowid{columns} "  # noqa: S608 - built of constants
        "FROM faces f JOIN subjects s USING (subject_id) "
        "WHERE f.face_id > ? ORDER BY f.face_id LIMIT ?",
        (*parameters, last, _PAGE),
    ):
        pages.append(np.array(page, dtype=np.int64).reshape(len(page), width))
        last = store.onward(last, page[-1][0])
    table = np.concatenate(pages)
    return table[:, 0], table[:, 1], table[:, 2:]


def _exclusion(
    rule: _Rule, verdict: NDArray[np.int64], subjects: NDArray[np.int64], keep_unknown: bool
) -> Exclusion:
    unknown = verdict == _UNKNOWN
    excluded = (verdict == _NO) | (unknown & (not keep_unknown))
    return Exclusion(
        name=rule.name,
        value=rule.value,
        excluded_faces=int(excluded.sum()),
        excluded_subjects=_different(subjects[excluded]),
        unknown_faces=int(unknown.sum()),
        unknown_subjects=_different(subjects[unknown]),
        kept_unknown=keep_unknown,
    )


def _different(subjects: NDArray[np.int64]) -> int:
    return len(np.unique(subjects))


_NO, _YES, _UNKNOWN = 0, 1, 2
_IN = "IN (SELECT value FROM json_each(?))"
_HELD = f"SELECT count(*) FROM subject_tags t WHERE t.subject_id = s.subject_id AND t.tag {_IN}"  # noqa: S608 - constant


def _rules(filters: Filters) -> list[_Rule]:
    all_tags = set(map(one_form, filters.all_tags))
    rules = [
        _among("recorded_sex", "nullif(s.recorded_sex, 'unknown')", filters.recorded_sex),
        _age(filters),
        _among("regions", "s.region", filters.regions),
        _tags("any_tags", filters.any_tags, 1),
        _tags("all_tags", all_tags, len(all_tags)),
        _time("enrolled_from", "f.enrolled_at >= ?", filters.enrolled_from),
        _time("enrolled_before", "f.enrolled_at < ?", filters.enrolled_before),
        _among("subject_ids", "s.subject_id", filters.subject_ids),
        _except(filters.not_subject_ids),
    ]
    return [rule for rule in rules if rule is not None]


def _among(name: str, column: str, wanted: Collection[str]) -> _Rule | None:
    if not wanted:
        return None
    sql = f"CASE WHEN {column} IS NULL THEN 2 ELSE {column} {_IN} END"
    return _Rule(name, _listed(wanted), sql, (_json(wanted),))


def _age(filters: Filters) -> _Rule | None:
    if filters.age_on is None or (filters.min_age is None and filters.max_age is None):
        return None
    sql = (
        "SELECT CASE WHEN latest IS NULL THEN 2 ELSE latest > ? AND earliest <= ? END "
        "FROM births b WHERE b.subject_id = s.subject_id"
    )
    youngest, oldest = filters.min_age or 0, filters.max_age
    too_old = _years_before(filters.age_on, (OLDEST if oldest is None else oldest) + 1)
    ages = f"{youngest} or older" if oldest is None else f"{youngest} to {oldest}"
    value = f"{ages} on {filters.age_on}"
    return _Rule("age", value, sql, (too_old, _years_before(filters.age_on, youngest)))


def _tags(name: str, tags: Collection[str], at_least: int) -> _Rule | None:
    if not tags:
        return None
    return _Rule(name, _listed(tags), f"({_HELD}) >= ?", (_json(tags), at_least))


def _time(name: str, sql: str, moment: datetime | None) -> _Rule | None:
    return None if moment is None else _Rule(name, str(moment), sql, (as_text(moment),))


def _except(subjects: Collection[str]) -> _Rule | None:
    if not subjects:
        return None
    sql = f"s.subject_id NOT {_IN}"
    return _Rule("not_subject_ids", _listed(subjects), sql, (_json(subjects),))


def _listed(values: Collection[str]) -> str:
    return ", ".join(sorted(values))


def _json(values: Collection[str]) -> str:
    return json.dumps(sorted({form for value in values for form in forms(value)}))


def _years_before(day: date, years: int) -> str:
    """Return the day of birth of a person who completes `years` on `day`, as ISO text.

    If `day` is 29 February and the year of birth has no such day, the result is 28 February. A
    person born on 29 February then completes the year on 1 March. Before year 1 the result is the
    first day that a date can have.
    """
    if years >= day.year:
        return date.min.isoformat()
    try:
        return day.replace(year=day.year - years).isoformat()
    except ValueError:
        return day.replace(year=day.year - years, day=28).isoformat()
