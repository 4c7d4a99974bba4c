"""Matcher beside its peers: the processes, the reasons, the awkward files, and the rows."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    awkward_files = importlib.import_module("awkward_files")
    peer_environments = importlib.import_module("peer_environments")
    peer_process = importlib.import_module("peer_process")
    rows_module = importlib.import_module("beside_peers_rows")
    sides_module = importlib.import_module("beside_peers_sides")
    beside_peers = importlib.import_module("beside_peers")

from fairness.cohort import FoldPairs, read_fgnet, read_lfw  # noqa: E402

FAKE = """
import os, signal, socket, sys
sys.path.insert(0, {peers!r})
import numpy as np
from runner_protocol import Seen, serve

def load(options):
    if options.get("broken"):
        raise ValueError("no such weights\\nand more")
    def look(photo, purpose):
        name = os.path.basename(photo)
        print("chatter of a library")
        if "crash" in name: os.kill(os.getpid(), signal.SIGSEGV)
        if "error" in name: raise KeyError("bad photo")
        if "net" in name: socket.create_connection(("127.0.0.1", 9))
        if "none" in name: return Seen()
        seen = Seen()
        with seen.timed("all"):
            pass
        number = float(int(name[:3])) if name[:3].isdigit() else 0.0
        seen.boxes = [(0, 0, 5, 5), (10, 10, 30, 40)]
        seen.vectors = [[9.0, 9.0], [number, 1.0 if purpose == "search" else 2.0]]
        return seen
    return look

serve(load, ("numpy",), "euclidean")
"""


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """Return a peer that reads its answers off the names of files."""
    script = tmp_path / "fake_path.py"
    script.write_text(textwrap.dedent(FAKE.format(peers=str(BENCHMARKS / "peers"))))
    return script


@pytest.fixture
def process(fake: Path, tmp_path: Path) -> Iterator[Any]:
    with peer_process.PeerProcess(Path(sys.executable), fake, {}, tmp_path) as made:
        yield made


def test_a_peer_says_what_it_is_and_answers_photo_by_photo(process: Any) -> None:
    hello = process.start()
    assert hello["measure"] == "euclidean"
    assert hello["versions"]["numpy"] == np.__version__
    outcome = peer_process.Outcome.of(process.ask(Path("007A01.JPG"), "search"))
    assert outcome.vector.tolist() == [7.0, 1.0]  # of the larger of two boxes
    assert (outcome.largest, len(outcome.boxes)) == (1, 2)
    assert outcome.total >= 0
    assert outcome.peak_mib > 1 or sys.platform != "linux"
    assert peer_process.Outcome.of(process.ask(Path("none.jpg"))).vector is None


def test_an_error_and_a_crash_are_outcomes_and_the_peer_goes_on(process: Any) -> None:
    assert peer_process.Outcome.of(process.ask(Path("error.jpg"))).error == "KeyError"
    assert peer_process.Outcome.of(process.ask(Path("crash.jpg"))).ended == "SIGSEGV"
    assert peer_process.Outcome.of(process.ask(Path("001A01.JPG"))).vector.tolist() == [1.0, 2.0]


def test_a_peer_has_no_network(process: Any) -> None:
    answer = process.ask(Path("net.jpg"))
    assert answer["error"]["type"] == "OSError"
    assert "--weights" in answer["error"]["text"]


def test_a_peer_that_cannot_load_is_missing_with_its_reason(fake: Path, tmp_path: Path) -> None:
    with (
        peer_process.PeerProcess(Path(sys.executable), fake, {"broken": 1}, tmp_path) as process,
        pytest.raises(peer_environments.Missing, match=r"^ValueError: no such weights$"),
    ):
        process.start()


def test_weights_that_are_nowhere_are_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATCHER_CACHE", str(tmp_path / "cache"))
    sides = {side.name: side for side in peer_environments.sides()}
    with pytest.raises(peer_environments.Missing, match="--weights sface=PATH"):
        peer_environments.files_of(sides["opencv"], {}, tmp_path)
    with pytest.raises(peer_environments.Missing, match="--weights insightface=PATH"):
        peer_environments.files_of(sides["insightface"], {}, tmp_path)
    other = tmp_path / "sface.onnx"
    other.write_bytes(b"another file")
    with pytest.raises(peer_environments.Missing, match="another file than the record sface"):
        peer_environments.files_of(sides["opencv"], {"sface": other}, tmp_path)
    with pytest.raises(peer_environments.Missing, match=r"there is no gone\.onnx"):
        peer_environments.files_of(sides["onnx"], {"onnx": tmp_path / "gone.onnx"}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sface.onnx"]  # nothing was begun


def test_every_side_has_an_environment_a_script_and_its_versions_are_pinned() -> None:
    facts = peer_environments.facts()
    for side in peer_environments.sides():
        assert (BENCHMARKS / "peers" / side.script).is_file()
        environment = facts["environments"][side.environment]
        for package in (*environment["packages"], *environment.get("alone", ())):
            assert "==" in package or package in ("-e", "setuptools<81") or "{checkout}" in package
        assert set(side.weights) <= set(facts["weights"])


def test_an_environment_counts_only_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, runs = 1, []

    def pip(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        runs.append(words[words.index("--quiet") + 1 :])
        said = "WARNING: slow\nERROR: No matching distribution\n"
        return subprocess.CompletedProcess(words, code, "", said)

    monkeypatch.setattr(peer_environments.subprocess, "run", pip)
    monkeypatch.setattr(
        peer_environments.venv, "create", lambda place, **_: place.mkdir(exist_ok=True)
    )
    reason = "no opencv-python-headless==.*: ERROR: No matching distribution"
    with pytest.raises(peer_environments.Missing, match=reason):
        peer_environments.python_of("opencv", tmp_path)
    code = 0
    for _ in range(2):
        python = peer_environments.python_of("face_recognition", tmp_path)
    assert python == tmp_path / "face_recognition" / "bin" / "python"
    assert [run[0] for run in runs[1:]] == ["dlib-bin==20.0.1.post1", "--no-deps"]  # once


def test_there_are_thirty_awkward_files(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    person, other = (Image.new("RGB", (400, 400), colour) for colour in ("red", "blue"))
    files = awkward_files.awkward(person, other)
    assert len({file.name for file in files}) == 30
    assert Counter(file.holds for file in files) == {
        "face": 22,
        "part": 2,
        "nothing": 5,
        "no face": 1,
    }
    paths = awkward_files.write(tmp_path / "files", files)
    assert paths["two\nlines.jpg"].read_bytes() == paths["plain.jpg"].read_bytes()
    assert paths["folder.jpg"].is_dir()
    assert paths["bomb.png"].stat().st_size < 1_000_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(paths["bomb.png"])


@pytest.mark.parametrize(
    ("holds", "facts", "nearest", "judged"),
    [
        ("face", {"vector": np.ones(2)}, 0, "RIGHT"),
        ("face", {"vector": np.ones(2)}, 3, "WRONG"),
        ("face", {}, None, "WRONG"),
        ("face", {"error": "OSError"}, None, "REFUSED"),
        ("face", {"ended": "SIGSEGV"}, None, "ENDED"),
        ("nothing", {"error": "OSError"}, None, "RIGHT"),
        ("nothing", {}, None, "WRONG"),
        ("no face", {}, None, "RIGHT"),
        ("no face", {"vector": np.ones(2)}, 0, "WRONG"),
        ("part", {"error": "OSError"}, None, "RIGHT"),
        ("part", {}, None, "WRONG"),
    ],
)
def test_an_outcome_is_judged_by_what_is_in_the_file(
    holds: Any, facts: Any, nearest: int | None, judged: str
) -> None:
    file = awkward_files.Awkward("a.jpg", holds, b"")
    _, verdict = awkward_files.verdict(file, peer_process.Outcome(**facts), nearest)
    assert verdict == getattr(awkward_files, judged)


def test_scores_are_by_the_measure_of_the_side() -> None:
    one, others = np.array([[3.0, 4.0]], np.float32), np.array([[6, 8], [3, 5]], np.float32)
    assert rows_module.scored(one, others, "cosine")[0, 0] == pytest.approx(1.0)
    assert rows_module.scored(one, others, "euclidean")[0].tolist() == [-5.0, -1.0]


def _cohort(folder: Path) -> Any:
    folder.mkdir(exist_ok=True)
    for subject in range(1, 9):
        for age in (4, 6, 20, 40):
            (folder / f"{subject:03}A{age:02}.JPG").write_bytes(b"")
    return read_fgnet(folder)


def test_a_photo_without_a_face_counts_as_missed(tmp_path: Path) -> None:
    cohort = _cohort(tmp_path / "fgnet")
    codes, count = cohort.subject_codes, len(cohort)
    vectors = np.eye(8, dtype=np.float32)[codes] + 0.01 * np.random.default_rng(1).random(
        (count, 8), np.float32
    )
    found = np.ones(count, np.bool_)
    found[:4] = False  # nobody finds the first person
    vectors[:4] = 0
    looked = rows_module.Looked(found, vectors)
    weights = np.ones((8, 5))
    for measure in ("cosine", "euclidean"):
        rows = rows_module.fgnet_rows(cohort, looked, {"clean": looked}, measure, weights, seed=1)
        values = {row.name: (row.count, row.value) for row in rows}
        assert values["face found, photos clean"] == (32, 28 / 32)
        assert values["rank-1, clean"] == (32, 28 / 32)
        assert values["rank-1, photos clean, mate within 5 years"] == (16, 14 / 16)
        assert values["TMR at FMR 1e-3"] == (48, 42 / 48)


def test_a_pair_of_lfw_without_a_face_counts_as_others(tmp_path: Path) -> None:
    names = [f"P{number}" for number in range(20)]
    for name in names:
        (tmp_path / name).mkdir()
        for shot in (1, 2):
            (tmp_path / name / f"{name}_000{shot}.jpg").write_bytes(b"")
    cohort = read_lfw(tmp_path)
    photos = ["/".join(sample.photo.split("/")[-2:]) for sample in cohort.samples]
    firsts, seconds = photos[::2], photos[1::2]
    pairs = FoldPairs(
        tuple(firsts * 2),
        tuple(seconds + seconds[1:] + seconds[:1]),
        np.repeat([True, False], 20),
        np.tile(np.arange(20) // 2, 2),
    )
    looked = rows_module.Looked(
        np.arange(40) >= 2, np.eye(20, dtype=np.float32)[cohort.subject_codes]
    )
    later, all_ten = rows_module.lfw_rows(cohort, pairs, looked, "euclidean", 10, 1)
    assert (later.count, later.value) == (20, 1.0)
    assert (all_ten.count, all_ten.value) == (40, 39 / 40)


def test_a_run_records_its_tables_and_goes_on_from_what_was_kept(
    fake: Path, tmp_path: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = _cohort(tmp_path / "fgnet")
    facts = {"environment": "x", "script": str(fake), "package": "numpy", "path": "p", "terms": "t"}
    sides = [peer_environments.Side(name, **facts) for name in ("one", "two")]
    sides.append(peer_environments.Side("absent", **facts, weights=("insightface",)))
    monkeypatch.setattr(beside_peers, "sides", lambda: sides)
    monkeypatch.setattr(sides_module, "python_of", lambda *_: Path(sys.executable))
    monkeypatch.setattr(
        beside_peers, "pictures", lambda photos, _: dict.fromkeys(beside_peers.CAMERAS, photos)
    )
    monkeypatch.setattr(awkward_files, "SIZE", 64)
    monkeypatch.setattr(awkward_files, "bomb", lambda _: b"no picture")
    words = ["--fgnet", str(tmp_path / "fgnet"), "--environments", str(tmp_path / "peers")]
    beside_peers.main([*words, "--draws", "20"])
    path = results / "beside_peers.json"
    tables = json.loads(path.read_text(encoding="utf-8"))["tables"]
    who = {row[0]: row for row in tables["who"]["rows"]}
    assert who["one"][-1] == "yes"
    assert who["absent"][-1].startswith("no: no weights: name a folder")
    accuracy = {row[0]: row for row in tables["accuracy"]["rows"]}
    assert accuracy["rank-1, clean"][1:] == ["32 probes", *["100.0 (no interval)"] * 2]
    assert tables["differences"]["columns"][2:] == ["one less two"]
    assert len(tables["awkward files"]["rows"]) == 30
    assert [sum(row[1:]) for row in tables["awkward"]["rows"]] == [30, 30]
    kept = sorted((tmp_path / "peers" / "kept").glob("one-*/clean.jsonl"))
    assert len(kept[0].read_text().splitlines()) == len(cohort)
    with kept[0].open("a") as file:
        file.write('{"photo": "001A')  # as a run leaves it that is ended while it writes
    monkeypatch.setattr(sides_module.PeerProcess, "ask", lambda *_: pytest.fail("asked again"))
    monkeypatch.setattr(beside_peers, "record_awkward", lambda *_: None)
    beside_peers.main([*words, "--draws", "20"])
    assert len(kept[0].read_text().splitlines()) == len(cohort)
