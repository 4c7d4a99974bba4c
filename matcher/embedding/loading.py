"""From a model's name to a working `Embedder`."""

from __future__ import annotations

from pathlib import Path

from matcher.embedding.crop_embedder import CropEmbedder
from matcher.embedding.embedder import Embedder
from matcher.embedding.models import ModelIdentity, get_record
from matcher.embedding.networks import Precision, Weights, build, network_kind
from matcher.embedding.weights import read_weights, weights_folder


def load_model(
    name: str,
    *,
    device: str = "cpu",
    precision: Precision = "float32",
    cache: Path | None = None,
) -> Embedder:
    """Load a model whose weights are on this machine. Nothing is downloaded.

    Parameters
    ----------
    name
        One of the names in `list_models`, or the path of a TOML record with the ONNX file beside
        it.
    device
        "cpu", "cuda" or "cuda:1".
    precision
        "bfloat16" is faster where the processor has it and moves vectors a little; a gallery
        should be made and searched with the same precision. Not for ONNX models.
    cache
        Folder for weights; see `matcher.embedding.weights.cache.cache_folder`.

    Returns
    -------
    Embedder
        Its vectors have unit length, unlike those of dlib's own runtime.

    Raises
    ------
    UnknownModelError, WeightsMissingError, WeightsDamagedError
        As their names say.
    ModelError
        If the device is not there.
    InputError
        If `device` or `precision` is none of the above.
    MissingExtraError
        If an ONNX model is asked for and onnxruntime is not installed.
    """
    record = get_record(name)
    kind = network_kind(record, precision)
    data, sha256 = read_weights(record, weights_folder(name, cache))
    networks = build(kind, Weights(record, data, sha256, device, precision, cache))
    identity = ModelIdentity(
        name=record.name,
        version=record.version,
        weights_sha256=sha256,
        preprocessing_sha256=record.preprocessing_sha256,
        dimension=record.dimension,
        vector_names=record.vector_names,
    )
    return CropEmbedder(record, identity, networks)
