"""The path of DeepFace: `represent` with a detector, and dlib's network or that of a file.

deepface would fetch its weights. They are put where it looks for them: those of dlib from the
package face-recognition-models, others from the files that are named.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from runner_protocol import Look, Seen, serve

FROM_WHEEL = (
    "dlib_face_recognition_resnet_model_v1.dat",
    "shape_predictor_5_face_landmarks.dat",
)
MODELS = {
    "vgg_face": "VGG-Face",
    "facenet_": "Facenet",
    "facenet512": "Facenet512",
    "openface": "OpenFace",
    "arcface": "ArcFace",
    "ghostfacenet": "GhostFaceNet",
    "face_recognition_sface": "SFace",
}
"""The model of a file by the beginning of its name."""


def load(options: dict[str, Any]) -> Look:
    """Lay out the weights, and load detector and model."""
    home = Path(options["scratch"])
    os.environ["DEEPFACE_HOME"] = str(home)
    folder = home / ".deepface" / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    found = importlib.util.find_spec("face_recognition_models")
    package = Path(found.submodule_search_locations[0])  # type: ignore[union-attr, index]
    files = [package / "models" / name for name in FROM_WHEEL]
    files += [Path(path) for path in options.get("files", {}).values()]
    for file in files:
        (folder / file.name).unlink(missing_ok=True)
        (folder / file.name).symlink_to(file)
    from deepface import DeepFace
    from deepface.modules import modeling

    model, detector = _model(options.get("files", {})), options["detector"]
    modeling.build_model(task="facial_recognition", model_name=model)
    modeling.build_model(task="face_detector", model_name=detector)

    def look(photo: str, purpose: str) -> Seen:
        del purpose
        seen = Seen()
        with seen.timed("all"):
            try:
                faces = DeepFace.represent(
                    img_path=photo, model_name=model, detector_backend=detector
                )
            except Exception as error:
                if type(error).__name__ == "FaceNotDetected" or "could not be detected" in str(
                    error
                ):
                    return seen
                raise
        for face in faces:
            area = face["facial_area"]
            seen.boxes.append((area["x"], area["y"], area["x"] + area["w"], area["y"] + area["h"]))
            seen.vectors.append(face["embedding"])
        return seen

    return look


def _model(files: dict[str, str]) -> str:
    if "deepface" not in files:
        return "Dlib"
    name = Path(files["deepface"]).name.lower()
    for start, model in MODELS.items():
        if name.startswith(start):
            return model
    raise ValueError(f"no model of deepface has a file named {name}")


if __name__ == "__main__":
    serve(load, ("deepface", "opencv-contrib-python-headless", "dlib-bin", "numpy"))
