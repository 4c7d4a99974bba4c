"""Filters keep what they should, keep what they cannot tell about, and count both."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from gallery_builders import VECTORS, enrolment, filled, gallery
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import InputError
from matcher.gallery import Filters, Subject
from matcher.gallery.filters import _years_before

SUBJECTS = [
    Subject("ann", date(2015, 6, 15), "female", "North", ("red",)),
    Subject("bea", date(2010, 6, 15), "female", "South", ("blue", "red")),
    Subject("cal", date(2015, 6, 15), "male", "North", ("blue",)),
    Subject("dan", None, "male"),
    Subject("eve"),
]


@pytest.fixture
def people(gallery):
    """Two photos each; those of dan say that he was 5 on 15 June 2020."""
    for place, subject in enumerate(SUBJECTS):
        facts = {"taken_on": date(2020, 6, 15), "age_at_capture": 5.0}
        gallery.add(
            [
                enrolment(
                    2 * place + photo, subject, **(facts if subject.subject_id == "dan" else {})
                )
                for photo in (0, 1)
            ]
        )
    return gallery


def kept(gallery, **rules):
    selection = gallery.select(Filters(**rules))
    owners = gallery.owners(selection.allowed[None])[0]
    assert selection.faces == len(owners) == 2 * selection.subjects
    assert (selection.of_faces, selection.of_subjects) == (10, 5)
    return sorted(set(owners))


def test_no_filter_is_all(people):
    selection = people.select(Filters())
    assert selection.allowed is None
    assert (selection.faces, selection.exclusions) == (10, ())


def test_a_selection_follows_the_gallery(people):
    assert people.select(Filters()).of_faces == 10
    assert len(people.select(Filters(recorded_sex=("male",))).allowed) == 6
    people.remove_subject("cal")
    assert people.select(Filters()).of_faces == 8
    assert len(people.select(Filters(recorded_sex=("male",))).allowed) == 4


def test_recorded_sex_keeps_the_unknown(people):
    assert kept(people, recorded_sex=("female",)) == ["ann", "bea", "eve"]
    assert kept(people, recorded_sex=("female",), keep_unknown=False) == ["ann", "bea"]


def test_regions_keep_the_unknown(people):
    assert kept(people, regions=("North",)) == ["ann", "cal", "dan", "eve"]
    assert kept(people, regions=("North", "South"), keep_unknown=False) == ["ann", "bea", "cal"]


def test_tags(people):
    assert kept(people, any_tags=("red", "green")) == ["ann", "bea"]
    assert kept(people, all_tags=("red", "blue")) == ["bea"]
    assert kept(people, all_tags=("red", "red")) == ["ann", "bea"]


def test_subjects(people):
    assert kept(people, subject_ids=("ann", "dan", "nobody")) == ["ann", "dan"]
    assert kept(people, not_subject_ids=("ann",)) == ["bea", "cal", "dan", "eve"]


def test_time_of_enrolment(people):
    now = datetime.now(UTC)
    assert len(kept(people, enrolled_from=now - timedelta(hours=1))) == 5
    assert kept(people, enrolled_from=now) == []
    assert kept(people, enrolled_before=now - timedelta(hours=1)) == []
    third = people.faces([5])[5].enrolled_at
    assert kept(people, enrolled_from=third) == ["cal", "dan", "eve"]


@pytest.mark.parametrize(
    ("on", "ages", "found"),
    [
        (date(2021, 6, 14), (5, 5), ["ann", "cal", "dan", "eve"]),
        (date(2021, 6, 15), (5, 5), ["eve"]),
        (date(2020, 12, 1), (6, 6), ["dan", "eve"]),
        (date(2020, 12, 1), (5, 5), ["ann", "cal", "dan", "eve"]),
        (date(2021, 6, 15), (6, None), ["ann", "bea", "cal", "dan", "eve"]),
        (date(2021, 6, 15), (7, None), ["bea", "eve"]),
        (date(2021, 6, 15), (None, 4), ["eve"]),
    ],
)
def test_age_is_in_completed_years_on_the_day(people, on, ages, found):
    """Dan was recorded as 5, so he was born between 16 June 2014 and 15 June 2015."""
    assert kept(people, min_age=ages[0], max_age=ages[1], age_on=on) == found


def test_age_unknown_can_be_left_out(people):
    rules = {"min_age": 0, "age_on": date(2021, 1, 1), "keep_unknown": False}
    assert kept(people, **rules) == ["ann", "bea", "cal", "dan"]


def test_each_filter_counts_what_it_left_out_and_what_it_cannot_tell(people):
    filters = Filters(recorded_sex=("female",), regions=("North",))
    sex, region = people.select(filters).exclusions
    assert (sex.name, sex.excluded_faces, sex.excluded_subjects) == ("recorded_sex", 4, 2)
    assert (sex.unknown_faces, sex.unknown_subjects) == (2, 1)
    assert (region.name, region.excluded_faces, region.excluded_subjects) == ("regions", 2, 1)
    assert (region.unknown_faces, region.unknown_subjects) == (4, 2)
    assert str(region) == (
        "regions (North): 2 faces of 1 subject left out; 4 faces of 2 unknown, kept"
    )


@pytest.mark.parametrize(
    ("filters", "value"),
    [
        (Filters(recorded_sex=("male", "female")), "female, male"),
        (Filters(max_age=6, age_on=date(2021, 6, 15)), "0 to 6 on 2021-06-15"),
        (Filters(min_age=5, max_age=5, age_on=date(2021, 6, 15)), "5 to 5 on 2021-06-15"),
        (Filters(min_age=5, age_on=date(2021, 6, 15)), "5 or older on 2021-06-15"),
        (Filters(regions=("South", "North")), "North, South"),
        (Filters(any_tags=("red",)), "red"),
        (Filters(all_tags=("red", "blue", "red")), "blue, red"),
        (Filters(enrolled_from=datetime(2021, 1, 2, 3, tzinfo=UTC)), "2021-01-02 03:00:00+00:00"),
        (Filters(subject_ids=("eve", "ann")), "ann, eve"),
        (Filters(not_subject_ids=("ann",)), "ann"),
    ],
)
def test_each_filter_says_what_it_was_asked_for(people, filters, value):
    (exclusion,) = people.select(filters).exclusions
    assert exclusion.value == value


def test_without_the_unknown_they_are_counted_as_left_out(people):
    (sex,) = people.select(Filters(recorded_sex=("male",), keep_unknown=False)).exclusions
    assert (sex.excluded_subjects, sex.unknown_subjects, sex.kept_unknown) == (3, 1, False)


def test_a_search_among_the_selected_returns_only_those(people):
    selection = people.select(Filters(recorded_sex=("male",), keep_unknown=False))
    scores, ids = people.nearest(VECTORS[:3], 6, selection.allowed)
    assert set(ids.ravel().tolist()) == {5, 6, 7, 8, -1}
    assert np.isneginf(scores[ids == -1]).all()


def test_a_selection_of_none_finds_none(people):
    selection = people.select(Filters(subject_ids=("nobody",)))
    assert selection.faces == 0
    assert (people.nearest(VECTORS[:1], 3, selection.allowed)[1] == -1).all()


@pytest.mark.parametrize(
    "rules",
    [
        {"min_age": 3},
        {"min_age": 5, "max_age": 4, "age_on": date(2020, 1, 1)},
        {"min_age": -1, "age_on": date(2020, 1, 1)},
        {"enrolled_from": datetime(2020, 1, 1)},
    ],
)
def test_rules_that_make_no_sense_are_refused(rules):
    with pytest.raises(InputError):
        Filters(**rules)


@given(
    born=st.dates(date(1990, 1, 1), date(2020, 12, 31)),
    on=st.dates(date(2021, 1, 1), date(2040, 12, 31)),
)
def test_completed_years_by_date_text_are_those_by_calendar(born, on):
    completed = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    assert _years_before(on, completed + 1) < born.isoformat() <= _years_before(on, completed)


@pytest.mark.parametrize(
    "name", ["regions", "any_tags", "all_tags", "subject_ids", "not_subject_ids"]
)
def test_one_text_stands_for_itself_and_not_for_its_letters(filled, name):
    (given,) = getattr(Filters(**{name: "subject-0003"}), name)
    assert given == "subject-0003"
    one, many = (filled.select(Filters(**{name: value})) for value in (given, (given,)))
    np.testing.assert_array_equal(one.allowed, many.allowed)
    assert Filters(**{name: ["a", "b"]}) == Filters(**{name: ("a", "b")})


def test_one_sex_stands_for_itself(filled):
    selection = filled.select(Filters(recorded_sex="unknown"))
    assert selection.subjects == filled.select(Filters(recorded_sex=("unknown",))).subjects


@pytest.mark.parametrize("sex", ["femal", ("female", "f"), ["x"]])
def test_a_sex_that_is_none_is_refused(sex):
    with pytest.raises(InputError, match="must be among female, male, other, unknown"):
        Filters(recorded_sex=sex)


@pytest.mark.parametrize("given", [7, (7,), None, b"bytes", (None,)])
def test_what_is_no_text_is_refused(given):
    with pytest.raises(InputError, match="must be texts"):
        Filters(regions=given)


def test_one_identifier_stands_for_itself_everywhere(filled):
    assert list(filled.faces_of("subject-0003")) == ["subject-0003"]
    assert filled.remove_subjects("subject-0003") == 4
    with pytest.raises(InputError, match="tags"):
        filled.update_subject(Subject("subject-0001", tags="abc"))
