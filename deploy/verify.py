"""Every file of a bundle on every backend, through edgect itself, against its FP32 reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edgect import Classifier
from edgect.backends import BACKENDS, PRECISIONS
from edgect.metrics import confusion, evaluate, intervals
from train.covid_ct import Item

REFERENCE = "onnxruntime fp32"
MIN_AGREEMENT = 0.99
MAX_DIFFERENCE = 0.08


class VerificationError(Exception):
    """A quantized model answers unlike its FP32 reference."""


@dataclass(frozen=True)
class Answers:
    """Probabilities of COVID-19 by backend and precision, float64 `[n]`, for the same slices."""

    items: Sequence[Item]
    threshold: float
    probabilities: Mapping[str, NDArray[np.float64]]

    @property
    def labels(self) -> list[int]:
        return [item.label for item in self.items]

    def metrics(self) -> dict[str, Any]:
        """The five metrics, AUC, confusion and 95 % intervals by patient, for each combination."""
        patients = [item.patient for item in self.items]
        found: dict[str, Any] = {}
        for name, values in self.probabilities.items():
            bounds = intervals(self.labels, values, patients, self.threshold)
            found[name] = {
                metric: {"value": round(value, 4), "interval": [round(b, 4) for b in bounds[metric]]}
                for metric, value in evaluate(self.labels, values, self.threshold).items()
            }
            found[name]["confusion"] = vars(confusion(self.labels, values >= self.threshold))
        return found

    def parity(self) -> dict[str, dict[str, float]]:
        """Label agreement, largest probability difference and accuracy difference to FP32.

        INT8 is held against FP32 on the same backend, FP32 against FP32 on ONNX Runtime.
        """
        table: dict[str, dict[str, float]] = {}
        for name, values in self.probabilities.items():
            backend, precision = name.split()
            against = f"{backend} fp32" if precision == "int8" else REFERENCE
            if name == REFERENCE:
                continue
            reference = self.probabilities[against]
            agree = (values >= self.threshold) == (reference >= self.threshold)
            right, right_reference = (
                float(np.mean((p >= self.threshold) == self.labels)) for p in (values, reference)
            )
            table[f"{name} against {against}"] = {
                "agreement": round(float(agree.mean()), 4),
                "max_probability_difference": round(float(np.abs(values - reference).max()), 5),
                "accuracy_difference": round(right - right_reference, 4),
            }
        return table


def answer(bundle: Path, items: Sequence[Item], data: Path) -> Answers:
    """Classify `items` with every backend and precision, as a user would.

    Raises VerificationError where a slice gets no answer.
    """
    found: dict[str, NDArray[np.float64]] = {}
    for backend in BACKENDS:
        for precision in PRECISIONS:
            classifier = Classifier(bundle, backend, precision)
            progress = tqdm(items, desc=f"{backend} {precision}", unit="slice", disable=None)
            found[f"{backend} {precision}"] = np.array([_probability(classifier, data, i) for i in progress])
    return Answers(items, classifier.threshold, found)


def require_parity(table: Mapping[str, Mapping[str, float]]) -> None:
    """Raise VerificationError naming every combination that is not faithful enough."""
    bad = [
        f"{name}: {row}"
        for name, row in table.items()
        if row["agreement"] < MIN_AGREEMENT or row["max_probability_difference"] > MAX_DIFFERENCE
    ]
    if bad:
        raise VerificationError(
            f"agreement below {MIN_AGREEMENT} or probability off by over {MAX_DIFFERENCE}: " + "; ".join(bad)
        )


def _probability(classifier: Classifier, data: Path, item: Item) -> float:
    prediction = classifier.predict(data / item.path)
    if prediction.probability is None:
        raise VerificationError(f"{prediction.path}: {prediction.reason}")
    return prediction.probability
