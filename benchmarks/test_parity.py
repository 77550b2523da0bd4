"""INT8 answers as FP32 does. Under the `benchmark` fixture: --benchmark-only skips every other test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Load
from benchmarks.harness.slices import Slices
from benchmarks.topics.parity import (
    MAX_ACCURACY_DIFFERENCE,
    MAX_DIFFERENCE,
    MIN_AGREEMENT,
    compare,
    probabilities,
)
from edgect.model.backends import BACKENDS, Session
from edgect.model.bundles.bundle import Bundle

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
    int8 = benchmark.pedantic(_logits, (load(backend, "int8", None), measured_on))
    fp32 = _logits(load(backend, "fp32", None), measured_on)
    parity = compare(int8, fp32, measured_on.labels, bundle)
    say(
        f"{backend}: INT8 agrees with FP32 on {parity.agreement:.2%} of {len(int8)} slices, probability "
        f"off by {parity.difference:.4f} at most, accuracy {parity.accuracy[0]:.4f} against "
        f"{parity.accuracy[1]:.4f} ({measured_on.source})"
    )
    benchmark.extra_info.update(asdict(parity))
    unmet = {
        f"label agreement below {MIN_AGREEMENT}": parity.agreement < MIN_AGREEMENT,
        f"probability off by over {MAX_DIFFERENCE}": parity.difference > MAX_DIFFERENCE,
        f"accuracy off by over {MAX_ACCURACY_DIFFERENCE}": parity.accuracy_difference
        > MAX_ACCURACY_DIFFERENCE,
    }
    assert [name for name, failed in unmet.items() if failed] == []


def test_fp32_of_both_engines(
    benchmark: BenchmarkFixture, load: Load, bundle: Bundle, measured_on: Slices
) -> None:
    benchmark.group = "parity, whole set"
    ours = benchmark.pedantic(_logits, (load("openvino", "fp32", None), measured_on))
    theirs = _logits(load("onnxruntime", "fp32", None), measured_on)
    difference = probabilities(ours, bundle) - probabilities(theirs, bundle)
    assert np.abs(difference).max() <= MAX_FP32_DIFFERENCE


def _logits(session: Session, measured_on: Slices) -> NDArray[np.float32]:
    return np.concatenate([session.infer(image[None]).logits for image in measured_on.images])
