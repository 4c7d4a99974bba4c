"""Contact sheets: every face in its place, under words that say what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from matcher.synthetic import SOURCE, CohortSpec, contact_sheet, render_photo, save_sheet
from matcher.synthetic.sheets import lay_out

THUMBNAIL, MARGIN, HEADING = 20, 12, 68


def flat(red: int, green: int) -> np.ndarray:
    return np.full((THUMBNAIL, THUMBNAIL, 3), (red, green, 200), np.uint8)


def strips(people: int, ages: int) -> list[list[np.ndarray]]:
    return [[flat(10 + 20 * row, 10 + 20 * age) for age in range(ages)] for row in range(people)]


@pytest.mark.parametrize(("people", "groups"), [(1, 1), (3, 1), (4, 2), (5, 3)])
def test_every_picture_lies_in_its_row_and_column(people: int, groups: int) -> None:
    ages = 3
    pictures = strips(people, ages)
    sheet = np.asarray(lay_out(pictures, "abc", thumbnail=THUMBNAIL, groups=groups))
    rows = -(-people // groups)
    strip = ages * THUMBNAIL
    assert sheet.shape == (
        HEADING + rows * THUMBNAIL + MARGIN,
        groups * strip + (groups + 1) * MARGIN,
        3,
    )
    for number, of_one in enumerate(pictures):
        top = HEADING + number // groups * THUMBNAIL
        left = MARGIN + number % groups * (strip + MARGIN)
        for age, picture in enumerate(of_one):
            start = left + age * THUMBNAIL
            tile = sheet[top : top + THUMBNAIL, start : start + THUMBNAIL]
            np.testing.assert_array_equal(tile, picture)
    coloured = (sheet[HEADING:] != 255).any(axis=2).sum()
    assert coloured == people * ages * THUMBNAIL**2


def test_labels_stand_above_their_columns() -> None:
    pictures = strips(1, 2)
    both, second = (
        np.asarray(lay_out(pictures, labels, thumbnail=THUMBNAIL).convert("L"))[40:HEADING] < 128
        for labels in (("8", "8"), ("", "8"))
    )
    middle = MARGIN + THUMBNAIL
    assert both[:, :middle].any()
    assert not second[:, :middle].any()
    np.testing.assert_array_equal(both[:, middle:], second[:, middle:])


def test_a_sheet_shows_the_photos_of_its_cohort() -> None:
    spec = CohortSpec(2, ages=(6, 30), size=64, seed=4)
    sheet = np.asarray(contact_sheet(spec, thumbnail=32, groups=2))
    photo = Image.fromarray(render_photo(spec, 1, 30).pixels)
    shown = sheet[HEADING : HEADING + 32, 2 * MARGIN + 64 + 32 : 2 * MARGIN + 64 + 64]
    np.testing.assert_array_equal(shown, photo.resize((32, 32), Image.Resampling.LANCZOS))


@pytest.mark.parametrize("name", ["sheet.webp", "sheet.png"])
def test_a_saved_sheet_says_that_it_is_rendered(tmp_path: Path, name: str) -> None:
    sheet = lay_out(strips(2, 2), ("4", "8"), thumbnail=THUMBNAIL)
    save_sheet(sheet, tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.size == sheet.size
        assert image.getexif()[0x010E] == SOURCE
