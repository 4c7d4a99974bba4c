"""The path of OpenCV with the models of its zoo: YuNet, alignCrop, SFace."""

from __future__ import annotations

from typing import Any

import cv2
from runner_protocol import Look, Seen, read_by_opencv, serve


def load(options: dict[str, Any]) -> Look:
    """Load both networks; the values are those of the zoo's own demonstrations."""
    cv2.setNumThreads(1)
    files = options["files"]
    detector = cv2.FaceDetectorYN.create(files["yunet"], "", (320, 320), 0.9, 0.3, 5000)
    recognizer = cv2.FaceRecognizerSF.create(files["sface"], "")

    def look(photo: str, purpose: str) -> Seen:
        del purpose
        seen = Seen()
        image = read_by_opencv(photo, seen)
        with seen.timed("detect"):
            detector.setInputSize((image.shape[1], image.shape[0]))
            _, faces = detector.detect(image)
        for face in [] if faces is None else faces:
            with seen.timed("embed"):
                crop = recognizer.alignCrop(image, face)
                seen.vectors.append(recognizer.feature(crop).flatten())
            left, top, width, height = face[:4]
            seen.boxes.append((left, top, left + width, top + height))
        return seen

    return look


if __name__ == "__main__":
    serve(load, ("opencv-python-headless", "numpy"))
