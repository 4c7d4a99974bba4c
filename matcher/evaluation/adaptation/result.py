"""What an adaptation found: the map, how it was chosen, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matcher.embedding import ModelIdentity, ModelRecord, VectorMap
from matcher.evaluation.adaptation.ageing_judging import AgeingGain
from matcher.evaluation.adaptation.judging import GroupRates, Judgement


@dataclass(frozen=True)
class CohortFacts:
    """The cohort that a map was fitted to, without anything of a person.

    Parameters
    ----------
    name, sha256
        Of the cohort as it was given.
    people
        Number of people in each age band, by its name.
    photos
        Number of photos that took part.
    judged
        Number of these on which the maps were judged.
    left_out
        Number of photos that took no part, by reason.
    origin
        The label of origin, and its groups that were large enough; None without one.
    licences
        Terms of the photos, as the cohort states them.
    years_apart, dated
        Numbers of people with photos that show ageing, and of all their photos.
    """

    name: str
    sha256: str
    people: Mapping[str, int]
    photos: int
    judged: int
    left_out: Mapping[str, int]
    origin: tuple[str, tuple[str, ...]] | None
    licences: tuple[str, ...]
    years_apart: int
    dated: int


@dataclass(frozen=True, eq=False)
class AdaptedModel:
    """An adapted model and how it came about.

    Parameters
    ----------
    record
        Path of the new model's TOML record: a model name wherever one is accepted.
    name
        Name of the new model.
    base, base_record
        The base model.
    base_name
        What the record names the base by: its name, or the path of its record.
    vector_map
        The map.
    cohort
        What it was fitted to.
    before, after
        Judgement of the base and of the chosen fit, on people whom it was not fitted to.
    tried
        Judgements of all fits that were tried.
    rates_before, rates_after
        Rates by group, in the same order.
    ageing
        What is gained where ageing is taken out; None if too few people have photos that show it.
        The choice of `after` tells whether it was taken out.
    """

    record: Path
    name: str
    base: ModelIdentity
    base_record: ModelRecord
    base_name: str
    vector_map: VectorMap
    cohort: CohortFacts
    before: Judgement
    after: Judgement
    tried: tuple[Judgement, ...]
    rates_before: tuple[GroupRates, ...]
    rates_after: tuple[GroupRates, ...]
    ageing: AgeingGain | None

    @property
    def losses(self) -> tuple[str, ...]:
        """What is worse than with the base, in words; empty if nothing is."""
        found = []
        if self.after.true_match_rate < self.before.true_match_rate:
            found.append("fewer poor copies of the young match than before")
        if self.after.times_under_18 > max(1.0, self.before.times_under_18):
            found.append("people under 18 are taken for each other more often than before")
        return tuple(found)
