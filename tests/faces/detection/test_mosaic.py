"""Pictures that share a sheet give what each gives alone."""

import numpy as np
import pytest
import torch
from facenet_pytorch import PNet
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import pad

from matcher.faces.detection.mosaic import (
    BORDER,
    HIGHEST,
    SIDES_STEP,
    STRIDE,
    WIDEST,
    laid_out,
    windows,
)
from matcher.faces.detection.networks import FirstNetwork

sizes = st.lists(st.tuples(st.integers(8, 500), st.integers(8, 500)), max_size=30)


@given(sizes)
def test_each_picture_has_one_tile_with_its_border(sizes):
    tiles = [tile for sheet in laid_out(sizes) for tile in sheet.tiles]
    assert sorted(tile.picture for tile in tiles) == list(range(len(sizes)))
    for tile in tiles:
        width, height = sizes[tile.picture]
        assert tile.width - width - 2 * BORDER in (0, 1)
        assert tile.height - height - 2 * BORDER in (0, 1)
        assert not any(side % STRIDE for side in (tile.left, tile.top, tile.width, tile.height))


@given(sizes)
def test_tiles_lie_on_their_sheet_and_not_on_each_other(sizes):
    for sheet in laid_out(sizes):
        covered = np.zeros((sheet.height, sheet.width), int)
        for tile in sheet.tiles:
            part = covered[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
            assert part.shape == (tile.height, tile.width)
            part += 1
        assert covered.max() == 1


@given(sizes)
def test_sheets_have_few_sizes_and_are_no_larger_than_needed(sizes):
    for sheet in laid_out(sizes):
        assert not sheet.width % SIDES_STEP
        assert not sheet.height % SIDES_STEP
        assert sheet.width <= max(WIDEST, max(width for width, _ in sizes) + 2 * BORDER + 32)
        assert sheet.height <= max(HIGHEST, max(height for _, height in sizes) + 2 * BORDER + 32)


@given(sizes)
def test_every_window_belongs_to_the_tile_that_holds_it_whole(sizes):
    for sheet in laid_out(sizes):
        owners = sheet.tile_of_windows()
        for i, tile in enumerate(sheet.tiles):
            assert (owners == i).sum() == windows(tile.width) * windows(tile.height)
            rows, columns = np.nonzero(owners == i)
            assert (rows.min() * STRIDE, columns.min() * STRIDE) == (tile.top, tile.left)


def test_no_pictures_need_no_sheet():
    assert laid_out([]) == []


def first_network():
    return PNet().eval().requires_grad_(False)


def without_softmax(network, level):
    """Return the outputs of PNet; the difference of two evidences is what its softmax sees."""
    network.softmax4_1 = torch.nn.Identity()
    return network(level)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(8, 90), st.integers(8, 90)), min_size=1, max_size=6))
def test_a_picture_gives_the_same_outputs_beside_others_and_alone(sizes):
    rng = np.random.default_rng(len(sizes))
    pictures = [rng.integers(0, 256, (height, width, 3), np.uint8) for width, height in sizes]
    quick = FirstNetwork(first_network())
    for sheet in laid_out(sizes):
        pixels = torch.from_numpy(sheet.drawn(pictures)).permute(2, 0, 1)[None]
        owners = sheet.tile_of_windows()
        outputs = quick(pixels)
        for i, tile in enumerate(sheet.tiles):
            level = torch.from_numpy(pictures[tile.picture]).permute(2, 0, 1)[None].float()
            width, height = sizes[tile.picture]
            sides = (BORDER, tile.width - width - BORDER, BORDER, tile.height - height - BORDER)
            alone = without_softmax(first_network(), pad((level - 127.5) / 128, sides))
            for on_sheet, expected in zip(outputs, alone, strict=True):
                seen = on_sheet[0, :, torch.from_numpy(owners == i)]
                torch.testing.assert_close(seen, expected[0].flatten(1), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("size", [(12, 12), (97, 56), (320, 384)])
def test_the_first_network_returns_what_pnet_returns(size):
    sheet = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0)) - 0.5
    expected = without_softmax(first_network(), sheet)
    for quick, slow in zip(FirstNetwork(first_network())(sheet), expected, strict=True):
        torch.testing.assert_close(quick, slow, atol=1e-5, rtol=1e-5)
