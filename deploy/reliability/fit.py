"""Fits detector, operating points and conformal scores to slices of training and validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deploy.reliability import calibration_error, conformal, operating_points, out_of_distribution
from deploy.reliability.slice_features import SliceFeatures, engines
from deploy.trained_runs import TrainedRun
from deploy.verification.processors import shipped, usable_backends
from edgect.calibration.gate_limits import MAX_REJECTED
from edgect.model.bundles.bundle import Bundle
from train.data.covid_ct import Item

POOLED = "validation"
CHOSEN_BY = {
    "balanced": "chosen with the network, before temperature scaling",
    "screening": f"the highest at which {operating_points.SENSITIVITY:.0%} of the validation slices with "
    "COVID-19 are found, each patient counting alike, without slices that may show nothing",
    "specific": f"the lowest at which {operating_points.SPECIFICITY:.0%} of the validation slices without "
    "COVID-19 are told, each patient counting alike",
}


class PartPredictions(NamedTuple):
    """Slices of a part, with the shipped engine's probability of each and whether the detector rejects it."""

    items: Sequence[Item]
    probabilities: NDArray[np.float64]
    rejected: NDArray[np.bool_]

    def answered(self) -> tuple[list[Item], NDArray[np.float64]]:
        kept = np.flatnonzero(~self.rejected)
        return [self.items[int(n)] for n in kept], self.probabilities[kept]


def unfitted(threshold: float, labels: Sequence[str]) -> dict[str, Any]:
    """What a manifest must hold, before anything is fitted."""
    return {
        "gate": {"limits": {"embedding": out_of_distribution.NO_LIMIT, "view": out_of_distribution.NO_LIMIT}},
        "operating_points": {"balanced": {"threshold": threshold}},
        "conformal": {"scores": {label: [] for label in labels}},
    }


def fit(trained_run: TrainedRun, folder: Path, data: Path, description: dict[str, Any]) -> None:
    """Write the detector, and fill in calibration error, operating points and conformal scores.

    The models, temperature and threshold stay as they are. Operating points and scores are of slices
    that the detector lets through, as the shipped engine answers them.
    """
    bundle = Bundle.load(folder, unfinished=True)
    parts = trained_run.parts(data, "val")
    backends, engine = usable_backends(description), shipped(description)
    fitted_on = out_of_distribution.fitted_on(backends)
    training = SliceFeatures.read(bundle, _every(trained_run.parts(data, "train")), data, fitted_on)
    validation = SliceFeatures.read(bundle, _every(parts), data, engines(backends))
    fitted = out_of_distribution.fit_detector(training, validation.of(_trained_on(parts, description)))
    out_of_distribution.write(folder, fitted)
    by_part = {title: validation.of(items) for title, items in parts.items()}
    description["gate"] = {
        "limits": {"embedding": fitted.embedding.limit, "view": fitted.view.limit},
        "rejected_at_most": MAX_REJECTED,
        "training_slices": int(training.lungs.sum()),
        "parts": out_of_distribution.rejection_report(fitted, {POOLED: validation, **by_part}),
    }
    predictions = {
        title: PartPredictions(
            part.items,
            part.probabilities[engine],
            out_of_distribution.rejected_slices(fitted, part)[engine],
        )
        for title, part in {POOLED: validation, **by_part}.items()
    }
    items, probabilities = predictions[POOLED].answered()
    labels, threshold = tuple(description["labels"]), description["threshold"]
    thresholds = {
        "balanced": threshold,
        "screening": operating_points.screening_threshold(items, probabilities),
        "specific": operating_points.specific_threshold(items, probabilities),
    }
    description["operating_points"] = {
        name: {"threshold": value, "chosen": CHOSEN_BY[name], "measured": {}}
        for name, value in thresholds.items()
    }
    description["conformal"] = {
        "part": POOLED,
        "engine": engine,
        "scores": conformal.scores(items, probabilities, labels),
        "cross_validated": conformal.cross_validated(items, probabilities, labels, threshold),
        "measured": {},
    }
    description["calibration_error"] = {"bins": calibration_error.BINS, "engine": engine, "parts": {}}
    measure_parts(description, predictions)


def measure_parts(description: dict[str, Any], parts: Mapping[str, PartPredictions]) -> None:
    """Fill in, part by part, calibration error and operating points of the slices that get an answer.

    On other parts than validation, from which the conformal scores are, the shares of labels too.
    """
    for title, part in parts.items():
        items, probabilities = part.answered()
        if not items:
            continue
        errors = calibration_error.table(items, probabilities, description["temperature"])
        description["calibration_error"]["parts"][title] = errors
        for point in description["operating_points"].values():
            point["measured"][title] = operating_points.sensitivity_and_specificity(
                items, probabilities, point["threshold"]
            )
        if not title.startswith(POOLED):
            description["conformal"]["measured"][title] = conformal.measure_label_shares(
                items, probabilities, description, description["threshold"]
            )


def part_summary(description: dict[str, Any], title: str) -> dict[str, Any]:
    """What `measure_parts` and the detector's rejections say of one part."""
    return {
        "gate": description["gate"]["parts"][title],
        "calibration_error": description["calibration_error"]["parts"].get(title),
        "operating_points": {
            name: point["measured"].get(title) for name, point in description["operating_points"].items()
        },
        "conformal": description["conformal"]["measured"].get(title),
    }


def _trained_on(parts: Mapping[str, Sequence[Item]], description: Mapping[str, Any]) -> list[Item]:
    """Of the sources that the trunk was trained on: slices of others must not widen what counts as known."""
    sources = description["training"].get("recipe", {}).get("sources")
    return [item for item in _every(parts) if sources is None or item.source in sources]


def _every(parts: Mapping[str, Sequence[Item]]) -> list[Item]:
    return list(dict.fromkeys(item for items in parts.values() for item in items))
