"""The path of InsightFace: FaceAnalysis with the models of a folder, such as buffalo_l."""

from __future__ import annotations

from typing import Any

from runner_protocol import Look, Seen, read_by_opencv, serve


def load(options: dict[str, Any]) -> Look:
    """Load detector and model."""
    import cv2
    from insightface.app import FaceAnalysis

    cv2.setNumThreads(1)
    app = FaceAnalysis(
        name=options["files"]["insightface"],
        allowed_modules=["detection", "recognition"],
        providers=["CPUExecutionProvider"],
    )
    app.prepare()

    def look(photo: str, purpose: str) -> Seen:
        del purpose
        seen = Seen()
        image = read_by_opencv(photo, seen)
        with seen.timed("detect and embed"):
            faces = app.get(image)
        seen.boxes = [face.bbox for face in faces]
        seen.vectors = [face.normed_embedding for face in faces]
        return seen

    return look


if __name__ == "__main__":
    serve(load, ("insightface", "onnxruntime", "opencv-python", "numpy"))
