from __future__ import annotations

from pathlib import Path

import pytest

from tests.kills import survive


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    tally = survive(tmp_path, files=2000, kills=200)
    assert tally.kills == 200
    assert tally.faults == 0, str(tally)
    assert tally.batches < tally.kills  # there was something to take up
