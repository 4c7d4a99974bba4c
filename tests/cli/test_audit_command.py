"""The commands that measure: reports and records from photos, and nothing half-written."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from itertools import combinations
from pathlib import Path

import pytest
from audit_command import rows, run
from interruptible import COMMAND
from waiting import PATIENCE, wait_until

from matcher.embedding import Extractor
from matcher.synthetic import CohortSpec, write_cohort

PEOPLE = 12


def contents(folder: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rendered people at two ages."""
    return write_cohort(
        CohortSpec(PEOPLE, ages=(8, 12), seed=5, size=128), tmp_path_factory.mktemp("people")
    )


@pytest.fixture(scope="module")
def report(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their report, made by the command."""
    folder = tmp_path_factory.mktemp("reports") / "made" / "report"
    run("audit", photos, "--out", folder, "--by", "sex", "--fmr", 0.1, "--draws", 20)
    return folder


@pytest.fixture
def remembered(report: Path) -> tuple[str, Path]:
    """The option that names the vectors of the report."""
    return "--vector-cache", report.with_name("report.vectors.sqlite")


def test_an_audit_writes_the_report_and_keeps_the_vectors_beside_it(
    report: Path, photos: Path, extractor: Extractor
) -> None:
    found = contents(report)
    assert {"report.html", "run.json", "tables/rates.csv", "tables/coverage.csv"} <= set(found)
    assert sorted(path.name for path in report.parent.iterdir()) == [
        "report",
        "report.vectors.sqlite",
    ]
    record = json.loads(found["run.json"])
    assert record["facts"]["weights_sha256"] == extractor.model.weights_sha256
    assert record["facts"]["policy"] == "off"
    (everybody,) = [row for row in rows(report, "coverage") if row["group"] == "all"]
    assert (everybody["subjects"], everybody["photos"]) == (str(PEOPLE), str(2 * PEOPLE))
    assert {row["fact"] for row in rows(report, "imaging")} >= {"exposure", "sharpness"}
    for name, content in found.items():
        assert str(photos.parent).encode() not in content, name


def test_a_second_run_embeds_nothing_again_and_gives_the_same_bytes(
    report: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a photo was read again")

    monkeypatch.setattr(Extractor, "extract", refuse)
    before = contents(report)
    run("audit", photos, "--out", report, "--by", "sex", "--fmr", 0.1, "--draws", 20)
    assert contents(report) == before


def test_a_gallery_size_gives_the_false_leads_of_such_a_gallery(
    tmp_path: Path, report: Path, photos: Path, remembered: tuple[str, Path]
) -> None:
    out = tmp_path / "report"
    options = ("--by", "sex", "--fmr", 0.1, "--draws", 20, "--gallery-size", 5000)
    run("audit", photos, "--out", out, *options, *remembered)
    (leads,) = [
        row
        for row in rows(out, "gallery")
        if (row["group"], row["metric"]) == ("all", "false_leads")
    ]
    (rate,) = [
        row
        for row in rows(report, "rates")
        if (row["group"], row["metric"]) == ("all", "FMR_random")
    ]
    assert leads["gallery"] == "5000"
    for name in ("errors", "trials", "subjects"):
        assert leads[name] == rate[name]
    for name in ("estimate", "low", "high", "bound"):
        assert bool(leads[name]) == bool(rate[name])
        if rate[name]:
            assert float(leads[name]) == pytest.approx(5000 * float(rate[name]))
    assert "5,000 people" in (out / "report.html").read_text(encoding="utf-8")
    assert "gallery-size" in run("audit", photos, "--out", out, "--gallery-size", 1, code=2).stderr


def test_a_dry_run_reads_the_labels_and_writes_nothing(tmp_path: Path, photos: Path) -> None:
    talk = run("audit", photos, "--out", tmp_path / "a" / "b", "--dry-run").stderr
    assert f"Would audit {2 * PEOPLE} photos of {PEOPLE} subjects" in talk
    talk = run("calibrate", photos, "--out", tmp_path / "c.json", "--dry-run").stderr
    assert f"Would calibrate on {2 * PEOPLE} photos" in talk
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Labels of sixty people, and distances that another matcher gave their photos."""
    folder = tmp_path_factory.mktemp("elsewhere")
    photos = [f"{person:02}-{photo}" for person in range(60) for photo in range(2)]
    lines = [f"{photo},{photo[:2]},{'fm'[int(photo[:2]) % 2]}" for photo in photos]
    (folder / "people.csv").write_text("\n".join(["photo,subject,kind", *lines]))
    distance = {
        (one, other): 0.2 if one[:2] == other[:2] else 0.4 + (37 * place % 1000) / 1000
        for place, (one, other) in enumerate(combinations(photos, 2))
    }
    with (folder / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["probe", "reference", "score"])
        writer.writerows([one, other, score] for (one, other), score in distance.items())
    return folder / "people.csv", folder / "scores.csv"


def test_scores_of_another_matcher_need_no_photos_and_no_model(
    tmp_path: Path, elsewhere: tuple[Path, Path]
) -> None:
    people, scores = elsewhere
    options = ("--scores", scores, "--by", "kind", "--draws", 5, "--fmr", 0.1)
    out = tmp_path / "report"
    run("audit", people, "--out", out, *options, "--distances")
    rates = {(row["group"], row["metric"]): row for row in rows(out, "rates")}
    assert (rates["all", "FNMR"]["errors"], rates["all", "FNMR"]["trials"]) == ("0", "60")
    assert float(rates["all", "FMR_random"]["estimate"]) == pytest.approx(0.1, abs=0.002)
    assert not (out / "tables" / "open_set.csv").exists()
    assert not (out / "tables" / "gallery.csv").exists()
    assert json.loads((out / "run.json").read_text())["facts"]["scores"] == "scores.csv"
    assert "distance" in run("audit", people, "--out", tmp_path / "b", *options, code=3).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_whoever_asks_is_told_what_goes_with_misses(
    tmp_path: Path, elsewhere: tuple[Path, Path]
) -> None:
    people, scores = elsewhere
    options = ("--scores", scores, "--distances", "--by", "kind", "--draws", 5, "--fmr", 0.1)
    run("audit", people, "--out", tmp_path / "plain", *options)
    assert not (tmp_path / "plain" / "tables" / "odds.csv").exists()
    run("audit", people, "--out", tmp_path / "told", *options, "--explain")
    told = {row["level"]: row["remark"] for row in rows(tmp_path / "told", "odds")}
    assert told["f"] == told["m"] == "no errors, so no finite ratio (separation)"
    assert "What goes with misses" in (tmp_path / "told" / "report.html").read_text()


def test_without_statsmodels_explain_is_refused_before_the_first_photo(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.api", None)
    monkeypatch.setattr(Extractor, "detect_each", pytest.fail)
    out = tmp_path / "report"
    talk = run("audit", photos, "--out", out, "--by", "sex", "--explain", code=6).stderr
    assert "needs statsmodels" in talk
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("at_most", "code", "outcome"), [(0.5, 0, "pass"), (0.01, 7, "fail"), (0.1, 8, "inconclusive")]
)
def test_declared_bounds_decide_the_exit_code(
    tmp_path: Path, elsewhere: tuple[Path, Path], at_most: float, code: int, outcome: str
) -> None:
    people, scores = elsewhere
    bounds = tmp_path / "bounds.toml"
    where = '{ factor = "kind", metric = "FMR_random" }'
    lines = ["[[bound]]", 'name = "b"', 'table = "rates"', f"where = {where}"]
    bounds.write_text("\n".join([*lines, f"at_most = {at_most}"]))
    out = tmp_path / "report"
    options = ("--scores", scores, "--distances", "--by", "kind", "--fmr", 0.1, "--draws", 5)
    talk = run("audit", people, "--out", out, "--bounds", bounds, *options, code=code).stderr
    assert f"Declared bounds: {outcome}." in talk
    assert [row["outcome"] for row in rows(out, "acceptance")] == [outcome]


def test_a_baseline_is_compared_on_the_same_photos(
    tmp_path: Path, photos: Path, remembered: tuple[str, Path]
) -> None:
    out = tmp_path / "report"
    options = ("--baseline", "dlib-resnet", "--by", "capture_type", "--fmr", 0.1, "--draws", 5)
    run("audit", photos, "--out", out, *options, *remembered)
    kinds = {"FMR", "FNMR", "FNMR_counted", "FTA", "FNIR", "FNIR_counted", "FPIR", "selectivity"}
    assert {row["metric"] for row in rows(out, "changes")} == kinds | {"FTE"}
    assert "baseline" in json.loads((out / "run.json").read_text())["facts"]
    run("audit", photos, "--out", out, *options, "--threshold", 0.9, code=2)


def test_measures_that_differ_in_the_last_digits_do_not_stop_a_comparison(
    tmp_path: Path, photos: Path
) -> None:
    memory = tmp_path / "memory.sqlite"
    options = (
        "--by",
        "capture_type",
        "--fmr",
        0.1,
        "--draws",
        5,
        "--memory",
        memory,
    )  # the former name
    run("audit", photos, "--out", tmp_path / "first", *options)
    with closing(sqlite3.connect(memory)) as held, held:
        # just below the sharpness from which a face has its full weight
        held.execute(
            "UPDATE readings SET facts = json_set(facts, '$.sharpness', 0.0699999) "
            "WHERE json_extract(facts, '$.sharpness') >= 0.07"
        )
    run("audit", photos, "--out", tmp_path / "compared", "--baseline", "dlib-resnet", *options)
    assert rows(tmp_path / "compared", "changes")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("{tmp}/none",), 3, "nothing there"),
        (("{tmp}/bad.csv",), 3, "columns photo and subject"),
        (("{tmp}/bad.csv", "--layout", "manifest"), 3, "no column subject"),
        (("{tmp}/lost.csv",), 3, "lost.jpg"),
        (("{photos}", "--layout", "fgnet"), 3, "fgnet"),
        (("{photos}", "--layout", "nonesuch"), 2, "nonesuch"),
        (("{tmp}",), 3, "layouts"),
        (("{photos}", "--by", "nonesuch"), 3, "nonesuch"),
        (("{photos}", "--by", "age,age"), 2, "each once"),
        (("{photos}", "--fmr", "2"), 2, "(0, 1)"),
        (("{photos}", "--fmr-of", "sex"), 2, "age=18"),
        (("{photos}", "--fmr-of", "sex=nobody"), 3, "nobody"),
        (("{photos}", "--ages", "x"), 2, "numbers"),
        (("{photos}", "--ages", "4,13"), 2, "begin at 0"),
        (("{photos}", "--ages", "0,13,4"), 2, "rise"),
        (("{photos}", "--bounds", "{tmp}/none.toml"), 3, "none.toml"),
        (("{photos}", "--bounds", "{tmp}/bad.csv"), 3, "TOML"),
        (("{photos}", "--scores", "{tmp}/none.csv"), 3, "none.csv"),
        (("{photos}", "--scores", "{tmp}/bad.csv"), 3, "no column"),
        (("{photos}", "--model", "nonesuch"), 4, "dlib-resnet"),
        (("{photos}", "--vector-cache", "{tmp}/bad.csv"), 3, "cache of vectors"),
    ],
)
def test_wrong_input_ends_with_a_message_and_nothing_half_written(
    tmp_path: Path,
    photos: Path,
    remembered: tuple[str, Path],
    words: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    (tmp_path / "bad.csv").write_text("photo,child\na.jpg,b\n")
    (tmp_path / "lost.csv").write_text("photo,subject\nlost.jpg,a\n")
    before = contents(tmp_path)
    options = () if "--vector-cache" in words else remembered
    filled = [word.format(tmp=tmp_path, photos=photos) for word in words]
    result = run("audit", *filled, "--out", tmp_path / "report", *options, code=code)
    assert says in result.stderr
    assert contents(tmp_path) == before


def test_a_place_that_holds_something_else_is_left_alone(
    tmp_path: Path, photos: Path, remembered: tuple[str, Path]
) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    options = ("--by", "sex", "--fmr", 0.1, "--draws", 5, *remembered)
    assert "diary" not in run("audit", photos, "--out", tmp_path, *options, code=3).stdout
    assert contents(tmp_path) == {"diary.txt": b"mine"}


def test_an_unreadable_photo_counts_as_refused_and_ends_nothing(
    tmp_path: Path, photos: Path
) -> None:
    with photos.open(newline="") as file:
        kept = list(csv.DictReader(file))[:6]
    lines = [
        f"{os.path.relpath(photos.parent / row['photo'], tmp_path)},{row['subject']}"
        for row in kept
    ]
    (tmp_path / "bad.jpg").write_text("not a picture")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(["photo,subject", *lines, "bad.jpg,nobody"]))
    out = tmp_path / "report"
    run("audit", manifest, "--out", out, "--by", "sex", "--fmr", 0.2, "--draws", 5)
    assert "photo format" in (out / "tables" / "refused.csv").read_text()


def test_an_interrupted_audit_keeps_its_vectors_and_goes_on(tmp_path: Path, photos: Path) -> None:
    with photos.open(newline="") as file:
        shown = [row["photo"] for row in csv.DictReader(file)]
    copies = tmp_path / "copies"
    copies.mkdir()
    lines = []
    for place in range(25 * len(shown)):
        name = f"{place:04}.png"
        source = (photos.parent / shown[place % len(shown)]).read_bytes()
        (copies / name).write_bytes(source + place.to_bytes(4, "big"))
        lines.append(f"{name},{place}")
    manifest = copies / "manifest.csv"
    manifest.write_text("\n".join(["photo,subject", *lines]))
    out, memory = tmp_path / "report", tmp_path / "report.vectors.sqlite"
    words = ["audit", str(manifest), "--out", str(out), "--by", "sex"]
    running = subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE)
    wait_until(lambda: memory.exists() and memory.stat().st_size >= 20_000)
    running.send_signal(signal.SIGINT)
    _, talk = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert b"What was stored is kept" in talk
    assert b"Traceback" not in talk
    assert not out.exists()
    assert memory.stat().st_size >= 20_000


def test_a_calibration_of_too_few_people_is_refused_with_the_reason(
    tmp_path: Path, photos: Path, remembered: tuple[str, Path]
) -> None:
    out = tmp_path / "record.json"
    talk = run("calibrate", photos, "--out", out, "--policy", "off", *remembered, code=3).stderr
    assert "11 people of one sex" in talk
    assert not out.exists()


def test_a_calibration_is_a_record_that_searches_can_read(
    tmp_path: Path, photos: Path, remembered: tuple[str, Path], extractor: Extractor
) -> None:
    from matcher.search.calibration.record_file import bands_of, read_record

    with photos.open(newline="") as file:
        lines = [
            f"{row['photo']},{row['subject']},{row['age_at_capture']}"
            for row in csv.DictReader(file)
        ]
    manifest = photos.with_name("without_sex.csv")
    manifest.write_text("\n".join(["photo,subject,age", *lines]))
    out = tmp_path / "deep" / "record.json"
    options = ("--policy", "off", "--ages", "0,10,18", *remembered)
    run("calibrate", manifest, "--out", out, *options)
    record, _ = read_record(out)
    assert record["model"]["weights_sha256"] == extractor.model.weights_sha256
    assert [(b.at_least, b.below) for b in bands_of(record, out)] == [(0, 10), (10, 18)]
    run("calibrate", manifest, "--out", tmp_path, *options, code=3)
    run("calibrate", manifest, "--out", out, "--ages", "10,18", code=2)
