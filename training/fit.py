"""Training: a student sees degraded, moved and grown faces, and learns its teacher's vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from matcher.embedding.networks.quantised import State
from training.sources import ADULT
from training.teacher import Crops, pixels_of
from training.views import Sight, view

_WARM_UP = 100  # steps
_LEAST = 0.02  # share of the learning rate that is left at the end
_LONGEST_GRADIENT = 1.0
_DECAY = 1e-4


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights, except the photos and the versions of the libraries.

    Parameters
    ----------
    steps, mobile_steps, batch
        Number of batches for dlib's network and for MobileNet, and number of views in a batch.
    rate
        Largest learning rate of AdamW, as a share of the root mean square of each tensor. The root
        mean squares of this network differ eighty-fold. The rate warms up over 100 steps and falls
        as a cosine.
    temperature
        Temperature of the softmax over all people of the training set.
    teacher_weight
        Weight of the distance to the teacher's vector, against the loss for telling people apart.
    young_weight
        How many times as often as other faces a young face is drawn.
    averaging
        Decay of the running mean of the weights. This mean is the result.
    seed
        Seed of everything that is drawn.
    """

    steps: int = 2800
    mobile_steps: int = 400
    batch: int = 64
    rate: float = 2.5e-3
    temperature: float = 0.06
    teacher_weight: float = 3.0
    young_weight: float = 2.0
    averaging: float = 0.998
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Faces:
    """The training data.

    Parameters
    ----------
    crops
        uint8 (n, 150, 150, 3), each with a face.
    subjects
        int64 (n,), equal for photos of one person.
    bands
        int64 (n,), age bands as in `training.sources`.
    """

    crops: Crops
    subjects: NDArray[np.int64]
    bands: NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """Mean losses since the last report: telling people apart, and distance to the teacher."""

    number: int
    apart: float
    distance: float


def fit(
    network: nn.Module,
    faces: Faces,
    vectors: NDArray[np.float32],
    recipe: Recipe,
    *,
    sight: Sight,
    workers: int,
    on_report: Callable[[Step, State], None],
    every: int = 50,
) -> State:
    """Train `network` and return the running mean of its weights.

    The number of workers does not change the views.

    Parameters
    ----------
    network
        Returns unit vectors, (n, d), for input of `pixels_of`. Parameters that need no gradient
        stay as they are.
    vectors
        float32 (n, d): the teacher's vectors of the clean crops, of unit length.
    sight
        How degraded the views are.
    workers
        Number of processes that make views. With 0, this process makes them.
    on_report
        Called every `every` steps with the losses and the running mean so far.
    """
    torch.manual_seed(recipe.seed)
    network.train()
    optimiser = torch.optim.AdamW(_groups(network, recipe.rate), weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, recipe.steps))
    wanted, subjects = torch.from_numpy(vectors), torch.from_numpy(faces.subjects)
    mean = {name: value.clone() for name, value in network.state_dict().items()}
    views = DataLoader(_Views(faces, recipe, sight), batch_size=None, num_workers=workers)
    losses = []
    for step, (rows, crops) in enumerate(views, start=1):
        outputs = network(crops)
        apart = _apart(outputs, rows, wanted, subjects, recipe.temperature)
        distance = (1.0 - (outputs * wanted[rows]).sum(dim=1)).mean()
        optimiser.zero_grad()
        torch.autograd.backward(apart + recipe.teacher_weight * distance)
        torch.nn.utils.clip_grad_norm_(_learning(network), _LONGEST_GRADIENT)
        optimiser.step()
        schedule.step()
        _average(mean, network.state_dict(), min(recipe.averaging, step / (step + 10)))
        losses.append((apart.item(), distance.item()))
        if step % every == 0 or step == recipe.steps:
            on_report(Step(step, *np.mean(losses, axis=0).tolist()), mean)
            losses.clear()
    return mean


def _groups(network: nn.Module, rate: float) -> list[dict[str, object]]:
    return [
        {"params": [tensor], "lr": rate * float(tensor.detach().square().mean().sqrt())}
        for tensor in _learning(network)
    ]


def _learning(network: nn.Module) -> list[nn.Parameter]:
    return [tensor for tensor in network.parameters() if tensor.requires_grad]


def _apart(
    vectors: Tensor, rows: Tensor, wanted: Tensor, subjects: Tensor, temperature: float
) -> Tensor:
    """Return the loss of naming each view's person among all people of the training set.

    The loss is the cross-entropy of a softmax over the teacher's vectors of all photos. If a person
    has several photos, their log-probabilities are averaged (Khosla et al. 2020, the loss "out").
    """
    log_shares = functional.log_softmax(vectors @ wanted.T / temperature, dim=1)
    same_person = (subjects[rows][:, None] == subjects[None]).float()
    return -((log_shares * same_person).sum(dim=1) / same_person.sum(dim=1)).mean()


def _pace(step: int, steps: int) -> float:
    falling = 0.5 * (1.0 + np.cos(np.pi * step / steps))
    return float(min(1.0, (step + 1) / _WARM_UP) * max(_LEAST, falling))


def _average(mean: State, now: State, decay: float) -> None:
    with torch.no_grad():
        for name, value in now.items():
            mean[name].lerp_(value, 1.0 - decay)


class _Views(Dataset[tuple[Tensor, Tensor]]):
    """The photos that are drawn for each batch, and the student's views of them."""

    def __init__(self, faces: Faces, recipe: Recipe, sight: Sight) -> None:
        self._faces = faces
        self._recipe = recipe
        self._sight = sight
        shares = np.where(faces.bands < ADULT, recipe.young_weight, 1.0)
        self._shares = shares / shares.sum()

    def __len__(self) -> int:
        return self._recipe.steps

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        if step >= len(self):
            raise IndexError(step)
        rng = np.random.default_rng([self._recipe.seed, step])
        count = len(self._shares)
        rows = rng.choice(count, min(self._recipe.batch, count), replace=False, p=self._shares)
        crops = np.stack([view(self._faces.crops[row], rng, self._sight) for row in rows])
        return torch.from_numpy(rows), pixels_of(crops)
