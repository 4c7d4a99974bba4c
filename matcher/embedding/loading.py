"""Load a working `Embedder` by the name of a model."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from matcher.arguments import expect, path_of
from matcher.embedding.adapted_embedder import adapted
from matcher.embedding.crop_embedder import CropEmbedder
from matcher.embedding.embedder import Embedder
from matcher.embedding.models import ModelIdentity, ModelRecord, get_record
from matcher.embedding.models.registry import name_of
from matcher.embedding.networks import (
    Precision,
    PrecisionChoice,
    Weights,
    build,
    faster_precision,
    network_kind,
    processor_flags,
)
from matcher.embedding.weights import read_map, read_weights, weights_folder


def load_model(
    name: str | PathLike[str],
    *,
    device: str = "cpu",
    precision: PrecisionChoice = "float32",
    cache: Path | str | None = None,
) -> Embedder:
    """Load a model whose weights are on this machine. Nothing is downloaded.

    Parameters
    ----------
    name
        One of the names in `list_models`, or the path of a TOML record. The ONNX file lies in the
        folder of the record, and so do the files in which it keeps weights. The map of an adapted
        model lies in the folder of its record; its base lies where the record says.
    device
        "cpu", "cuda" or "cuda:1".
    precision
        "float32", "bfloat16", or "auto" for what `precision_for` returns. `Embedder.precision` is
        the one that was taken. Make and search a gallery in the same one;
        docs/explanation/models.md says what changes otherwise. ONNX models compute in float32 and
        refuse "bfloat16".
    cache
        Folder for weights; see `matcher.embedding.weights.cache.cache_folder`.

    Returns
    -------
    Embedder
        Its vectors have unit length. The vectors of dlib's own runtime do not.

    Raises
    ------
    UnknownModelError, WeightsMissingError, WeightsDamagedError
        If the model or its base is unknown, or weights or a map are missing or damaged.
    ModelError
        If the machine has no such device, or the base of an adapted model is another one.
    InputError
        If `device` or `precision` is none of the above, or an argument is of another type.
    MissingExtraError
        If the model is an ONNX model and onnxruntime is not installed.
    """
    record = get_record(name)
    cache = None if cache is None else path_of("cache", cache)
    expect("device", device, str, rule="must be a text", next_step='Give "cpu" or "cuda".')
    chosen = precision_for(record, device=device, asked=precision)
    kind = network_kind(record, chosen)
    folder = weights_folder(name_of(name), cache)
    if record.adaptation is not None:
        base = load_model(record.adaptation.base, device=device, precision=chosen, cache=cache)
        return adapted(record, record.adaptation, base, read_map(record, record.adaptation, folder))
    verified = read_weights(record, folder)
    networks = build(kind, Weights(record, verified, device, chosen))
    identity = ModelIdentity(
        name=record.name,
        version=record.version,
        weights_sha256=verified.sha256,
        preprocessing_sha256=record.preprocessing_sha256,
        dimension=record.dimension,
        vector_names=record.vector_names,
    )
    return CropEmbedder(record, identity, networks, chosen)


def precision_for(
    record: ModelRecord, *, device: str = "cpu", asked: PrecisionChoice = "auto"
) -> Precision:
    """Return the precision in which a model computes on this machine. No model is loaded.

    Returns
    -------
    What was asked for. With "auto", "bfloat16" on a processor that computes with such numbers
    itself (AVX-512 BF16 or AMX, as Linux tells), and "float32" everywhere else: on other processors
    and systems, on GPUs, and for ONNX models.

    Raises
    ------
    UnknownModelError, InputError
        As for `load_model`.
    """
    kind = network_kind(record, asked)
    if asked == "auto":
        return faster_precision(kind.precisions, device, processor_flags())
    return asked
