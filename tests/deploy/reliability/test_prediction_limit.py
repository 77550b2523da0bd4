"""Limits from few slices: how often slices of patients to come lie beyond them, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from deploy.reliability.out_of_distribution import EMBEDDING, FEW, fit_detector, rejected_slices
from deploy.reliability.prediction_limit import cross_validated, prediction_limit, student_quantile
from deploy.reliability.slice_features import SliceFeatures
from edgect.calibration.gate_limits import MAX_REJECTED
from edgect.model.decision.out_of_distribution import VIEW
from train.data.covid_ct import Item

ENGINE = "onnxruntime fp32"


@pytest.mark.parametrize("free", [1, 2, 5, 40])
def test_the_quantile_is_students(free: int) -> None:
    assert student_quantile(0.99, free) == pytest.approx(stats.t.ppf(0.99, free))


def test_of_normal_logarithms_the_next_lies_beyond_as_often_as_wanted() -> None:
    rng, beyond, draws = np.random.default_rng(0), 0.1, 4000
    names = ([f"v{n}" for n in range(4)], [f"t{n}" for n in range(8)])
    logs = rng.normal(1, 0.3, (draws, 13))
    limits = [
        prediction_limit(np.exp(row[:4]), names[0], np.exp(row[4:12]), names[1], beyond) for row in logs
    ]
    assert np.mean(np.exp(logs[:, 12]) > limits) == pytest.approx(beyond, abs=0.015)  # three standard errors


def test_two_patients_say_nothing_of_others() -> None:
    assert prediction_limit(np.array([2.0]), ["a"], np.array([3.0]), ["b"], 0.01) == math.inf
    assert prediction_limit(np.array([2.0]), ["a"], np.empty(0), ["b", "c"], 0.01) == math.inf


def test_no_patient_is_measured_from_himself() -> None:
    patients = [f"p{n // 3}" for n in range(21)]

    def shares_none(others: np.ndarray, own: np.ndarray) -> np.ndarray:
        assert not {patients[n] for n in others} & {patients[n] for n in own}
        return own.astype(float)

    assert list(cross_validated(shares_none, patients)) == list(range(21))
    assert len(cross_validated(shares_none, patients[:6])) == 0


@pytest.mark.parametrize(
    ("training", "validation", "slices", "outliers", "most"),
    [(12, 4, 2, False, 1), (24, 6, 2, False, 1), (36, 12, 1, True, 2)],
)
def test_few_slices_make_a_detector_that_rejects_no_more_of_the_next_than_it_promises(
    training: int, validation: int, slices: int, outliers: bool, most: float
) -> None:
    assert validation * slices < FEW
    rng, rejected, strange = np.random.default_rng(0), [], []
    for _ in range(5):
        fitted_to = (invented(rng, count, slices, outliers) for count in (training, validation))
        detector = fit_detector(*fitted_to)
        rejected.append(rejected_slices(detector, invented(rng, 100, 1, outliers))[ENGINE].mean())
        strange.append(rejected_slices(detector, invented(rng, 50, 1, outliers, spread=4))[ENGINE].mean())
    assert np.mean(rejected) <= most * MAX_REJECTED
    assert np.mean(strange) > 0.95


def invented(
    rng: np.random.Generator, patients: int, slices: int, outliers: bool, spread: float = 1
) -> SliceFeatures:
    """Slices of a patient resemble each other. outliers: some patients lie further off than others."""

    def values(dimensions: int) -> np.ndarray:
        own = rng.normal(size=(patients, 1, dimensions)) + rng.normal(size=(patients, slices, dimensions))
        if outliers:
            own /= np.sqrt(rng.chisquare(20, (patients, 1, 1)) / 20)
        return (own * np.geomspace(1, 0.05, dimensions) * spread).reshape(-1, dimensions)

    names = [(patient, n) for patient in range(patients) for n in range(slices)]
    items = [Item(f"{patient}-{n}.png", 0, str(patient)) for patient, n in names]
    count = patients * slices
    views = np.clip(128 + 20 * values(VIEW[0] * VIEW[1]), 0, 255).astype(np.uint8)
    embeddings = {ENGINE: values(EMBEDDING).astype(np.float32)}
    return SliceFeatures(items, np.ones(count, bool), views, embeddings, {ENGINE: np.full(count, 0.5)})
