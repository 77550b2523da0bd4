"""The out-of-distribution detector: Gaussians of training slices, limits on validation slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from deploy.reliability.prediction_limit import cross_validated, prediction_limit
from deploy.reliability.slice_features import SliceFeatures
from edgect.calibration.gate_limits import MAX_REJECTED, distances, limit_beyond
from edgect.model.decision.out_of_distribution import FILE, VIEW, Gaussian, OutOfDistributionDetector

REFERENCE = "onnxruntime"
FEW = round(2 / MAX_REJECTED)  # validation slices: of fewer, neither limit may leave one out
EMBEDDING = 128
NO_LIMIT = 1e9


def accept_all() -> OutOfDistributionDetector:
    """A detector that rejects nothing, until the bundle's own is fitted."""
    sizes = (EMBEDDING, VIEW[0] * VIEW[1])
    return OutOfDistributionDetector(
        *(Gaussian(np.zeros(d, np.float32), np.eye(d, dtype=np.float32), NO_LIMIT) for d in sizes)
    )


def fitted_on(backends: Sequence[str]) -> tuple[str, str]:
    """Engines in both precisions, so that rounding is part of the spread; the reference, and the default."""
    reference = REFERENCE if REFERENCE in backends else backends[0]
    return f"{reference} fp32", f"{backends[0]} int8"


def write(folder: Path, detector: OutOfDistributionDetector) -> None:
    """The bundle's file; limits stand in the manifest."""
    gaussians = {"embedding": detector.embedding, "view": detector.view}
    arrays = {f"{name}_centre": gaussian.mean for name, gaussian in gaussians.items()}
    arrays |= {f"{name}_whitening": gaussian.whitening for name, gaussian in gaussians.items()}
    np.savez_compressed(folder / FILE, **arrays)  # type: ignore[arg-type]


def fit_detector(training: SliceFeatures, validation: SliceFeatures) -> OutOfDistributionDetector:
    """One normal distribution of embeddings and one of views, each by Ledoit and Wolf (2004).

    Slices without lungs, which the detector rejects before, are left out. What of `MAX_REJECTED`
    they leave is shared by both limits alike; a slice counts by the engine that puts it furthest off. Of
    fewer than `FEW` validation slices the furthest says little of the next: then each limit is the one that
    the next exceeds with half that probability (`prediction_limit`), and no closer than that slice.
    """
    with_lungs_in_training = training.lungs
    embeddings = np.concatenate([own[with_lungs_in_training] for own in training.embeddings.values()])
    embedding, view = _gaussian(embeddings), _gaussian(training.views[with_lungs_in_training])
    allowed = int(MAX_REJECTED * len(validation.items)) - int((~validation.lungs).sum())
    with_lungs = validation.lungs
    embedding_distances = np.max(
        [distances(embedding, e[with_lungs]) for e in validation.embeddings.values()], axis=0
    )
    if len(validation.items) < FEW and with_lungs.any():
        limit = partial(_limit_of_few, training, validation)
        view_distances = distances(view, validation.views[with_lungs])
        return OutOfDistributionDetector(
            _with_limit(embedding, limit(embedding_distances, list(training.embeddings.values()))),
            _with_limit(view, limit(view_distances, [training.views])),
        )
    embedding_limit = limit_beyond(embedding_distances, max(allowed, 0) // 2)
    # of those that the first limit leaves, the second takes the rest
    beyond_embedding = int((embedding_distances > embedding_limit).sum())
    view_distances = distances(view, validation.views[with_lungs][embedding_distances <= embedding_limit])
    return OutOfDistributionDetector(
        _with_limit(embedding, embedding_limit),
        _with_limit(view, limit_beyond(view_distances, max(allowed - beyond_embedding, 0))),
    )


def _limit_of_few(
    training: SliceFeatures,
    validation: SliceFeatures,
    validation_distances: NDArray[np.float64],
    training_values: Sequence[NDArray[Any]],
) -> float:
    """validation_distances: of slices with lungs, `[n]`. training_values: of all, `[m, d]`, by engine."""
    values = [own[training.lungs] for own in training_values]
    patients, unseen_patients = (
        [item.patient for item, lungs in zip(features.items, features.lungs, strict=True) if lungs]
        for features in (training, validation)
    )

    def from_others(others: NDArray[np.intp], own: NDArray[np.intp]) -> NDArray[np.float64]:
        gaussian = _gaussian(np.concatenate([each[others] for each in values]))
        return np.asarray(np.max([distances(gaussian, each[own]) for each in values], axis=0))

    limit = prediction_limit(
        validation_distances,
        unseen_patients,
        cross_validated(from_others, patients),
        patients,
        MAX_REJECTED / 2,
    )
    return round(min(max(limit, limit_beyond(validation_distances, 0)), NO_LIMIT), 3)


def rejection_report(
    detector: OutOfDistributionDetector, parts: Mapping[str, SliceFeatures]
) -> dict[str, Any]:
    """By part: slices, how many the detector rejects by question and engine; `differ`: engines disagree."""
    return {title: _part_report(detector, features) for title, features in parts.items()}


def rejected_slices(
    detector: OutOfDistributionDetector, features: SliceFeatures
) -> dict[str, NDArray[np.bool_]]:
    """Whether the detector gives no answer, bool `[n]`, by engine and precision."""
    unlike_views = distances(detector.view, features.views) > detector.view.limit
    return {
        name: ~features.lungs | unlike_views | (distances(detector.embedding, e) > detector.embedding.limit)
        for name, e in features.embeddings.items()
    }


def _part_report(detector: OutOfDistributionDetector, features: SliceFeatures) -> dict[str, Any]:
    rejected = rejected_slices(detector, features)
    by_engine = np.array(list(rejected.values()))
    return {
        "slices": len(features.items),
        "without_lungs": int((~features.lungs).sum()),
        "rejected": {name: int(values.sum()) for name, values in rejected.items()},
        "differ": int((by_engine.any(0) != by_engine.all(0)).sum()),
    }


def _gaussian(values: NDArray[Any]) -> Gaussian:
    fitted = LedoitWolf().fit(values.astype(np.float64))
    whitening = np.linalg.cholesky(fitted.precision_)
    return Gaussian(fitted.location_.astype(np.float32), whitening.astype(np.float32), NO_LIMIT)


def _with_limit(gaussian: Gaussian, limit: float) -> Gaussian:
    return Gaussian(gaussian.mean, gaussian.whitening, limit)
