"""The path of the `face_recognition` package, as its README tells, run by its own interpreter."""

from __future__ import annotations

import warnings
from typing import Any

from runner_protocol import Look, Seen, serve

warnings.filterwarnings("ignore", category=UserWarning)  # pkg_resources announces its own end


def load(options: dict[str, Any]) -> Look:
    """Load the package with its models."""
    del options
    import face_recognition

    def look(photo: str, purpose: str) -> Seen:
        del purpose
        seen = Seen()
        with seen.timed("decode"):
            image = face_recognition.load_image_file(photo)
        with seen.timed("detect"):
            places = face_recognition.face_locations(image)
        with seen.timed("embed"):
            seen.vectors = face_recognition.face_encodings(image, places)
        seen.boxes = [(left, top, right, bottom) for top, right, bottom, left in places]
        return seen

    return look


if __name__ == "__main__":
    serve(load, ("face-recognition", "dlib-bin", "numpy", "pillow"), "euclidean")
