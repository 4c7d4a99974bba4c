"""From a model's name to a working `Embedder`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from matcher.embedding.crop_embedder import CropEmbedder
from matcher.embedding.embedder import Embedder
from matcher.embedding.models import ModelIdentity, ModelRecord, get_record
from matcher.embedding.networks.network import Network
from matcher.embedding.weights import cache_folder, read_weights, weights_folder
from matcher.errors import InputError


def load_model(
    name: str,
    *,
    device: str = "cpu",
    precision: Literal["float32", "bfloat16"] = "float32",
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
    _check_precision(record, precision)
    data, sha256 = read_weights(record, weights_folder(name, cache))
    networks = _networks(record, data, sha256, device, precision, cache)
    identity = ModelIdentity(
        name=record.name,
        version=record.version,
        weights_sha256=sha256,
        preprocessing_sha256=record.preprocessing_sha256,
        dimension=record.dimension,
        distant=bool(record.low_resolution_views),
    )
    return CropEmbedder(record, identity, *networks)


def _networks(
    record: ModelRecord,
    data: bytes,
    sha256: str,
    device: str,
    precision: Literal["float32", "bfloat16"],
    cache: Path | None,
) -> tuple[Network, ...]:
    """Return the network, and the one that looks at faces from afar if there is one."""
    # Imported here: `import matcher` must not load PyTorch or onnxruntime.
    if record.network == "onnx":
        from matcher.embedding.networks.onnx_network import onnx_network

        return (onnx_network(record, data, device),)
    from matcher.device import chosen_device
    from matcher.embedding.networks import torch_network

    chosen = chosen_device(device)
    if record.network == "dlib-resnet":
        modules = [torch_network.dlib_resnet(data, sha256, cache_folder(cache))]
    elif record.network == "youth-resnet":
        youth = torch_network.youth_resnet(data)
        modules = [youth, youth.worn]
    else:
        modules = [torch_network.inception_resnet(data)]
    return tuple(torch_network.as_network(module, chosen, precision) for module in modules)


def _check_precision(record: ModelRecord, precision: str) -> None:
    allowed = ("float32",) if record.network == "onnx" else ("float32", "bfloat16")
    if precision not in allowed:
        raise InputError(
            f"The precision does not suit {record.name!r}",
            rule=f"it must be one of {', '.join(allowed)}",
            got=repr(precision),
            next_step="Leave `precision` out, or choose one of these.",
        )
