from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.report.multi_source import fakes


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every run that train/ACROSS.md is about. Read only."""
    return fakes.write(tmp_path_factory.mktemp("runs"))
