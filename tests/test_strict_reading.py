"""What the one reader of JSON and TOML takes, and what it refuses."""

from __future__ import annotations

import json
import math
import random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness import strict_reading as of_fairness
from matcher import strict_reading as of_matcher

READERS = pytest.mark.parametrize("reader", [of_matcher, of_fairness], ids=["matcher", "fairness"])
WHOLE = st.integers(-(2**63), 2**63 - 1)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | WHOLE
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@given(value=VALUES)
def test_what_json_writes_is_read(value: Any) -> None:
    try:
        text = json.dumps(value)
        text.encode()
    except UnicodeEncodeError:
        return
    for reader in (of_matcher, of_fairness):
        if "\\ud" not in text:
            assert reader.read_json(text) == value


HOSTILE = {
    "nothing": b"",
    "half": b'{"a": 1',
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "minus Infinity": b"[-Infinity]",
    "a float beyond all": b"[1e999]",
    "a whole number beyond 64 bits": b"[9223372036854775808]",
    "a whole number of many digits": b"[" + b"9" * 10_000 + b"]",
    "a name twice": b'{"a": 1, "a": 1}',
    "a name twice inside": b'[{"b": {"a": 1, "a": 1}}]',
    "nested lists": b"[" * 200_000,
    "nested lists that end": b"[" * 34 + b"]" * 34,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a lone surrogate": b'["\\ud800"]',
    "a lone surrogate as a name": b'{"\\udfff": 1}',
    "not UTF-8": b'["\xff"]',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf[]",
    "more after it": b"[] []",
}


@READERS
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_a_value_error(reader: ModuleType, name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        reader.read_json(HOSTILE[name])


HOSTILE_TOML = {
    "a float beyond all": b"a = 1e999",
    "a whole number beyond 64 bits": b"a = 9223372036854775808",
    "a key twice": b"a = 1\na = 2",
    "nested": b"a = " + b"[" * 100_000,
    "nested tables": b"a = " + b"{b = " * 50 + b"1" + b"}" * 50,
    "deep keys": b".".join([b"a"] * 60) + b" = 1",
    "not UTF-8": b'a = "\xff"',
}


@READERS
@pytest.mark.parametrize("name", HOSTILE_TOML)
def test_hostile_toml_is_a_value_error(reader: ModuleType, name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        reader.read_toml(HOSTILE_TOML[name])


@READERS
def test_words_of_toml_are_for_the_one_who_takes_the_number(reader: ModuleType) -> None:
    assert reader.read_toml(b"a = [-inf, +inf]") == {"a": [-math.inf, math.inf]}
    assert math.isnan(reader.read_toml(b"a = nan")["a"])


@READERS
def test_damaged_json_is_a_value_error_or_another_value(reader: ModuleType) -> None:
    text = json.dumps({"a": [1, 2.5, "x", None, True], "b": {"c": "é", "d": []}}).encode()
    chance = random.Random(5)
    for _ in range(3000):
        data = bytearray(text)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            reader.read_json(bytes(data))
        except ValueError:
            continue


@pytest.mark.parametrize("value", [True, "1", None, [1], 1.0, -1, 2**63])
def test_no_whole_number(value: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        of_matcher.whole_of(value)


@pytest.mark.parametrize("value", [True, "1", None, [1], math.nan, math.inf, 1.5, -0.5])
def test_no_number_in_the_range(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        of_matcher.number_of(value, 0, 1)
