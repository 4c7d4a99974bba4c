"""Load an extractor by the names of its model and its detector."""

from __future__ import annotations

import os
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from matcher.arguments import expect
from matcher.embedding.detectors import load_named_detector, require_detector
from matcher.embedding.extractor import Extractor
from matcher.embedding.loading import load_model
from matcher.embedding.models import DEFAULT_MODEL, ModelIdentity
from matcher.embedding.networks import PrecisionChoice
from matcher.errors import ModelError
from matcher.faces import MTCNN, DetectorName
from matcher.photos import DecodeLimits


@dataclass(frozen=True)
class _Recipe:
    """The arguments of `load_extractor`."""

    model: str
    detector: DetectorName
    device: str
    precision: PrecisionChoice
    limits: DecodeLimits | None
    salvage: bool

    def load(self) -> Extractor:
        embedder = load_model(self.model, device=self.device, precision=self.precision)
        detector = load_named_detector(self.detector, device=self.device)
        made = Extractor(detector, embedder, limits=self.limits, salvage=self.salvage)
        made._recipe = self
        return made

    def made_again(self, identity: ModelIdentity) -> Extractor:
        made = self.load()
        if made.model != identity:
            raise ModelError(
                f"The model {self.model!r} of a pickled extractor",
                rule=f"it must be {identity} here too",
                got=made.model,
                next_step="Bring the same weights and records to this machine.",
            )
        return made


def load_extractor(
    model: str | PathLike[str] = DEFAULT_MODEL,
    *,
    detector: DetectorName = MTCNN,
    device: str = "cpu",
    precision: PrecisionChoice = "float32",
    limits: DecodeLimits | None = None,
    salvage: bool = False,
) -> Extractor:
    """Return a detector and a registered model as one extractor.

    Parameters
    ----------
    model
        Name of a registered model, or the path of an ONNX model's TOML record.
    detector
        "mtcnn" or "yunet", see `load_named_detector`. docs/how-to/choose-a-detector.md says what
        changes if the photos of a gallery and the probes pass through different ones.
    device
        "cpu" or "cuda". No other device is used instead.
    precision
        "float32", "bfloat16" or "auto", see `load_model`. A pickled extractor keeps what was asked
        for: with "auto" each machine takes its own faster precision.
    limits
        Limits on the size of photos that are decoded.
    salvage
        Decode the remaining part of truncated photos.

    Raises
    ------
    UnknownModelError, WeightsMissingError, WeightsDamagedError
        The model or the detector cannot be loaded.
    InputError
        The device or the detector does not exist.
    MissingExtraError
        The model or the detector needs onnxruntime, which is not installed.
    """
    expect(
        "model",
        model,
        (str, os.PathLike),
        rule="must be a name or a path",
        next_step="Give the name of a registered model.",
    )
    require_detector(detector)
    name = os.fspath(model)
    if name.endswith(".toml"):
        name = str(Path(name).absolute())  # the same file wherever the extractor is pickled to
    return _Recipe(name, detector, device, precision, limits, salvage).load()
