"""Load a working `Embedder` by the name of a model."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from matcher.arguments import expect, path_of
from matcher.embedding.crop_embedder import CropEmbedder
from matcher.embedding.embedder import Embedder
from matcher.embedding.models import ModelIdentity, get_record
from matcher.embedding.models.registry import name_of
from matcher.embedding.networks import Precision, Weights, build, network_kind
from matcher.embedding.weights import read_weights, weights_folder


def load_model(
    name: str | PathLike[str],
    *,
    device: str = "cpu",
    precision: Precision = "float32",
    cache: Path | str | None = None,
) -> Embedder:
    """Load a model whose weights are on this machine. Nothing is downloaded.

    Parameters
    ----------
    name
        One of the names in `list_models`, or the path of a TOML record. The ONNX file lies in the
        folder of the record, and so do the files in which it keeps weights.
    device
        "cpu", "cuda" or "cuda:1".
    precision
        "bfloat16" is faster if the processor has it, and it changes vectors a little. Make and
        search a gallery with the same precision. ONNX models do not support "bfloat16".
    cache
        Folder for weights; see `matcher.embedding.weights.cache.cache_folder`.

    Returns
    -------
    Embedder
        Its vectors have unit length. The vectors of dlib's own runtime do not.

    Raises
    ------
    UnknownModelError, WeightsMissingError, WeightsDamagedError
        If the model is unknown, or its weights are missing or damaged.
    ModelError
        If the machine has no such device.
    InputError
        If `device` or `precision` is none of the above, or an argument is of another type.
    MissingExtraError
        If the model is an ONNX model and onnxruntime is not installed.
    """
    record = get_record(name)
    cache = None if cache is None else path_of("cache", cache)
    expect("device", device, str, rule="must be a text", next_step='Give "cpu" or "cuda".')
    kind = network_kind(record, precision)
    verified = read_weights(record, weights_folder(name_of(name), cache))
    networks = build(kind, Weights(record, verified, device, precision))
    identity = ModelIdentity(
        name=record.name,
        version=record.version,
        weights_sha256=verified.sha256,
        preprocessing_sha256=record.preprocessing_sha256,
        dimension=record.dimension,
        vector_names=record.vector_names,
    )
    return CropEmbedder(record, identity, networks)
