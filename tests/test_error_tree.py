"""Errors carry their facts, survive a process boundary, and are caught by their builtin names."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from matcher import errors
from matcher.errors import MatcherError

ALL = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, MatcherError)
]


def _make(kind: type[MatcherError]) -> MatcherError:
    return kind("the thing", rule="must be so", got=3, next_step="Do this.", path=Path("a/b"))


@pytest.mark.parametrize("kind", ALL)
def test_the_message_holds_what_rule_got_and_next_step(kind: type[MatcherError]) -> None:
    error = _make(kind)
    assert str(error) == "the thing (a/b): must be so; got 3. Do this."
    assert (error.what, error.rule, error.got, error.next_step) == (
        "the thing",
        "must be so",
        3,
        "Do this.",
    )


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.InputError, ValueError),
        (errors.PhotoNotFoundError, FileNotFoundError),
        (errors.UnknownModelError, KeyError),
        (errors.GalleryExistsError, FileExistsError),
        (errors.UnknownSubjectError, KeyError),
        (errors.MissingExtraError, ImportError),
    ],
)
def test_the_builtin_name_catches_it_too(
    kind: type[MatcherError], builtin: type[Exception]
) -> None:
    with pytest.raises(builtin):
        raise _make(kind)


def _raise_in_worker(number: int) -> None:
    raise _make(ALL[number])


@pytest.mark.parametrize("number", [0, ALL.index(errors.UnknownSubjectError)])
def test_an_error_of_a_worker_process_arrives_with_its_facts(number: int) -> None:
    with (
        multiprocessing.get_context("spawn").Pool(1) as pool,
        pytest.raises(ALL[number], match="must be so") as caught,
    ):
        pool.apply(_raise_in_worker, (number,))
    assert caught.value.next_step == "Do this."
