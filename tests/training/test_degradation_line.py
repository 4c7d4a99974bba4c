"""The line between worn and other faces."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_pictures import pictures

from matcher.embedding.networks.youth_network import DEGRADATION_SIGNS, whitened_resnet
from training.degradation_line import TAKEN_FOR_WORN, _line_between, fit_degradation_line
from training.teacher import pixels_of
from training.views import Sight, degraded


def test_the_line_separates_what_can_be_separated() -> None:
    rng = np.random.default_rng(3)
    undegraded = rng.normal(size=(400, 5)) * [1, 1, 1, 1, 100]
    small = rng.normal(size=(300, 5)) * [1, 1, 1, 1, 100] + [0, 4, 0, 0, 0]
    line = _line_between(undegraded, small)
    assert ((undegraded @ line.weights + line.bias) > 0).mean() < 0.05
    assert ((small @ line.weights + line.bias) > 0).mean() > 0.95
    assert np.argmax(np.abs(line.weights)) == 1


@pytest.mark.slow
def test_worn_views_lie_beyond_the_line_and_few_others_do() -> None:
    torch.manual_seed(1)
    clear, other = whitened_resnet().eval(), whitened_resnet().eval()
    crops = pictures(120, 150)
    wear = fit_degradation_line(clear, other, crops, faces=120, seed=0)
    assert wear.weights.shape == (DEGRADATION_SIGNS,)
    rng = np.random.default_rng(9)
    small = np.stack([degraded(crop, rng, Sight(18, 30, 0)) for crop in crops])

    def share(view: np.ndarray) -> float:
        with torch.inference_mode():
            one, two = clear(pixels_of(view)), other(pixels_of(view))
            signs = torch.cat((one, two, (one * two).sum(1, keepdim=True)), 1).double().numpy()
        return float((signs @ wear.weights + wear.bias > 0).mean())

    assert share(small) > share(crops) + 0.3
    assert share(crops) < 10 * TAKEN_FOR_WORN


def test_the_same_seed_draws_the_same_line() -> None:
    network = whitened_resnet()
    crops = pictures(8, 150)
    one, same, other = (
        fit_degradation_line(network, network, crops, faces=8, seed=seed) for seed in (4, 4, 5)
    )
    np.testing.assert_allclose(one.weights, same.weights, atol=1e-9)
    assert not np.allclose(one.weights, other.weights)
