"""Steps as text, steps in a row, and the named mixtures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.degradation import (
    RECIPES,
    Degradation,
    Recipe,
    degrade,
    parse,
    shrink,
    strength_of_quality,
    text_of,
)
from matcher.degradation.recipes import KINDS
from matcher.errors import InputError

Pixels = NDArray[np.uint8]
DRAWN = ["noise", "motion", "colour-cast", "crop", "print-scan"]
SETTLED = sorted(set(KINDS) - set(DRAWN))
LADDER = [name for name in RECIPES if name.startswith("px")]

kinds = st.sampled_from(KINDS)
strengths = st.floats(0, 1)
steps = st.lists(st.builds(Degradation, kinds, strengths), max_size=4)


def portrait(height: int = 80, width: int = 60) -> Pixels:
    texture = np.random.default_rng(2).normal(0, 9, (height, width, 1))
    y, x = np.mgrid[:height, :width]
    planes = np.stack([90 + x, 150 - y, 60 + (x + y) / 2], axis=-1)
    return np.clip(planes + texture, 0, 255).astype(np.uint8)


def grey(height: int = 40, width: int = 40) -> Pixels:
    return (
        np.linspace(60, 200, width).astype(np.uint8)[None, :, None].repeat(height, 0).repeat(3, 2)
    )


@given(steps=steps)
def test_what_is_written_is_read_back_to_the_last_digit(steps: list[Degradation]) -> None:
    text = text_of(steps)
    assert parse(text) == tuple(steps)
    assert text_of(parse(text)) == text
    assert text.count(":") == len(steps)


@given(steps=steps, blanks=st.lists(st.sampled_from(["", " ", "\t"]), min_size=5, max_size=5))
def test_blanks_and_empty_steps_do_not_matter(steps: list[Degradation], blanks: list[str]) -> None:
    spaced = [
        f"{one.kind} : {one.strength!r}{blank}" for one, blank in zip(steps, blanks, strict=False)
    ]
    assert parse(";".join([*spaced, blanks[-1]])) == tuple(steps)


@given(text=st.text(st.sampled_from("jpegblur:;.0159-enai +"), max_size=20) | st.text(max_size=12))
def test_any_other_text_is_refused_by_name_and_never_breaks(text: str) -> None:
    read = read_or_refused(text)
    if isinstance(read, InputError):
        assert "docs/reference/degradation-recipes.md" in str(read)
    else:
        assert all(one.kind in KINDS and 0 <= one.strength <= 1 for one in read)
        assert parse(text_of(read)) == read


def read_or_refused(text: str) -> tuple[Degradation, ...] | InputError:
    try:
        return parse(text)
    except InputError as error:
        return error


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("jpeg 0.5", "a degradation step"),
        ("jpeg:0.5:0.5", "a degradation step"),
        ("jpeg:0.5,blur:0.2", "a degradation step"),
        ("JPEG:0.5", "the kind of degradation"),
        (":0.5", "the kind of degradation"),
        ("blur:1.0001", "the strength of blur"),
        ("blur:inf", "the strength of blur"),
        ("noise:0.1;blur:-1e-9", "the strength of blur"),
    ],
)
def test_a_refusal_names_the_part_that_is_wrong(text: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert caught.value.what == what


@pytest.mark.parametrize("kind", DRAWN)
def test_a_step_draws_by_its_position_and_not_by_what_came_before(kind: str) -> None:
    drawn = Degradation(kind, 0.5)  # type: ignore[arg-type]
    still, none = Degradation("grey", 1.0), Degradation("grey", 0.0)
    pixels = grey()
    second = degrade(pixels, [none, drawn], seed=3)
    np.testing.assert_array_equal(degrade(pixels, [still, drawn], seed=3), second)


def test_the_same_step_twice_draws_twice() -> None:
    noise = Degradation("noise", 0.5)
    none = Degradation("noise", 0.0)
    pixels = grey()
    first, second = (
        degrade(pixels, steps, seed=3).astype(int) - pixels for steps in ([noise], [none, noise])
    )
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1


@given(one=st.sampled_from(SETTLED), other=st.sampled_from(SETTLED), strength=st.floats(0.1, 0.9))
def test_steps_are_done_one_after_the_other(one: str, other: str, strength: float) -> None:
    first, second = (Degradation(kind, strength) for kind in (one, other))  # type: ignore[arg-type]
    pixels = portrait(24, 18)
    together = degrade(pixels, [first, second], seed=0)
    apart = degrade(degrade(pixels, [first], seed=0), [second], seed=0)
    np.testing.assert_array_equal(together, apart)


@pytest.mark.parametrize("kind", SETTLED)
def test_effects_without_chance_do_not_depend_on_the_seed(kind: str) -> None:
    step = Degradation(kind, 0.6)  # type: ignore[arg-type]
    one, other = (degrade(portrait(), [step], seed=seed) for seed in (0, 12345))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", DRAWN)
def test_effects_with_chance_do(kind: str) -> None:
    step = Degradation(kind, 0.6)  # type: ignore[arg-type]
    results = {degrade(portrait(), [step], seed=seed).tobytes() for seed in range(8)}
    assert len(results) > 1


def test_pixels_in_another_order_of_memory_are_the_same_pixels() -> None:
    recipe = RECIPES["phone"].steps
    straight = portrait()
    for view in (np.asfortranarray(straight), straight[::-1, ::-1][::-1, ::-1]):
        np.testing.assert_array_equal(
            degrade(view, recipe, seed=1), degrade(straight, recipe, seed=1)
        )


def test_read_only_pixels_can_be_degraded_and_the_result_can_be_written_to() -> None:
    pixels = portrait()
    pixels.flags.writeable = False
    for kind in KINDS:
        for strength in (0.0, 0.5):
            result = degrade(pixels, [Degradation(kind, strength)], seed=0)
            result[0, 0] = 0


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_what_its_parts_say(name: str) -> None:
    recipe, pixels = RECIPES[name], portrait()
    assert recipe.meaning
    assert parse(text_of(recipe.steps)) == recipe.steps
    start = pixels if recipe.side is None else shrink_only(pixels, recipe.side)
    expected = degrade(start, recipe.steps, seed=5)
    np.testing.assert_array_equal(recipe.apply(pixels, seed=5), expected)


def shrink_only(pixels: Pixels, side: int) -> Pixels:
    return Recipe("smaller", (), side).apply(pixels, seed=0)


@pytest.mark.parametrize("name", LADDER)
def test_the_ladder_says_side_and_quality_in_its_names(name: str) -> None:
    side, quality = (int(part) for part in name.removeprefix("px").split("-q"))
    recipe = RECIPES[name]
    assert recipe.side == side
    assert recipe.steps == (Degradation("jpeg", strength_of_quality(quality)),)
    assert str(side) in recipe.meaning
    assert max(recipe.apply(portrait(), seed=0).shape[:2]) == side


def test_the_named_mixtures_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        RECIPES["phone"] = RECIPES["night"]  # type: ignore[index]
    assert {"phone", "cctv", "night", "old-print", "screenshot"} <= set(RECIPES)


@given(height=st.integers(1, 120), width=st.integers(1, 120), side=st.integers(1, 150))
def test_shrinking_keeps_the_shape_and_never_enlarges(height: int, width: int, side: int) -> None:
    small = shrink_only(portrait(height, width), side)
    longest = max(height, width)
    assert max(small.shape[:2]) == min(side, longest)
    factor = min(1.0, side / longest)
    expected = [max(1, round(length * factor)) for length in (height, width)]
    assert list(small.shape[:2]) == expected


@given(quality=st.integers(5, 95))
def test_quality_and_strength_are_one_scale(quality: int) -> None:
    assert round(95 - 90 * strength_of_quality(quality)) == quality
    assert Degradation("jpeg", strength_of_quality(quality)).strength <= 1


@pytest.mark.parametrize("bad", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8)])
def test_recipes_and_the_ladder_refuse_what_is_no_picture(bad: np.ndarray) -> None:
    for name in ("phone", "px32-q30"):
        with pytest.raises(InputError, match="uint8 array of shape"):
            RECIPES[name].apply(bad, seed=0)
    with pytest.raises(InputError, match="uint8 array of shape"):
        shrink(bad, 16, 30)
