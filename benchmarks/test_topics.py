"""Every figure of the report, measured more briefly: `python -m benchmarks` takes its time."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import isfinite
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.harness.options import Options
from benchmarks.topics import TOPICS
from edgect.model.bundles.bundle import bundled_names


@pytest.fixture
def options(request: pytest.FixtureRequest) -> Options:
    bundle, data = request.config.getoption("--bundle"), os.environ.get("EDGECT_DATA")
    return Options(
        data=Path(data) if data else None,
        bundles=(bundle if bundle in bundled_names() else str(Path(bundle).resolve()),),
        rounds=6,
        starts=3,
        turns=1,
        images=60,
        files=(100, 500),
        sample=1,
    )


@pytest.mark.parametrize("topic", TOPICS)
def test_topic(benchmark: BenchmarkFixture, options: Options, say: Callable[[str], None], topic: str) -> None:
    benchmark.group = "topics, whole measurement"
    sections = benchmark.pedantic(TOPICS[topic], (options,))
    for section in sections:
        say(f"{section.title}{'' if section.figures else ': ' + section.how}")
        for figure in section.figures:
            say(f"  {figure}")
    values = [figure.value for section in sections for figure in section.figures]
    assert values
    assert all(isfinite(value) for value in values if not isinstance(value, str))
