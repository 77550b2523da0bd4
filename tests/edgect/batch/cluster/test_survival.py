from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster import survive


@pytest.mark.slow
def test_a_killed_and_a_stopped_worker_cost_no_row(tmp_path: Path) -> None:
    """`python -m tests.cluster` does so with more files, in networks of their own."""
    code, tally = survive(tmp_path, 2000, 30, "cnn1", loopback=True)
    assert code == 1  # garbage.png
    assert tally.rows == 2040
    assert tally.faults == 0, str(tally)
