"""Log-odds of COVID-19, of a slice and of its places, from what the network gives for the two classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgect.model.backends import Outputs


def to_probability(log_odds: float) -> float:
    """Softmax over two classes, as a function of their difference; exact at both ends."""
    return float(1 / (1 + np.exp(-log_odds))) if log_odds > 0 else float(1 - 1 / (1 + np.exp(log_odds)))


def evidence_map(outputs: Outputs, log_odds: float) -> NDArray[np.float32]:
    """Difference of the two activation maps, the biases spread evenly: its mean is `log_odds`."""
    difference = outputs.cam[0, 1] - outputs.cam[0, 0]
    return np.asarray(difference + (log_odds - float(difference.mean())), np.float32)
