"""Choose the device that the caller names, or raise an error. No other device is used."""

from __future__ import annotations

import torch

from matcher.errors import InputError, ModelError
from matcher.forks import claim_threads


def chosen_device(device: str) -> torch.device:
    """Return the device of this name ("cpu", "cuda", "cuda:1").

    Raises
    ------
    InputError
        If `device` is not such a name.
    ModelError
        If this machine has no such device. No other device is used instead.
    ForkError
        As for `claim_torch`.
    """
    claim_torch()
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise _unknown(device) from error
    if chosen.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (chosen.index or 0) >= count:
            raise _absent(device, count)
    elif chosen.type != "cpu":
        raise _unknown(device)
    return chosen


def claim_torch() -> None:
    """Say that this process is about to run a network. Call it before every run.

    Raises
    ------
    ForkError
        If the process was forked from one that ran a network with several threads.
    """
    claim_threads(torch.get_num_threads())


def _unknown(device: str) -> InputError:
    return InputError(
        "device",
        rule="must be 'cpu', 'cuda' or 'cuda:' and a number",
        got=repr(device),
        next_step="Choose one of these.",
    )


def _absent(device: str, count: int) -> ModelError:
    return ModelError(
        f"device {device!r}",
        rule="must be there; no other is taken instead",
        got=f"{count} CUDA devices that PyTorch can use",
        next_step="Choose 'cpu', or install a build with CUDA and its driver.",
    )
