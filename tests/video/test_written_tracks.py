"""The folder of tracks: pictures that a search takes, two lists, a page, also if it ends early."""

from __future__ import annotations

import csv
import json
import stat
from html.parser import HTMLParser
from pathlib import Path

import made_video
import pytest
from rendered_film import Film
from typer.testing import CliRunner

import matcher
from matcher.cli.commands import app
from matcher.embedding import Extractor
from matcher.errors import InputError, OutputError
from matcher.faces import POLICIES
from matcher.gallery import Gallery
from matcher.testing import FakeDetector, FakeEmbedder
from matcher.video import VideoTracks, read_tracks, seconds_of, sheet, time_text, write_tracks

FAKE = Extractor(FakeDetector(), FakeEmbedder(16))


def fake_tracks(path: Path, **options: object) -> VideoTracks:
    """Follow faces without a model: every frame is one face."""
    chosen = {"least_score": 0.3, "detector": FakeDetector(), "policy": POLICIES["off"], **options}
    return read_tracks(path, FAKE, **chosen)  # type: ignore[arg-type]


def scenes(count: int) -> list[made_video.Pixels]:
    """Return frames of so many scenes, eight frames each, a dark one and a bright one in turn."""
    each = [made_video.scene([], (96, 64), seed) // 3 + 150 * (seed % 2) for seed in range(count)]
    return [each[number // 8].astype("uint8") for number in range(8 * count)]


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "tracks.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_folder_holds_a_probe_for_each_track_two_lists_and_a_page(
    tmp_path: Path, film: Film, extractor: Extractor, gallery: Gallery
) -> None:
    out = tmp_path / "out"
    reading = read_tracks(film.path, extractor)
    written = write_tracks(out, reading)
    facts = json.loads((out / "tracks.json").read_text(encoding="utf-8"))
    rows = listed(out)
    assert {row["track"] for row in rows} == {str(row["track"]) for row in written.rows}
    assert [row["track"] for row in written.rows] == [t["track"] for t in facts["tracks"]]
    assert facts["finished"] is True
    assert facts["video"]["width"] == 480
    assert facts["counts"]["taken"] == 24
    searcher = matcher.Searcher(gallery, extractor)
    found = set()
    for track in facts["tracks"]:
        place = out / track["folder"]
        photos = sorted(place.iterdir())
        assert [photo.name for photo in photos] == [one["file"] for one in track["best"]]
        for photo, one in zip(photos, track["best"], strict=True):
            hours, minutes, seconds = photo.stem.split("-")
            assert seconds_of(f"{hours}:{minutes}:{seconds}") == pytest.approx(
                one["time"], abs=0.001
            )
        lead = searcher.search_person(photos).candidates[0]
        found.add(lead.subject.subject_id)
    assert found == set(film.subjects)


def test_only_the_owner_can_read_what_is_written(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", scenes(2))
    write_tracks(tmp_path / "out", fake_tracks(path))
    for place in [tmp_path / "out", *(tmp_path / "out").rglob("*")]:
        mode = stat.S_IMODE(place.stat().st_mode)
        assert mode == (0o700 if place.is_dir() else 0o600), place


def test_a_folder_that_exists_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", scenes(1))
    out = tmp_path / "out"
    write_tracks(out, fake_tracks(path))
    before = sorted(place.name for place in out.iterdir())
    with pytest.raises(OutputError, match="must not exist yet"):
        write_tracks(out, fake_tracks(path))
    assert sorted(place.name for place in out.iterdir()) == before
    with pytest.raises(OutputError):
        write_tracks(tmp_path / "none" / "out", fake_tracks(path))
    with pytest.raises(InputError):
        write_tracks(tmp_path / "other", "tracks")  # type: ignore[arg-type]


def test_an_interruption_keeps_the_tracks_before_it_and_says_where_to_go_on(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", scenes(10))

    def interrupt(step: str, done: int, total: int | None) -> None:
        if done >= 5:
            raise KeyboardInterrupt

    reading = fake_tracks(path, on_progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_tracks(tmp_path / "out", reading)
    rows = listed(tmp_path / "out")
    facts = json.loads((tmp_path / "out" / "tracks.json").read_text(encoding="utf-8"))
    assert len(rows) == len(facts["tracks"]) > 3
    assert facts["finished"] is False
    assert (tmp_path / "out" / "sheet.html").exists()
    (note,) = [note for note in facts["notes"] if note.startswith("Not read to the end")]
    since = seconds_of(note.rpartition("from ")[2].rstrip("."))
    whole = [track.first for track in fake_tracks(path)]
    rest = [track.first for track in fake_tracks(path, start=since)]
    assert [seconds_of(row["first"]) for row in rows] + rest == pytest.approx(whole, abs=0.26)


def test_a_track_whose_pictures_cannot_be_written_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: the run ends, and the place to go on lies before that track."""
    from matcher.video import writing

    path = made_video.write(tmp_path / "a.mp4", scenes(6))
    whole = list(fake_tracks(path))
    write = writing._Writer._write_pictures

    def fill(writer: writing._Writer, track: matcher.Track) -> None:
        if track.number == 4:
            raise OSError(28, "No space left on device")
        write(writer, track)

    monkeypatch.setattr(writing._Writer, "_write_pictures", fill)
    reading = fake_tracks(path)
    with pytest.raises(OutputError, match="No space left"):
        write_tracks(tmp_path / "out", reading)
    assert [row["track"] for row in listed(tmp_path / "out")] == ["1", "2", "3"]
    assert next(reading.notes()).endswith(f"go on from {time_text(whole[3].first)}.")


def test_a_row_is_on_disk_as_soon_as_its_track_ended(tmp_path: Path) -> None:
    """So that a run that is killed leaves all that it did."""
    path = made_video.write(tmp_path / "a.mp4", scenes(10))
    seen: list[int] = []

    def look(step: str, done: int, total: int | None) -> None:
        seen.append(len(listed(tmp_path / "out")))

    write_tracks(tmp_path / "out", fake_tracks(path, on_progress=look))
    assert seen == sorted(seen)
    assert 3 < seen[-1] <= len(listed(tmp_path / "out"))


class Pictures(HTMLParser):
    """Counts the pictures of a page, and collects what it would load from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.pictures, self.elsewhere = 0, []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        for name, value in attrs:
            if name in ("src", "href") and value:
                self.pictures += value.startswith("data:image/jpeg")
                self.elsewhere += [] if value.startswith(("data:", "#")) else [value]


def test_the_page_holds_all_it_shows_and_counts_what_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "MOST_TRACKS", 2)
    name = "<script>alert(1)</script>‮.mp4".replace("/", "")
    path = made_video.write(tmp_path / name, scenes(4), form="mp4")
    tracks = list(fake_tracks(path, best=2))
    write_tracks(tmp_path / "out", fake_tracks(path, best=2))
    text = (tmp_path / "out" / "sheet.html").read_text(encoding="utf-8")
    page = Pictures(text)
    assert page.elsewhere == []
    assert page.pictures == sum(len(track.best) + 1 for track in tracks[:2])
    assert "2 tracks have no picture here" in text
    assert "<script>" not in text
    assert "never a decision" in text


def test_the_command_makes_a_folder_that_the_search_takes(
    tmp_path: Path, film: Film, gallery: Gallery
) -> None:
    out = tmp_path / "out"
    words = ["frames", str(film.path), "--out", str(out), "--from", "0:03", "--format", "csv"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    (row,) = csv.DictReader(done.stdout.splitlines())
    assert row["first"] == "00:00:03.000"
    assert "1 track; the pictures are in" in done.stderr
    gallery.close()
    searched = CliRunner().invoke(
        app, ["search", str(gallery.path), str(out / row["folder"]), "--same-person"]
    )
    assert searched.exit_code == 0, searched.output
    assert "Searching with 5 photos of one person." in searched.stderr
    assert film.subjects[2] in searched.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--from", "1:75"], 2, "HH:MM:SS"),
        (["--from", "3", "--until", "2"], 3, "later than the start"),
        (["--per-second", "0"], 3, "above 0"),
        (["--model", "sface"], 4, "sface"),
        (["--stream", "2"], 3, "number 2"),
        (["--out", "."], 9, "must not exist yet"),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_is_written(
    tmp_path: Path, film: Film, words: list[str], code: int, said: str
) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["frames", str(film.path), "--out", str(out), *words])
    assert done.exit_code == code
    assert said in done.stderr
    assert not out.exists()


def test_a_video_without_faces_needs_a_look(tmp_path: Path) -> None:
    path = made_video.write(tmp_path / "a.mp4", made_video.grey(20, (320, 240)))
    done = CliRunner().invoke(app, ["frames", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "0 tracks" in done.stderr
