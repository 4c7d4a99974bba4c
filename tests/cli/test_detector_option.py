"""The detector is an option: fetched, listed, kept by the gallery, and named if it differs."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import made_model
import made_yunet
import numpy as np
import pytest
from PIL import Image
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.cli.options import Finder
from matcher.embedding import DETECTORS
from matcher.gallery import Gallery

pytest.importorskip("onnxruntime")

FILE = "made_yunet.onnx"


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serves files, and stays silent."""

    def log_message(self, *facts: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on this machine that serves the folder "served"."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    served = tmp_path / "served"
    served.mkdir()
    handler = partial(Silent, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The bytes of the made network, which the registry names in place of the published one."""
    return made_yunet.put_in_place(monkeypatch, tmp_path / "cache")


@pytest.fixture
def fetched(made: bytes, tmp_path: Path) -> bytes:
    """The same bytes, in place."""
    brought = tmp_path / "brought.onnx"
    brought.write_bytes(made)
    run("models", "fetch", "yunet", "--from", brought)
    return made


def stored(tmp_path: Path) -> list[str]:
    """Return the files with something in them that are in the cache."""
    cache = tmp_path / "cache"
    return sorted(p.name for p in cache.rglob("*") if p.is_file() and p.stat().st_size)


def test_the_detector_is_fetched_from_a_server(made: bytes, mirror: str, tmp_path: Path) -> None:
    (tmp_path / "served" / FILE).write_bytes(made)
    assert FILE in run("models", "fetch", "yunet", "--mirror", mirror).stderr
    assert stored(tmp_path) == [FILE]
    run("models", "verify", "yunet")


@pytest.mark.parametrize("served", [None, b"another file"])
def test_a_fetch_that_fails_names_the_detector_and_leaves_nothing(
    made: bytes, mirror: str, tmp_path: Path, served: bytes | None
) -> None:
    if served is not None:
        (tmp_path / "served" / FILE).write_bytes(served)
    says = run("models", "fetch", "yunet", "--mirror", mirror, code=4).stderr
    assert "'yunet'" in says
    assert ("404" if served is None else "SHA-256") in says
    assert stored(tmp_path) == []


def test_without_a_network_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATCHER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("matcher.embedding.weights.download._PAUSES", ())
    says = run("models", "fetch", "yunet", "--mirror", "http://127.0.0.1:9", code=4).stderr
    assert "matcher models fetch yunet --from face_detection_yunet_2023mar.onnx" in says
    assert stored(tmp_path) == []
    assert "matcher models fetch yunet" in run("models", "verify", "yunet", code=4).stdout


def test_detectors_are_listed_among_the_models() -> None:
    lines = run("models", "list", "--format", "jsonl").stdout.splitlines()
    rows = {row["name"]: row for row in map(json.loads, lines)}
    assert (rows["yunet"]["kind"], rows["yunet"]["works offline"]) == ("detector", "after fetch")
    assert rows["yunet"]["licence"].startswith("MIT")
    assert {row["kind"] for name, row in rows.items() if name != "yunet"} == {"model"}
    facts = json.loads(run("models", "info", "yunet", "--format", "jsonl").stdout)
    assert facts["weights"]["sha256"].startswith("8f2383e4dd3cfbb4")
    assert "WIDER FACE" in facts["training_data"]


def test_the_option_has_the_names_of_the_library() -> None:
    assert tuple(Finder) == DETECTORS


@pytest.mark.parametrize("command", ["enrol", "compare"])
def test_a_detector_that_was_not_fetched_ends_kindly(
    command: str, made: bytes, cohort: Cohort, tmp_path: Path
) -> None:
    words = {"enrol": (tmp_path / "g", cohort.manifest), "compare": cohort.probes[:2]}[command]
    says = run(command, *words, "--detector", "yunet", code=4).stderr
    assert "matcher models fetch yunet" in says
    assert not (tmp_path / "g").exists()


def test_another_name_is_refused(cohort: Cohort) -> None:
    assert "'mtcnn'" in run("compare", *cohort.probes[:2], "--detector", "dlib", code=2).stderr


def drawn_photos(folder: Path) -> Path:
    """Write photos in which only the made network finds a face; return their folder."""
    for number, name in enumerate(("A", "B")):
        (folder / name).mkdir(parents=True)
        pixels = made_yunet.drawn(96, 128, (24, 40, 40))
        pixels[60:, :, 1] = np.arange(128) * (number + 1)
        Image.fromarray(pixels).save(folder / name / "photo.png")
    return folder


def test_a_gallery_goes_on_with_its_detector_and_says_when_another_is_used(
    fetched: bytes, tmp_path: Path
) -> None:
    photos, place = drawn_photos(tmp_path / "photos"), tmp_path / "g"
    made = ("--model", "dlib-resnet", "--policy", "off")
    run("enrol", place, photos, *made, "--detector", "yunet")
    with Gallery.open(place) as gallery:
        assert (gallery.detectors, len(gallery)) == (("yunet",), 2)

    probe = photos / "A" / "photo.png"
    found = run("search", place, probe, "--policy", "off", "--format", "jsonl")
    assert json.loads(found.stdout)["candidates"][0]["subject"]["subject_id"] == "A"
    assert "docs/how-to/choose-a-detector.md" not in found.stderr
    other = run("search", place, probe, "--policy", "off", "--detector", "mtcnn", code=1)
    assert "mtcnn finds the faces of these photos; those of the gallery were found by yunet" in (
        other.stderr
    )
    facts = json.loads(run("gallery", "info", place, "--format", "jsonl").stdout)
    assert facts["detectors"] == ["yunet"]


def test_a_job_takes_the_detector_along(fetched: bytes, cohort: Cohort, tmp_path: Path) -> None:
    photos, place = drawn_photos(tmp_path / "photos"), tmp_path / "g"
    run("enrol", place, photos, "--model", "dlib-resnet", "--policy", "off", "--detector", "yunet")
    record = made_model.write(tmp_path)
    run("reindex", "run", place, "--model", record)
    run("reindex", "switch", place)
    with Gallery.open(place) as gallery:
        assert (gallery.detectors, len(gallery)) == (("yunet",), 2)


def test_a_job_changes_the_detector(fetched: bytes, tmp_path: Path, cohort: Cohort) -> None:
    place = tmp_path / "g"
    run("enrol", place, cohort.manifest, "--model", "dlib-resnet")
    record = made_model.write(tmp_path)
    words = ("reindex", "run", place, "--model", record, "--detector", "yunet")
    says = run(*words, code=1).stderr  # the made network finds no face in these photos
    assert "yunet finds the faces of these photos" in says
    with Gallery.open(place) as gallery:
        assert gallery.detectors == ("mtcnn",)
