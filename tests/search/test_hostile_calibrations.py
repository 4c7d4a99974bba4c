"""A calibration that is damaged or hostile is refused as it is read, or its figures are finite."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_calibration
import pytest

from matcher.errors import CalibrationError
from matcher.search import Calibration
from matcher.testing import FakeEmbedder

MODEL = FakeEmbedder(64).identity


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("calibration") / "record.json"
    return made_calibration.write(path, MODEL).read_text()


def use(path: Path) -> None:
    """Load and ask; any answer is finite."""
    calibration = Calibration.load(path)
    calibration.require_model(MODEL)
    for age in (None, 0.0, 6.5, 10.0, 40.0):
        if not calibration.covers(age):
            continue
        str(calibration.use(faces=100, age=age, max_fpir=0.1))
        calibration.largest_gallery(0.1, age=age)
        for score in (-1.0, 0.2, 1.0):
            assert math.isfinite(calibration.false_leads(score, faces=100, age=age).high)
            if age is not None:
                calibration.false_leads_across(score, faces=100, age=age, gap=3)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield a way to each part of a record, at most three of a list."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:3]):
            yield from places(inner, (*path, number))


def with_part(text: str, path: tuple[Any, ...], part: str) -> str:
    """Return the record with some JSON in the place of a part."""
    record = json.loads(text)
    if not path:
        return part
    inner = record
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = "HERE"
    return json.dumps(record).replace('"HERE"', part)


PARTS = (
    "NaN",
    "Infinity",
    "-1e999",
    "1e300",
    "-1",
    "true",
    "null",
    '"x"',
    "[]",
    "{}",
    "[[1]]",
    "9" * 5000,
    "[" * 100_000,
    '{"a": 1, "a": 2}',
)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part[:12])
def test_no_part_of_a_record_can_be_anything(text: str, tmp_path: Path, part: str) -> None:
    path = tmp_path / "record.json"
    for place in places(json.loads(text)):
        path.write_text(with_part(text, place, part))
        try:
            use(path)
        except CalibrationError:
            continue


def test_flipped_bits(text: str, tmp_path: Path) -> None:
    path, chance = tmp_path / "record.json", random.Random(1)
    data = text.encode()
    for _ in range(300):
        flipped = bytearray(data)
        flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            use(path)
        except CalibrationError:
            continue


@pytest.mark.parametrize(
    ("place", "part"),
    [
        (("bands", 0, "at_least"), "NaN"),
        (("bands", 0, "at_least"), "-1"),
        (("bands", 0, "below"), "Infinity"),
        (("bands", 0, "below"), "0"),
        (("bands", 0, "subjects"), "true"),
        (("bands", 0, "false_matches", "scores", 0), "-1e999"),
        (("bands", 0, "false_matches", "scores", 0), "-40"),
        (("bands", 0, "false_matches", "rate", 0), '"0.5"'),
        (("bands", 1, "at_least"), "5"),
        (("version",), "true"),
        ((), "[" * 100_000),
    ],
    ids=str,
)
def test_what_no_calibration_holds_is_refused(
    text: str, tmp_path: Path, place: tuple[Any, ...], part: str
) -> None:
    path = tmp_path / "record.json"
    path.write_text(with_part(text, place, part))
    with pytest.raises(CalibrationError, match=r"record\.json"):
        Calibration.load(path)
