"""Every command of the application, run as one story in one folder, whatever the names are.

A new command without a run in the story fails `tests/cli/test_every_command.py`.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dated_photos
import made_ages
import made_model
import made_video
import typer
from ended_server import ended_when_it_listens
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.governance import ActivityLog
from matcher.synthetic import CohortSpec, write_cohort


@dataclass(frozen=True)
class Names:
    """The texts of the story: plain, unless a test says otherwise."""

    folder: str = "work"
    photo: str = "photo"
    subjects: tuple[str, ...] = ("A-1", "A-2", "A-3")
    label: str = "label"
    text: str = "text"
    note: str = "note"
    case: str = "case"


@dataclass(frozen=True)
class Run:
    """One command of the story, and what it printed."""

    command: str
    words: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def style(self) -> str:
        """The format that was asked for."""
        return self.words[self.words.index("--format") + 1] if "--format" in self.words else "table"


def commands(of: typer.Typer = app, before: str = "") -> Iterator[str]:
    """Yield the full name of each command of the application, the hidden ones too."""
    for command in of.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        yield f"{before}{name}"
    for group in of.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{before}{group.name} ")


@dataclass
class Story:
    """A folder with rendered photos under the names of the story, and the runs in it."""

    folder: Path
    names: Names = field(default_factory=Names)
    mirror: str = "http://127.0.0.1:9"
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.work = self.folder / self.names.folder
        self.given = self.folder / "given" / self.names.folder
        """What the commands are given; all else in the folder is made by them."""
        self.gallery = self.work / f"g{self.names.photo}"
        self.photos: list[Path] = []

    def __call__(
        self, command: str, *words: object, styles: tuple[str, ...] = (), typed: str = ""
    ) -> None:
        """Run a command, once for each format."""
        for style in styles or ("",):
            given = [*command.split(), *map(str, words), *(["--format", style] if style else [])]
            done = CliRunner().invoke(app, given, input=typed)
            if not isinstance(done.exception, SystemExit | None):
                raise done.exception
            run = Run(command, tuple(given), done.exit_code, done.stdout, done.stderr)
            self.runs.append(run)

    def tell(self) -> list[Run]:
        """Run everything, in an order in which each command has something to do."""
        self._prepare()
        for chapter in (
            _enrolment,
            _search,
            _corrections,
            _models,
            _reindexing,
            _measuring,
            _watching,
            _exchange,
            _grouping,
            _encryption,
            _governing,
            _casework,
            _serving,
            _retention,
        ):
            chapter(self)
        return self.runs

    def _prepare(self) -> None:
        self.work.mkdir()
        self.given.mkdir(parents=True)
        write_cohort(CohortSpec(3, ages=(6, 9), seed=3, size=128), self.given / "made", workers=1)
        for number, source in enumerate(sorted((self.given / "made" / "photos").glob("*.png"))):
            path = self.given / f"{self.names.photo}{number}.png"
            shutil.copy(source, path)
            self.photos.append(path)
        self.broken = self.given / f"{self.names.photo}broken.png"
        self.broken.write_bytes(b"no picture")
        self.manifest = self.given / "list.csv"
        made_model.write(self.given)
        self.model = self.given / "new-model.toml"
        label, text, note = self.names.label, self.names.text, self.names.note
        with self.manifest.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["photo", "subject", "region", "note", "source", "tags", "date_of_birth"])
            for path, subject in zip(self.photos[::2], self.names.subjects, strict=True):
                rows.writerow([path, subject, label, note, text, f"a;{label}", "2010-05-01"])
            rows.writerow([self.broken, self.names.subjects[0], "", "", "", "", "2010-05-01"])


ALL = ("table", "jsonl", "csv")


def _enrolment(run: Story) -> None:
    run("enrol", run.gallery, run.manifest, "--dry-run")
    run("enrol", run.gallery, run.manifest, "--report", run.work / "enrolled.csv")
    run("enrol", run.gallery, run.manifest)
    run("gallery info", run.gallery, styles=ALL)
    run("gallery list", run.gallery, styles=ALL)
    run("gallery verify", run.gallery)
    run("gallery migrate", run.gallery)
    run("gallery rebuild", run.gallery)
    run("gallery compact", "--dry-run", run.gallery)
    run("gallery compact", run.gallery)


def _search(run: Story) -> None:
    sheet = ("--sheet", run.work / f"sheet{run.names.photo}.html")
    run("search", run.gallery, *run.photos[1:4:2], run.broken, *sheet, styles=ALL)
    only = ("--region", run.names.label, "--subject", run.names.subjects[0])
    run("search", run.gallery, run.photos[1], *only, styles=ALL)
    report = ("--lead-report", run.work / f"case{run.names.photo}.html", "--language", "es")
    run("search", run.gallery, *run.photos[1:4:2], *report)
    run("search", run.gallery, run.photos[1], "--region", "none", "--exclude-unknown", styles=ALL)
    run("search", run.gallery, run.photos[1], "--model", run.names.text)
    _crossing(run)
    _video(run)
    run("compare", run.photos[0], run.photos[1], "--face", "largest", styles=ALL)
    run("compare", run.photos[0], run.broken)
    _dates(run)
    run(run.names.text)
    run("gallery edit", run.gallery, "x", "--sex", run.names.text)
    run("gallery list", run.gallery, run.names.text)


def _dates(run: Story) -> None:
    """List, take and use the date of a photo whose camera has the text of the story as its name."""
    text = run.names.text.encode()
    photo = run.given / f"{run.names.photo}dated.jpg"
    dated_photos.with_date(run.photos[0], photo, first={dated_photos.MAKE: text})
    run("dates", photo, run.photos[0], run.broken, "--gps", styles=ALL)
    run("search", run.gallery, photo, "--dates-from-photos", styles=ALL)
    people = run.given / "people"
    (people / run.names.subjects[0].replace("/", "")).mkdir(parents=True)
    shutil.copy(photo, people / run.names.subjects[0].replace("/", ""))
    report = ("--report", run.work / "enrolled.csv")
    run("enrol", run.given / "dated", people, *report, "--dates-from-photos")
    shutil.rmtree(people)
    shutil.rmtree(run.given / "dated")
    photo.unlink()


def _crossing(run: Story) -> None:
    low = ("--threshold", 0.1)
    files = ("--csv", run.work / "cross.csv", "--pairs", run.work / f"{run.names.photo}.pairs")
    sheet = ("--sheet", run.work / f"cross{run.names.photo}.html")
    run("cross", run.gallery, *low, *files, *sheet, styles=ALL)
    shutil.copytree(run.gallery, run.given / "other")
    run("cross", run.gallery, run.given / "other", *low, *files, *sheet, styles=ALL)
    run("cross", run.gallery, run.given / "other")
    run("cross", run.gallery, run.gallery, *low)
    run("cross", run.gallery, run.work / run.names.text.replace("/", ""), *low)
    shutil.rmtree(run.given / "other")


def _video(run: Story) -> None:
    face = made_video.face_of(run.photos[1], 128)
    frame = made_video.scene([(face, (120, 90))], (240, 180))
    film = made_video.write(run.given / f"{run.names.photo}.mp4", [frame] * 8, form="mp4")
    for style in ALL:
        run("frames", film, "--out", run.work / f"tracks{style}", styles=(style,))
    run("frames", film, "--out", run.work / "trackstable")
    run("frames", run.broken, "--out", run.work / "nothing")
    run("frames", film, "--out", run.work / "nothing", "--from", run.names.text)


def _encryption(run: Story) -> None:
    first, second = run.work / "first.key", run.work / f"{run.names.photo}.key"
    for file in (first, second, second):
        run("gallery key", file)
    sealed = run.work / f"sealed{run.names.photo}"
    run("gallery encrypt", run.gallery, sealed)
    run("gallery encrypt", run.gallery, sealed, "--key-file", first)
    run("gallery encrypt", run.gallery, sealed, "--key-file", first)
    run("gallery change-key", sealed, second)
    run("gallery change-key", run.gallery, second)
    run("gallery info", sealed)
    run("gallery create", sealed, "--encrypted", "--key-file", first)
    run("gallery create", run.work / "created", "--key-file", first)
    run("gallery create", run.work / "created", "--encrypted", "--key-file", first)
    shutil.rmtree(run.work / "created")


def _retention(run: Story) -> None:
    gallery, first, case = run.gallery, run.names.subjects[0], run.names.case
    named = ("--operator", "keeper-1", "--purpose", "maintenance")
    run("retention set", gallery, "--subject", first, "--until", "2020-01-31", *named)
    run("retention set", gallery, "--of-case", case, "--until", "2020-01-31", *named)
    run("retention set", gallery, "--of-case", run.names.text, "--never", *named)
    run("retention set", gallery, "--subject", first, *named)
    run("retention list", gallery, *named, styles=ALL)
    run("retention run", gallery, "--dry-run", *named)
    left = gallery / f"left{run.names.photo}"
    left.write_text(first)
    run("retention run", gallery, "--also", run.work, *named)
    left.unlink()
    run("retention run", gallery, *named)
    run("retention run", gallery, "--accept-left", *named)
    run("retention erase", gallery, "--subject", run.names.text, *named)
    run("retention erase", gallery, *named)
    run("retention list", gallery)


def _corrections(run: Story) -> None:
    label, text, (first, second, third) = run.names.label, run.names.text, run.names.subjects
    run("gallery edit", run.gallery, first, "--note", f"{text}!", "--region", f"{label}?")
    run("gallery undo", run.gallery)
    run("gallery edit", run.gallery, first, "--case-reference", label, "--sex", "female")
    run("gallery show", run.gallery, first, styles=ALL)
    run("gallery show", run.gallery, text)
    run("gallery rename", run.gallery, second, f"{second}x")
    run("gallery rename", run.gallery, f"{second}x", second)
    run("gallery remove-photo", run.gallery, "--", third, run.photos[4].name)
    run("gallery undo", run.gallery)
    moved = run.given / "moved"
    moved.mkdir()
    for photo in run.photos:
        shutil.copy(photo, moved)
    run("gallery move-photos", run.gallery, run.given, moved)
    run("gallery undo", run.gallery)
    shutil.rmtree(moved)
    run("gallery changes", run.gallery, styles=ALL)
    shutil.copytree(run.gallery, run.given / "copy")
    run("gallery merge", run.given / "copy", first, second)
    run("gallery remove", run.given / "copy", second)
    run("gallery remove", run.given / "copy", second)
    shutil.rmtree(run.given / "copy")
    _hiding(run)


def _hiding(run: Story) -> None:
    first, second, _ = run.names.subjects
    run("gallery hide", run.gallery, "--because", run.names.note, "--", first, second)
    run("gallery hide", run.gallery, first, "--because", run.names.text)
    run("gallery hide", run.gallery, run.names.text, "--because", run.names.text)
    run("gallery hidden", run.gallery, styles=ALL)
    sheet = ("--sheet", run.work / f"sheet{run.names.photo}.html")
    run("search", run.gallery, run.photos[1], "--subject", first, styles=ALL)
    run("search", run.gallery, run.photos[1], *sheet, "--include-hidden", styles=ALL)
    page = ("--sheet", run.work / f"cross{run.names.photo}.html")
    run("cross", run.gallery, "--threshold", 0.1, styles=ALL)
    run("cross", run.gallery, "--threshold", 0.1, "--include-hidden", *page, styles=ALL)
    run("gallery unhide", run.gallery, "--", first)
    run("gallery unhide", run.gallery, "--", first, second)


def _models(run: Story) -> None:
    run("models list", styles=ALL)
    run("models info", "youth-resnet", styles=ALL)
    run("models info", run.names.text)
    run("models verify", "youth-resnet", styles=ALL)
    record = run.given / "model" / "new-model.toml"
    record.parent.mkdir()
    shutil.copy(run.model, record)
    run("models fetch", record, "--from", run.given / "new-model.onnx")
    run("models fetch", "sface", "--mirror", run.mirror)
    run("compare", run.photos[0], run.photos[1], "--model", "dlib-resnet")
    run("models fetch", run.names.text)


def _reindexing(run: Story) -> None:
    model = ("--model", run.model, "--workers", 1)
    away = run.given / f"away{run.names.photo}.png"
    run.photos[4].rename(away)
    run("reindex plan", run.gallery, *model, styles=ALL)
    run("reindex run", run.gallery, *model, "--report", run.work / "outcomes.csv", styles=ALL)
    run("reindex run", run.gallery, *model)
    away.rename(run.photos[4])
    run("reindex with-flags", run.gallery, *model, "--retry")
    run("reindex compare", run.gallery, styles=ALL)
    run("reindex switch", run.gallery)
    run("reindex rollback", run.gallery)
    run("reindex prune", run.gallery, "--keep", 0)
    run("reindex discard", run.gallery)
    _sharing(run, model)


def _sharing(run: Story, model: tuple[object, ...]) -> None:
    """Share a job among processes; its edition is discarded afterwards."""
    folder = run.work / f"shares{run.names.photo}"
    run("reindex share", run.gallery, folder, "--of", 2, *model[:2], "--batch", 2)
    run("reindex run", folder, *model, "--batch", 2, "--shard", "1/2")
    run("reindex merge", run.gallery)
    run("reindex run", folder, *model, "--batch", 2, "--shard", "2/2")
    run("reindex run", folder, *model, "--shard", run.names.text)
    run("reindex merge", run.gallery, "--report", run.work / "outcomes.csv")
    run("reindex merge", run.gallery, styles=ALL)
    run("reindex discard", run.gallery)


def _measuring(run: Story) -> None:
    text = run.names.text
    run("synth", "--out", run.work / "synth", "--subjects", 12, "--size", 128, "--ages", "6,10")
    people = run.given / "labelled.csv"
    with (run.work / "synth" / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with people.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["photo", "subject", "age_at_capture", "sex", "origin"])
        writer.writeheader()
        for number, row in enumerate(rows):
            kept = {name: row[name] for name in ("photo", "subject", "age_at_capture")}
            origin = f"{text}{number // 2 % 2}"
            photo = run.work / "synth" / row["photo"]
            writer.writerow(kept | {"photo": photo, "sex": "female", "origin": origin})
    by = ("--by", "origin", "--fmr", 0.1, "--draws", 20)
    run("audit", people, "--out", run.work / f"report{run.names.photo}", *by)
    run("audit", people, "--out", run.work / "report", "--by", text)
    run("audit", run.work / text.replace("/", ""), "--out", run.work / "report")
    run("calibrate", people, "--out", run.work / f"{run.names.photo}.json")
    _adapting(run, people)
    run("demo", "--out", run.work / "demo", "--subjects", 4)


def _adapting(run: Story, few: Path) -> None:
    model = ("--model", run.model)
    out = ("--out", run.work / f"adapted{run.names.photo}")
    run("adapt", *model, "--cohort", few, *out)
    run("adapt", "--model", "youth-resnet", "--cohort", few, *out)
    (run.given / "ages").mkdir()
    many = made_ages.write(run.given / "ages", origin=run.names.label)
    run("adapt", *model, "--cohort", many, *out, "--origin", run.names.text)
    run("adapt", *model, "--cohort", many, *out, "--origin", "origin")
    run("models verify", run.work / f"adapted{run.names.photo}" / "model.toml")


def _watching(run: Story) -> None:
    sought = run.given / "sought.csv"
    with sought.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["photo", "subject", "note"])
        for path, subject in zip(run.photos[1::2], run.names.subjects, strict=True):
            rows.writerow([path, f"{subject}s", run.names.note])
    low, file_of_leads = ("--threshold", -0.5), run.work / f"watch{run.names.photo}.jsonl"
    run("watch add", run.gallery, sought)
    run("watch add", run.gallery, sought, *low, "--report", run.work / "enrolled.csv")
    for style in ALL:
        run("watch run", run.gallery, styles=(style,))
        for name in ("outbox.sqlite3", "watch.pairs"):  # so that the leads are new again
            (run.gallery / "watch" / name).unlink()
    run("watch list", run.gallery, styles=ALL)
    run("watch set", run.gallery, "--file", run.work / run.names.text.replace("/", "") / "none")
    run("watch set", run.gallery, "--file", file_of_leads)
    run("enrol", run.gallery, run.manifest)
    run("watch remove", run.gallery, "--", f"{run.names.subjects[0]}s")
    run("watch list", run.gallery, styles=ALL)


def _exchange(run: Story) -> None:
    """Pass hashes on, and take them in again."""
    out, case = run.work / "hashes.csv", run.work / "vics.json"
    columns = ("--columns", "sha256,subject,reference")
    run("hashes export", run.gallery, "--out", out, *columns)
    run("hashes export", run.gallery, "--out", out, "--columns", run.names.text)
    run("hashes check", run.gallery, "--list", out, styles=ALL)
    run("hashes check", run.given, "--list", out, styles=ALL)
    run("hashes check", run.given, "--list", run.manifest)
    run("hashes fill", run.gallery)
    run("enrol", run.gallery, run.manifest, "--skip-hashes", out, "--flag-hashes", out)
    run("vics export", run.gallery, case, "--subjects", "--paths")
    words = ("--photos", run.given, "--out", run.work / "found.csv")
    run("vics import", case, *words, "--subject-from", "Comments")
    run("vics import", case, *words, "--subject-from", run.names.text)
    run("vics import", run.manifest, *words)


def _grouping(run: Story) -> None:
    state, text = run.work / f"{run.names.photo}.groups", run.names.text.replace("/", "")
    files = ("--csv", run.work / "faces.csv", "--sheet", run.work / f"groups{run.names.photo}.html")
    into = ("--enrol", run.work / "unknown")
    run("group", run.given / "made" / "photos", run.broken, "--state", state)
    run("group", run.given, "--state", state, *files, *into, styles=ALL)
    run("groups split", state, 1)
    run("groups merge", state, 1, 2)
    run("groups take-out", state, 2)
    run("groups move", state, 1, 2)
    run("groups undo", state)
    run("groups changes", state, styles=ALL)
    run("groups enrol", state, run.work / "unknown")
    run("groups show", state, *files, styles=ALL)
    run("groups forget", state, run.photos[5].name)
    run("groups show", run.work / text)
    run("groups forget", state, text)
    run("groups move", state, 99, 1)
    run("group", run.given / text)


def _governing(run: Story) -> None:
    """Make the gallery governed, use it with and without a case, and look at its log."""
    text, anchors = run.names.text, run.work / f"{run.names.photo}.anchors"
    named = ("--operator", "operator-7", "--purpose", "maintenance")
    case = ("--operator", "operator-7", "--purpose", "missing_child", "--case", run.names.case)
    right = ("--legal-basis", "art. 12", "--authorisation", "3/26", "--authorised-until")
    run("gallery govern", run.gallery)
    run("gallery hide", run.gallery, run.names.subjects[0], "--because", "x", *named)
    run("gallery govern", run.gallery, "--operator", text, "--purpose", text)
    run("gallery govern", run.gallery, *named)
    run("gallery govern", run.gallery, *named)
    run("gallery info", run.gallery)
    run("search", run.gallery, run.photos[1])
    run("search", run.gallery, run.photos[1], *case, *right, "2020-01-01")
    run("search", run.gallery, run.photos[1], *case, *right, "2099-12-31", styles=ALL)
    run(
        "search",
        run.gallery,
        run.photos[1],
        *case,
        "--region",
        run.names.label,
        *right,
        "2099-01-01",
    )
    run("gallery hide", run.gallery, run.names.subjects[1], "--because", run.names.note, *named)
    run("watch run", run.gallery, *case, *right, "2099-12-31")
    run("log show", run.gallery, styles=ALL)
    run("log show", run.gallery, 5, styles=ALL)
    run("log show", run.gallery, "--kind", "search", "--case", text)
    run("log show", run.gallery, "--kind", "search", "--case", run.names.case)
    run("log show", run.gallery, 999)
    run("log anchor", run.gallery, "--to", anchors)
    run("log verify", run.gallery)
    run("log verify", run.gallery, "--anchors", anchors)
    run("log verify", run.gallery, "--anchors", run.manifest)
    run("log verify", run.gallery, "--public-key", run.manifest)
    run("log export", run.gallery, "--out", run.work / "log.jsonl", *named)
    run("log export", run.gallery, "--out", run.work / "log.jsonl")
    run("log show", run.work / "unknown")
    shutil.copytree(run.gallery, run.given / "tampered")
    log = run.given / "tampered" / "casework" / "log.jsonl"
    log.write_text(log.read_text().replace("operator-7", text.replace('"', ""), 2))
    run("log verify", run.given / "tampered")
    shutil.rmtree(run.given / "tampered")


def _casework(run: Story) -> None:
    """Let two people review what a search of the governed gallery found."""
    gallery, text = run.gallery, run.names.text
    admin = ("--operator", "admin-1", "--purpose", "maintenance")
    case = ("--purpose", "missing_child", "--case", run.names.case)
    right = ("--legal-basis", "art. 12", "--authorisation", "order 5")
    until = ("--authorised-until", "2999-12-31")
    ana, bo = (("--operator", name, *case) for name in ("ana", "bo"))
    run("search", gallery, run.photos[1], *ana, *right, *until)
    number = ActivityLog.of(gallery).head().number
    lead, other = f"{number}-1", f"{number}-2"
    run("leads list", gallery, *ana, styles=ALL)
    run("leads list", gallery, "--operator", text, *case)
    run("leads checklist", styles=ALL)
    run("leads show", gallery, lead, *ana, styles=ALL)
    said = ("--reason", text, "--notes", run.names.note, "--mark", "nose/tip=similar")
    run("leads review", gallery, lead, "--outcome", "candidate", *said, *ana)
    run("leads review", gallery, lead, "--outcome", "no candidate", "--reason", text, *bo)
    run("leads review", gallery, other, "--outcome", "candidate", "--reason", text, *bo)
    run("leads review", gallery, other, "--outcome", "candidate", "--reason", "x", "--mark", text)
    run("leads withdraw", gallery, 3, "--reason", text, *bo)
    run("leads show", gallery, lead, *bo, styles=ALL)
    run("leads show", gallery, text, *bo)
    run("leads verify", gallery, *ana)
    out, page = run.work / "case.pdf", run.work / "case.html"
    run("leads export", gallery, lead, other, "--out", out, "--language", "hi", *ana)
    run("leads export", gallery, lead, "--out", page, "--probe", run.photos[1], *ana)
    run("leads export", gallery, lead, "--out", run.work / text.replace("/", ""), *ana)
    run("leads audit", gallery, *ana, styles=ALL)
    run("leads audit", gallery, "--tones", run.manifest, *ana)
    run("log replay", gallery, number, "--probe", run.photos[1], *admin)
    run("log replay", gallery, number, "--probe", run.broken, *admin)
    run("log report", gallery, "--year", datetime.now(UTC).year, *admin, styles=ALL)


def _serving(run: Story) -> None:
    """Keep accounts, and serve the gallery until somebody asks the server to end."""
    gallery, other, text = run.gallery, run.work / "unknown", run.names.text
    state = ("--state", run.work / f"state{run.names.photo}")
    admin = ("--operator", "admin-1", "--purpose", "maintenance")
    word = "correct horse battery staple"
    run("serve accounts add", "olga", *state, "--role", "operator", typed=word)
    run("serve accounts add", text, *state, "--role", "operator", typed=word)
    run("serve accounts add", "rita", *state, "--role", "reviewer", typed=text[:3])
    run("serve accounts password", "olga", *state, typed=f"{word}!")
    run("serve accounts rights", "olga", *state, "--grant", gallery, *admin)
    run("serve accounts rights", "olga", *state, "--grant", other, *admin)
    run("serve accounts rights", "olga", *state, "--revoke", gallery, *admin)
    run("serve accounts list", *state, styles=ALL)
    run("serve accounts remove", "olga", *state, *admin)
    run("serve accounts remove", text, *state, *admin)
    run("serve run", other, *state)
    run("serve run", gallery, *state, "--host", text)
    with ended_when_it_listens() as port:
        run("serve run", gallery, *state, "--port", port)
