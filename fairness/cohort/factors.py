"""The factors by which photos can be grouped, and the label of each photo."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from fairness.cohort.groups import AGE_EDGES, UNKNOWN, band, thirds
from fairness.cohort.sample import Sample
from fairness.cohort.tone_bands import apparent_tones, fitzpatrick_band, monk_band
from fairness.errors import CohortError

_THIRDS = ("quality 1 of 3 (lowest)", "quality 2 of 3", "quality 3 of 3 (highest)")


def labels_of(
    factor: str, samples: Sequence[Sample], age_edges: Sequence[float] = AGE_EDGES
) -> list[str]:
    """Return the label of each sample; `UNKNOWN` if it has none.

    Parameters
    ----------
    factor
        One of `FACTORS`, or a key of `Sample.labels`.
    samples
        The photos.
    age_edges
        Lower edges of the age bands, years.

    Raises
    ------
    CohortError
        If there is no such factor.
    """
    if factor == "age":
        return [_age(sample, age_edges) for sample in samples]
    if factor in _LABELLERS:
        return _LABELLERS[factor](samples)
    further = {name for sample in samples for name in sample.labels}
    if factor not in further:
        raise CohortError(
            f"factor {factor!r}",
            rule="something that the photos of the cohort are labelled with",
            got="no such factor",
            next_step=f"Use one of {', '.join([*FACTORS, *sorted(further)])}, or several joined "
            "by *.",
        )
    return [sample.labels.get(factor) or UNKNOWN for sample in samples]


def _age(sample: Sample, edges: Sequence[float]) -> str:
    if sample.age_at_capture is None and sample.age_band is not None:
        return sample.age_band
    return band(sample.age_at_capture, edges)


def _sexes(samples: Sequence[Sample]) -> list[str]:
    # A label that a model inferred counts as unknown: its errors may correlate with the matcher's.
    return [UNKNOWN if s.sex_provenance == "model_inferred" else s.sex for s in samples]


def _tones(samples: Sequence[Sample]) -> list[str]:
    return [monk_band(sample.skin_tone_monk) for sample in samples]


def _phototypes(samples: Sequence[Sample]) -> list[str]:
    return [fitzpatrick_band(sample.skin_tone_fitzpatrick) for sample in samples]


def _apparent(samples: Sequence[Sample]) -> list[str]:
    bands = {tone.subject: tone.band for tone in apparent_tones(samples)}
    return [bands.get(sample.subject, UNKNOWN) for sample in samples]


def _qualities(samples: Sequence[Sample]) -> list[str]:
    measured = [math.nan if sample.quality is None else sample.quality for sample in samples]
    return [UNKNOWN if place < 0 else _THIRDS[place] for place in thirds(measured)]


def _capture_types(samples: Sequence[Sample]) -> list[str]:
    return [sample.capture_type for sample in samples]


def _sources(samples: Sequence[Sample]) -> list[str]:
    return [sample.source for sample in samples]


_LABELLERS: Mapping[str, Callable[[Sequence[Sample]], list[str]]] = MappingProxyType(
    {
        "sex": _sexes,
        "tone": _tones,
        "fitzpatrick": _phototypes,
        "apparent_tone": _apparent,
        "quality": _qualities,
        "capture_type": _capture_types,
        "source": _sources,
    }
)

FACTORS = ("age", *_LABELLERS)
"""The factors that every cohort has. `Sample.labels` adds further ones.

=============  =====================================================================
age            age at capture, in bands; or the band that the source gives
sex            as labelled; unknown if a model inferred it
tone           annotated Monk step: light 1 to 3, medium 4 to 6, dark 7 to 10
fitzpatrick    annotated phototype: I and II, III and IV, V and VI
apparent_tone  measured L* and hue of the subject, see `fairness.cohort.SubjectTone`
quality        thirds of the photos with a known quality; equal values stay together
capture_type   as labelled
source         as labelled
=============  =====================================================================
"""
