"""INT8 answers as FP32 does. Under the `benchmark` fixture: --benchmark-only skips every other test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Load
from benchmarks.slices import Slices
from edgect.backends import BACKENDS, Session
from edgect.bundle import Bundle

MIN_AGREEMENT = 0.99
MAX_DIFFERENCE = 0.08
MAX_ACCURACY_DIFFERENCE = 0.01
MAX_FP32_DIFFERENCE = 0.001


@pytest.mark.parametrize("backend", BACKENDS)
def test_int8_against_fp32(
    benchmark: BenchmarkFixture,
    load: Load,
    bundle: Bundle,
    measured_on: Slices,
    say: Callable[[str], None],
    backend: str,
) -> None:
    benchmark.group = "parity, whole set"
    int8 = benchmark.pedantic(_probabilities, (load(backend, "int8", None), bundle, measured_on))
    fp32 = _probabilities(load(backend, "fp32", None), bundle, measured_on)
    threshold = bundle.manifest["threshold"]
    agreement = float(((int8 >= threshold) == (fp32 >= threshold)).mean())
    difference = float(np.abs(int8 - fp32).max())
    accuracy = [float(((p >= threshold) == measured_on.labels).mean()) for p in (int8, fp32)]
    say(
        f"{backend}: INT8 agrees with FP32 on {agreement:.2%} of {len(int8)} slices, probability "
        f"off by {difference:.4f} at most, accuracy {accuracy[0]:.4f} against {accuracy[1]:.4f} "
        f"({measured_on.source})"
    )
    benchmark.extra_info.update(agreement=agreement, difference=difference, accuracy=accuracy)
    unmet = {
        f"label agreement below {MIN_AGREEMENT}": agreement < MIN_AGREEMENT,
        f"probability off by over {MAX_DIFFERENCE}": difference > MAX_DIFFERENCE,
        f"accuracy off by over {MAX_ACCURACY_DIFFERENCE}": abs(accuracy[0] - accuracy[1])
        > MAX_ACCURACY_DIFFERENCE,
    }
    assert [name for name, failed in unmet.items() if failed] == []


def test_fp32_of_both_engines(
    benchmark: BenchmarkFixture, load: Load, bundle: Bundle, measured_on: Slices
) -> None:
    benchmark.group = "parity, whole set"
    ours = benchmark.pedantic(_probabilities, (load("openvino", "fp32", None), bundle, measured_on))
    theirs = _probabilities(load("onnxruntime", "fp32", None), bundle, measured_on)
    assert np.abs(ours - theirs).max() <= MAX_FP32_DIFFERENCE


def _probabilities(session: Session, bundle: Bundle, measured_on: Slices) -> NDArray[np.float64]:
    logits = np.concatenate([session.infer(image[None]).logits for image in measured_on.images])
    log_odds = (logits[:, 1] - logits[:, 0]).astype(np.float64)
    return np.asarray(1 / (1 + np.exp(-log_odds / bundle.manifest["temperature"])))
