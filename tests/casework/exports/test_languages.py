"""The words of a report: the same in every language, none missing, none left over."""

from __future__ import annotations

import string
from dataclasses import fields
from typing import get_args

import pytest
from made_lead_report import everything

from matcher.casework import LANGUAGES, OUTCOMES
from matcher.casework.exports.html_page import html_page
from matcher.casework.exports.languages import Language, Messages, messages_in
from matcher.casework.exports.pdf_file import pdf_file
from matcher.casework.exports.photos import Missing
from matcher.casework.exports.report import Conclusion
from matcher.casework.exports.wording import worded
from matcher.errors import InputError
from matcher.faces import FaceQuality
from matcher.gallery.records import Sex
from matcher.governance import PURPOSES

ENGLISH = messages_in("en").texts
OTHERS = [language for language in LANGUAGES if language != "en"]
SAME = {"photo.sha256", "search.calibration_of", "search.log_of"}
"""Messages that read alike in every language: names of things, and punctuation."""

FAMILIES = {
    "purpose": set(PURPOSES),
    "quality": {field.name for field in fields(FaceQuality)},
    "conclusion": {one.replace(" ", "_") for one in OUTCOMES},
    "missing": {one.replace(" ", "_") for one in get_args(Missing) if one},
    "sex": set(get_args(Sex)) - {"unknown"},
}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_same_messages_with_the_same_placeholders(language: Language) -> None:
    texts = messages_in(language).texts
    assert set(texts) == set(ENGLISH)
    for key, text in texts.items():
        assert placeholders(text) == placeholders(ENGLISH[key]), key
        assert text == text.strip() != "", key
        assert not set('"\\<>') & set(text), key


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_is_left_in_english(language: Language) -> None:
    texts = messages_in(language).texts
    same = {key for key, text in texts.items() if text == ENGLISH[key]}
    assert same == SAME


def test_hindi_is_written_in_devanagari() -> None:
    for key, text in messages_in("hi").texts.items():
        if key not in SAME:
            assert any("\u0900" <= sign <= "\u097f" for sign in text), key


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_messages_has_every_name(family: str) -> None:
    found = {key.partition(".")[2] for key in ENGLISH if key.startswith(f"{family}.")}
    assert found == FAMILIES[family]
    assert set(get_args(Conclusion)) == set(OUTCOMES)


class Heard(Messages):
    """Messages that note which of them were asked for."""

    def __init__(self, of: Messages) -> None:
        super().__init__(of.language, of.texts)
        self.asked: set[str] = set()

    def __call__(self, key: str, **values: object) -> str:
        self.asked.add(key)
        assert set(values) == placeholders(self.texts[key]), key
        return super().__call__(key, **values)

    def named(self, family: str, name: str) -> str:
        key = f"{family}.{name.replace(' ', '_')}"
        assert key in self.texts
        self.asked.add(key)
        return super().named(family, name)


def test_every_message_is_used_with_exactly_its_placeholders() -> None:
    heard = Heard(messages_in("en"))
    for report in everything():
        wording = worded(report, heard)
        html_page(wording)
        if not wording.left_out:
            pdf_file(wording, report.made_at)
    assert set(ENGLISH) - heard.asked == set()


@pytest.mark.parametrize("language", ["fr", "EN", "", None, 3])
def test_another_language_is_refused(language: object) -> None:
    with pytest.raises(InputError, match="en, es, hi"):
        messages_in(language)  # type: ignore[arg-type]
