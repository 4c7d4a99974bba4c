"""No command reaches for the network or writes outside its own folders, with any extra."""

from __future__ import annotations

import shutil
from fnmatch import fnmatch
from pathlib import Path

import made_model
import pytest
from rendered_cohort import Cohort
from trapped import Trapped, require_trap, run_trapped

FONT_LIST = "home/.cache/matplotlib/fontlist-*.json"
"""matplotlib keeps the machine's fonts; docs/explanation/what-leaves-the-machine.md says so."""

LATE = 14
"""Seconds. By itself onnxruntime leaves an id at once, and looks for its maker's host after ten."""

REACH_OUT = """
import ctypes, pathlib
ctypes.CDLL(None).getaddrinfo(b"name.example", b"443", None, ctypes.byref(ctypes.c_void_p()))
(pathlib.Path.home() / "id").write_text("id")
outside = pathlib.Path.cwd().parent / "outside"
outside.mkdir()
(outside / "file").write_text("id")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    """A folder of a user: two cohorts, two photos and the record of an ONNX model."""
    require_trap()
    folder = tmp_path_factory.mktemp("user")
    shutil.copytree(cohort.folder, folder / "cohort")
    for place, photo in enumerate(cohort.probes[:2]):
        shutil.copy(photo, folder / f"photo-{place}{photo.suffix}")
    pytest.importorskip("onnx")
    made_model.write(folder)
    return folder


def run(folder: Path, *words: str, **environment: str) -> Trapped:
    return run_trapped(["-m", "matcher", *words], folder, **environment)


def check(trapped: Trapped, *known: str, codes: tuple[int, ...] = (0,)) -> None:
    """Assert that a program ended as expected and left nothing but what is known."""
    assert trapped.code in codes, trapped.errors
    assert trapped.calls == ()
    assert trapped.written == frozenset()
    assert [path for path in trapped.left if not any(fnmatch(path, one) for one in known)] == []


def test_the_trap_sees_what_native_code_tries(tmp_path: Path) -> None:
    require_trap()
    trap, outside = tmp_path / "trap", tmp_path / "outside"
    trap.mkdir()
    trapped = run_trapped(["-c", REACH_OUT], trap)
    assert trapped.code == 0, trapped.errors
    assert trapped.calls
    assert trapped.written == {str(outside), str(outside / "file")}
    assert trapped.left == {"home/id"}


@pytest.mark.parametrize("seconds", [0, pytest.param(LATE, marks=pytest.mark.slow)])
def test_an_onnx_model_sends_nothing_and_leaves_nothing(seconds: int, tmp_path: Path) -> None:
    require_trap()
    pytest.importorskip("onnxruntime")
    record = made_model.write(tmp_path)
    script = f"import time, matcher; matcher.load_model({str(record)!r}); time.sleep({seconds})"
    check(run_trapped(["-c", script], tmp_path))


def test_who_wants_the_reports_is_told_that_they_are_sent(tmp_path: Path) -> None:
    require_trap()
    pytest.importorskip("onnxruntime")
    record = made_model.write(tmp_path)
    script = f"import matcher; matcher.load_model({str(record)!r}); print('done')"
    trapped = run_trapped(["-c", script], tmp_path, ORT_DISABLE_TELEMETRY="0")
    assert trapped.code == 0
    assert trapped.errors.count("ORT_DISABLE_TELEMETRY is set to '0'") == 1


@pytest.mark.slow
def test_a_days_commands_send_nothing(folder: Path) -> None:
    """One after the other, as each needs what the one before it made."""
    one, other = sorted(path.name for path in folder.glob("photo-*"))
    gallery, early = "cases.gallery", "cohort/early/manifest.csv"
    for line in (
        "demo --out demo --subjects 2",
        "synth --out rendered --subjects 2",
        "models list",
        "models verify",
        "models info youth-resnet",
        f"enrol {gallery} {early} --report outcomes.csv",
        f"search {gallery} {one} --sheet leads.html",
        f"compare {one} {other}",
        f"compare {one} {other} --model new-model.toml",
        f"compare {one} {other} --model dlib-resnet",
        f"gallery info {gallery}",
        f"gallery list {gallery}",
        f"gallery verify {gallery}",
        f"gallery rebuild {gallery} --index coded",
        f"reindex plan {gallery} --model new-model.toml",
        f"reindex run {gallery} --model new-model.toml",
        f"reindex switch {gallery} --model new-model.toml",
        f"reindex rollback {gallery}",
    ):
        check(run(folder, *line.split()), codes=(0, 1))


@pytest.mark.slow
def test_an_audit_and_a_calibration_send_nothing(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    manifest = "people/manifest.csv"
    check(run(folder, "synth", "--out", "people", "--subjects", "24", "--ages", "9"))
    check(run(folder, "calibrate", manifest, "--out", "calibration.json"))
    audited = run(folder, "audit", manifest, "--out", "audit", "--by", "age")
    check(audited, FONT_LIST, codes=(0, 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "load",
    [
        "import pandas, pyarrow.parquet",
        "import pymilvus",
        "import psycopg",
        "from matcher.telemetry import import_silent; import_silent('ray')",
        "import pillow_heif; pillow_heif.register_heif_opener()",
        "import facenet_pytorch, faiss, safetensors.torch, torchvision",
        "import av",
    ],
)
def test_loading_the_libraries_sends_nothing(load: str, tmp_path: Path) -> None:
    require_trap()
    trapped = run_trapped(["-c", f"import time\n{load}\ntime.sleep({LATE})"], tmp_path)
    if "ModuleNotFoundError" in trapped.errors:
        pytest.skip("needs the extra")
    check(trapped)
