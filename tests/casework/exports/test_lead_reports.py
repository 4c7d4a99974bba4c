"""Lead reports as files: whatever they must say stands in them, in each language and format."""

from __future__ import annotations

import getpass
import re
import socket
import stat
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_lead_report import NOW, Pdf, everything, lead, photo, pictures, report, search

import matcher
from matcher.casework import (
    LANGUAGES,
    REPORT_FORMATS,
    LeadReport,
    LogPlace,
    ReportReview,
    write_lead_report,
)
from matcher.casework.exports.languages import Language, messages_in
from matcher.casework.exports.letters import Letters
from matcher.casework.exports.pdf_pages import Pages
from matcher.casework.exports.wording import MOST_LEADS, Wording, worded
from matcher.casework.exports.writing import ReportFormat
from matcher.errors import InputError, MissingExtraError
from matcher.gallery import Subject

HOSTILE = "<script>alert(1)</script>{nb}{page}**b** [x](y) =1+1 \u202egpj."


def text_of(path: Path) -> str:
    """Return what a reader of the file reads, with one blank for each gap."""
    if path.suffix == ".pdf":
        return Pdf(path.read_bytes()).text()
    body = path.read_text(encoding="utf-8").partition("</style>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def written(
    folder: Path, of: LeadReport, form: ReportFormat, language: Language = "en"
) -> tuple[Path, tuple[str, ...]]:
    path = folder / f"report.{form}"
    return path, write_lead_report(path, of, format=form, language=language)


def sentences(wording: Wording) -> list[str]:
    """Return every text of a report."""
    found = [wording.words("report.title"), wording.words("report.caution"), *wording.reading]
    found += [text for line in wording.case for text in line]
    for one in wording.searches:
        found += [one.title, *one.notes, *(text for line in one.facts for text in line)]
        for shown in one.leads:
            found += [shown.title, shown.under, *shown.notes, *shown.reviews]
            lines = (*shown.rows, *shown.subject, *shown.place)
            found += [text for line in lines for text in line]
            for side in (shown.probe, shown.candidate):
                found += [side.role, *side.said, side.missing]
    return [" ".join(text.split()) for text in found if text]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_a_report_says_everything_in_its_language(
    tmp_path: Path, form: ReportFormat, language: Language
) -> None:
    first, *others = everything()
    for number, of in enumerate((LeadReport(first.searches[:-1], made_at=NOW), *others)):
        path, _ = written(tmp_path, of, form, language)
        text = text_of(path)
        signs = {"\u5931": "[U+5931]"} if form == "pdf" else {}
        for sentence in sentences(worded(of, messages_in(language))):
            said = sentence.translate(str.maketrans(signs))
            # A line of a table may be broken within a long word, such as a hash.
            assert said.replace(" ", "") in text.replace(" ", ""), (number, said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_a_pdf_has_its_number_and_the_caution(
    tmp_path: Path, language: Language
) -> None:
    words = messages_in(language)
    path, _ = written(tmp_path, report(lead("1"), lead("2"), lead("3")), "pdf", language)
    pages = Pdf(path.read_bytes()).pages()
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert words("report.page", page=number, pages=len(pages)) in page
        assert words("report.caution") in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_states_its_language(tmp_path: Path, language: Language) -> None:
    page, _ = written(tmp_path, report(lead()), "html", language)
    assert f'<html lang="{language}">' in page.read_text(encoding="utf-8")
    file, _ = written(tmp_path, report(lead()), "pdf", language)
    assert Pdf(file.read_bytes()).reader.root_object["/Lang"] == language


def test_a_pdf_tells_nothing_of_who_made_it_and_where(tmp_path: Path) -> None:
    secret = tmp_path / "home-of-anna"
    secret.mkdir()
    path, _ = written(secret, report(lead()), "pdf")
    facts = Pdf(path.read_bytes()).reader.metadata
    assert facts is not None
    assert set(facts) == {"/Title", "/Producer", "/CreationDate"}
    assert facts["/Title"] == "Lead report"
    assert facts["/Producer"] == f"matcher {matcher.__version__}"
    assert facts["/CreationDate"] == "D:20260102030405Z"
    for told in ("home-of-anna", str(Path.home()), getpass.getuser(), socket.gethostname()):
        for form in (told.encode(), told.encode("utf-16-be")):
            assert form not in path.read_bytes() or told in ("root", "user")
    assert b"/Metadata" not in path.read_bytes()


def test_a_pdf_holds_the_bytes_of_the_pictures_as_they_are(tmp_path: Path) -> None:
    of = report(lead("1"), lead("2", photo=photo(pictures=pictures(face=pictures().whole))))
    path, _ = written(tmp_path, of, "pdf")
    assert set(Pdf(path.read_bytes()).pictures()) == {pictures().face, pictures().whole}


@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_digests_stand_whole_in_the_report(tmp_path: Path, form: ReportFormat) -> None:
    hashes = [character * 64 for character in "abcd"]
    of = report(
        lead(photo=photo(sha256=hashes[0])),
        probe=photo(sha256=hashes[1]),
        model=replace(search().model, weights_sha256=hashes[2]),
        log=LogPlace(17, hashes[3]),
    )
    path, _ = written(tmp_path, of, form)
    text = text_of(path).replace(" ", "")
    assert all(one in text for one in hashes)
    assert "17,SHA-256" in text


@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_place_and_score_come_after_the_pictures_and_the_notes(
    tmp_path: Path, form: ReportFormat
) -> None:
    path, _ = written(tmp_path, report(lead(score=0.7654321)), form)
    text = text_of(path)
    words = messages_in("en")
    assert text.count("0.765") == 1
    assert text.index(words("lead.notes")) < text.index("0.765")
    assert text.index(words("lead.subject")) < text.index("0.765")
    after = text[: text.index("0.765")].rindex(words("report.order_meaning"))
    assert after > text.index(words("lead.list"))


@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_without_a_place_no_score_is_told_either(tmp_path: Path, form: ReportFormat) -> None:
    path, _ = written(tmp_path, report(lead(rank=None, score=0.7654321)), form)
    assert "0.765" not in text_of(path)
    assert messages_in("en")("lead.not_shown") in text_of(path)


@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_opinions_are_shown_only_once_the_review_is_concluded(
    tmp_path: Path, form: ReportFormat
) -> None:
    opinion = ReportReview("anna", "candidate", "the ear lobes agree", NOW)
    path, _ = written(tmp_path, report(lead(reviews=(opinion,))), form)
    assert "anna" not in text_of(path)
    assert "ear lobes" not in text_of(path)
    path, _ = written(tmp_path, report(lead(reviews=(opinion,), conclusion="candidate")), form)
    assert "“the ear lobes agree”" in text_of(path)


@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_a_photo_without_picture_says_why_and_is_reported(
    tmp_path: Path, form: ReportFormat
) -> None:
    gone = photo(pictures=None, missing="changed", name="p.jpg")
    path, faults = written(tmp_path, report(lead("1", photo=gone)), form)
    assert faults == ("Subject S-1, p.jpg: changed.",)
    assert messages_in("en")("missing.changed") in text_of(path)


@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_texts_of_a_case_are_texts_and_nothing_else(tmp_path: Path, form: ReportFormat) -> None:
    of = report(lead(HOSTILE, subject=Subject(HOSTILE, note=HOSTILE), remarks=(HOSTILE,)))
    path, _ = written(tmp_path, of, form)
    said = HOSTILE.replace("\u202e", "\\u202e") if form == "pdf" else HOSTILE
    assert text_of(path).count(said) >= 4
    if form == "html":
        page = path.read_text(encoding="utf-8")
        assert "<script" not in page
        assert set(re.findall(r'(?:src|href)="(?!data:image/jpeg;base64,)', page)) == set()
        assert "default-src 'none'" in page


def test_what_the_letters_of_a_pdf_lack_is_said_and_written_as_a_number(tmp_path: Path) -> None:
    of = report(lead(subject=Subject("S-1", note="張 and Łódź, Жук, Ωμέγα, ज्योति")))
    path, faults = written(tmp_path, of, "pdf", "es")
    assert faults == ("The PDF has no letters for U+5F35; they are written as numbers.",)
    text = text_of(path)
    assert "[U+5F35] and Łódź, Жук, Ωμέγα, ज्योति" in text
    assert messages_in("es")("report.glyphs", signs="U+5F35") in text
    page, faults = written(tmp_path, of, "html", "es")
    assert faults == ()
    assert "張" in page.read_text(encoding="utf-8")


@given(st.text(max_size=60))
def test_no_character_is_dropped_silently(text: str) -> None:
    letters = Letters(set(range(0x20, 0x7F)))
    said = letters.of(text)
    assert all(sign == "\n" or sign in letters.lacking or ord(sign) < 0x7F for sign in text) or (
        "\\" in said or letters.lacking
    )
    assert set(map(ord, said)) <= {0x0A, *range(0x20, 0x7F)}
    assert letters.of(said) == said


def test_joiners_stay_between_letters_of_devanagari_and_nowhere_else() -> None:
    letters = Letters({*range(0x20, 0x7F), *range(0x900, 0x980), 0x200C, 0x200D})
    assert letters.of("क्\u200dष") == "क्\u200dष"
    assert letters.of("a\u200db\u200c") == "a\\u200db\\u200c"


def test_letters_of_devanagari_are_joined() -> None:
    pages = Pages("t", "hi", NOW)
    pages.add_page()
    pages.set_font("devanagari", "", 12)
    apart = sum(map(pages.get_string_width, ("क", "्", "ष")))
    assert pages.get_string_width("क्ष") < 0.8 * apart
    pages.output()  # closes the files of the letters


@settings(max_examples=15)
@given(st.text(max_size=3000))
def test_any_text_can_be_written_as_a_pdf(text: str) -> None:
    pages = Pages("t", "en", NOW)
    pages.add_page()
    pages.rows([(text[:40], text)], (40, 146), 8)
    pages.bullets([text])
    assert Pdf(bytes(pages.output())).pages()


def test_a_report_has_room_for_so_many_leads_and_says_so(tmp_path: Path) -> None:
    of = report(*(lead(str(number)) for number in range(MOST_LEADS + 3)))
    path, faults = written(tmp_path, of, "html")
    assert path.read_text(encoding="utf-8").count("<article>") == MOST_LEADS
    assert faults == (f"3 leads, for which a report of {MOST_LEADS} has no room.",)
    assert messages_in("en")("report.left_out", number=3, room=MOST_LEADS) in text_of(path)


@pytest.mark.parametrize("form", REPORT_FORMATS)
def test_only_the_owner_can_read_the_file(tmp_path: Path, form: ReportFormat) -> None:
    path, _ = written(tmp_path, report(lead()), form)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_the_packages_for_pdf_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uharfbuzz", None)
    with pytest.raises(MissingExtraError, match="fpdf2"):
        written(tmp_path, report(lead()), "pdf")
    assert written(tmp_path, report(lead()), "html")[1] == ()


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    for wrong in ({"format": "docx"}, {"language": "de"}):
        with pytest.raises(InputError, match="must be one of"):
            write_lead_report(tmp_path / "r", report(lead()), **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="LeadReport"):
        write_lead_report(tmp_path / "r", [lead()])  # type: ignore[arg-type]
    for searches in ((), (lead(),), 3):
        with pytest.raises(InputError, match="searches"):
            LeadReport(searches)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
