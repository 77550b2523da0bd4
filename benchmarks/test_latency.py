"""Seconds per slice at batch 1, the network alone, with one thread and with all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Load
from benchmarks.slices import Slices
from edgect.backends import BACKENDS, PRECISIONS, available_cores

THREADS = [1, None]


def _named(threads: int | None) -> str:
    return "all-threads" if threads is None else f"{threads}-thread"


@pytest.mark.parametrize("threads", THREADS, ids=_named)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_engine(
    benchmark: BenchmarkFixture,
    load: Load,
    measured_on: Slices,
    backend: str,
    precision: str,
    threads: int | None,
) -> None:
    session = load(backend, precision, threads)
    benchmark.group = f"latency, {_named(threads)}"
    outputs = benchmark(session.infer, measured_on.images[:1])
    assert np.isfinite(outputs.logits).all()


@pytest.mark.parametrize("threads", THREADS, ids=_named)
def test_torch(
    benchmark: BenchmarkFixture, run_folder: Path, measured_on: Slices, threads: int | None
) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (pip install .[train])")
    from train.run import Run

    network = Run(run_folder).network()
    image = torch.from_numpy(measured_on.images[:1])
    before = torch.get_num_threads()
    torch.set_num_threads(threads or available_cores())
    benchmark.group = f"latency, {_named(threads)}"
    try:
        with torch.inference_mode():
            logits, _, _ = benchmark(network, image)
    finally:
        torch.set_num_threads(before)
    assert bool(torch.isfinite(logits).all())
