"""The pages of facts name what the code has: every exit code, command, column and field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from matcher.cli.app import Exit, app
from matcher.cli.enrol import _COLUMNS as REPORT_COLUMNS
from matcher.enrolment import DateUse
from matcher.enrolment.manifest import COLUMNS as MANIFEST_COLUMNS
from matcher.enrolment.pipeline import Status
from matcher.exchange.hash_export import COLUMNS as HASH_COLUMNS
from matcher.gallery import Exclusion, PhotoRecord, Subject
from matcher.photos import DecodeLimits
from matcher.search import Candidate, CandidateList, CandidatePhoto, ProbeFacts
from matcher.search.calibration import CalibrationUse
from matcher.search.candidates import COLUMNS as LEAD_COLUMNS
from matcher.video import VideoLimits
from matcher.video.container import CODECS
from matcher.video.track import COLUMNS as TRACK_COLUMNS

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"


def _page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def _named(name: str) -> set[str]:
    """Return what a page sets in backticks."""
    return set(re.findall(r"`([^`\n]+)`", _page(name)))


def _field_names(*kinds: Any) -> set[str]:
    return {field.name for kind in kinds for field in fields(kind)}


def _commands(command: Any, name: str = "") -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name
        return
    for word, one in inner.items():
        if not one.hidden:
            yield from _commands(one, f"{name} {word}".strip())


def test_every_exit_code_has_a_meaning() -> None:
    rows = re.findall(r"^\| (\d+(?:, \d+)*) \|", _page("exit-codes"), re.MULTILINE)
    assert {int(code) for row in rows for code in row.split(", ")} == {2, *Exit}


def test_every_command_says_when_it_ends_with_1() -> None:
    known = {name.removesuffix(" run") if name == "serve run" else name for name in _leaves()}
    assert known - _named("exit-codes") == set()


def _leaves() -> set[str]:
    return set(_commands(typer.main.get_command(app)))


def test_every_field_of_a_list_is_named() -> None:
    kinds = (CandidateList, Candidate, CandidatePhoto, ProbeFacts)
    more = (Exclusion, CalibrationUse, PhotoRecord, Subject)
    inside = {name.rpartition(".")[2] for name in _named("search-results")}
    lacking = {"probe", *LEAD_COLUMNS, *_field_names(*kinds, *more)} - inside
    assert lacking == set()


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("manifest-columns", MANIFEST_COLUMNS),
        ("outcomes", (*REPORT_COLUMNS, *get_args(DateUse), *get_args(Status))),
        ("photo-formats-and-limits", _field_names(DecodeLimits)),
        ("video-files", (*TRACK_COLUMNS, *_field_names(VideoLimits))),
        ("hash-lists-and-vics", HASH_COLUMNS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_page_of_facts_is_whole(page: str, names: tuple[str, ...]) -> None:
    assert set(names) - _named(page) == set()


def test_every_codec_is_named() -> None:
    listed = _page("video-files").replace("msmpeg4v1 to v3", "msmpeg4v1, msmpeg4v2, msmpeg4v3")
    listed = listed.replace("wmv1 to wmv3", "wmv1, wmv2, wmv3")
    assert [codec for codec in CODECS if not re.search(rf"\b{codec}\b", listed)] == []
