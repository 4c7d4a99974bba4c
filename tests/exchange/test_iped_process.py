"""The file for IPED, called as IPED's face task calls it: by lines, in a process of its own."""

from __future__ import annotations

import ast
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import group_photos
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from rendered_cohort import Cohort

from matcher.embedding import Extractor

SCRIPT = Path(__file__).parents[2] / "examples" / "iped" / "FaceRecognitionProcess.py"
ROOT = SCRIPT.parents[2]


class Task:
    """What IPED's FaceRecognitionTask does with its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self.requests, self.answers = process, process.stdin, process.stdout

    def say(self, *lines: str) -> None:
        for line in lines:
            print(line, file=self.requests, flush=True)

    def ping(self) -> bool:
        self.say("ping")
        return self.answers.readline().strip() == "ping"

    def faces(
        self, photo: Path, code: str = "1"
    ) -> list[tuple[tuple[int, ...], NDArray[np.float64]]] | str:
        self.say(str(photo), code)
        line = self.answers.readline().strip()
        if line == "image_error":
            return line
        count = int(line)
        boxes = [ast.literal_eval(self.answers.readline()) for _ in range(count)]
        numbers = [[float(self.answers.readline()) for _ in range(128)] for _ in range(count)]
        return list(zip(boxes, map(np.array, numbers), strict=True))


@contextmanager
def started(*arguments: str, **settings: str) -> Iterator[Task]:
    words = [sys.executable, str(SCRIPT), *(arguments or ("1024", "hog", "1"))]
    pipe = subprocess.PIPE
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | settings
    with subprocess.Popen(
        words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment, cwd=ROOT
    ) as process:
        try:
            yield Task(process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def task() -> Iterator[Task]:
    with started() as task:
        assert task.ping()
        yield task


def test_boxes_and_vectors_are_those_of_matcher(
    task: Task, cohort: Cohort, extractor: Extractor
) -> None:
    found = task.faces(cohort.probes[0])
    assert isinstance(found, list)
    ((box, vector),) = found
    (face,) = extractor.extract(cohort.probes[0])
    left, top, right, bottom = face.face.box
    assert box == tuple(round(float(side)) for side in (top, right, bottom, left))
    np.testing.assert_allclose(vector, face.vector, atol=1e-5)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert task.ping()


def test_all_faces_of_a_photo_come_first_boxes_then_numbers(
    task: Task, cohort: Cohort, tmp_path: Path
) -> None:
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:2], (1, 0.95))
    found = task.faces(group)
    assert isinstance(found, list)
    assert len(found) == 2
    as_video = task.faces(group, "video")  # IPED gives the frames of a video as one picture
    assert [box for box, _ in as_video] == [box for box, _ in found]
    assert task.ping()


def test_a_photo_without_a_face_and_one_that_is_none(task: Task, tmp_path: Path) -> None:
    Image.new("RGB", (100, 100), "grey").save(tmp_path / "blank.png")
    (tmp_path / "text.jpg").write_text("no picture")
    assert task.faces(tmp_path / "blank.png") == []
    assert task.faces(tmp_path / "text.jpg") == "image_error"
    assert task.faces(tmp_path / "none.jpg") == "image_error"
    assert task.ping()


def test_boxes_are_those_of_the_upright_photo(task: Task, cohort: Cohort, tmp_path: Path) -> None:
    upright = Image.open(cohort.probes[0]).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    turned, plain = task.faces(tmp_path / "turned.png", "6"), task.faces(cohort.probes[0])
    assert isinstance(turned, list)
    assert isinstance(plain, list)
    assert turned[0][0] == plain[0][0]


def test_it_ends_when_it_is_told_to() -> None:
    with started() as task:
        assert task.ping()
        task.say("terminate_process")
        assert task.process.wait(30) == 0


def test_vectors_can_be_as_long_as_the_limit_of_iped_needs(cohort: Cohort) -> None:
    """Two faces with a score above the stated one are closer than 0.5, and others are not."""
    with started(MATCHER_IPED_SCORE="0.6", MATCHER_IPED_MODEL="dlib-resnet") as task:
        assert task.ping()
        one, other = (task.faces(probe) for probe in cohort.probes[:2])
    assert isinstance(one, list)
    assert isinstance(other, list)
    length = 0.5 / math.sqrt(2 - 2 * 0.6)
    pair = [one[0][1], other[0][1]]
    assert [np.linalg.norm(vector) for vector in pair] == pytest.approx([length] * 2, abs=1e-5)
    score = float(pair[0] @ pair[1]) / length**2
    distance = float(np.linalg.norm(pair[0] - pair[1]))
    assert (distance < 0.5) == (score > 0.6)
    assert distance == pytest.approx(length * math.sqrt(2 - 2 * score), abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        (("1024", "auraface", "640", "0.5"), {}, "three arguments"),
        ((), {"MATCHER_IPED_SCORE": "1"}, "from -1 to below 1"),
    ],
)
def test_what_it_cannot_serve_ends_it_with_a_sentence(
    arguments: tuple[str, ...], settings: dict[str, str], says: str
) -> None:
    with started(*arguments, **settings) as task:
        assert task.process.wait(60) == 1
        assert task.process.stderr is not None
        assert says in task.process.stderr.read()


def test_iped_reads_the_names_of_the_file_without_matcher() -> None:
    code = (
        "import sys, FaceRecognitionProcess as fp; "
        "print(fp.terminate, fp.imgError, fp.ping, fp.video, 'matcher' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(SCRIPT.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["terminate_process", "image_error", "ping", "video", "False"]
