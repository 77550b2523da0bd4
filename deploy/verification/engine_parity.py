"""Every file of a bundle on every backend, through edgect itself, against its FP32 reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from deploy.verification.processors import (
    CAPPED,
    EMULATED_PROCESSOR,
    NATIVE,
    SAMPLE,
    emulator_is_installed,
    probabilities,
)
from edgect import Classifier
from edgect.errors import ModelError
from edgect.model.backends import BACKENDS, PRECISIONS
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice
from edgect.statistics.beta import clopper_pearson
from train.data.covid_ct import Item
from train.multi_source.evaluation import evaluate_items

REFERENCE = "onnxruntime fp32"
MIN_AGREEMENT, CONFIDENCE = 0.99, 0.95
MANY = 300  # slices: of so many, the share itself must reach what is wanted
MAX_DIFFERENCE = 0.05
MAX_EMULATED_DIFFERENCE = 0.005  # of INT8 on another CPU to INT8 on this one
MAX_ACCURACY_DIFFERENCE = 0.005  # of INT8 to FP32

ParityTable = Mapping[str, Mapping[str, float]]


class VerificationError(ModelError):
    """A quantized model answers unlike its FP32 reference."""


@dataclass(frozen=True)
class EnginePredictions:
    """Probabilities of COVID-19 by backend and precision, float64 `[n]`, for the same slices.

    All slices have one, those too that the gate rejects, which `rejected` tells, bool `[n]`.
    """

    items: Sequence[Item]
    threshold: float
    probabilities: Mapping[str, NDArray[np.float64]]
    rejected: Mapping[str, NDArray[np.bool_]]

    @property
    def labels(self) -> list[int]:
        return [item.label for item in self.items]

    def of(self, items: Sequence[Item]) -> EnginePredictions:
        """Those on some of the slices."""
        place = {item: number for number, item in enumerate(self.items)}
        places = [place[item] for item in items]
        probabilities = {name: values[places] for name, values in self.probabilities.items()}
        rejected = {name: values[places] for name, values in self.rejected.items()}
        return EnginePredictions(items, self.threshold, probabilities, rejected)

    def rejections(self) -> dict[str, Any]:
        """How many slices the gate leaves without an answer; `differ`: on which engines disagree."""
        by_engine = np.array(list(self.rejected.values()))
        return {
            "slices": len(self.items),
            "rejected": {name: int(values.sum()) for name, values in self.rejected.items()},
            "differ": int((by_engine.any(0) != by_engine.all(0)).sum()),
        }

    def metrics(self) -> dict[str, Any]:
        """Metrics, confusion and 95 % intervals by patient, for each combination.

        The paper's five and AUC; of slices of one class, the share that is right under its name.
        """
        return {name: self._metrics(values) for name, values in self.probabilities.items()}

    def _metrics(self, values: NDArray[np.float64]) -> dict[str, Any]:
        evaluated = evaluate_items(self.items, values, self.threshold)
        row: dict[str, Any] = {
            metric: {
                "value": round(value, 4),
                "interval": (ends := evaluated["intervals"][metric]) and [round(end, 4) for end in ends],
            }
            for metric, value in evaluated["metrics"].items()
        }
        return row | ({"confusion": evaluated["confusion"]} if "confusion" in evaluated else {})

    def parity(self) -> dict[str, dict[str, float]]:
        """Label agreement, largest probability difference and accuracy difference to FP32.

        INT8 is held against FP32 on the same backend, FP32 against FP32 on ONNX Runtime.
        """
        table: dict[str, dict[str, float]] = {}
        for name, values in self.probabilities.items():
            backend, precision = name.split()
            against = f"{backend} fp32" if precision == "int8" else REFERENCE
            if against not in self.probabilities or name == against:
                continue
            reference = self.probabilities[against]
            table[f"{name} against {against}"] = compare(
                values, reference, np.array(self.labels), self.threshold
            )
        return table


def compare(
    values: NDArray[np.float64], reference: NDArray[np.float64], labels: NDArray[np.int64], threshold: float
) -> dict[str, float]:
    """Label agreement, largest difference and difference in accuracy of two lots of probabilities."""
    predicted, expected = values >= threshold, reference >= threshold
    return {
        "slices": len(labels),
        "agreement": round(float((predicted == expected).mean()), 4),
        "max_probability_difference": round(float(np.abs(values - reference).max()), 5),
        "accuracy_difference": round(float((predicted == labels).mean() - (expected == labels).mean()), 4),
    }


def compare_on_processors(
    bundle: Bundle, items: Sequence[Item], data: Path, backends: Sequence[str] = BACKENDS
) -> dict[str, dict[str, Any]]:
    """INT8 against FP32 of the same engine, on every class of CPU; `slices`: how many were compared.

    The emulated one sees a sample, too small to judge agreement by, and is held against FP32 on this
    CPU, since nothing in FP32 saturates; `max_difference_to_here` is to INT8 on this CPU. It is left out
    where there is no emulator.
    """
    preprocess = Preprocess(bundle.manifest.input.steps)
    progress = tqdm(items, desc="reading", unit="slice", disable=None)
    images = np.stack([preprocess(read_slice(data / item.path))[0] for item in progress])
    labels, threshold = np.array([item.label for item in items]), bundle.manifest.threshold
    table: dict[str, dict[str, Any]] = {}
    tried = [each for each in (*NATIVE, *CAPPED) if each.backend in backends]
    for processor in tqdm(tried, desc="processors", disable=None):
        int8, fp32 = (
            probabilities(processor.logits(bundle.path, p, images), bundle) for p in ("int8", "fp32")
        )
        table[processor.name] = compare(int8, fp32, labels, threshold)
    if EMULATED_PROCESSOR.backend in backends and emulator_is_installed():
        table[EMULATED_PROCESSOR.name] = _compare_emulated(bundle, images, labels)
    return table


def _compare_emulated(bundle: Bundle, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> dict[str, Any]:
    sample = np.linspace(0, len(images) - 1, min(SAMPLE, len(images))).astype(int)
    runs = ((EMULATED_PROCESSOR, "int8"), (NATIVE[1], "int8"), (NATIVE[1], "fp32"))
    emulated, native, fp32 = (
        probabilities(processor.logits(bundle.path, p, images[sample]), bundle) for processor, p in runs
    )
    return {
        **compare(emulated, fp32, labels[sample], bundle.manifest.threshold),
        "max_difference_to_here": round(float(np.abs(emulated - native).max()), 5),
    }


def predict(
    bundle: Path, items: Sequence[Item], data: Path, backends: Sequence[str] = BACKENDS
) -> EnginePredictions:
    """Classify `items` with every one of `backends` and precision, as a user would but for the gate.

    Raises VerificationError where a slice gets no answer.
    """
    probabilities: dict[str, NDArray[np.float64]] = {}
    rejected: dict[str, NDArray[np.bool_]] = {}
    loaded = Bundle.load(bundle, unfinished=True)
    for backend in backends:
        for precision in PRECISIONS:
            name = f"{backend} {precision}"
            classifier = Classifier(loaded, backend, precision, gate=False)
            progress = tqdm(items, desc=name, unit="slice", disable=None)
            predictions = [_predict_slice(classifier, data, item) for item in progress]
            probabilities[name] = np.array([probability for probability, _ in predictions])
            rejected[name] = np.array([gate_rejects for _, gate_rejects in predictions])
    return EnginePredictions(items, classifier.threshold, probabilities, rejected)


def unfaithful_backends(table: ParityTable) -> dict[str, str]:
    """Why, by name, engines are not to be used: what they answer is too far from the FP32 reference."""
    refused: dict[str, list[str]] = {}
    for name, row in table.items():
        if fault := _fault(row):
            refused.setdefault(name.split()[0].rstrip(","), []).append(f"{name}: {fault}")
    return {backend: "; ".join(faults) for backend, faults in refused.items()}


def _fault(row: Mapping[str, float]) -> str:
    """In words, empty where the row is faithful."""
    if row["max_probability_difference"] > MAX_DIFFERENCE:
        return f"a probability is off by {row['max_probability_difference']}, more than {MAX_DIFFERENCE}"
    if "max_difference_to_here" in row:
        off = row["max_difference_to_here"]
        return f"an emulated CPU is off by {off} from this one" if off > MAX_EMULATED_DIFFERENCE else ""
    slices = int(row["slices"])
    agreeing = round(row["agreement"] * slices)
    if is_below(agreeing, slices):
        surely = "" if slices >= MANY else f" with {CONFIDENCE:.0%} confidence"
        return f"{agreeing} of {slices} labels agree, below {MIN_AGREEMENT:.0%}{surely}"
    return ""


def is_below(agreeing: int, slices: int) -> bool:
    """Whether agreement is below `MIN_AGREEMENT`; of fewer slices than `MANY`, by the exact binomial.

    One other label of 24 happens once in five times where one of a hundred is, and is no failure.
    """
    if slices >= MANY:
        return agreeing < MIN_AGREEMENT * slices
    return clopper_pearson(agreeing, slices, 2 * CONFIDENCE - 1)[1] < MIN_AGREEMENT


def accuracy_warnings(tables: Mapping[str, ParityTable]) -> Iterator[str]:
    """Name every combination and part on which accuracy is further from FP32's than it should be."""
    for title, table in tables.items():
        for name, row in table.items():
            if abs(row["accuracy_difference"]) > MAX_ACCURACY_DIFFERENCE:
                yield f"{title}: {name}: accuracy differs by {row['accuracy_difference']}"


def _predict_slice(classifier: Classifier, data: Path, item: Item) -> tuple[float, bool]:
    """The network's probability, and whether the gate would reject it."""
    prediction = classifier.predict(data / item.path)
    if prediction.probability is None:
        raise VerificationError(f"{prediction.path}: {prediction.reason}")
    return prediction.probability, bool(prediction.reason)
