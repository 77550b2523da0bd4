from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edgect.model.preprocess.grey_levels import quantiles

GREY = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(GREY, st.floats(0, 1))
def test_quantiles_are_numpy_s_to_the_bit(grey: np.ndarray, share: float) -> None:
    assert quantiles(grey, share, 0.99) == tuple(np.quantile(grey, [share, 0.99]))


@given(GREY, st.integers(0, 255))
def test_quantiles_under_a_mask(grey: np.ndarray, level: int) -> None:
    mask = grey <= level
    (median,) = quantiles(grey, 0.5, mask=mask)
    if mask.any():
        assert median == np.quantile(grey[mask], 0.5)
    else:
        assert math.isnan(median)
