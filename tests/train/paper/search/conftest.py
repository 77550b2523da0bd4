from __future__ import annotations

from pathlib import Path

import pytest

from tests import in_process
from tests.few_slices import few_slices
from tests.search_command import command
from train.commands import main
from train.paper.search.record import Search


@pytest.fixture(scope="session")
def whole(covid_ct: Path, tmp_path_factory: pytest.TempPathFactory) -> Search:
    """Three attempts, made one after the other without Dask."""
    out = tmp_path_factory.mktemp("search") / "whole"
    with few_slices():
        assert in_process.run(main, *command(covid_ct, out)[3:]).returncode == 0
    return Search(out)
