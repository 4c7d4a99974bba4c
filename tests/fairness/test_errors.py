"""Errors of the package: four facts in every message, one base, and faults that are counted."""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness import errors
from fairness.errors import (
    SHOWN,
    AuditError,
    CohortError,
    MissingExtraError,
    ScoresError,
    listed,
    require_none,
)


def kinds(base: type[AuditError] = AuditError) -> Iterator[type[AuditError]]:
    """The base and all its subclasses that this package defines."""
    yield base
    for kind in base.__subclasses__():
        if kind.__module__.startswith("fairness"):
            yield from kinds(kind)


def made(kind: type[AuditError], path: Path | None = None) -> AuditError:
    return kind("the ages", rule="are years", got="'ten'", next_step="Correct them.", path=path)


def faults(number: int) -> list[str]:
    return [f"photo {place:02d} is blank" for place in range(number)]


@pytest.mark.parametrize("kind", list(kinds()))
def test_the_message_holds_the_four_facts_and_the_file(kind: type[AuditError]) -> None:
    assert str(made(kind)) == "the ages: are years; got 'ten'. Correct them."
    at = Path("cohort") / "manifest.csv"
    assert str(made(kind, at)) == f"the ages ({at}): are years; got 'ten'. Correct them."


@given(st.text(), st.text(), st.one_of(st.text(), st.integers(), st.none()), st.text())
def test_nothing_that_was_said_is_lost(what: str, rule: str, got: object, next_step: str) -> None:
    error = ScoresError(what, rule=rule, got=got, next_step=next_step)
    facts = [what, rule, str(got), next_step]
    message, start = str(error), 0
    for fact in facts:
        start = message.index(fact, start) + len(fact)
    assert (error.what, error.rule, error.got, error.next_step) == (what, rule, got, next_step)
    assert error.path is None
    assert len(message) == sum(map(len, facts)) + len(": ; got . ")


@pytest.mark.parametrize("kind", list(kinds()))
def test_every_error_can_be_caught_as_one_of_a_value(kind: type[AuditError]) -> None:
    with pytest.raises(ValueError, match="Correct them") as caught:
        raise made(kind)
    assert isinstance(caught.value, AuditError)


def test_there_are_these_errors_and_the_module_names_them() -> None:
    names = [kind.__name__ for kind in kinds()]
    assert set(names) == {
        "AuditError",
        "CohortError",
        "ScoresError",
        "BoundsError",
        "CalibrationError",
        "MissingExtraError",
    }
    assert errors.__doc__ is not None
    assert all(name in errors.__doc__ for name in names)


def test_a_missing_package_can_be_caught_as_a_failed_import() -> None:
    with pytest.raises(ImportError):
        raise made(MissingExtraError)
    assert [kind for kind in kinds() if issubclass(kind, ImportError)] == [MissingExtraError]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1 fault: photo 00 is blank"),
        (2, "2 faults: photo 00 is blank; photo 01 is blank"),
        (10, "10 faults: " + "; ".join(faults(10))),
        (11, "11 faults: " + "; ".join(faults(10)) + "; and 1 more"),
    ],
)
def test_the_first_ten_faults_are_named(number: int, text: str) -> None:
    assert listed(faults(number)) == text


@given(st.integers(1, 60))
def test_all_faults_are_counted_and_ten_of_them_named(number: int) -> None:
    with pytest.raises(CohortError) as caught:
        require_none(iter(faults(number)), what="photos", rule="show faces", next_step="Look.")
    message = str(caught.value)
    assert f"got {number} fault" in message
    assert [fault in message for fault in faults(number)] == [
        place < SHOWN for place in range(number)
    ]
    assert (f"and {number - SHOWN} more" in message) == (number > SHOWN)
    assert caught.value.got == listed(faults(number))


def test_the_error_for_faults_has_the_facts_that_were_given() -> None:
    at = Path("manifest.csv")
    with pytest.raises(CohortError) as caught:
        require_none(["a", "b"], what="rows", rule="have a photo", next_step="Fill it.", path=at)
    assert str(caught.value) == f"rows ({at}): have a photo; got 2 faults: a; b. Fill it."
    assert (caught.value.what, caught.value.path) == ("rows", at)


@pytest.mark.parametrize("nothing", [[], (), iter(())])
def test_without_faults_nothing_is_raised_and_nothing_listed(
    nothing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(errors, "listed", calls.append)
    require_none(nothing, what="photos", rule="show faces", next_step="Look.")
    assert calls == []


@pytest.mark.parametrize("kind", list(kinds()))
def test_an_error_comes_back_from_another_process_with_its_facts(kind: type[AuditError]) -> None:
    error = made(kind, Path("cohort.csv"))
    again = copy.copy(error)  # by `__reduce__`, as pickle does
    assert type(again) is kind
    assert str(again) == str(error)
    assert (again.what, again.rule, again.got, again.next_step, again.path) == error.args
