"""The change of a person with age: stages of growth, and offsets that appear, fade and drift."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

YOUNGEST, OLDEST = 2.0, 60.0
"""Youngest and oldest age in years for which a face can be made."""

_KNOTS = np.linspace(math.log(3.0), math.log(64.0), 9)
_WIDTH = 0.42
"""Width in log-years of the bumps that make up the drift. The drift at 4 years and the drift at 8
years have a correlation of 0.61."""


def stage_weights(age: float, male: bool, timing: float = 0.0) -> dict[str, float]:
    """Return the weights of the mesh's four stages of life. They sum to 1.

    The mesh's stages are at about 1, 10, 25 and 90 years. A child's share falls exponentially. The
    adult's share rises along a logistic curve through puberty, which comes about 1.5 years later in
    boys. Both curves are smooth, so that a face grows without a kink.

    Parameters
    ----------
    age
        Age in years.
    male
        Whether puberty comes at the male or the female average age.
    timing
        Years by which this person's puberty is late.
    """
    puberty = (14.2 if male else 12.7) + timing
    adult = 1 / (1 + math.exp(-(age - puberty) / (2.1 if male else 1.9)))
    adult -= (1 - adult) * 0.02
    baby = math.exp(-max(age - 1.0, 0.0) / 4.2) * (1 - max(adult, 0.0))
    old = 0.32 * max(adult, 0.0) / (1 + math.exp(-(age - 46.0) / 8.0))
    young = max(adult, 0.0) - old
    return {"baby": baby, "child": 1 - baby - young - old, "young": young, "old": old}


def drift(coefficients: NDArray[np.float64], age: float) -> NDArray[np.float64]:
    """Evaluate smooth random functions of age with unit variance.

    Parameters
    ----------
    coefficients
        (..., K) independent standard normal numbers, K = `drift_size()`.
    age
        Age in years.

    Returns
    -------
    ndarray
        (...,): a weighted sum of Gaussian bumps over log-age, scaled to variance 1 at every age.
    """
    bumps = np.exp(-0.5 * ((math.log(age + 1) - _KNOTS) / _WIDTH) ** 2)
    return np.asarray((coefficients * (bumps / np.sqrt((bumps**2).sum()))).sum(axis=-1))


def drift_size() -> int:
    """Return the number of coefficients that one random function of age takes."""
    return len(_KNOTS)


def amplitude(early: NDArray[np.float64], age: float) -> NDArray[np.float64]:
    """Return the share of its adult standard deviation that an offset has at an age.

    `early` is the share at about three years. Half of the way from `early` to 1 is done at eleven.
    """
    grown = 1 / (1 + math.exp(-(age - 11.0) / 3.0))
    floor = 1 / (1 + math.exp(8.0 / 3.0))
    return early + (1 - early) * (grown - floor) / (1 - floor)
