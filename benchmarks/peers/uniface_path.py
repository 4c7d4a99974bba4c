"""The path of UniFace: FaceAnalyzer with what it takes by default, RetinaFace and EdgeFace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from runner_protocol import Look, Seen, read_by_opencv, serve


def load(options: dict[str, Any]) -> Look:
    """Load the analyzer; uniface removes a file that it did not expect, so it gets links."""
    folder = Path(options["scratch"])
    for file in Path(options["files"]["uniface"]).glob("*.onnx"):
        (folder / file.name).unlink(missing_ok=True)
        (folder / file.name).symlink_to(file.resolve())
    os.environ["UNIFACE_CACHE_DIR"] = str(folder)
    import cv2
    from uniface import FaceAnalyzer

    cv2.setNumThreads(1)
    analyzer = FaceAnalyzer()

    def look(photo: str, purpose: str) -> Seen:
        del purpose
        seen = Seen()
        image = read_by_opencv(photo, seen)
        with seen.timed("detect and embed"):
            faces = [face for face in analyzer.analyze(image) if face.embedding is not None]
        seen.boxes = [face.bbox[:4] for face in faces]
        seen.vectors = [face.embedding for face in faces]
        return seen

    return look


if __name__ == "__main__":
    serve(load, ("uniface", "onnxruntime", "opencv-python", "numpy"))
