"""The probabilities between which conformal prediction leaves both labels possible, or neither."""

from __future__ import annotations

import pytest

from edgect.errors import UsageError
from edgect.statistics.conformal import ConformalPredictor

NEGATIVES = [0.4, 0.1, 0.3, 0.2]  # in no order
POSITIVES = [0.9, 0.35, 0.6, 0.7, 0.8, 0.5, 0.95, 0.85, 0.75]


@pytest.mark.parametrize(
    ("rate", "lowest_positive", "highest_negative"),
    [(0.2, 0.5, 0.4), (0.39, 0.6, 0.4), (0.4, 0.7, 0.3), (0.8, 0.9, 0.1)],
)
def test_each_class_leaves_out_the_share_of_its_scores(
    rate: float, lowest_positive: float, highest_negative: float
) -> None:
    predictor = ConformalPredictor.calibrate(NEGATIVES, POSITIVES, rate)
    assert predictor == ConformalPredictor(lowest_positive, highest_negative, rate)


def test_both_limits_belong_to_their_class() -> None:
    predictor = ConformalPredictor(0.3, 0.6, 0.1)
    assert [predictor.possible(p) for p in (0.29, 0.3, 0.6, 0.61)] == [
        (True, False), (True, True), (True, True), (False, True),
    ]  # fmt: skip


def test_the_smaller_class_bounds_the_rate() -> None:
    for classes in ((NEGATIVES, POSITIVES), (POSITIVES, NEGATIVES)):
        assert ConformalPredictor.calibrate(*classes, 0.2).error_rate == 0.2
        with pytest.raises(UsageError, match=r"of 0\.19 .* with 4 validation slices .* is 0\.2000$"):
            ConformalPredictor.calibrate(*classes, 0.19)
    with pytest.raises(UsageError, match="with 0 validation slices"):
        ConformalPredictor.calibrate([], POSITIVES, 0.9)
