"""Weights in few bytes."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from matcher.embedding.networks.quantised import packed, unpacked


@given(seed=st.integers(0, 1000), strength=st.floats(1e-3, 1e2))
def test_a_whole_number_is_off_by_less_than_a_254th_of_the_largest(
    seed: int, strength: float
) -> None:
    torch.manual_seed(seed)
    weights = (
        strength * torch.randn(5, 3, 2, 2) * torch.tensor([1, 10, 0.1, 0, 3])[:, None, None, None]
    )
    held = packed({"a.weight": weights}, coarse=lambda _: True)
    assert held["a.weight"].dtype == torch.int8
    (name, restored), *others = unpacked(held).items()
    assert (name, others) == ("a.weight", [])
    bound = weights.abs().amax(dim=(1, 2, 3), keepdim=True) / 254 * 1.001
    assert ((restored - weights).abs() <= bound).all()


def test_what_is_not_coarse_and_what_is_a_row_stays_in_half_precision() -> None:
    state = {"kept": torch.rand(4, 3), "coarse": torch.rand(4, 3), "bias": torch.rand(4)}
    held = packed(state, coarse=lambda name: name != "kept")
    assert held["kept"].dtype == held["bias"].dtype == torch.float16
    assert held["coarse"].dtype == torch.int8
    restored = unpacked(held)
    assert restored.keys() == state.keys()
    for name, weights in restored.items():
        assert weights.dtype == torch.float32
        torch.testing.assert_close(weights, state[name], atol=5e-3, rtol=0)
    torch.testing.assert_close(restored["kept"], state["kept"], atol=3e-4, rtol=0)
