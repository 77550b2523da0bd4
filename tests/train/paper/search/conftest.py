from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.search_command import command
from train.paper.search.record import Search


@pytest.fixture(scope="session")
def whole(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> Search:
    """Three attempts, made one after the other without Dask."""
    out = tmp_path_factory.mktemp("search") / "whole"
    subprocess.run(command(covid_ct, out), check=True, capture_output=True)
    return Search(out)
