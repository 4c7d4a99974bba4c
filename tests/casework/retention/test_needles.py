"""Bytes are found in every form and at every place, and vectors wherever they are near."""

from __future__ import annotations

import html
import json
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_casework import unit

from matcher.casework.retention import needles
from matcher.casework.retention.needles import needles_for, needles_of_vectors, search_files
from matcher.casework.retention.vectors import TOLERANCE, same_as
from matcher.testing import random_unit_vectors

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=4, max_size=20)


@given(NAMES, st.binary(max_size=50), st.binary(max_size=50))
def test_a_name_is_found_in_each_form(
    tmp_path_factory: pytest.TempPathFactory, name: str, before: bytes, after: bytes
) -> None:
    forms = (
        name.encode(),
        json.dumps(name)[1:-1].encode(),
        html.escape(name).encode(),
        quote(name.encode()).encode(),
        name.encode("utf-16-le"),
    )
    place = tmp_path_factory.mktemp("forms") / "file"
    for form in forms:
        place.write_bytes(before + form + after)
        found = search_files([place], needles_for("identifier", [name])).found
        assert [one.what for one in found] == ["identifier"]


@given(st.binary(max_size=300))
def test_what_is_not_there_is_not_found(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    place = tmp_path_factory.mktemp("none") / "file"
    place.write_bytes(content.replace(b"child", b""))
    assert search_files([place], needles_for("identifier", ["child-7"])).found == ()


@pytest.mark.parametrize("shift", range(-24, 14))
def test_nothing_hides_between_two_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: int
) -> None:
    monkeypatch.setattr(needles, "_BLOCK", 64)
    (tmp_path / "file").write_bytes(bytes(128 + shift) + b"child-0071" + bytes(40))
    one = search_files([tmp_path / "file"], needles_for("identifier", ["child-0071"]))
    assert [each.count for each in one.found] == [1]
    other = search_files(
        [tmp_path / "file"], needles_for("identifier", ["child-007"], ["child-0071"])
    )
    assert other.found == ()


def test_a_part_of_a_longer_name_counts_only_outside_of_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"child-1\0child-12\0child-123")
    looked = needles_for("identifier", ["child-1"], ["child-12", "child-123", "other"])
    (found,) = search_files([tmp_path / "file"], looked).found
    assert found.count == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    searched = search_files([tmp_path / "none"], needles_for("identifier", ["child-7"]))
    assert searched.not_read == (tmp_path / "none",)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.txt").write_text("child-7")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out.txt")
    assert list(needles.files_below([tmp_path / "in"])) == []


def test_a_vector_is_found_by_its_first_numbers(tmp_path: Path) -> None:
    vectors = random_unit_vectors(3, 16, seed=1)
    (tmp_path / "file").write_bytes(b"x" + vectors[1].astype("<f4").tobytes())
    assert len(search_files([tmp_path / "file"], needles_of_vectors([vectors])).found) == 1
    assert search_files([tmp_path / "file"], needles_of_vectors([vectors[:1]])).found == ()


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-7, 9e-7, 2e-6, 1e-5, 1e-3]))
def test_vectors_within_a_millionth_are_the_same(seed: int, shift: float) -> None:
    """By the definition, number by number, in double precision."""
    rows = random_unit_vectors(20, 16, seed=seed)
    chance = np.random.default_rng(seed)
    moved = rows[5:8].astype(np.float64) + chance.uniform(-shift, shift, (3, 16))
    erased = np.stack([unit(one) for one in moved]).astype(np.float32)
    truth = np.abs(rows[:, None, :] - erased[None]).max(axis=2).min(axis=1) <= TOLERANCE
    np.testing.assert_array_equal(same_as(rows, [erased]), truth)
    assert not same_as(rows, []).any()
