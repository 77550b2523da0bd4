"""The examples in docstrings give what they show."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["beta", "calibration", "conformal", "roc", "sample_size"])
def test_examples_give_what_they_show(name: str) -> None:
    failed, attempted = doctest.testmod(import_module(f"edgect.statistics.{name}"))
    assert attempted > 0
    assert failed == 0
