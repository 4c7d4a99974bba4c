"""The benchmark of the dominant face, on faces whose owners are known."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    dominant_face = importlib.import_module("dominant_face")

OWN, OTHER = [1.0, 0.0], [0.0, 1.0]
CENTRAL, ASIDE = [100, 100, 150, 150], [0, 0, 80, 80]


def seen(person, *faces):
    boxes, vectors = zip(*faces, strict=True)
    return dominant_face.Seen(
        person, np.array(boxes, np.float32), np.array(vectors, np.float32), (1.0,) * len(faces)
    )


def test_the_own_face_agrees_with_the_other_photos_or_is_the_central_one():
    photo = seen("A", (ASIDE, OWN), (CENTRAL, OTHER))
    assert dominant_face.own_face(photo, [np.array(OWN, np.float32)]) == 0
    assert dominant_face.own_face(photo, []) == 1


def test_the_table_counts_accepted_and_wrong_faces_of_each_half():
    people = ["A", "B", "C", "D"]
    photos = [(seen(person, (ASIDE, OWN), (CENTRAL, OTHER)), 1) for person in people]
    rows = {row[:2]: row[2:] for row in dominant_face.table(photos)}
    assert len(rows) == len(dominant_face.RATIOS) * len(dominant_face.INSIDES)
    for number in range(len(dominant_face.HALVES)):
        mine = sum(dominant_face.half(person) == number for person in people)
        accepted, wrong = rows["1.5", "any"][2 * number : 2 * number + 2]
        assert accepted == f"{mine} of {mine}"
        assert wrong.startswith(f"{mine}: 100.0 % (") == (mine > 0)
        accepted, wrong = rows["1.75", "any"][2 * number : 2 * number + 2]
        assert (accepted, wrong) == (f"0 of {mine}", "none accepted")


def test_photos_that_the_cache_holds_are_not_read_again(tmp_path):
    class Nothing:
        def extract_many(self, paths, **_):
            assert list(paths) == []
            return iter(())

    face = {"box": ASIDE, "inside": 1.0, "vector": OWN}
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "1.jpg").write_bytes(b"")
    cache = tmp_path / "faces.jsonl"
    cache.write_text(json.dumps({"photo": "A/1.jpg", "faces": [face]}) + "\n")
    (photo,) = dominant_face.read(tmp_path, cache, Nothing())
    assert (photo.person, photo.boxes.tolist()) == ("A", [ASIDE])
