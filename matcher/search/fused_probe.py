"""Make one probe of several photos of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from matcher.embedding import FACE, fuse
from matcher.errors import InputError
from matcher.paths import shown
from matcher.photos import Photo
from matcher.search.candidates import ProbeFacts
from matcher.search.probe import PreparedProbe, Probe


def fused(probes: Sequence[Probe], prepared: Sequence[PreparedProbe]) -> PreparedProbe:
    """Return one probe of several photos: the template of their vectors.

    The rule of `matcher.embedding.fuse` sets aside a photo that differs too much from the others.
    The template is compared with the vectors of the name that all photos are compared with, or with
    the faces' own if they differ in this.

    Parameters
    ----------
    probes, prepared
        The photos as given, and what became of each, in the same order.

    Raises
    ------
    InputError
        If there is no photo.
    """
    if not prepared:
        raise InputError(
            "photos", rule="at least one photo of the person", got="none", next_step="Give some."
        )
    names = [_name(number, probe) for number, probe in enumerate(probes, start=1)]
    usable = [number for number, one in enumerate(prepared) if one.vector is not None]
    refused = [
        f"{names[number]}: left out, {'; '.join(one.reasons)}"
        for number, one in enumerate(prepared)
        if one.vector is None
    ]
    if not usable:
        codes = tuple(code for one in prepared for code in one.codes)
        error = prepared[0].error
        return PreparedProbe(ProbeFacts(), reasons=tuple(refused), codes=codes, error=error)
    if len(usable) == 1:
        (one,) = usable
        facts = prepared[one].facts
        facts = replace(facts, notes=(*refused, *facts.notes), first_photo=one + 1)
        return replace(prepared[one], facts=facts)
    template = fuse(
        np.stack([vector for one in prepared if (vector := one.vector) is not None]),
        np.ones(len(usable)),
    )
    kept = [number for number, counts in zip(usable, template.kept, strict=True) if counts]
    aside = [
        f"{names[number]}: set aside, because it differs from the others so much that it may show "
        "somebody else"
        for number in usable
        if number not in kept
    ]
    read = [f"{names[number]}: {note}" for number in kept for note in prepared[number].facts.notes]
    facts = _common([prepared[number].facts for number in kept])
    compared = {prepared[number].compared_with for number in kept}
    return PreparedProbe(
        replace(facts, notes=(*refused, *aside, *read), first_photo=kept[0] + 1),
        vector=template.vector,
        compared_with=compared.pop() if len(compared) == 1 else FACE,
    )


def _common(facts: Sequence[ProbeFacts]) -> ProbeFacts:
    """Return what the facts of several photos have in common."""
    days, ages = {one.taken_on for one in facts}, {one.age_at_capture for one in facts}
    day = _only(days)
    return ProbeFacts(
        taken_on=day,
        age_at_capture=_only(ages),
        degraded=any(one.degraded for one in facts),
        fused=tuple(one.sha256 or "" for one in facts),
        dated_by=None if day is None else _only({one.dated_by for one in facts}),
    )


def _only(values: set[Any]) -> Any:
    return values.pop() if len(values) == 1 else None


def _name(number: int, probe: Probe) -> str:
    source = probe.source
    path = source.path if isinstance(source, Photo) else source
    named = f" ({shown(Path(path).name)})" if isinstance(path, str | Path) else ""
    return f"photo {number}{named}"
