"""The path of matcher: its decoder, MTCNN, its alignment and a model, one photo at a time.

Options: `model`, a name or the path of a record; or `onnx`, an ONNX file of the kind of ArcFace,
for which a record is written into the folder `scratch`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from runner_protocol import Look, Seen, serve

ARCFACE = (
    "[[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], "
    "[70.7299, 92.2041]]"
)


def load(options: dict[str, Any]) -> Look:
    """Load the extractor of a model."""
    import torch

    from matcher.embedding import load_extractor
    from matcher.heap import use_one_heap
    from matcher.photos import Photo

    use_one_heap()  # as the command does
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    extractor = load_extractor(_model(options))

    def look(photo: str, purpose: str) -> Seen:
        seen = Seen()
        with seen.timed("decode"):
            (image,) = extractor.load_each([photo])
        if not isinstance(image, Photo):
            raise image
        with seen.timed("detect"):
            (faces,) = extractor.detect_each([image])
        if isinstance(faces, Exception):
            raise faces
        with seen.timed("embed"):
            made = extractor.embed(faces, purpose="search" if purpose == "search" else "gallery")
        seen.boxes = [face.box.tolist() for face in faces]
        seen.vectors = [one.probe if purpose == "search" else one.vector for one in made]
        return seen

    return look


def _model(options: dict[str, Any]) -> str:
    """Return the name of the model, or the path of its record."""
    given = options.get("model") or options["files"]["onnx"]
    return str(given) if not str(given).endswith(".onnx") else _record(Path(given), options)


def _record(file: Path, options: dict[str, Any]) -> str:
    """Write the record of an ONNX file that takes crops as ArcFace does; return its path."""
    import hashlib

    from matcher.telemetry import import_silent

    onnxruntime = import_silent("onnxruntime")
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    dimension = session.get_outputs()[0].shape[-1]
    folder = Path(options["scratch"])
    copy = folder / "arcface.onnx"
    copy.write_bytes(file.read_bytes())
    record = folder / "arcface.toml"
    record.write_text(
        f"""name = "onnx-arcface"
version = "1"
file = "{copy.name}"
sha256 = "{hashlib.sha256(copy.read_bytes()).hexdigest()}"
licence = "see its publisher"
training_data = "see its publisher"
size = 112
template = {ARCFACE}
colour_order = "RGB"
mean = [127.5, 127.5, 127.5]
scale = 127.5
dimension = {json.dumps(dimension)}
mirrored = false
"""
    )
    return str(record)


if __name__ == "__main__":
    serve(load, ("missing-child-matcher", "torch", "numpy", "pillow"))
