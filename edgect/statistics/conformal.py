"""Split-conformal prediction of two classes: which labels a probability leaves possible at an error rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgect.errors import UsageError


@dataclass(frozen=True)
class ConformalPredictor:
    """COVID-19 is possible from `lowest_positive` on, the other label up to `highest_negative`.

    Split-conformal prediction class by class (Vovk 2012, Conditional validity of inductive conformal
    predictors): a class is possible unless fewer than a share `error_rate` of its validation slices lie
    as far on the wrong side. So of the slices of either class, at most that share gets the other's label:
    on average, if slices to come and validation slices are exchangeable. Those of another hospital are
    not. Slices of one patient are not independent either, so that the share holds over many patients,
    and varies the more from one lot to the next the fewer they come from.
    """

    lowest_positive: float
    highest_negative: float
    error_rate: float

    @classmethod
    def calibrate(
        cls, negatives: Sequence[float], positives: Sequence[float], error_rate: float
    ) -> ConformalPredictor:
        """negatives, positives: probabilities of COVID-19 of validation slices that got an answer, by class.

        Raises UsageError for a rate outside 0 to 1, and for one that is too small for so few slices.

        >>> predictor = ConformalPredictor.calibrate([0.1, 0.2, 0.3, 0.6], [0.4, 0.7, 0.8, 0.9], 0.2)
        >>> predictor.possible(0.5)  # either label
        (True, True)
        >>> predictor.possible(0.7)  # COVID-19 alone
        (False, True)
        """
        if not 0 < error_rate < 1:
            raise UsageError(f"error rate must lie between 0 and 1, not {error_rate}")
        fewest = min(len(negatives), len(positives))
        if error_rate * (fewest + 1) < 1:
            raise UsageError(
                f"an error rate of {error_rate} cannot be kept with {fewest} validation slices of a class; "
                f"the smallest with them is {1 / (fewest + 1):.4f}"
            )
        lowest_positive = sorted(positives)[int(error_rate * (len(positives) + 1)) - 1]
        highest_negative = sorted(negatives)[-int(error_rate * (len(negatives) + 1))]
        return cls(lowest_positive, highest_negative, error_rate)

    def possible(self, probability: float) -> tuple[bool, bool]:
        """Return the prediction set: whether not COVID-19 is possible, and whether COVID-19 is."""
        return probability <= self.highest_negative, probability >= self.lowest_positive
