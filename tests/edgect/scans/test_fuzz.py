from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import fuzz


@pytest.mark.slow
def test_ten_minutes_of_damaged_files_do_no_harm(tmp_path: Path) -> None:
    finding = fuzz(600, tmp_path / "faulty")
    assert finding.inputs > 1000
    assert finding.frames["ok"]  # the changes leave something to read
    assert not finding.faults, str(finding)
