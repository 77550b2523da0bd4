"""Fits the gate's clouds to training slices, and their limits to validation slices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from deploy.reliability.slice_features import SliceFeatures
from edgect.gate import FILE, VIEW, Cloud, Gate

REJECTED = 0.02  # of the validation slices, at most
FITTED_ON = ("onnxruntime fp32", "openvino int8")  # both, so that rounding is part of the spread
EMBEDDING = 128
NO_LIMIT = 1e9


def accept_all() -> Gate:
    """A gate that judges nothing, until the bundle's own is fitted."""
    sizes = (EMBEDDING, VIEW[0] * VIEW[1])
    return Gate(*(Cloud(np.zeros(d, np.float32), np.eye(d, dtype=np.float32), NO_LIMIT) for d in sizes))


def write(folder: Path, gate: Gate) -> None:
    """The bundle's file; limits stand in the manifest."""
    clouds = {"embedding": gate.embedding, "view": gate.view}
    arrays = {f"{name}_centre": cloud.centre for name, cloud in clouds.items()}
    arrays |= {f"{name}_whitening": cloud.whitening for name, cloud in clouds.items()}
    np.savez_compressed(folder / FILE, **arrays)  # type: ignore[arg-type]


def fit_detector(training: SliceFeatures, validation: SliceFeatures) -> Gate:
    """One normal distribution of embeddings and one of views, each by Ledoit and Wolf (2004).

    Slices without lungs, which the gate rejects before, are left out. What of `REJECTED` they leave is
    shared by both limits alike; a slice counts by the engine that puts it furthest off.
    """
    kept = training.lungs
    embeddings = np.concatenate([training.embeddings[name][kept] for name in FITTED_ON])
    embedding, view = _gaussian(embeddings), _gaussian(training.views[kept])
    left = int(REJECTED * len(validation.items)) - int((~validation.lungs).sum())
    judged = validation.lungs
    off = np.max([_distances(embedding, e[judged]) for e in validation.embeddings.values()], axis=0)
    at = _limit(off, max(left, 0) // 2)
    # of those that the first limit leaves, the second takes the rest
    gone = int((off > at).sum())
    beside = _distances(view, validation.views[judged][off <= at])
    return Gate(_with(embedding, at), _with(view, _limit(beside, max(left - gone, 0))))


def rejection_report(gate: Gate, parts: Mapping[str, SliceFeatures]) -> dict[str, Any]:
    """By part: slices, and how many the gate rejects, by question and engine; `differ`: engines disagree."""
    return {title: _part_report(gate, seen) for title, seen in parts.items()}


def rejected_slices(gate: Gate, seen: SliceFeatures) -> dict[str, NDArray[np.bool_]]:
    """Whether the gate gives no answer, bool `[n]`, by engine and precision."""
    strange = _distances(gate.view, seen.views) > gate.view.limit
    return {
        name: ~seen.lungs | strange | (_distances(gate.embedding, e) > gate.embedding.limit)
        for name, e in seen.embeddings.items()
    }


def _part_report(gate: Gate, seen: SliceFeatures) -> dict[str, Any]:
    judged = rejected_slices(gate, seen)
    every = np.array(list(judged.values()))
    return {
        "slices": len(seen.items),
        "without_lungs": int((~seen.lungs).sum()),
        "rejected": {name: int(values.sum()) for name, values in judged.items()},
        "differ": int((every.any(0) != every.all(0)).sum()),
    }


def _gaussian(values: NDArray[Any]) -> Cloud:
    found = LedoitWolf().fit(values.astype(np.float64))
    whitening = np.linalg.cholesky(found.precision_)
    return Cloud(found.location_.astype(np.float32), whitening.astype(np.float32), NO_LIMIT)


def _with(cloud: Cloud, limit: float) -> Cloud:
    return Cloud(cloud.centre, cloud.whitening, limit)


def _distances(cloud: Cloud, values: NDArray[Any]) -> NDArray[np.float64]:
    return np.array([cloud.distance(one) for one in values])


def _limit(distances: NDArray[np.float64], beyond: int) -> float:
    """Half-way between the last that may lie beyond it and the next; no slice lies on it."""
    ordered = np.sort(distances)[::-1]
    if beyond == 0:
        return round(float(ordered[0] * 1.05), 3)
    return round(float(ordered[beyond - 1 : beyond + 1].mean()), 3)
