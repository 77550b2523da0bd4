"""The page on ten million slices says what follows from the figures, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

from benchmarks.cluster import page

FOUND: dict[str, Any] = {
    "machine": {"CPU": "A processor", "cores": "2"},
    "model": "lungs",
    "scans": "the example scans",
    "commands": {
        "files": 1000,
        "turns": 3,
        "seconds": {"plain 1": 10.0, "plain 2": 5.0, "cluster 1": 12.5, "cluster 2": 6.0, "cluster 3": 6.0},
        "ratios": {"1": 1.25, "2": 1.2},
        "cpu_per_slice": {"client": 0.0001, "workers": 0.01, "scheduler": 0.0001, "plain": 0.01},
        "peak_mb": {"plain 1": 100, "plain 2": 120, "cluster 1": 150, "cluster 2": 150, "cluster 3": 150},
    },
    "batches": [{"size": 1, "idle": 0.15, "scheduler_cpu_per_batch": 0.002, "client_cpu_per_batch": 0.002}],
    "rule": {"files": 80, "seconds": 1.0},
    "paths": {"bytes": 100.0, "characters": 40.0},
    "bytes_per_file": 200_000.0,
    "bytes_per_row": 250.0,
}


def test_costs_follow_from_seconds_and_efficiency() -> None:
    text = page.render(FOUND)
    assert "an efficiency of 80 %, ten million slices take **35 core-hours**" in text
    assert "| 2 | 17.4 hours |" in text
    assert "| 16 | 2.2 hours |" in text
    assert "| 256 | 8 minutes |" in text
    assert "1.250 with 1 worker against as many threads; 1.200 with 2 workers" in text
    assert "$" not in text.replace("$HOME", "").replace("$(python", "").replace("$address", "")


def test_the_first_limit_is_the_lowest() -> None:
    # a row takes the client 0.1 ms: 10,000 a second, which 125 cores of 12.5 ms a slice give
    assert "it is the client, at about **125 cores**" in page.render(FOUND)
    slow = copy.deepcopy(FOUND)
    slow["batches"][0]["scheduler_cpu_per_batch"] = 0.1  # 10 batches of 80 a second
    assert "it is the scheduler, at about **10 cores**" in page.render(slow)
