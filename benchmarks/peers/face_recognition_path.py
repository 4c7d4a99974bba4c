"""The path of the `face_recognition` package, run by its own interpreter; prints one JSON object.

Needs, in an environment of its own: face_recognition (without its dependencies), dlib-bin,
face-recognition-models, and a setuptools that still has pkg_resources. `throughput.py --peer`
makes that environment.
"""

import json
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore", category=UserWarning)  # pkg_resources announces its own end

import face_recognition  # noqa: E402


def main() -> None:
    """Read photo paths from stdin, one a line; time load, locate and encode on each."""
    seconds = {"decode": 0.0, "detect": 0.0, "embed": 0.0}
    faces = photos_with_face = 0
    paths = sys.stdin.read().splitlines()
    for path in paths:
        started = time.perf_counter()
        image = face_recognition.load_image_file(path)
        decoded = time.perf_counter()
        boxes = face_recognition.face_locations(image)
        located = time.perf_counter()
        vectors = face_recognition.face_encodings(image, boxes)
        ended = time.perf_counter()
        seconds["decode"] += decoded - started
        seconds["detect"] += located - decoded
        seconds["embed"] += ended - located
        faces += len(vectors)
        photos_with_face += bool(vectors)
    # Not getrusage: what it says of a child begins with the memory of its parent.
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line)
    report = {
        "photos": len(paths),
        "faces": faces,
        "photos_with_face": photos_with_face,
        "seconds": seconds,
        "peak_mib": peak,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
