"""`matcher audit --camera`: from the photos to a page that says what degraded probes get."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest
from audit_command import rows, run
from interruptible import COMMAND
from waiting import PATIENCE, wait_until

from matcher.cli.options import PoorCamera
from matcher.degradation import CAMERAS
from matcher.embedding import Extractor
from matcher.synthetic import CohortSpec, write_cohort

PEOPLE = 12
OPTIONS = ("--by", "capture_type", "--fmr", 0.1, "--draws", 20)
CAMERA = "24px-x4-q75"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rendered people at two ages."""
    return write_cohort(
        CohortSpec(PEOPLE, ages=(8, 12), seed=5, size=128), tmp_path_factory.mktemp("people")
    )


@pytest.fixture(scope="module")
def made(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of the photos as they are, and that of degraded probes."""
    folder = tmp_path_factory.mktemp("reports")
    cache = ("--vector-cache", folder / "vectors.sqlite")
    run("audit", photos, "--out", folder / "clear", *OPTIONS, *cache)
    run("audit", photos, "--out", folder / "seen", *OPTIONS, *cache, "--camera", CAMERA)
    return folder


def record(report: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((report / "run.json").read_text())["facts"]
    return found


def test_the_names_are_those_of_the_library() -> None:
    assert [camera.value for camera in PoorCamera] == list(CAMERAS)


def test_the_report_says_what_the_probes_are(made: Path) -> None:
    words = str(CAMERAS[CAMERA])
    assert record(made / "seen")["degraded_probes"] == words
    assert (made / "seen" / "report.html").read_text(encoding="utf-8").count(words) >= 3
    assert "degraded_probes" not in record(made / "clear")
    assert words not in (made / "clear" / "report.html").read_text(encoding="utf-8")


def test_rates_are_of_each_probe_with_photos_as_they_are(made: Path) -> None:
    clear, seen = (
        {(row["group"], row["metric"]): row for row in rows(made / name, "rates")}
        for name in ("clear", "seen")
    )
    assert seen["all", "FNMR_counted"]["trials"] == clear["all", "FNMR_counted"]["trials"]
    assert seen["all", "FTA"]["trials"] == str(2 * PEOPLE)
    refused = int(seen["all", "FTA"]["errors"])
    enrolled, others = 2 * PEOPLE, 2 * PEOPLE - 2
    assert int(seen["all", "FMR_random"]["trials"]) == (enrolled - refused) * others
    assert int(clear["all", "FMR_random"]["trials"]) == enrolled * others // 2
    assert record(made / "seen")["threshold"] != record(made / "clear")["threshold"]
    assert {"FNIR", "FPIR"} <= {row["metric"] for row in rows(made / "seen", "open_set")}


def test_a_second_run_reads_no_photo_again_and_gives_the_same_bytes(
    made: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Extractor, "detect_each", lambda *_: pytest.fail("a photo was read"))
    cache = ("--vector-cache", made / "vectors.sqlite")
    for name, more in (("seen", ("--camera", CAMERA)), ("clear", ())):
        run("audit", photos, "--out", tmp_path / name, *OPTIONS, *cache, *more)
        for path in (made / name).rglob("*"):
            if path.is_file():
                again = tmp_path / name / path.relative_to(made / name)
                assert again.read_bytes() == path.read_bytes()


def test_probes_are_held_against_the_threshold_of_clear_photos(
    made: Path, photos: Path, tmp_path: Path
) -> None:
    given = record(made / "clear")["threshold"]
    cache = ("--vector-cache", made / "vectors.sqlite", "--camera", CAMERA)
    run("audit", photos, "--out", tmp_path / "held", *OPTIONS, *cache, "--threshold", given)
    assert record(tmp_path / "held")["threshold"] == given
    page = (tmp_path / "held" / "report.html").read_text(encoding="utf-8")
    assert "as given" in page


def test_a_baseline_sees_the_same_camera(made: Path, photos: Path, tmp_path: Path) -> None:
    cache = ("--vector-cache", made / "vectors.sqlite", "--camera", CAMERA)
    run("audit", photos, "--out", tmp_path / "a", *OPTIONS, *cache, "--baseline", "dlib-resnet")
    changes = rows(tmp_path / "a", "changes")
    assert {"FNMR_counted", "FTA", "FNIR", "FPIR"} <= {row["metric"] for row in changes}
    refused = {float(row["difference"]) for row in changes if row["metric"] == "FTA"}
    assert refused == {0}  # one detector finds the faces of both


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--camera", "10px"), 2, "24px-q30"),
        (("--camera", CAMERA, "--scores", "s.csv"), 2, "--camera does not go with --scores"),
        (
            ("--camera", CAMERA, "--baseline-scores", "s.csv"),
            2,
            "--camera does not go with --baseline-scores",
        ),
        (
            ("--camera", CAMERA, "--lists", "l.csv", "--threshold", 0.5),
            2,
            "--camera does not go with --lists",
        ),
        (("--camera", CAMERA, "--model", "youth-resnet@5"), 4, "one vector of a face"),
        (("--camera", CAMERA, "--baseline", "youth-resnet@5"), 4, "one vector of a face"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_the_first_photo(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[object, ...],
    code: int,
    says: str,
) -> None:
    monkeypatch.setattr(Extractor, "detect_each", lambda *_: pytest.fail("a photo was read"))
    monkeypatch.setenv("COLUMNS", "200")
    assert says in run("audit", photos, "--out", tmp_path / "a", *words, code=code).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_names_the_camera(photos: Path, tmp_path: Path) -> None:
    talk = run("audit", photos, "--out", tmp_path / "a", "--camera", CAMERA, "--dry-run").stderr
    assert f"through the camera {CAMERA}" in talk


def test_an_interrupted_audit_keeps_its_probes_and_goes_on(
    photos: Path, made: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "vectors.sqlite"
    cache.write_bytes((made / "vectors.sqlite").read_bytes())
    size = cache.stat().st_size
    camera = ("--camera", "16px-x4-q75", "--vector-cache", str(cache))
    words = ["audit", str(photos), "--out", str(tmp_path / "a"), *map(str, OPTIONS), *camera]
    running = subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE)
    wait_until(lambda: running.poll() is not None or cache.stat().st_size > size)
    running.send_signal(signal.SIGINT)
    _, talk = running.communicate(timeout=PATIENCE)
    assert b"Traceback" not in talk
    run("audit", photos, "--out", tmp_path / "a", *OPTIONS, *camera)
    assert record(tmp_path / "a")["degraded_probes"] == str(CAMERAS["16px-x4-q75"])
