from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.few_slices import few_slices, python_path


@pytest.fixture(scope="module", autouse=True)
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The arrangements that these tests, and the processes that they start, train on."""
    with few_slices(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", python_path(tmp_path_factory.mktemp("few")))
        yield
