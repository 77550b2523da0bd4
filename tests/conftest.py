from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def covid_ct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of invented slices, laid out and counted as COVID-CT is. Read only."""
    from tests import covid_ct_folder

    return covid_ct_folder.write(tmp_path_factory.mktemp("data"))
