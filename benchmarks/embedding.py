"""Time from aligned crop to vector: dlib's own runtime against its port, in one run.

    python benchmarks/embedding.py --rounds 5

The two take turns, and the shortest round of each counts, so that other work on the machine
disturbs the ratio little. Crops are generated: the time does not depend on what they show. Needs
the package dlib-bin. What the vectors are worth is measured elsewhere; that they are dlib's own
is a test (tests/embedding/test_dlib_port.py).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from recording import Record

from matcher.device import chosen_device
from matcher.embedding import Embedder, load_model
from matcher.embedding.crop_embedder import BATCH, CropEmbedder
from matcher.embedding.networks import Networks
from matcher.embedding.networks.torch_network import as_network, dlib_resnet
from matcher.embedding.weights import read_weights, weights_path

Crops = NDArray[np.uint8]


def main() -> None:
    """Print one row per way of embedding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu", help="of the port; dlib's runtime is on the CPU")
    record = Record.begin(__file__, parser)
    arguments = record.options
    crops = np.random.default_rng(0).integers(0, 256, (2 * BATCH, 150, 150, 3), dtype=np.uint8)
    model = load_model("dlib-resnet")
    ways = {"dlib's own runtime, one by one": (_dlib(model), crops[:8])}
    for precision in ("float32", "bfloat16"):
        for mirrored in (False, True):
            name = f"port, {precision}, {'with' if mirrored else 'without'} mirror image"
            ways[name] = (_port(model, arguments.device, precision, mirrored), crops)
    _tables(record, _shortest(ways, arguments.rounds))
    record.write()


def _dlib(model: Embedder) -> Callable[[Crops], object]:
    import dlib  # type: ignore[import-untyped]

    runtime = dlib.face_recognition_model_v1(str(weights_path(model.record, Path())))
    return lambda crops: [runtime.compute_face_descriptor(crop) for crop in crops]


def _port(
    model: Embedder, device: str, precision: Any, mirrored: bool
) -> Callable[[Crops], object]:
    module = dlib_resnet(read_weights(model.record, Path()).data)
    network = as_network(module, chosen_device(device), precision)
    return CropEmbedder(
        replace(model.record, mirrored=mirrored), model.identity, Networks(network)
    ).embed


def _shortest(
    ways: dict[str, tuple[Callable[[Crops], object], Crops]], rounds: int
) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, (embed, crops) in ways.items():
            start = time.perf_counter()
            embed(crops)
            times[name].append((time.perf_counter() - start) / len(crops) * 1e3)
    return {name: min(taken[1:]) for name, taken in times.items()}  # the first round warms up


def _tables(record: Record, times: dict[str, float]) -> None:
    import torch

    record.table(
        "made on",
        ("instructions", "threads", "load", "crops together"),
        [
            (
                torch.backends.cpu.get_cpu_capability(),
                torch.get_num_threads(),
                f"{os.getloadavg()[0]:.1f}",
                BATCH,
            )
        ],
    )
    base = next(iter(times.values()))
    record.table(
        "time",
        ("way", "time of a crop", "times the speed of dlib's own"),
        [(name, f"{taken:.1f} ms", f"{base / taken:.2f}") for name, taken in times.items()],
    )


if __name__ == "__main__":
    main()
