from __future__ import annotations

import numpy as np
import pytest

from edgect.errors import UsageError
from edgect.scans import Limits, Window


def test_the_usual_window_runs_from_black_to_white() -> None:
    units = [-5000, -1350, -1347.1, -1346.9, -600, 150, 5000]
    np.testing.assert_array_equal(Window().grey(units), [0, 0, 0, 1, 128, 255, 255])


def test_any_window_has_its_level_in_the_middle_of_the_greys() -> None:
    np.testing.assert_array_equal(Window(40, 400).grey([-160, -60, 40, 140, 240]), [0, 64, 128, 191, 255])


def test_hounsfield_units_are_not_changed_in_place() -> None:
    units = np.full((4, 4), -600, np.float32)
    Window().grey(units)
    assert (units == -600).all()


@pytest.mark.parametrize("name", ["bytes", "pixels", "frames"])
def test_a_limit_is_at_least_one(name: str) -> None:
    assert getattr(Limits(**{name: 1}), name) == 1
    with pytest.raises(UsageError, match=f"the limit of {name} must be at least 1, not 0"):
        Limits(**{name: 0})


def test_a_limit_says_which_option_raises_it() -> None:
    assert Limits(pixels=5000).describe("pixels") == "the limit of 5,000 pixels (--max-pixels)"
    assert vars(Limits()) == {"bytes": 268_435_456, "pixels": 67_108_864, "frames": 4096}
