from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.bundle import Bundle
from edgect.errors import ModelError
from edgect.preprocess import Placement, Preprocess
from tests.edgect.synthetic import body

SIDES = st.integers(32, 400)
INPUTS = st.integers(64, 256)


def resize(height: int, width: int) -> Preprocess:
    return Preprocess([{"step": "resize", "height": height, "width": width}])


@given(height=SIDES, width=SIDES, to_height=INPUTS, to_width=INPUTS)
@settings(max_examples=50, deadline=None)
def test_any_slice_becomes_the_input_and_a_map_comes_back_in_its_shape(
    height: int, width: int, to_height: int, to_width: int
) -> None:
    slice_ = body(0, height, width)
    image, placement = resize(to_height, to_width)(slice_)
    assert image.shape == (1, to_height, to_width)
    assert image.dtype == np.uint8
    assert slice_.min() <= image.min()
    assert image.max() <= slice_.max()
    back = placement.to_slice(np.full((14, 14), 2.5, np.float32))
    assert back.shape == (height, width)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, 2.5, rtol=1e-6)


@given(height=SIDES, width=SIDES, y=st.floats(0.1, 0.9), x=st.floats(0.1, 0.9))
@settings(max_examples=50, deadline=None)
def test_a_bright_place_comes_back_where_it_was(height: int, width: int, y: float, x: float) -> None:
    down, across = np.mgrid[:height, :width]
    away = ((down / height - y) / 0.1) ** 2 + ((across / width - x) / 0.1) ** 2
    image, placement = resize(128, 128)(np.rint(255 * np.exp(-away)).astype(np.uint8))
    back = placement.to_slice(image[0].astype(np.float32))
    weight = np.clip(back - back.max() / 2, 0, None)  # centre of what is bright
    assert np.average(down / height, weights=weight) == pytest.approx(y, abs=0.03)
    assert np.average(across / width, weights=weight) == pytest.approx(x, abs=0.03)


def test_shrinking_averages_over_areas() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (200, 100))
    image, _ = resize(100, 100)(stripes)
    assert np.abs(image.astype(int) - 127.5).max() < 2


def test_a_map_lands_in_its_box_and_nowhere_else() -> None:
    placement = Placement(shape=(40, 50), box=(5, 10, 20, 30))
    back = placement.to_slice(np.ones((7, 9), np.float32))
    assert back[5:25, 10:40].min() == 1
    assert back.sum() == 20 * 30


def test_the_bundled_steps_give_the_bundled_input(bundle: Bundle) -> None:
    spec = bundle.manifest["input"]
    image, _ = Preprocess(spec["steps"])(body())
    assert list(image.shape) == spec["shape"]


@pytest.mark.parametrize(
    "step",
    [
        {"step": "sharpen"},
        {},
        {"step": ["resize"]},
        {"step": "resize", "height": 10},
        {"step": "resize", "height": 10, "width": 10, "depth": 10},
        {"step": "resize", "height": "tall", "width": 10},
        {"step": "resize", "height": 0, "width": 10},
    ],
)
def test_a_step_that_cannot_be_taken_is_a_model_error(step: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="step"):
        Preprocess([step])
