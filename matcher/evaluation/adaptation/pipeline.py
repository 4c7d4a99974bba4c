"""Adapt a model to children: check, embed, choose a map, write a record."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from fairness import UNKNOWN, Cohort, CohortError, read_cohort
from fairness.cohort import Layout, bands
from matcher.arguments import expect, expect_number, listed, path_of
from matcher.embedding import Embedder, Extractor, ModelRecord, get_record, load_model
from matcher.embedding.networks import NETWORKS
from matcher.errors import InputError, ModelError
from matcher.evaluation.adaptation.age_bands import (
    BAND_EDGES,
    band_codes,
    people_found,
    people_needed,
    require_edges,
    require_people,
)
from matcher.evaluation.adaptation.ageing import (
    FEWEST_PEOPLE,
    ages_of,
    people_years_apart,
    require_years_apart,
    seen_years_apart,
)
from matcher.evaluation.adaptation.ageing_judging import AgeingGain, ageing_gain, require_gain
from matcher.evaluation.adaptation.copies import WithCopies, embed_with_copies
from matcher.evaluation.adaptation.faces import Choice, Faces, faces_of, first_of_each
from matcher.evaluation.adaptation.judging import MOST_UNDER_18, Court, Judgement, chosen
from matcher.evaluation.adaptation.model_folder import require_free, write_model
from matcher.evaluation.adaptation.result import AdaptedModel, CohortFacts
from matcher.faces import load_detector
from matcher.private_files import make_folder
from matcher.progress import ProgressHook, silent

_ORIGIN = "race"  # the label of the layouts that state one
_NO_AGE, _FURTHER = "no known age", "a further photo of a person in one age band"


@dataclass(frozen=True, eq=False)
class AdaptationPlan:
    """An adaptation of which everything was checked that can be before the first photo.

    Parameters
    ----------
    base
        Name of the base model, or absolute path of its record.
    record
        The record of the base.
    name
        Name of the new model.
    cohort
        The cohort as it was given.
    edges
        Lower edges of the age bands.
    origin
        The label of origin, if there is one.
    out
        The folder that will be written.
    only_ageing
        Whether the base is fitted to children already, so that only ageing is taken out.
    """

    base: str
    record: ModelRecord
    name: str
    cohort: Cohort
    edges: tuple[float, ...]
    origin: str | None
    out: Path
    only_ageing: bool


def adapt(
    model: str | os.PathLike[str],
    cohort: Cohort | Path | str,
    out: Path | str,
    *,
    layout: Layout | Literal["auto"] = "auto",
    name: str | None = None,
    age_edges: Sequence[float] = BAND_EDGES,
    origin: str | None = None,
    vector_cache: Path | str | None = None,
    device: str = "cpu",
    seed: int = 0,
    on_progress: ProgressHook = silent,
) -> AdaptedModel:
    """Fit a map of a model's vectors to a cohort, and write the record of the adapted model.

    The map centres several age bands, evens out the directions of the vectors in part, and removes
    the directions in which the means of age bands, and of young people of several origins, differ.
    Strength and number of directions are chosen by cross-validation over people. The cohort need
    not state identities, but an age or an age band of its photos. If it has enough people with
    photos at several ages, what changes in a person over the years is taken out too, where that
    gains something beyond chance. A model that is fitted to children already, such as the default
    one, keeps its vectors but for this.

    Parameters
    ----------
    model
        Name of a registered model, or path of an ONNX model's record. A gallery keeps one vector
        of a face for it.
    cohort
        A cohort; or a manifest or folder, which is read as `layout` says.
    out
        Folder of the new model: a new one, or an empty one.
    layout
        See `fairness.read_cohort`.
    name
        Name of the new model; "BASE-adapted" if None.
    age_edges
        Lower edges of the age bands, years; the last one is 18.
    origin
        Label of the people's origin; "race" if None and the cohort has such a label.
    vector_cache
        See `matcher.embedding.embed_cached`; beside `out`, as OUT.vectors.sqlite, if None. It
        belongs to the people of the cohort and is not to be passed on.
    device
        "cpu" or "cuda".
    seed
        The same seed gives the same folds.
    on_progress
        Called as photos are embedded and maps are judged.

    Raises
    ------
    CohortError
        The cohort cannot be read, cannot carry a map, or a photo is not where it says. Or nothing
        is gained beyond chance for a model that is fitted to children already.
    InputError
        The folder is not free, a gallery keeps several vectors of a face for the model, the model
        is adapted already, or an argument breaks a rule.
    ModelError
        The model cannot be loaded, or makes one and the same vector of all faces.
    OutputError
        The folder cannot be written.
    """
    _require_seed(seed)
    people = cohort if isinstance(cohort, Cohort) else read_cohort(cohort, layout)
    made = plan_adaptation(model, people, out, name=name, age_edges=age_edges, origin=origin)
    cache = _cache(made.out, vector_cache)
    embedder = load_model(made.base, device=device)
    extractor = Extractor(load_detector(device), embedder)
    make_folder(cache.parent)
    known = band_codes(people, made.edges) >= 0
    with extractor.decoding_apart() as apart:
        embedded = embed_with_copies(people.where(known), apart, embedder, cache, on_progress)
    return _chosen(made, embedder, embedded, int((~known).sum()), seed, on_progress)


def plan_adaptation(
    model: str | os.PathLike[str],
    cohort: Cohort,
    out: Path | str,
    *,
    name: str | None = None,
    age_edges: Sequence[float] = BAND_EDGES,
    origin: str | None = None,
) -> AdaptationPlan:
    """Check everything that can be checked before the first photo. Parameters are `adapt`'s.

    Raises
    ------
    CohortError, InputError, UnknownModelError
        As `adapt`.
    """
    folder = path_of("out", out).absolute()
    require_free(folder)
    record = get_record(model)
    _require_base(record)
    base = os.fspath(model)
    edges = _edges(age_edges)
    origin = _origin(cohort, origin)
    _require_people(cohort, edges, record.dimension, "an age")
    only_ageing = NETWORKS[record.network].of_probes
    if only_ageing:
        require_years_apart(cohort, "an age")
    return AdaptationPlan(
        base=str(Path(base).absolute()) if base.endswith(".toml") else base,
        record=record,
        name=_name(name if name is not None else f"{record.name}-adapted"),
        cohort=cohort,
        edges=edges,
        origin=origin,
        out=folder,
        only_ageing=only_ageing,
    )


def _chosen(
    made: AdaptationPlan,
    embedder: Embedder,
    embedded: WithCopies,
    without_age: int,
    seed: int,
    on_progress: ProgressHook,
) -> AdaptedModel:
    """Judge all fits, fit the chosen one to everybody, and write it."""
    codes = band_codes(embedded.cohort, made.edges)
    seen = "an age and a face"
    people = _require_people(embedded.cohort, made.edges, embedder.identity.dimension, seen)
    if made.only_ageing:
        require_years_apart(embedded.cohort, seen)
    _require_differences(embedded, made.record)
    faces = faces_of(embedded, codes, bands(made.edges), made.origin, seed)
    court = Court(faces, seed)
    tried = _judged(court, faces.choices(unchanged=made.only_ageing), on_progress)
    gain, ageless = _less_ageing(court, faces, chosen(tried), seed)
    after = chosen(tried) if ageless is None else ageless
    if made.only_ageing:
        require_gain(gain, used=after.fit.ageing)
    result = AdaptedModel(
        record=made.out / "model.toml",
        name=made.name,
        base=embedder.identity,
        base_record=made.record,
        base_name=_seen_from(made.out, made.base),
        vector_map=faces.fitted(after.fit),
        cohort=_facts(made, faces, court.judged, people, without_age, embedded),
        before=court.judge(None),
        after=after,
        tried=(*tried, *([] if ageless is None else [ageless])),
        rates_before=court.rates(None),
        rates_after=court.rates(after.fit),
        ageing=gain,
    )
    write_model(result)
    return result


def _less_ageing(
    court: Court, faces: Faces, best: Judgement, seed: int
) -> tuple[AgeingGain | None, Judgement | None]:
    """Return what is gained where ageing is taken out, and the judgement if it is to be.

    It is, if the gain is beyond chance, and children do not match falsely too often then.
    """
    if len(set(faces.dated.people.tolist())) < FEWEST_PEOPLE:
        return None, None
    gain = ageing_gain(faces, best.fit, seed)
    ageless = court.judge(replace(best.fit, ageing=True))
    fair = ageless.times_under_18 <= max(MOST_UNDER_18, best.times_under_18)
    return gain, ageless if gain.beyond_chance and fair else None


def _require_differences(embedded: WithCopies, record: ModelRecord) -> None:
    if not np.ptp(embedded.vectors, axis=0).any():
        raise ModelError(
            f"The vectors of {record.name!r}",
            rule="differ from face to face",
            got="one and the same for all faces of the cohort",
            next_step="Check the model: compare two photos with matcher compare.",
        )


def _judged(court: Court, choices: Sequence[Choice], on_progress: ProgressHook) -> list[Judgement]:
    judgements: list[Judgement] = []
    for choice in choices:
        on_progress("maps", len(judgements), len(choices))
        judgements.append(court.judge(choice))
    on_progress("maps", len(judgements), len(choices))
    return judgements


def _facts(
    made: AdaptationPlan,
    faces: Faces,
    judged: int,
    people: Mapping[str, int],
    without_age: int,
    embedded: WithCopies,
) -> CohortFacts:
    cohort, years_apart = embedded.cohort, people_years_apart(embedded.cohort)
    taking_part = first_of_each(cohort, band_codes(cohort, made.edges))
    if years_apart >= FEWEST_PEOPLE:
        taking_part |= seen_years_apart(cohort.subject_codes, ages_of(cohort))
    left_out = Counter({_NO_AGE: without_age, _FURTHER: int((~taking_part).sum())})
    left_out.update(embedded.without)
    return CohortFacts(
        name=made.cohort.name,
        sha256=made.cohort.sha256,
        people=people,
        photos=len(faces.bands),
        judged=judged,
        left_out={reason: count for reason, count in sorted(left_out.items()) if count},
        origin=None if made.origin is None else (made.origin, faces.origin_names),
        licences=tuple(sorted({s.licence for s in embedded.cohort.samples} - {UNKNOWN})),
        years_apart=years_apart,
        dated=len(faces.dated.ages),
    )


def _require_people(
    cohort: Cohort, edges: Sequence[float], dimension: int, seen: str
) -> Mapping[str, int]:
    """Return how many people each band has, if that is enough."""
    found = people_found(cohort, band_codes(cohort, edges), edges)
    require_people(cohort, found, people_needed(dimension, edges), seen)
    return found


def _require_base(record: ModelRecord) -> None:
    if record.adaptation is not None or len(record.vector_names) > 1:
        raise InputError(
            f"The model {record.name!r} cannot be adapted",
            rule="a model that is not adapted yet, and of which a gallery keeps one vector of a "
            "face",
            got="an adapted model"
            if record.adaptation is not None
            else f"one of which a gallery keeps {', '.join(record.vector_names)}",
            next_step="Name another model: matcher models list, or the record of an ONNX file.",
        )


def _require_seed(seed: int) -> None:
    expect_number("seed", seed, whole=True)
    if seed < 0:
        raise InputError(
            "seed", rule="must not be negative", got=seed, next_step="Give 0, or another number."
        )


def _edges(age_edges: Sequence[float]) -> tuple[float, ...]:
    rule, step = "must be a sequence of numbers of years", "Give edges such as (0, 4, 13, 18)."
    edges = listed("age_edges", age_edges, (int, float), rule=rule, next_step=step)
    require_edges(edges)
    return tuple(map(float, edges))


def _cache(out: Path, vector_cache: Path | str | None) -> Path:
    """Return the vector cache; refuse one in the folder of the new model, which is passed on."""
    if vector_cache is None:
        return out.with_name(out.name + ".vectors.sqlite")
    cache = path_of("vector_cache", vector_cache).absolute()
    if out in cache.parents:
        raise InputError(
            "The vector cache",
            rule="must lie outside the folder of the adapted model: it holds vectors of people",
            got="a file in that folder",
            next_step="Name another place, or leave it out: it then lies beside the folder.",
            path=cache,
        )
    return cache


def _name(name: str) -> str:
    expect("name", name, str, rule="must be a text", next_step="Leave it out.")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", name):
        raise InputError(
            "The name of the adapted model",
            rule="must be a word of letters, digits, dots and hyphens",
            got=repr(name),
            next_step="Choose another name.",
        )
    return name


def _origin(cohort: Cohort, origin: str | None) -> str | None:
    """Return the label of origin; refuse one that the cohort lacks."""
    labels = {name for sample in cohort.samples for name in sample.labels}
    if origin is None:
        return _ORIGIN if _ORIGIN in labels else None
    if origin not in labels:
        raise CohortError(
            f"the label of origin {origin!r}",
            rule="a label of the cohort's photos",
            got=f"a cohort with {', '.join(sorted(labels)) or 'no further labels'}",
            next_step="Name one of these, or leave it out.",
        )
    return origin


def _seen_from(folder: Path, base: str) -> str:
    """Return what the record calls its base: a name, or a path seen from the record's folder."""
    return Path(os.path.relpath(base, folder)).as_posix() if base.endswith(".toml") else base
