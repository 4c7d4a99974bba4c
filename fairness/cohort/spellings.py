"""One label in several spellings: Black, black and BLACK are one group."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fairness.cohort.groups import UNKNOWN
from fairness.cohort.sample import Sample
from fairness.words import counted

FOLDED = ("age_band", "capture_type", "source", "licence")
"""Labels in free words that every sample has; `Sample.labels` are folded as well."""


@dataclass(frozen=True)
class Spelling:
    """A label that was written in several ways.

    Parameters
    ----------
    label
        Name of the label, as in "race".
    read_as
        The spelling that all are read as: the most frequent one.
    others
        The other spellings, sorted.
    photos
        Number of photos with another spelling.
    """

    label: str
    read_as: str
    others: tuple[str, ...]
    photos: int

    def __str__(self) -> str:
        others = ", ".join(map(repr, self.others))
        return f"{self.label} {others} is read as {self.read_as!r}"

    @property
    def remark(self) -> str:
        """A sentence for the person who gave the labels."""
        return (
            f"The label {self}, because only capitals, spaces or the form of an accent differ "
            f"({counted(self.photos, 'photo')})."
        )


def folded(samples: Sequence[Sample]) -> tuple[tuple[Sample, ...], tuple[Spelling, ...]]:
    """Return the samples with one spelling of each label, and the labels that had several.

    Spellings are one label if they differ only in capitals, in spaces or in the form of an accent
    (Unicode NFC). All get the most frequent spelling; of two that are as frequent, the one that
    comes first in the alphabet. Whatever means `UNKNOWN` becomes that word. Subjects and photos are
    not folded: they are identifiers.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for sample in samples:
        for label, text in _texts(sample):
            counts[label][text] += 1
    spelled = {label: _spelled(texts) for label, texts in counts.items()}
    found = [
        Spelling(label, name, others, sum(counts[label][other] for other in others))
        for label in sorted(spelled)
        for name, others in _by_name(spelled[label]).items()
        if others
    ]
    if all(name == text for of in spelled.values() for text, name in of.items()):
        return tuple(samples), ()
    return tuple(_respelled(sample, spelled) for sample in samples), tuple(found)


def _texts(sample: Sample) -> Iterable[tuple[str, str]]:
    own = ((label, getattr(sample, label)) for label in FOLDED)
    return [(label, text) for label, text in (*own, *sample.labels.items()) if text]


def _key(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _spelled(texts: Counter[str]) -> dict[str, str]:
    """Return for each spelling the one that it is read as."""
    alike: dict[str, Counter[str]] = defaultdict(Counter)
    for text, number in texts.items():
        alike[_key(text)][_tidy(text)] += number
    chosen = {key: min(of, key=lambda text: (-of[text], text)) for key, of in alike.items()}
    chosen |= {UNKNOWN: UNKNOWN}
    return {text: chosen[_key(text)] for text in texts}


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _by_name(spelled: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    names = sorted(set(spelled.values()))
    return {
        name: tuple(sorted(text for text, of in spelled.items() if of == name and text != name))
        for name in names
    }


def _respelled(sample: Sample, spelled: Mapping[str, Mapping[str, str]]) -> Sample:
    own: dict[str, Any] = {
        label: spelled[label][text]
        for label in FOLDED
        if (text := getattr(sample, label)) and label in spelled
    }
    labels = {
        label: spelled[label].get(text, text) if label in spelled else text
        for label, text in sample.labels.items()
    }
    return replace(sample, **own, labels=labels)
