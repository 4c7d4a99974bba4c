"""The published SFace, read from its file."""

from __future__ import annotations

import drawn_sface
import numpy as np
import onnxruntime
import pytest
import torch
from made_pictures import pictures
from numpy.typing import NDArray
from PIL import Image

from matcher.embedding import get_record
from matcher.embedding.models import DLIB_150
from training.sface import read_sface
from training.teacher import pixels_of


@pytest.fixture(scope="module")
def data() -> bytes:
    return drawn_sface.drawn()


def seen_and_said(data: bytes, crops: NDArray[np.uint8]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the pixels, 0 to 255, that the network looks at of crops, and its raw vectors."""
    network = read_sface(data).eval()
    seen: list[torch.Tensor] = []
    network.first.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.inference_mode():
        said = network(pixels_of(crops))
    return seen[0] * 128 + 127.5, said


def test_it_says_what_the_graph_says(data: bytes) -> None:
    seen, said = seen_and_said(data, pictures(2, 150))
    graph = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (wanted,) = graph.run(None, {"data": seen.numpy()})
    assert said.shape == (2, 128)
    assert wanted.std() > 0.01
    np.testing.assert_allclose(said.numpy(), wanted, atol=1e-4)


def test_it_looks_where_the_similarity_says(data: bytes) -> None:
    """Pillow moves the same pixels to the same places."""
    crops = pictures(2, 150)
    seen, _ = seen_and_said(data, crops)
    from_there = (1 / 0.66, 0, -6.5 / 0.66, 0, 1 / 0.66, -22.3 / 0.66)
    for crop, pixels in zip(crops, seen, strict=True):
        moved = Image.fromarray(crop).transform(
            (112, 112), Image.Transform.AFFINE, from_there, Image.Resampling.BILINEAR
        )
        inside = np.s_[25:, 10:102]
        ours = pixels.permute(1, 2, 0).numpy()[inside]
        assert (
            np.abs(ours - np.asarray(moved, np.float32)[inside]).max() < 1.01
        )  # Pillow rounds down


def test_crops_show_landmarks_where_the_network_was_trained_to_see_them() -> None:
    ours = np.array(DLIB_150.points) * 0.66 + (6.5, 22.3)
    theirs = np.array(get_record("sface").crop.points)
    assert np.abs(ours - theirs).max() < 2.0  # pixels of 112


def test_what_a_crop_does_not_hold_is_black(data: bytes) -> None:
    seen, _ = seen_and_said(data, np.full((1, 150, 150, 3), 255, np.uint8))
    assert seen.shape == (1, 3, 112, 112)
    assert torch.allclose(seen[..., :20, :], torch.tensor(0.0), atol=1e-3)
    assert torch.allclose(seen[..., 30:, 10:100], torch.tensor(255.0), atol=1e-3)
