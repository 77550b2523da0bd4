from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kiosk import browsing


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One for all kiosks, which are one after the other; of Selenium."""
    with browsing(tmp_path_factory.mktemp("browser")) as started:
        yield started
