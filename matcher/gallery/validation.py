"""Check every record and vector before it enters the gallery."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import NoneType
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from matcher.arguments import expect, expect_age, expect_day
from matcher.embedding import ModelIdentity
from matcher.errors import InputError
from matcher.gallery.index import checked_vectors
from matcher.gallery.records import Enrolment, PhotoRecord, Sex, Subject
from matcher.hashes import ALGORITHMS, BYTES, is_hash
from matcher.names import controls, one_form

_NAMES: Final = ("subject_id", "region", "tags", "case_reference")
"""Fields that are compared with what somebody types."""


def texts(what: str, given: object) -> tuple[str, ...]:
    """Return texts as a tuple; one text stands for itself, and not for its letters.

    Raises
    ------
    InputError
        Unless it is a text, or a collection of texts.
    """
    if isinstance(given, str):
        return (given,)
    if isinstance(given, Collection) and all(isinstance(one, str) for one in given):
        return tuple(given)
    raise InputError(
        what,
        rule="must be texts, as in ('one', 'another')",
        got=repr(given),
        next_step="Give a tuple of texts.",
    )


def check_text(what: str, given: object) -> None:
    """Raise InputError unless an argument is a text."""
    expect(what, given, str, rule="must be a text", next_step="Give it as a text.")


def check_detector(given: object) -> None:
    """Raise InputError unless an argument can be kept as the name of a detector."""
    check_text("detector", given)
    fits = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", str(given)) is not None
    rule = "must be at most 64 letters, digits, dots, hyphens and underscores"
    _require(fits, "detector", rule, ascii(given))


def check_names(what: str, given: Collection[str]) -> None:
    """Raise InputError for a name that no record can hold, see `matcher.names.controls`."""
    for one in given:
        _require(not controls(one), what, "must have no control characters", ascii(one))


def check_subject(subject: Subject) -> None:
    """Raise InputError unless the record can be stored as it is."""
    expect(
        "subject", subject, Subject, rule="must be a Subject", next_step="Give Subject(name, ...)."
    )
    _require(bool(subject.subject_id.strip()), "subject_id", "must not be blank", "blank text")
    sexes = get_args(Sex)
    known = subject.recorded_sex in sexes
    _require(known, "recorded_sex", f"must be one of {', '.join(sexes)}", subject.recorded_sex)
    listed = isinstance(subject.tags, tuple)
    in_order = listed and list(subject.tags) == sorted(set(subject.tags)) and all(subject.tags)
    _require(in_order, "tags", "must be sorted, not empty, without duplicates", subject.tags)
    why = subject.hidden_because
    _require(why is None or bool(why.strip()), "hidden_because", "must say why", "blank text")
    _check_texts(subject)


def in_one_form(subject: Subject) -> Subject:
    """Return the record with identifier, region and tags in the form in which they are compared."""
    tags = tuple(sorted({one_form(tag) for tag in subject.tags}))
    region = None if subject.region is None else one_form(subject.region)
    return replace(subject, subject_id=one_form(subject.subject_id), region=region, tags=tags)


def check_photo(photo: PhotoRecord) -> None:
    """Raise InputError unless the record can be stored as it is."""
    check_text("sha256", photo.sha256)
    check_text("reference", photo.reference)
    for name in ("md5", "sha1"):
        given = getattr(photo, name)
        expect(name, given, (str, NoneType), rule="must be a text, or None", next_step="Give it.")
    expect_day("taken_on", photo.taken_on)
    expect_age("age_at_capture", photo.age_at_capture)
    for name in ALGORITHMS:
        given = getattr(photo, name)
        rule = f"must be {2 * BYTES[name]} lower-case hexadecimal digits"
        _require(given is None or is_hash(given, name), name, rule, given)
    age = photo.age_at_capture
    _require(age is None or 0 <= age <= 130, "age_at_capture", "must be in [0, 130] years", age)
    _check_texts(photo)


def _check_texts(record: Subject | PhotoRecord) -> None:
    """Raise InputError for a text that no store returns as it was, or no person reads."""
    for name, value in vars(record).items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                whole = text.isascii() or _is_unicode(text)
                rule = "must be Unicode text (a path: see matcher.paths)"
                _require(whole, name, rule, ascii(text))
                plain = name not in _NAMES or not controls(text)
                _require(plain, name, "must have no control characters", ascii(text))
                _require("\0" not in text, name, "must not have the character NUL", ascii(text))


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def checked_enrolments(entries: Sequence[Enrolment], model: ModelIdentity) -> NDArray[np.float32]:
    """Check all enrolments, then return their vectors.

    Returns
    -------
    float32 array of shape (n, names, d)
        The vectors of each face in the order of the model's names.

    Raises
    ------
    InputError
        For the first entry that breaks a rule.
    """
    for entry in entries:
        check_subject(entry.subject)
        check_photo(entry.photo)
        numbers = (*entry.box, entry.weight, entry.probability)
        finite = len(entry.box) == 4 and all(math.isfinite(number) for number in numbers)
        _require(finite, "box, weight, probability", "must be finite, the box of four", numbers)
        _require(entry.weight > 0, "weight", "must be above 0", entry.weight)
        in_range = 0 <= entry.probability <= 1
        _require(in_range, "probability", "must be in [0, 1]", entry.probability)
    return np.stack([checked_face_vectors(entry.vectors, model) for entry in entries])


def checked_face_vectors(
    vectors: Mapping[str, NDArray[np.float32]], model: ModelIdentity
) -> NDArray[np.float32]:
    """Return the vectors of one face, float32 of shape (names, d), of exactly unit length.

    They are in the order of the model's names.

    Raises
    ------
    InputError
        Unless they are exactly the vectors that the model makes of a face.
    """
    names = model.vector_names
    rule = f"must be of shape ({model.dimension},), one for each of: {', '.join(names)}"
    shapes = {name: np.shape(vector) for name, vector in vectors.items()}
    known = set(shapes) == set(names) and set(shapes.values()) == {(model.dimension,)}
    _require(known, "vectors", rule, shapes)
    stacked = np.stack([vectors[name] for name in names])
    return checked_vectors(stacked, model.dimension, "vectors")


def _require(holds: bool, what: str, rule: str, got: object) -> None:
    if not holds:
        raise InputError(what, rule=rule, got=got, next_step="Correct the record and try again.")
