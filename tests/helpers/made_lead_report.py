"""Lead reports that say everything a lead report can say, with drawn pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pypdf import PdfReader

from matcher.casework.exports import (
    FacePictures,
    GalleryState,
    LeadReport,
    LogPlace,
    ReportLead,
    ReportPhoto,
    ReportReview,
    ReportSearch,
)
from matcher.casework.exports.photos import Missing
from matcher.gallery import Exclusion, Subject
from matcher.governance import PURPOSES, CaseContext
from matcher.search import CalibrationUse, ExpectedFalseLeads
from matcher.testing import FakeEmbedder

GOOD = {
    "inter_eye_distance": 60.0,
    "sharpness": 0.5,
    "exposure": 0.5,
    "contrast": 0.5,
    "compression": 90.0,
    "yaw": 0.0,
    "pitch": 0.0,
    "roll": 0.0,
    "probability": 0.99,
    "inside": 1.0,
    "shading": 1.0,
}
POOR = GOOD | {
    "inter_eye_distance": 9.0,
    "sharpness": 0.01,
    "exposure": 0.02,
    "contrast": 0.02,
    "compression": 5.0,
    "yaw": 70.0,
    "pitch": 50.0,
    "probability": 0.5,
    "inside": 0.3,
    "shading": 0.001,
}
CALIBRATION = CalibrationUse("made", "ab" * 32, "2026-01-02", True, "aged 9", 1200, None)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def jpeg(colour: tuple[int, int, int], size: int = 64) -> bytes:
    """Return a JPEG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def pictures(**changes: Any) -> FacePictures:
    """Return drawn pictures."""
    made = FacePictures(
        face=jpeg((200, 150, 100)),
        whole=jpeg((100, 150, 200)),
        whole_size=(64, 64),
        photo_size=(640, 480),
        face_size=(80, 100),
        eye_distance=40.0,
        scale=4.0,
    )
    return replace(made, **changes)


def photo(**changes: Any) -> ReportPhoto:
    """Return a photo with drawn pictures."""
    made = ReportPhoto("0f" * 32, "photo.jpg", pictures(), quality=GOOD)
    return replace(made, **changes)


def lead(name: str = "1", **changes: Any) -> ReportLead:
    """Return a lead."""
    made = ReportLead(
        name, Subject(f"S-{name}"), photo(), rank=1, score=0.5, template_score=0.4, photos=2
    )
    return replace(made, **changes)


def search(*leads: ReportLead, **changes: Any) -> ReportSearch:
    """Return a search with these leads."""
    made = ReportSearch(photo(name="probe.jpg"), leads, FakeEmbedder(16).identity, 7, 9, len(leads))
    return replace(made, **changes)


def report(*leads: ReportLead, **changes: Any) -> LeadReport:
    """Return a report of one search."""
    return LeadReport((search(*leads, **changes),), made_at=NOW)


def everything() -> Iterator[LeadReport]:
    """Yield reports that together say whatever can be said."""
    yield LeadReport(tuple(_searches()), made_at=NOW)
    for purpose in PURPOSES:
        context = CaseContext("officer-1", purpose, "K-1", "art. 12", "AB 7", date(2030, 1, 1))
        yield LeadReport((search(lead(subject=Subject("S-\u5931"))),), context, NOW)


def _searches() -> Iterator[ReportSearch]:
    yield search(*_leads(), searched_at=NOW, gallery=GalleryState("g", 3, "e", at_search=True))
    yield search(threshold=0.5, calibration=CALIBRATION, log=LogPlace(17, "cd" * 32))
    yield search(
        threshold=0.5,
        calibration=replace(CALIBRATION, covered=False, max_fpir=0.01),
        exclusions=(Exclusion("regions", "only X", 3, 2, 1, 1, True),),
        hidden=2,
        degraded=True,
        fused=3,
        gallery=GalleryState("g", 3),
    )
    yield search(lead("1", subject=None), filters=("regions", "min_age"))
    yield search(reasons=("no face",), probe=ReportPhoto(missing="no face"))
    yield search(*(lead(str(number)) for number in range(2, 210)))


def _leads() -> Iterator[ReportLead]:
    full = Subject(
        "S-1",
        date_of_birth=date(2010, 5, 1),
        recorded_sex="female",
        region="R",
        tags=("a",),
        source="register",
        case_reference="K-1",
        note="a note",
        hidden_because="asked for",
    )
    few = ExpectedFalseLeads(0.5, 0.1, 2.0)
    opinions = tuple(
        ReportReview(f"r-{number}", "no candidate", "the ears differ", NOW) for number in (1, 2)
    )
    known = photo(
        taken_on=date(2019, 5, 1),
        dated_by="EXIF DateTimeOriginal",
        age_at_capture=9.0,
        source="school",
        captured_with="phone",
        notes=("converted to sRGB",),
    )
    yield lead("1", subject=full, photo=known, age_gap=3.0, expected_false_leads=few)
    yield lead(
        "2",
        subject=Subject("S-2", recorded_sex="male"),
        photo=photo(quality=POOR, pictures=pictures(eye_distance=None, scale=0.5)),
        age_gap=-2.0,
        expected_false_leads=ExpectedFalseLeads(None, 0.0, 3.0),
        remarks=("look at the ears",),
    )
    yield lead(
        "3",
        subject=Subject("S-3", recorded_sex="other"),
        photo=photo(quality=POOR | {"exposure": 0.99}),
        rank=None,
        conclusion="no candidate",
        reviews=opinions,
    )
    more = pictures(blurred=2, overlapping=True)
    yield lead("4", photo=photo(quality={}, pictures=more), conclusion="candidate")
    yield lead("5", conclusion="inconclusive")
    for number, missing in enumerate(filter(None, get_args(Missing)), start=6):
        yield lead(str(number), photo=photo(pictures=None, missing=missing))


@dataclass(frozen=True)
class Pdf:
    """What a PDF holds: the text of each page, its pictures, its facts, and all its bytes."""

    content: bytes

    @property
    def reader(self) -> PdfReader:
        """A reader of the file."""
        return PdfReader(io.BytesIO(self.content), strict=True)

    def pages(self) -> list[str]:
        """Return the texts of the pages, as the file gives them to whoever copies them."""
        found = []
        for page in self.reader.pages:
            contents = page.get_contents()
            stream = b"" if contents is None else contents.get_data()
            texts = re.findall(rb"/ActualText <FEFF([0-9A-F]*)>", stream)
            found.append(
                "\n".join(bytes.fromhex(one.decode()).decode("utf-16-be") for one in texts)
            )
        return found

    def text(self) -> str:
        """Return the text of all pages, with blanks for the ends of lines."""
        return " ".join("\n".join(self.pages()).split())

    def pictures(self) -> list[bytes]:
        """Return the bytes of the pictures, as they lie in the file."""
        found = []
        for page in self.reader.pages:
            objects = page["/Resources"].get("/XObject", {})  # type: ignore[index]
            found += [objects[name].get_object()._data for name in sorted(objects)]
        return found


def pixels_of(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels of an encoded picture."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.uint8)
