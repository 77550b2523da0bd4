"""Seconds per slice at batch 1, the network alone, with one thread and with all."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Load
from benchmarks.harness.slices import EXAMPLES, Slices
from edgect.model.backends import BACKENDS, PRECISIONS, available_cores
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice

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
    from train.opened_run import open_run

    network = open_run(run_folder).network()
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


def test_preprocessing(benchmark: BenchmarkFixture, bundle: Bundle) -> None:
    """All example scans in a row, on one core, from pixels to the network's input."""
    preprocess = Preprocess(bundle.manifest.input.steps)
    scans = [read_slice(path) for path in sorted(EXAMPLES.iterdir())]
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    benchmark.group = f"pre-processing, {len(scans)} slices"
    try:
        placements = benchmark(lambda: [preprocess(scan)[1] for scan in scans])
    finally:
        cv2.setNumThreads(before)
    assert not preprocess.crops_to_lungs or all(p.region == "lungs" for p in placements)
