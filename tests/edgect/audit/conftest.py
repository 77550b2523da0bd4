from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGECT_SALT", "ward 7")
