"""The line between degraded and undegraded faces, fitted to views of the training faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import nn

from matcher.embedding.networks.quantised import State
from matcher.embedding.networks.youth_network import degradation_signs
from training.teacher import Crops, in_batches
from training.views import Sight, degraded, moved

LOW_RESOLUTION_VIEWS = Sight(18.0, 64.0, clear_share=0.0)
"""Views of these sizes count as degraded."""

TAKEN_FOR_WORN = 0.01
"""Share of undegraded faces that lie on the degraded side."""

_PENALTY = 10.0  # on the squared weights, for signs of unit variance

Signs = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DegradationLine:
    """The line: `signs @ weights + bias` is positive for a face on the degraded side."""

    weights: Signs
    bias: float

    def state(self) -> State:
        """Return the weights of `YouthResnet.wear`."""
        return {
            "weight": torch.from_numpy(self.weights[None]).float(),
            "bias": torch.tensor([self.bias]),
        }


def fit_degradation_line(
    clear: nn.Module, degraded_expert: nn.Module, crops: Crops, *, faces: int, seed: int
) -> DegradationLine:
    """Draw faces, see each undegraded and degraded, and find the line between both.

    Three of four faces are used for a logistic regression. The bias then follows from the other
    faces, which are seen undegraded.

    Parameters
    ----------
    clear, degraded_expert
        The two experts. They return unit vectors for input of `teacher.pixels_of`.
    crops
        uint8 (n, size, size, 3), as the experts see them, each with a face.
    faces
        Number of faces to draw, at most n.
    seed
        Seed of everything that is drawn.
    """
    rng = np.random.default_rng([seed, faces])
    drawn = rng.permutation(len(crops))[:faces]
    undegraded = np.stack([moved(crops[row], rng) for row in drawn])
    small = np.stack([degraded(crops[row], rng, LOW_RESOLUTION_VIEWS) for row in drawn])
    signs = _signs_by(clear, degraded_expert)
    fitted = len(drawn) - len(drawn) // 4
    line = _line_between(signs(undegraded[:fitted]), signs(small[:fitted]))
    others = undegraded[fitted:]
    scores = signs(others) @ line.weights
    return DegradationLine(line.weights, -float(np.quantile(scores, 1 - TAKEN_FOR_WORN)))


def _signs_by(*networks: nn.Module) -> Callable[[Crops], Signs]:
    experts = [expert.eval().to(memory_format=torch.channels_last) for expert in networks]

    def signs(crops: Crops) -> Signs:
        return in_batches(
            lambda seen: degradation_signs(*(expert(seen) for expert in experts)), crops
        )

    return signs


def _line_between(undegraded: Signs, small: Signs) -> DegradationLine:
    """Return the logistic regression of the views. Both sides weigh the same."""
    signs = np.vstack([undegraded, small])
    mean, deviation = signs.mean(axis=0), signs.std(axis=0) + 1e-9
    table = np.column_stack([(signs - mean) / deviation, np.ones(len(signs))])
    is_degraded = np.repeat([0.0, 1.0], [len(undegraded), len(small)])

    def loss(line: Signs) -> tuple[float, Signs]:
        scores = table @ line
        shares = 1 / (1 + np.exp(-scores))
        slope = np.append(line[:-1], 0.0)
        missed = float((np.logaddexp(0.0, scores) - is_degraded * scores).sum())
        return (
            missed + _PENALTY / 2 * float(slope @ slope),
            table.T @ (shares - is_degraded) + _PENALTY * slope,
        )

    line = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B").x
    weights = line[:-1] / deviation
    return DegradationLine(weights, float(line[-1] - mean @ weights))
