"""The words of a report in one language, from a file of messages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal, get_args

from matcher.arguments import expect_one_of
from matcher.strict_reading import read_toml

Language = Literal["en", "es", "hi"]
"""Languages of a report by their codes in ISO 639-1: English, Spanish, Hindi."""

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
"""All languages; a report in English comes from the texts that were written first."""


class Messages:
    """The messages of one language by key, such as "lead.title".

    Parameters
    ----------
    language
        One of `LANGUAGES`.
    texts
        All messages by key. Braces in a message hold the names of what is filled in.
    """

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts: Final = MappingProxyType(dict(texts))

    def __call__(self, key: str, **values: object) -> str:
        """Return a message with its values filled in."""
        return self.texts[key].format_map(values) if values else self.texts[key]

    def named(self, family: str, name: str) -> str:
        """Return the message of a family for a name, or the name itself if there is none.

        A blank in the name, as in "no candidate", is an underscore in the key.
        """
        return self.texts.get(f"{family}.{name.replace(' ', '_')}", name)


@cache
def messages_in(language: Language) -> Messages:
    """Return the messages of a language.

    Raises
    ------
    InputError
        There are no messages in that language.
    """
    step = "Choose one of these languages."
    expect_one_of("language", language, LANGUAGES, next_step=step)
    file = files("matcher.casework.exports") / "messages" / f"{language}.toml"
    parts = read_toml(file.read_bytes())
    return Messages(
        language,
        {f"{part}.{key}": text for part, of_it in parts.items() for key, text in of_it.items()},
    )
