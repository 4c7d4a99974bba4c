"""The sheet that a reviewer reads: probe beside photo, every fact, nothing injected."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from rendered_cohort import Cohort

import matcher
from matcher.embedding import Extractor
from matcher.enrolment import PhotoOfSubject, enrol, read_manifest
from matcher.faces import Face, load_detector, measure
from matcher.gallery import Exclusion, Filters, Gallery, PhotoRecord, Subject
from matcher.photos import Photo, load_photo, sha256_of
from matcher.search import (
    CalibrationUse,
    Candidate,
    CandidateList,
    CandidatePhoto,
    ProbeFacts,
    Searcher,
    write_sheet,
)
from matcher.testing import FakeEmbedder

MODEL = FakeEmbedder(16).identity
HOSTILE = "<script>alert(1)</script>\"'&amp;{{ 7 * 7 }}{% raw %}"
BOX = (60.0, 90.0, 140.0, 200.0)
DOTS = ((250, 0, 0), (0, 0, 250))  # the right eye and the left eye of a drawn face
CAUTION = "Leads for a person to review, never a decision."


class Page(HTMLParser):
    """What a browser makes of a page: its tags, their attributes, its text, and lists of facts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self.facts: list[tuple[str, str]] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "dt":
            self.facts.append(("", ""))
        if tag in ("dt", "dd", "style"):
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.style += data
            return
        self.text += data
        if self._inside:
            name, value = self.facts[-1]
            self.facts[-1] = (name + data, value) if self._inside == "dt" else (name, value + data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, name: str) -> list[str]:
        return [value for fact, value in self.facts if fact == name]

    def faces(self) -> list[Image.Image]:
        """Give the pictures of faces: first the probes', then the candidates'."""
        probes = [str(tag["href"]) for tag in self.all("image")]
        photos = [str(tag["src"]) for tag in self.all("img") if tag["class"] == "face"]
        return [decoded(data) for data in probes + photos]

    def wholes(self) -> list[Image.Image]:
        """Give the pictures of whole photos, in the order of the page."""
        return [decoded(str(tag["src"])) for tag in self.all("img") if tag["class"] == "whole"]


class DrawnEyes:
    """A detector of drawn faces: its eyes are two dots, its mouth lies below them."""

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        return [[self._face(photo)] for photo in photos]

    def _face(self, photo: Photo) -> Face:
        right, left = (middle_of(photo.pixels, colour) for colour in DOTS)
        across = left - right
        down = 1.1 * np.array([-across[1], across[0]])
        points = [right, left, (right + left + down) / 2, right + down, left + down]
        landmarks = np.array(points, np.float32)
        size = float(np.hypot(*across))
        middle = (right + left + down) / 2
        box = np.concatenate([middle - 1.2 * size, middle + 1.2 * size]).astype(np.float32)
        return Face(photo, box, landmarks, 1.0, measure(photo, box, landmarks, 1.0))


@dataclass(frozen=True)
class FactsWithBox(ProbeFacts):
    """A probe whose box is known."""

    box: tuple[float, float, float, float] | None = None


def middle_of(pixels: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.float64]:
    """Give the centre of the pixels of about one colour, as (x, y)."""
    near = np.abs(pixels.astype(int) - colour).max(axis=2) < 90
    rows, columns = np.nonzero(near)
    return np.array([columns.mean(), rows.mean()])


def decoded(data: str) -> Image.Image:
    head, content = data.split(",", 1)
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def photo(path: Path, colour: tuple[int, int, int] = (200, 150, 100)) -> Path:
    Image.fromarray(np.full((300, 200, 3), colour, np.uint8)).save(path)
    return path


def with_eyes(path: Path, right: Sequence[float], left: Sequence[float]) -> Path:
    """Draw a photo with a dot at each eye."""
    image = Image.new("RGB", (300, 240), (128, 200, 128))
    radius = max(1.5, np.hypot(*np.subtract(left, right)) / 12)
    for (x, y), colour in zip((right, left), DOTS, strict=True):
        corners = (x - radius, y - radius, x + radius, y + radius)
        ImageDraw.Draw(image).ellipse(corners, fill=colour)
    image.save(path)
    return path


def enrolled(reference: str, score: float, gap: float | None = None) -> CandidatePhoto:
    there = Path(reference).is_file()
    sha256 = sha256_of(Path(reference)) if there else "0" * 64
    return CandidatePhoto(PhotoRecord(sha256, reference), score, {}, gap)


def candidate(
    rank: int, subject: Subject, reference: str, gap: float | None = None, **changes: object
) -> Candidate:
    shown = replace(enrolled(reference, 0.9 - rank / 10000, gap), **changes)  # type: ignore[arg-type]
    return Candidate(rank, subject, shown.score, shown.score, (shown,))


def leads(*candidates: Candidate) -> CandidateList:
    return CandidateList(
        outcome="leads" if candidates else "none above the threshold",
        candidates=candidates,
        reasons=(),
        probe=ProbeFacts(),
        threshold=None if candidates else 0.5,
        exclusions=(),
        searched_faces=9,
        searched_subjects=7,
        model=MODEL,
        searched_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


def page_of(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def written(folder: Path, probe: Path, result: CandidateList, **options: object) -> Page:
    write_sheet(folder / "sheet.html", [probe], [result], title="Leads", **options)  # type: ignore[arg-type]
    return page_of(folder / "sheet.html")


def cut_short(path: Path) -> Path:
    """Write a photo of noise of which the last part is missing."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    return path


@pytest.fixture(scope="module")
def searched(
    tmp_path_factory: pytest.TempPathFactory, cohort: Cohort, extractor: Extractor
) -> tuple[CandidateList, Page]:
    """A search of rendered people, two of them with two photos, and its sheet."""
    folder = tmp_path_factory.mktemp("searched")
    early = read_manifest(cohort.manifest).photos
    late = [
        PhotoOfSubject(cohort.probes[number], early[number].subject, date(2021, 5, 6))
        for number in (1, 2)
    ]
    with Gallery.create(folder / "g", model=extractor.model) as gallery:
        enrol(gallery, extractor, [*early, *late])
        result = Searcher(gallery, extractor).search(
            cohort.probes[0], top=3, filters=Filters(recorded_sex=("female", "male"))
        )
    faults = write_sheet(
        folder / "s.html", [cohort.probes[0]], [result], title="Leads", detector=extractor
    )
    assert faults == ()
    return result, page_of(folder / "s.html")


def test_the_eyes_of_all_rendered_faces_lie_at_one_place(
    searched: tuple[CandidateList, Page],
) -> None:
    result, page = searched
    faces = page.faces()
    assert len(faces) == 1 + sum(len(one.photos) for one in result)
    assert min(min(face.size) for face in faces) >= 300
    shown = [load_photo(face) for face in faces]
    eyes = np.array([found[0].landmarks[:2] for found in load_detector().detect(shown)])
    off = np.abs(eyes - [(139.5, 160), (219.5, 160)])
    # The detector itself is off by some pixels when it looks at an enlarged face again.
    assert np.median(off) < 3
    assert np.quantile(off, 0.8) < 6
    assert page.text.count("aligned on the eyes; face ") == len(faces)
    assert "not aligned" not in page.text


def test_every_photo_of_every_candidate_is_there_once_with_its_facts(
    searched: tuple[CandidateList, Page],
) -> None:
    result, page = searched
    photos = [(one, shown) for one in result for shown in one.photos]
    assert page.values("reference") == [shown.photo.reference for _, shown in photos]
    assert page.values("score") == [f"{shown.score:.3f}" for _, shown in photos]
    assert page.values("subject") == [one.subject.subject_id for one in result]
    assert page.values("date of birth") == [str(one.subject.date_of_birth) for one in result]
    assert len(page.wholes()) == len(photos) + 1
    pictures = [tag["src"] for tag in page.all("img")]
    assert len(set(pictures)) == len(pictures)
    assert page.text.count("photo of 256 by 256 px") == len(photos) + 1
    assert "recorded_sex" in page.text


def test_the_box_is_drawn_into_the_whole_photo(tmp_path: Path) -> None:
    result = leads(candidate(1, Subject("C-1"), str(photo(tmp_path / "a.png")), box=BOX))
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    probe, whole = (np.asarray(image).astype(int) for image in page.wholes())
    assert whole.shape == probe.shape == (300, 200, 3)
    changed = np.abs(whole - probe).max(axis=2) > 40
    rows, columns = np.nonzero(changed)
    found = (columns.min(), rows.min(), columns.max(), rows.max())
    np.testing.assert_allclose(found, BOX, atol=4)
    assert not changed[100:190, 70:130].any()


def test_without_a_detector_faces_are_cut_out_by_their_boxes_and_that_is_said(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.png"
    image = Image.new("RGB", (200, 300), (0, 0, 0))
    ImageDraw.Draw(image).rectangle(BOX, fill=(250, 250, 250))
    image.save(path)
    result = leads(candidate(1, Subject("C-1"), str(path), box=BOX))
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    assert "face's box only, not aligned on the eyes" in page.text
    assert "face 80 px wide in the photo, enlarged 2.2 times" in page.text
    assert "whole photo, not aligned" in page.text  # the probe, of which no box is known
    _, face = page.faces()
    light = np.asarray(face.convert("L")) > 128
    assert 0.2 < light.mean() < 0.5
    assert light[:, 170:190].sum() > 200 * 20


def test_a_box_of_nothing_and_eyes_at_one_point_end_nothing(tmp_path: Path) -> None:
    shown = with_eyes(tmp_path / "a.png", (100, 100), (140, 100))
    with Image.open(shown) as image:
        ImageDraw.Draw(image).rectangle((0, 0, 300, 240), fill=(128, 200, 128))
        ImageDraw.Draw(image).ellipse((90, 90, 99, 99), fill=(125, 0, 125))
        image.save(tmp_path / "purple.png")

    class OnePoint(DrawnEyes):
        def _face(self, photo: Photo) -> Face:
            quality = measure(photo, np.array(BOX, np.float32), np.eye(5, 2, dtype=np.float32), 1.0)
            flat = np.full((5, 2), 50, np.float32)
            return Face(photo, np.array(BOX, np.float32), flat, 1.0, quality)

    nothing = leads(candidate(1, Subject("C-1"), str(shown), box=(0.0, 0.0, 0.0, 0.0)))
    page = written(tmp_path, shown, nothing, detector=DrawnEyes())
    assert page.text.count("aligned on the eyes; face") == 2
    page = written(tmp_path, tmp_path / "purple.png", leads(), detector=OnePoint())
    assert "its eyes were found at one point" in page.text

    class Stumbling(DrawnEyes):
        def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
            raise ZeroDivisionError(len(photos))

    page = written(tmp_path, shown, nothing, detector=Stumbling())
    assert "photo failure" in page.text


@settings(max_examples=25)
@given(
    middle=st.tuples(st.floats(110, 190), st.floats(90, 150)),
    distance=st.floats(24, 65),
    degrees=st.floats(-180, 180),
)
def test_wherever_the_eyes_lie_they_come_to_the_same_place(
    tmp_path_factory: pytest.TempPathFactory,
    middle: tuple[float, float],
    distance: float,
    degrees: float,
) -> None:
    folder = tmp_path_factory.mktemp("eyes")
    half = distance / 2 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    shown = with_eyes(folder / "a.png", np.subtract(middle, half), np.add(middle, half))
    probe = with_eyes(folder / "probe.png", (120, 100), (160, 100))
    page = written(
        folder, probe, leads(candidate(1, Subject("C-1"), str(shown))), detector=DrawnEyes()
    )
    first, second = (
        [middle_of(np.asarray(face), colour) for colour in DOTS] for face in page.faces()
    )
    np.testing.assert_allclose(first, second, atol=2.5)
    np.testing.assert_allclose(first, [(139.5, 160), (219.5, 160)], atol=2.5)
    _, scale = re.findall(r"px wide in the photo, enlarged ([\d.]+) times", page.text)
    assert float(scale) == pytest.approx(80 / distance, rel=0.06)


def test_a_head_turned_to_the_side_is_not_shown_larger(tmp_path: Path) -> None:
    class Profile(DrawnEyes):
        def _face(self, photo: Photo) -> Face:
            face = super()._face(photo)
            far = face.landmarks.copy()
            far[3:] += (0, 60)  # the mouth lies far below eyes that are close together
            return replace(face, landmarks=far)

    eyes = with_eyes(tmp_path / "a.png", (140, 80), (160, 80))
    front = written(tmp_path, eyes, leads(), detector=DrawnEyes())
    side = written(tmp_path, eyes, leads(), detector=Profile())
    assert "enlarged 4.0 times" in front.text
    assert "enlarged 1.3 times" in side.text


def test_several_faces_are_all_framed_and_none_is_chosen(tmp_path: Path) -> None:
    class Two(DrawnEyes):
        def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
            return [
                [face, replace(face, box=face.box / 2)]
                for faces in super().detect(photos)
                for face in faces
            ]

    probe = with_eyes(tmp_path / "probe.png", (120, 100), (160, 100))
    refused = replace(leads(), outcome="probe not good enough", reasons=("two faces",))
    page = written(tmp_path, probe, refused, detector=Two())
    assert "2 faces were found in it, and the list does not say which is meant" in page.text
    known = replace(refused, probe=FactsWithBox(box=(92.0, 74.0, 188.0, 170.0)))
    page = written(tmp_path, probe, known, detector=Two())
    assert "aligned on the eyes; face 96 px wide" in page.text


def test_the_records_of_subject_photo_probe_and_search_are_told(tmp_path: Path) -> None:
    subject = Subject(
        "C-1",
        date(2010, 3, 4),
        "female",
        "Kent",
        ("blue", "red"),
        "police",
        "2019/77",
        "scar\nglasses",
    )
    record = PhotoRecord("0" * 64, "a/b/gone.png", date(2015, 3, 4), None, "school", "phone 4")
    shown = CandidatePhoto(record, 0.812, {}, -3.0)
    result = replace(
        leads(Candidate(1, subject, 0.812, 0.7654, (shown,))),
        probe=ProbeFacts("a" * 64, date(2020, 1, 2), 9.5, {"yaw": 12.0, "contrast": 0.5}, True),
        threshold=0.4321,
        exclusions=(Exclusion("regions", "Kent, York", 3, 2, 5, 4, kept_unknown=True),),
        calibration=CalibrationUse("made", "b" * 64, "2026-11-01", True, "ages 8", 9, 0.01),
    )
    page = written(tmp_path, tmp_path / "q" / "probe.png", result)
    told = dict(page.facts)
    assert told["recorded sex"] == "female"
    assert told["date of birth"] == "2010-03-04"
    assert told["region"] == "Kent"
    assert told["tags"] == "blue, red"
    assert page.values("source") == ["police", "school"]
    assert told["case reference"] == "2019/77"
    assert told["note"] == "scar\nglasses"
    assert page.values("taken on") == ["2020-01-02", "2015-03-04"]
    assert page.values("age at capture") == ["9.5 years, as given", "5.0 years, from the dates"]
    assert told["age gap"] == "probe 3.0 years earlier"
    assert told["captured with"] == "phone 4"
    assert told["reference"] == "a/b/gone.png"
    assert told["score"] == "0.812"
    assert "score of all photos together 0.765" in page.text
    assert told["file"] == str(tmp_path / "q" / "probe.png")
    assert told["degraded"].startswith("yes")
    assert told["quality"] == "yaw 12°; contrast 0.5"
    assert told["SHA-256"] == "a" * 64
    assert told["searched"] == "7 subjects, 9 faces"
    assert told["time"] == "2026-01-02 03:04:05 UTC"
    assert told["lowest score shown"] == "0.4321, chosen for a max-fpir of 0.01"
    assert told["model"] == str(MODEL)
    assert MODEL.version in told["model"]
    assert told["calibration"] == "made, made on 2026-11-01, cohort bbbbbbbbbbbb"
    assert told["software"] == f"matcher {matcher._version.__version__}"
    for words in ("Kent, York", "3 faces of 2 subjects", "5 faces of 4 subjects, kept"):
        assert words in page.text
    assert "searched for with a vector for degraded photos" in page.text
    assert "At most 1 % of searches" in page.text


def test_what_is_not_recorded_is_said_to_be_so(tmp_path: Path) -> None:
    page = written(tmp_path, tmp_path / "none.png", leads(candidate(1, Subject("C-1"), "gone.png")))
    probe, subject, shown = page.values("not recorded")
    assert probe == "taken on, age at capture, quality, SHA-256"
    assert subject == "recorded sex, date of birth, region, tags, source, case reference, note"
    assert shown == "taken on, age at capture, age gap, source, captured with"
    assert dict(page.facts)["lowest score shown"] == "none set"
    assert "No filter: nobody was left out." in page.text
    asked = replace(leads(candidate(1, Subject("C-1"), "gone.png")), threshold=0.25)
    page = written(tmp_path, tmp_path / "none.png", asked)
    assert dict(page.facts)["lowest score shown"] == "0.2500, as asked for"


def test_the_recorded_age_comes_before_the_one_from_the_dates(tmp_path: Path) -> None:
    record = PhotoRecord("0" * 64, "gone.png", date(2015, 3, 4), 7.0)
    lead = candidate(1, Subject("C-1", date(2010, 3, 4)), "gone.png", photo=record)
    page = written(tmp_path, tmp_path / "none.png", leads(lead))
    assert page.values("age at capture") == ["7 years, as recorded"]


def test_each_lead_stands_with_its_rank_and_score_and_the_caution(tmp_path: Path) -> None:
    people = [Subject(f"C-{number}") for number in (1, 2)]
    shown = [str(photo(tmp_path / f"{one.subject_id}.png")) for one in people]
    result = leads(*(candidate(n + 1, people[n], shown[n]) for n in range(2)))
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    assert re.findall(r"(\d)\.\s*(C-\d)", page.text) == [("1", "C-1"), ("2", "C-2")]
    assert page.text.count(CAUTION) == 3  # at the top, and once for each lead
    assert "not a probability" in page.text
    assert not re.search(r"\b(match|matches|matched|confidence)\b", page.text, re.IGNORECASE)


def test_the_page_needs_nothing_from_outside_and_runs_nothing(tmp_path: Path) -> None:
    result = leads(candidate(1, Subject("C-1"), str(photo(tmp_path / "a.png"))))
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    policies = [tag for tag in page.all("meta") if "http-equiv" in tag]
    assert [tag["http-equiv"] for tag in policies] == ["Content-Security-Policy"]
    assert str(policies[0]["content"]).startswith("default-src 'none'; img-src data:;")
    assert not [
        tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object", "form")
    ]
    places = [
        str(value)
        for _, found in page.tags
        for name, value in found.items()
        if name in ("src", "href")
    ]
    assert {place.split(":")[0] for place in places if not place.startswith("#")} == {"data"}
    assert "url(" not in page.style
    assert "@import" not in page.style


def test_the_probe_stays_in_view_and_a_printed_lead_stays_together(tmp_path: Path) -> None:
    style = written(tmp_path, tmp_path / "none.png", leads()).style
    assert re.search(r"\.probe \{[^}]*position: sticky; top: 0", style)
    printed = style.split("@media print")[1]
    assert re.search(r"h1, h2, h3, \.who \{ break-after: avoid", printed)
    assert re.search(r"\.who, figure[^{]*\{ break-inside: avoid", printed)
    assert CAUTION in printed


def test_the_probe_stands_beside_each_photo_but_its_picture_is_there_once(tmp_path: Path) -> None:
    paths = [photo(tmp_path / f"{number}.png", (number, 100, 100)) for number in range(3)]
    shown = tuple(enrolled(str(path), 0.9) for path in paths)
    result = leads(Candidate(1, Subject("C-1"), 0.9, 0.9, shown))
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    assert len(page.all("image")) == 1
    assert len(page.all("use")) == 1 + 3  # one that stays in view, one beside each photo in print
    assert {tag["href"] for tag in page.all("use")} == {f"#{page.all('image')[0]['id']}"}


def test_the_closest_photos_are_shown_and_the_others_listed(tmp_path: Path) -> None:
    paths = [photo(tmp_path / f"{number}.png", (number, 100, 100)) for number in range(11)]
    shown = tuple(enrolled(str(path), 0.9 - number / 100) for number, path in enumerate(paths))
    result = leads(Candidate(1, Subject("C-1"), 0.9, 0.9, shown))
    faults = write_sheet(tmp_path / "s.html", [paths[0]], [result], title="Leads")
    page = page_of(tmp_path / "s.html")
    assert faults == ()
    assert page.values("reference") == [str(path) for path in paths[:8]]
    assert "3 more photos without a picture here" in page.text
    for path in paths[8:]:
        assert page.text.count(f"reference {path}") == 1
    assert len(page.faces()) == 1 + 8
    assert "photo 8 of 11" in page.text


def test_a_page_of_very_many_leads_has_an_end_and_says_how_many_lack_a_picture(
    tmp_path: Path,
) -> None:
    path = str(photo(tmp_path / "a.png"))
    probe = photo(tmp_path / "probe.png")
    two = (enrolled(path, 0.9), enrolled(path, 0.8))
    many = [Candidate(n + 1, Subject(f"C-{n}"), 0.9, 0.9, two) for n in range(600)]
    result = leads(*many)
    (fault,) = write_sheet(tmp_path / "s.html", [probe], [result], title="Leads")
    assert fault == "201 photos, for which a page of 1000 has no room."
    page = page_of(tmp_path / "s.html")
    assert "201 photos have no picture here" in page.text
    shown = [tag for tag in page.all("img") if tag["class"] == "face"]
    assert len(shown) == 999
    assert page.text.count("1 more photos without a picture here") == 201
    assert len(page.all("article")) == 600
    assert (tmp_path / "s.html").stat().st_size < 60e6


def test_a_photo_that_can_be_decoded_in_part_is_shown_and_that_is_said(tmp_path: Path) -> None:
    lead, probe = cut_short(tmp_path / "a.jpg"), cut_short(tmp_path / "probe.jpg")
    result = replace(
        leads(candidate(1, Subject("C-1"), str(lead))), probe=ProbeFacts(sha256_of(probe))
    )
    assert write_sheet(tmp_path / "s.html", [probe], [result], title="Leads") == ()
    page = page_of(tmp_path / "s.html")
    assert page.text.count("shown as far as it can be decoded; salvaged from a truncated JPEG") == 2
    assert len(page.faces()) == len(page.wholes()) == 2


@pytest.mark.parametrize("whole", [True, False])
def test_a_photo_that_changed_since_enrolment_is_never_shown(tmp_path: Path, whole: bool) -> None:
    shown = photo(tmp_path / "a.jpg")
    result = leads(candidate(1, Subject("C-1"), str(shown)))
    if whole:  # somebody else at the same place
        photo(shown, (10, 200, 30))
    else:
        cut_short(shown)
    probe = photo(tmp_path / "probe.png")
    faults = write_sheet(tmp_path / "s.html", [probe], [result], title="Leads")
    page = page_of(tmp_path / "s.html")
    assert page.text.count("changed since enrolment") == 1
    assert len(page.faces()) == len(page.wholes()) == 1
    assert faults == (f"Subject C-1, {shown}: changed since enrolment.",)


def test_a_probe_that_changed_since_the_search_is_never_shown(tmp_path: Path) -> None:
    probe = photo(tmp_path / "probe.png")
    result = replace(leads(), probe=ProbeFacts(sha256_of(probe)))
    assert write_sheet(tmp_path / "s.html", [probe], [result], title="Leads") == ()
    photo(probe, (10, 200, 30))
    (fault,) = write_sheet(tmp_path / "s.html", [probe], [result], title="Leads")
    assert fault == "Probe probe.png: changed since the search."
    page = page_of(tmp_path / "s.html")
    assert not page.all("img")
    assert not page.all("image")


def test_every_picture_that_cannot_be_shown_says_why_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    result = leads(
        candidate(1, Subject("C-1"), str(tmp_path / "gone.png")),
        candidate(2, Subject("C-2"), str(tmp_path / "text.png")),
    )
    faults = write_sheet(tmp_path / "s.html", [tmp_path / "none.png"], [result], title="Leads")
    assert faults == (
        "Probe none.png: photo not found.",
        f"Subject C-1, {tmp_path / 'gone.png'}: photo not found.",
        f"Subject C-2, {tmp_path / 'text.png'}: photo format.",
    )
    page = page_of(tmp_path / "s.html")
    assert "photo not found" in page.text
    assert "photo format" in page.text
    assert not page.all("img")


def test_probes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    probes = [tmp_path / folder / "front.jpg" for folder in ("q1", "q2")]
    results = [leads(), leads()]
    faults = write_sheet(tmp_path / "s.html", probes, results, title="Leads")
    assert faults == tuple(f"Probe {one}/front.jpg: photo not found." for one in ("q1", "q2"))
    page = page_of(tmp_path / "s.html")
    assert page.values("file") == [str(probe) for probe in probes]
    assert "Probe q1/front.jpg" in page.text
    assert "Probe q2/front.jpg" in page.text


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (leads(), "No lead at or above 0.500"),
        (replace(leads(), searched_subjects=0, outcome="nobody to search"), "No subject to search"),
        (
            replace(leads(), outcome="probe not good enough", reasons=("eyes 4 px apart",)),
            "Probe not good enough to search: eyes 4 px apart",
        ),
    ],
)
def test_a_search_without_leads_says_why_and_shows_the_probe(
    tmp_path: Path, result: CandidateList, words: str
) -> None:
    page = written(tmp_path, photo(tmp_path / "probe.png"), result)
    assert words in page.text
    assert len(page.all("use")) == len(page.faces()) == len(page.wholes()) == 1
    assert not page.all("article")


def test_several_probes_have_a_section_each_in_order_and_a_list_of_links(tmp_path: Path) -> None:
    probes = [photo(tmp_path / f"probe-{number}.png") for number in range(3)]
    results = [leads(candidate(1, Subject(f"C-{number}"), "gone.png")) for number in range(3)]
    results[1] = replace(results[1], candidates=())
    write_sheet(tmp_path / "s.html", probes, results, title="Leads")
    page = page_of(tmp_path / "s.html")
    sections = [f"#{tag['id']}" for tag in page.all("section")]
    assert [tag["href"] for tag in page.all("a")] == sections
    assert len(set(sections)) == 3
    assert list(dict.fromkeys(re.findall(r"Probe (probe-\d)", page.text))) == [
        "probe-0",
        "probe-1",
        "probe-2",
    ]


def test_the_mate_is_marked_only_where_it_is_known(tmp_path: Path) -> None:
    result = leads(
        candidate(1, Subject("C-1"), "gone.png"), candidate(2, Subject("C-2"), "gone.png")
    )
    probe = photo(tmp_path / "probe.png")
    marked = written(tmp_path, probe, result, mates=["C-2"])
    assert [one.get("class") for one in marked.all("article")] == ["lead", "marked"]
    assert marked.text.count("(mate)") == 1
    assert "(mate)" not in written(tmp_path, probe, result).text


def test_no_name_title_or_note_becomes_markup(tmp_path: Path) -> None:
    probe = photo(tmp_path / "a <b onload=x> & c.png")
    subject = Subject(HOSTILE, None, "other", HOSTILE, (HOSTILE,), HOSTILE, HOSTILE, HOSTILE)
    record = PhotoRecord("0" * 64, HOSTILE, None, None, HOSTILE, HOSTILE)
    result = replace(
        leads(candidate(1, subject, HOSTILE, photo=record)),
        reasons=(HOSTILE,),
        exclusions=(Exclusion("regions", HOSTILE, 0, 0, 0, 0, kept_unknown=False),),
    )
    write_sheet(tmp_path / "s.html", [probe], [result], title=HOSTILE, note=HOSTILE)
    page = page_of(tmp_path / "s.html")
    assert not page.all("script")
    assert not page.all("b")
    assert page.text.count(HOSTILE) >= 14
    assert "a <b onload=x> & c.png" in page.text
    assert not any(name.startswith("on") for _, found in page.tags for name in found)


@given(st.text(min_size=1).filter(lambda text: text.strip() == text and "\r" not in text))
def test_any_name_comes_back_as_text(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("sheet")
    result = leads(candidate(1, Subject(f"[{name}]"), "gone.png"))
    write_sheet(folder / "s.html", [folder / "none.png"], [result], title="Leads")
    page = Page((folder / "s.html").read_bytes().decode("utf-8"))
    assert page.values("subject") == [f"[{name}]"]
    assert {tag for tag, _ in page.tags} <= {
        "html", "meta", "title", "style", "header", "h1", "h2", "h3", "p", "strong", "bdi",
        "section", "div", "dl", "dt", "dd", "article", "figure", "figcaption",
    }  # fmt: skip


def test_a_file_name_that_is_no_text_does_not_lose_the_page(tmp_path: Path) -> None:
    probe = tmp_path / "na\udcefve.png"
    page = written(tmp_path, probe, leads())
    assert "na\\xefve.png" in page.text


def test_a_sheet_in_place_is_replaced_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.html"
    sheet.write_text("old")
    sheet.chmod(0o644)
    page = written(tmp_path, tmp_path / "none.png", leads(candidate(1, Subject("C-1"), "gone.png")))
    assert "C-1" in page.text
    assert sheet.stat().st_mode & 0o777 == 0o600


def test_an_interruption_leaves_the_former_sheet(tmp_path: Path) -> None:
    def interrupted(step: str, done: int, total: int | None) -> None:
        assert (step, total) == ("sheet", 2)
        if done == 2:
            raise KeyboardInterrupt

    sheet = tmp_path / "sheet.html"
    sheet.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        written(
            tmp_path,
            tmp_path / "none.png",
            leads(candidate(1, Subject("C-1"), "gone.png")),
            on_progress=interrupted,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.html"]
    assert sheet.read_text() == "old"
