from __future__ import annotations

from functools import partial
from itertools import count

import pytest

from edgect.diagnostics.benchmark import turns


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "REST", 0)


def test_everyone_goes_first_in_turn() -> None:
    order: list[str] = []
    turns.take_turns({name: partial(order.append, name) for name in "abc"}, seconds=0, least=3)
    assert "".join(order) == "abcbcacab"


def test_results_stay_with_their_alternative() -> None:
    results = turns.take_turns({"a": lambda: 1, "b": lambda: 2}, seconds=0, least=2)
    assert results == {"a": [1, 1], "b": [2, 2]}


def test_rounds_go_on_while_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "perf_counter", count().__next__)  # a clock that goes by being read
    results = turns.take_turns({"a": lambda: 1, "b": lambda: 2}, seconds=5, least=1)
    assert results == {"a": [1] * 5, "b": [2] * 5}
