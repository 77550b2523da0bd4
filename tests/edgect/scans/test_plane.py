"""From a plane in the patient to greys: each limit at its edge, each orientation to the same picture."""

from __future__ import annotations

from itertools import product
from math import cos, radians, sin

import numpy as np
import pytest
from numpy.typing import NDArray

from edgect.errors import ScanError
from edgect.scans import Limits, Window
from edgect.scans.plane import Plane, Vector, normal, to_grey

RIGHT, DOWN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
VALUES = np.linspace(-1000, 400, 40 * 50, dtype=np.float32).reshape(40, 50)


def grey(values: NDArray[np.float32], spacing: tuple[float, float] = (1.0, 1.0)) -> NDArray[np.uint8]:
    return to_grey(Plane(values, RIGHT, DOWN, spacing), Window(), Limits())[0]


def with_value(value: float) -> NDArray[np.float32]:
    values = VALUES.copy()
    values[3, 4] = value
    return values


def tilted(degrees: float) -> Vector:
    return (0.0, cos(radians(degrees)), sin(radians(degrees)))


@pytest.mark.parametrize(
    ("right", "down", "expected"),
    [
        (RIGHT, DOWN, (0, 0, 1)),
        (RIGHT, (0.0, -1.0, 0.0), (0, 0, 1)),
        (RIGHT, tilted(20), (0, -sin(radians(20)), cos(radians(20)))),
    ],
)
def test_the_normal_points_to_the_head(right: Vector, down: Vector, expected: tuple[float, ...]) -> None:
    across = normal(right, down)
    assert across == pytest.approx(expected)
    assert "-0.0," not in str(across)  # rows hold it, and are the same however the slice is stored


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_gantry_tilts_by_thirty_degrees_and_no_more(sign: int) -> None:
    assert normal(RIGHT, tilted(sign * 30))[2] == pytest.approx(cos(radians(30)))
    with pytest.raises(ScanError, match=r"more than 30 degrees off \(oblique\)") as raised:
        normal(RIGHT, tilted(sign * 31))
    assert raised.value.status == "rejected"


@pytest.mark.parametrize(
    ("right", "down", "name"),
    [
        ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0), "sagittal"),
        (RIGHT, (0.0, 0.0, -1.0), "coronal"),
        (RIGHT, tilted(40), "oblique"),
    ],
)
def test_another_plane_is_named(right: Vector, down: Vector, name: str) -> None:
    with pytest.raises(ScanError, match=rf"\({name}\)"):
        normal(right, down)


@pytest.mark.parametrize("degrees", [30, -30, 60, 120])
def test_a_turn_in_the_plane_of_thirty_degrees_is_looked_at(degrees: float) -> None:
    right, down = (
        (cos(radians(degrees)), sin(radians(degrees)), 0.0),
        (-sin(radians(degrees)), cos(radians(degrees)), 0.0),
    )
    assert normal(right, down) == pytest.approx((0, 0, 1))


def test_a_turn_in_the_plane_of_more_is_rejected() -> None:
    turn = radians(31)
    with pytest.raises(ScanError, match="turned in its plane") as raised:
        normal((cos(turn), sin(turn), 0.0), (-sin(turn), cos(turn), 0.0))
    assert raised.value.status == "rejected"


def test_a_tilt_and_a_turn_that_take_one_direction_too_far_are_rejected() -> None:
    """Rows stay 20 degrees off the patient's axis, columns do not stay within 30."""
    turn, tilt = radians(20), radians(25)
    right = (cos(turn), sin(turn), 0.0)
    with pytest.raises(ScanError, match="turned in its plane"):
        normal(right, (-sin(turn) * cos(tilt), cos(turn) * cos(tilt), sin(tilt)))
    assert normal(right, (-sin(turn), cos(turn), 0.0)) == pytest.approx((0, 0, 1))


@pytest.mark.parametrize("factor", [0.98, 1.02])
def test_directions_are_unit_vectors_at_right_angles(factor: float) -> None:
    assert normal((1.009, 0.0, 0.0), DOWN) == pytest.approx((0, 0, 1), abs=0.01)
    for right, down in (
        ((factor, 0.0, 0.0), DOWN),
        (RIGHT, (0.0, factor, 0.0)),
        (RIGHT, (sin(0.2), cos(0.2), 0.0)),
    ):
        with pytest.raises(ScanError, match="unit vectors") as raised:
            normal(right, down)
        assert raised.value.status == "error"


@pytest.mark.parametrize(("across", "along", "transposed"), list(product([1, -1], [1, -1], [False, True])))
def test_every_orientation_shows_the_same_picture(across: int, along: int, transposed: bool) -> None:
    right, down = (float(across), 0.0, 0.0), (0.0, float(along), 0.0)
    values = VALUES[::along, ::across]
    plane = Plane(values.T, down, right) if transposed else Plane(values, right, down)
    np.testing.assert_array_equal(to_grey(plane, Window(), Limits())[0], Window().grey(VALUES))


def test_long_pixels_become_square_along_their_longer_side() -> None:
    assert grey(VALUES, (2.0, 1.0)).shape == (80, 50)
    assert grey(VALUES, (1.0, 2.0)).shape == (40, 100)
    turned = to_grey(Plane(VALUES.T, DOWN, RIGHT, (1.0, 2.0)), Window(), Limits())[0]
    assert turned.shape == (80, 50)
    np.testing.assert_array_equal(turned, grey(VALUES, (2.0, 1.0)))
    np.testing.assert_array_equal(grey(VALUES, (1.009, 1.0)), Window().grey(VALUES))
    tall = np.repeat(VALUES, 5, axis=0)
    assert grey(tall, (1.02, 1.0)).shape == (204, 50)
    assert grey(tall, (1.009, 1.0)).shape == (200, 50)


@pytest.mark.parametrize(("spacing", "longer"), [((4.0, 1.0), (4.5, 1.0)), ((1.0, 4.0), (1.0, 4.5))])
def test_pixels_may_be_four_times_as_long_as_wide(
    spacing: tuple[float, float], longer: tuple[float, float]
) -> None:
    assert grey(VALUES, spacing).shape == (40 * round(spacing[0]), 50 * round(spacing[1]))
    with pytest.raises(ScanError, match=r"pixels 4\.5 times as long as wide") as raised:
        grey(VALUES, longer)
    assert raised.value.status == "rejected"


def test_square_pixels_stay_within_the_limit() -> None:
    plane = Plane(VALUES, RIGHT, DOWN, (2.0, 1.0))
    assert to_grey(plane, Window(), Limits(pixels=4000))[0].shape == (80, 50)
    with pytest.raises(ScanError, match="image of 50x80 square pixels is over the limit of 3,999 pixels"):
        to_grey(plane, Window(), Limits(pixels=3999))


def test_a_slice_holds_air() -> None:
    values = np.maximum(VALUES, -500)
    np.testing.assert_array_equal(grey(values), Window().grey(values))
    with pytest.raises(ScanError, match="no air: nothing is below -500 HU") as raised:
        grey(np.maximum(VALUES, -499))
    assert raised.value.status == "rejected"


def test_what_no_tissue_or_metal_comes_to_is_rejected() -> None:
    np.testing.assert_array_equal(grey(with_value(32766)), Window().grey(with_value(32766)))
    with pytest.raises(ScanError, match=r"^32,767 HU, where nothing comes to 32,767") as raised:
        grey(with_value(32767))
    assert raised.value.status == "rejected"
    with pytest.raises(ScanError, match=r"^1e\+09 HU"):
        grey(with_value(1e9))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_numbers_are_an_error(value: float) -> None:
    with pytest.raises(ScanError, match="no numbers") as raised:
        grey(with_value(value))
    assert raised.value.status == "error"


def test_below_the_scanners_scale_all_is_air() -> None:
    """Enlarged before the window, so that padding of -3000 would darken its neighbours."""
    np.testing.assert_array_equal(grey(with_value(-3000), (2.0, 1.0)), grey(with_value(-1024), (2.0, 1.0)))


def test_the_smallest_slice() -> None:
    assert grey(VALUES[:32, :32]).shape == (32, 32)
    for values in (VALUES[:31, :32], VALUES[:32, :31]):
        with pytest.raises(ScanError, match="too small") as raised:
            grey(values)
        assert raised.value.status == "rejected"


def test_one_value_alone_is_blank() -> None:
    with pytest.raises(ScanError, match="blank") as raised:
        grey(np.full((40, 50), -1000, np.float32))
    assert raised.value.status == "rejected"


@pytest.mark.parametrize("degrees", [-20, 20])
def test_a_tilted_slice_is_not_turned_over(degrees: float) -> None:
    turn = radians(degrees)
    for right, down in (
        (RIGHT, tilted(degrees)),
        ((cos(turn), sin(turn), 0.0), (-sin(turn), cos(turn), 0.0)),
    ):
        plane = Plane(VALUES, right, down)
        np.testing.assert_array_equal(to_grey(plane, Window(), Limits())[0], Window().grey(VALUES))
