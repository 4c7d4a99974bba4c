"""The card of an adapted model: a page in plain words, with all that was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fairness.rates import Rate
from matcher._version import __version__
from matcher.evaluation.adaptation.age_bands import ADULT
from matcher.evaluation.adaptation.ageing import FEWEST_PEOPLE, YEARS_APART
from matcher.evaluation.adaptation.copies import COPIES
from matcher.evaluation.adaptation.faces import Choice
from matcher.evaluation.adaptation.judging import (
    FMR,
    MOST_IN_A_FOLD,
    MOST_UNDER_18,
    Judgement,
)
from matcher.evaluation.adaptation.result import AdaptedModel
from matcher.words import figure, visible

_TARGET = f"{FMR:g}"


def licence_of(model: AdaptedModel) -> str:
    """Return the terms of the adapted model: those of the base, and what the photos add."""
    terms = ", ".join(model.cohort.licences) or "not stated by the cohort"
    return (
        f"{model.base_record.licence.rstrip('.')}. These are the terms of the base, "
        f"{model.base.name}; the adapted model is used under them too. Terms of the photos that "
        f"the map was fitted to: {terms}"
    )


def training_data_of(model: AdaptedModel) -> str:
    """Return on whose photos base and map were made."""
    return (
        f"{model.base.name}: {model.base_record.training_data.rstrip('.')}. The map of its vectors "
        f"was fitted to {_photos(model)} of the cohort {visible(model.cohort.name)}."
    )


def card_of(model: AdaptedModel, map_sha256: str) -> str:
    """Return the card as Markdown."""
    return (
        "\n\n".join(
            (
                f"# {model.name}",
                _what(model, map_sha256),
                "## Terms",
                _plain(licence_of(model)) + ".",
                "## What it was fitted to",
                _cohort(model),
                "## How the map was chosen",
                _how(model),
                _tried(model),
                "## Ageing",
                _ageing(model),
                "## Before and after, by group",
                _rates(model),
                "## What it does not say",
                _limits(),
            )
        )
        + "\n"
    )


def _what(model: AdaptedModel, map_sha256: str) -> str:
    d, k = model.vector_map.matrix.shape
    base = f"`{model.base.name}` {_plain(model.base.version)}"
    return (
        f"This model is {base} with a map of its vectors. The network is unchanged. The map "
        f"subtracts a mean of {d} numbers, multiplies by a matrix of {d} times {k} numbers, and "
        f"scales to unit length. Mean and matrix are sums over {_photos(model)} of the "
        "cohort. No vector, photo, name or label of a person is in this folder.\n\n"
        f"- base: weights `{model.base.weights_sha256}`, preprocessing "
        f"`{model.base.preprocessing_sha256}`\n"
        f"- map: `{map_sha256}`\n"
        f"- made by matcher {__version__}\n\n"
        "A gallery of the base refuses this model, and the other way round. Re-index the gallery, "
        "and calibrate anew: thresholds of the base mean nothing here."
    )


def _photos(model: AdaptedModel) -> str:
    """Return which photos the map was fitted to."""
    one_of_each = f"{model.cohort.photos:,} photos"
    dated = f"{model.cohort.dated:,} photos of people at several ages"
    if model.after.fit.strength is None:
        return dated
    return f"{one_of_each} and {dated}" if model.after.fit.ageing else one_of_each


def _cohort(model: AdaptedModel) -> str:
    cohort = model.cohort
    rows = [(name, f"{count:,}") for name, count in cohort.people.items()]
    left_out = [(_plain(reason), f"{count:,}") for reason, count in cohort.left_out.items()]
    origin = "The cohort has no label of origin."
    if cohort.origin is not None:
        label, groups = cohort.origin
        origin = (
            f"Label of origin: {_plain(label)}. Groups with enough young people: "
            f"{', '.join(map(_plain, groups)) or 'none'}."
        )
    return "\n\n".join(
        (
            f"Cohort {_plain(cohort.name)}, labels `{cohort.sha256}`. {cohort.photos:,} photos "
            "took part in the map: one of each person in each age band. An age that the cohort "
            f"states as a band counts as the middle of the band. {origin}",
            _table(("age band", "people"), rows),
            _table(("left out", "photos"), left_out) if left_out else "No photo was left out.",
        )
    )


def _how(model: AdaptedModel) -> str:
    return (
        "Each person is in one of five parts. A map that is fitted to four parts is judged on the "
        f"fifth; all five are pooled. {model.cohort.judged:,} photos were judged (at most "
        f"{MOST_IN_A_FOLD:,} of a part). Non-mated comparisons are all pairs of photos of "
        "different people in one part. Mated ones are a photo and its poor copy: mirrored, shrunk "
        f"and saved as {', '.join(COPIES)} of `matcher.degradation`.\n\n"
        "- TMR, young: share of the young whose poor copy matches, at the threshold that gives "
        f"pairs of the young a false match rate of {_TARGET}.\n"
        "- times under 18: false match rate of pairs of the young at the threshold that gives "
        f"pairs of adults {_TARGET}, in multiples of {_TARGET}.\n\n"
        f"Chosen is the highest TMR among the maps with at most {figure(MOST_UNDER_18)} times; if "
        "there is none, the map with the fewest times; of equals the weakest. The chosen map was "
        "then fitted to all photos. As it is the best of several, its own row is a little too good."
    )


def _tried(model: AdaptedModel) -> str:
    rows = [_judged("the base, without a map", model.before)]
    for one in model.tried:
        mark = " **(chosen)**" if one.choice == model.after.choice else ""
        rows.append(_judged(_choice(one.fit) + mark, one))
    return _table(("map", "TMR, young", "times under 18"), rows)


def _choice(choice: Choice) -> str:
    less = ", ageing taken out" if choice.ageing else ""
    if choice.strength is None:
        return f"the vectors as they are{less}"
    return f"strength {choice.strength:g}, {choice.origin_directions} directions of origin{less}"


def _ageing(model: AdaptedModel) -> str:
    people = f"{model.cohort.years_apart:,} people"
    apart = (
        f"photos taken {YEARS_APART:g} years or more apart, the first before the age of {ADULT:g}"
    )
    if model.ageing is None:
        return (
            f"Not tried. {people} have {apart}; it takes {FEWEST_PEOPLE}. A person needs an exact "
            "age on each photo, or dates."
        )
    used = (
        "It is taken out. No date is needed where the model is used. The gain is one for photos of "
        "this kind: measure it on others, with and without, before you count on it."
        if model.after.fit.ageing
        else "It is not taken out: the gain is not beyond chance, or children match falsely too "
        "often with it."
    )
    return (
        f"{people} have {apart}. What changes in a person over the years was fitted to their "
        "photos: the directions in which everybody's vector moves with the logarithm of the age, "
        "its square and its cube, and how photos of one person differ besides. The fit was judged "
        "on people whom it was not fitted to, all pairs of whose photos were compared. Share of "
        f"the pairs of one person, so far apart, that match at a false match rate of {_TARGET}: "
        f"{model.ageing}. The interval holds 95 %, over draws of people. {used}"
    )


def _judged(name: str, judged: Judgement) -> tuple[str, ...]:
    return name, f"{100 * judged.true_match_rate:.1f} %", f"{judged.times_under_18:.2f}"


def _rates(model: AdaptedModel) -> str:
    rows = [
        (
            _plain(before.name),
            *(_rate(of.false_matches) for of in (before, after)),
            *(_rate(of.misses) for of in (before, after)),
        )
        for before, after in zip(model.rates_before, model.rates_after, strict=True)
    ]
    return (
        f"At the threshold that gives pairs of adults a false match rate of {_TARGET}; on the "
        "parts that a map was not fitted to. FMR: pairs of people of one group. FNMR: poor copies. "
        "Intervals hold 95 %, over people; the threshold counts as fixed.\n\n"
        + _table(("group", "FMR before", "FMR after", "FNMR before", "FNMR after"), rows)
    )


def _rate(rate: Rate) -> str:
    low, high = (f"{figure(100 * limit, 3)} %" for limit in (rate.low, rate.high))
    match rate.status:
        case "suppressed" | "insufficient":
            return "not enough data"
        case "bound_only":
            return f"at most {high}"
        case _:
            return f"{figure(100 * rate.estimate, 3)} % ({low} to {high})"


def _limits() -> str:
    return (
        "A poor copy is easier to match than another photo of the person: same pose, same age, "
        "same day. These figures choose a map; they do not say how often your searches succeed. "
        "Measure that on people with several photos: `matcher audit`, with and without the map. "
        "A map moves the vectors that the network makes. What the network does not see in a face, "
        "no map brings back."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, in one line."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", visible(text))
