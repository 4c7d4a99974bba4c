"""The models that this library knows, with all facts about their weights."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Final

from matcher.arguments import expect
from matcher.embedding.models.adapted_record import BASE, adapted_record
from matcher.embedding.models.facts import Facts
from matcher.embedding.models.onnx_record import onnx_record
from matcher.embedding.models.record import (
    OWN_PACKAGE,
    AnyRecord,
    DetectorRecord,
    LowResolutionView,
    ModelIdentity,
    ModelRecord,
    WeightsFile,
)
from matcher.errors import UnknownModelError
from matcher.faces import YUNET, CropTemplate

DEFAULT_MODEL: Final = "youth-resnet"

# Positions of the detector's landmarks in chips that dlib cuts itself (150 pixels, padding 0.25):
# median over 515 LFW photos, left and right averaged. tools/derive_dlib_template.py made these
# numbers; docs/evidence/detection.md has the figures.
DLIB_150 = CropTemplate(
    name="dlib-150",
    size=150,
    points=((47.3, 44.7), (101.7, 44.7), (74.5, 77.2), (50.9, 104.6), (98.1, 104.6)),
)

# Crops of `DLIB_150` with a margin on three sides, which SFace's network needs: it sees 34 pixels
# above them and 10 beside them. Without the margin it sees black there, and recognises less.
YOUTH_CORNER: Final = (18, 36)
"""Position (x, y) in crops of `YOUTH_186` of the corner of crops of `DLIB_150`, in pixels."""

YOUTH_186 = CropTemplate(
    name="youth-186",
    size=186,
    points=tuple((x + YOUTH_CORNER[0], y + YOUTH_CORNER[1]) for x, y in DLIB_150.points),
)

# The published networks were trained without alignment, on the detector's boxes with a margin (44
# of 182 pixels; a 160-pixel part of that was used). This geometry is ours. It holds the landmarks'
# positions in such boxes: median over 78 LFW photos, left and right averaged. Its benefit has not
# been measured with these weights.
FACENET_160 = CropTemplate(
    name="facenet-160",
    size=160,
    points=((49.2, 64.3), (110.8, 64.3), (80.0, 90.4), (52.3, 116.0), (107.7, 116.0)),
)

_DLIB_RESNET = ModelRecord(
    name="dlib-resnet",
    version="1",
    network="dlib-resnet",
    weights=WeightsFile(
        filename="dlib_face_recognition_resnet_model_v1.dat",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        package="face-recognition-models",
    ),
    licence="CC0-1.0 (public domain), Davis King, https://github.com/davisking/dlib-models",
    training_data=(
        "About 3 million photos of 7,485 people: FaceScrub, VGG Face, and photos collected from "
        "the internet, as the author describes them. Mostly adults in the public eye."
    ),
    crop=DLIB_150,
    colour_order="RGB",
    mean=(122.782, 117.001, 104.298),
    scale=256.0,
    dimension=128,
    mirrored=True,
)

_YOUTH_RESNET_5 = replace(
    _DLIB_RESNET,
    name="youth-resnet",
    version="5",
    network="youth-resnet",
    weights=WeightsFile(
        filename="youth-resnet-5.safetensors",
        sha256="a79d78317354933d5b64136af7c83f5572537425b054ffd461c63f74165a503e",
        package=OWN_PACKAGE,
    ),
    licence=(
        "Apache-2.0, as the code; whoever holds that the share-alike terms of VGGFace2 reach "
        "weights may take it under CC BY-SA 4.0. Made from dlib's weights (CC0-1.0) and SFace of "
        "OpenCV Zoo (Apache-2.0; its photos are not stated, some data sets of its paper were "
        "offered for research only) with photos of FairFace (CC BY 4.0, Karkkainen and Joo) and of "
        "Labeled Faces in the Wild (a public benchmark that states no terms for its photos); "
        "docs/explanation/what-the-default-model-learned-from.md argues each"
    ),
    training_data=(
        "dlib-resnet; sface, a MobileNet trained on photos of people in the public eye (OpenCV Zoo "
        "does not state which); and both trained further on 11,857 photos: 8,046 of "
        "FairFace's training part, 7,453 of them of people who seem younger than 20, and 3,811 of "
        "adults of Labeled Faces in the Wild. No photo of a child was paired with one at another "
        "age, but what sface learned from may hold people at several."
    ),
    low_resolution_views=(LowResolutionView(32), LowResolutionView(24, quality=30)),
)

_YOUTH_RESNET = replace(
    _YOUTH_RESNET_5,
    version="6",
    network="youth-experts",
    weights=WeightsFile(
        filename="youth-resnet-6.safetensors",
        sha256="66b26940b2518a57c1302ca4c3791bfc43aae4b4b51fa1384f3e7cca39d50cb4",
        package=OWN_PACKAGE,
    ),
    crop=YOUTH_186,
    mirrored=False,
    low_resolution_views=(),
)

# The views show a face with as many pixels as those of version 5 do. Their crops are larger.
_YOUTH_RESNET_LOW_RESOLUTION = replace(
    _YOUTH_RESNET,
    name="youth-resnet-low-resolution",
    low_resolution_views=(LowResolutionView(40), LowResolutionView(30, quality=30)),
)

_YOUTH_DLIB = replace(
    _DLIB_RESNET,
    name="youth-dlib",
    network="youth-dlib",
    weights=WeightsFile(
        filename="youth-dlib-1.safetensors",
        sha256="b49284454c95f64da434aa37e693fd0755d64f56f651c2ae372cc88d4c5ab017",
        package=OWN_PACKAGE,
    ),
    licence=(
        "Apache-2.0, as the code. Made from dlib's weights (CC0-1.0) with photos of FairFace (CC "
        "BY 4.0, Karkkainen and Joo) and of Labeled Faces in the Wild (a public benchmark that "
        "states no terms for its photos); "
        "docs/explanation/what-the-default-model-learned-from.md argues each"
    ),
    training_data=(
        "dlib-resnet, trained further on 11,857 photos: 8,046 of FairFace's training part, 7,453 "
        "of them of people who seem younger than 20, and 3,811 of adults of Labeled Faces in the "
        "Wild. No photo of a child was paired with one at another age."
    ),
    mirrored=False,
)

_RELEASE = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/"


# The publisher states no hash of either file. Several public projects fetch the first file from
# this address and pin the same hash. No project was found that pins a hash of the second file.
_VGGFACE2_SHA256 = "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b"


def _facenet(name: str, filename: str, sha256: str | None, training_data: str) -> ModelRecord:
    return ModelRecord(
        name=name,
        version="2.2.9",
        network="inception-resnet-v1",
        weights=WeightsFile(filename=filename, sha256=sha256, url=_RELEASE + filename),
        licence=(
            "MIT for the code and the release (timesler/facenet-pytorch, after "
            "davidsandberg/facenet); the training photos have terms of their own"
            + ("" if sha256 else ". No hash is published: the first download is trusted")
        ),
        training_data=training_data,
        crop=FACENET_160,
        colour_order="RGB",
        mean=(127.5, 127.5, 127.5),
        scale=128.0,
        dimension=512,
        mirrored=True,
    )


_BUILT_IN = (
    _YOUTH_RESNET,
    _YOUTH_RESNET_LOW_RESOLUTION,
    _YOUTH_DLIB,
    _DLIB_RESNET,
    _facenet(
        "facenet-vggface2",
        "20180402-114759-vggface2.pt",
        _VGGFACE2_SHA256,
        "VGGFace2: 3.3 million photos of about 9,000 people, mostly adults in the public eye.",
    ),
    _facenet(
        "facenet-casia-webface",
        "20180408-102900-casia-webface.pt",
        None,
        "CASIA-WebFace: 0.5 million photos of 10,575 people, mostly adults in the public eye.",
    ),
)


# The card and the licence are those of the file's folder in OpenCV Zoo, the hash is that of its
# git-LFS pointer there, and the training data are those of the paper.
_YUNET = DetectorRecord(
    name=YUNET,
    version="2023mar",
    weights=WeightsFile(
        filename="face_detection_yunet_2023mar.onnx",
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        url=(
            "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/"
            "face_detection_yunet_2023mar.onnx"
        ),
    ),
    licence="MIT (OpenCV Zoo; YuNet by Wei Wu, Hanyang Peng and Shiqi Yu)",
    training_data="WIDER FACE: 32,203 photos from the internet with 393,703 faces, for research.",
)

_EARLIER = (_YOUTH_RESNET_5,)
"""Earlier versions of models, for galleries that were made with them."""


def list_models() -> tuple[ModelRecord, ...]:
    """Return the records of all models that can be chosen, the default one first.

    Earlier versions come last. `typed_name` says how each is called.
    """
    shipped = sorted((Path(__file__).parent / "records").glob("*.toml"))
    return (*_BUILT_IN, *(onnx_record(Facts.read(path)) for path in shipped), *_EARLIER)


def list_detectors() -> tuple[DetectorRecord, ...]:
    """Return the records of the detectors whose weights are fetched."""
    return (_YUNET,)


def name_of(model: str | PathLike[str]) -> str:
    """Return the name of a model, or the path of its record, as a text.

    Raises
    ------
    InputError
        If it is neither a text nor a path.
    """
    expect(
        "model",
        model,
        (str, PathLike),
        rule="must be the name of a model, or the path of its record",
        next_step="See list_models() for the names.",
    )
    return fspath(model)


def get_record(name: str | PathLike[str]) -> ModelRecord:
    """Return the record of a model.

    Parameters
    ----------
    name
        Name of a model in `list_models`, for its newest version; the name and a version, such as
        "youth-resnet@5"; or the path of a TOML record, which ends in ".toml": of an ONNX model, or
        of an adapted model.

    Raises
    ------
    UnknownModelError
        If there is no such model, or an adapted model's base is absent. The message lists the
        known names.
    InputError
        If the name is neither a text nor a path, or the record breaks a rule.
    """
    name = name_of(name)
    if name.endswith(".toml"):
        facts = Facts.read(Path(name))
        return adapted_record(facts, get_record) if BASE in facts.values else onnx_record(facts)
    known = {typed_name(record): record for record in list_models()}
    versions = {f"{record.name}@{record.version}": record for record in known.values()}
    if name in versions:
        return versions[name]
    if name not in known:
        raise UnknownModelError(
            "The model is unknown",
            rule=f"it must be one of {', '.join(known)}, or the path of a .toml record",
            got=repr(name),
            next_step="See the list: matcher models list",
        )
    return known[name]


def get_any_record(name: str | PathLike[str]) -> AnyRecord:
    """Return the record of a model, as `get_record` does, or of a detector.

    Raises
    ------
    UnknownModelError, InputError
        As for `get_record`.
    """
    detectors = {record.name: record for record in list_detectors()}
    return detectors.get(name_of(name)) or get_record(name)


def typed_name(record: AnyRecord) -> str:
    """Return what a person types for a model or a detector.

    This is its name; the name and the version of an earlier version; or a word for the path of its
    record.
    """
    if isinstance(record, DetectorRecord):
        return record.name
    if record in _EARLIER:
        return f"{record.name}@{record.version}"
    return record.name if record in list_models() else "RECORD.toml"


def name_for(identity: ModelIdentity) -> str:
    """Return the name under which to load the model that made a gallery.

    It is the name of the model, and the version if the registry has it as an earlier one.
    """
    earlier = any((one.name, one.version) == (identity.name, identity.version) for one in _EARLIER)
    return f"{identity.name}@{identity.version}" if earlier else identity.name
