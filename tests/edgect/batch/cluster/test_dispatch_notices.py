"""What the dispatcher counts and what it says, and when it gives up waiting for a worker."""

from __future__ import annotations

import pytest

from edgect.batch.cluster.events import Event, WorkerChecked, WorkersPresent
from edgect.errors import ClusterError
from tests.edgect.batch.cluster.scripted import Events, Run, answer, done, ready


def test_two_files_of_a_worker() -> None:
    run = Run(2, {0: ready("a"), 1: [done(1, 0)], 2: [done(2, 1)]})
    assert run.script.sent == [("a", 0), ("a", 1)]
    assert (run.results, run.whole, run.notices) == ([answer(0), answer(1)], True, [])
    assert (run.dispatcher.ended, run.dispatcher.repeated, run.dispatcher.contributors) == (0, 0, {"a"})


def test_workers_that_ended_and_batches_sent_again_are_counted() -> None:
    run = Run(
        4,
        {
            0: ready("a", "b", "c"),  # 0 and 1 go to a, 2 and 3 to b
            1: [WorkersPresent({"b": 1})],  # a had two batches, c had none
            2: [done(3, 2), done(4, 3)],
            3: [done(5, 0), done(6, 1)],
        },
    )
    assert run.script.sent[4:] == [("b", 0), ("b", 1)]
    assert run.script.forgotten == [1, 2]
    assert run.results == [answer(file) for file in range(4)]
    assert (run.dispatcher.ended, run.dispatcher.repeated) == (1, 2)
    assert run.dispatcher.contributors == {"b"}


def test_a_refused_worker_is_named_with_every_reason() -> None:
    refused = WorkerChecked("a", ["edgect is 0", "NumPy is 1"])
    run = Run(2, {0: [WorkersPresent({"a": 1, "b": 1})], 1: [refused, WorkerChecked("b")]})
    assert run.notices == ["worker a is refused: edgect is 0; NumPy is 1"]
    assert run.script.sent == [("b", 0), ("b", 1)]


def test_other_digits_are_told_once() -> None:
    checks = [WorkerChecked(name, same_digits=name == "a") for name in "abc"]
    run = Run(2, {0: [WorkersPresent(dict.fromkeys("abc", 1))], 1: checks})
    (notice,) = run.notices
    assert "worker b rounds otherwise" in notice


def test_that_no_worker_is_ready_is_told_once_each_time() -> None:
    moments: Events = {5: [], 5.5: [], 6: [], 20: ready("a"), 30: []}
    gone: Events = {31: [WorkersPresent({})], 35: [], 35.5: [], 36: []}
    assert Run(2, {5: []}).notices == []
    (notice,) = Run(2, {time: moments[time] for time in (5, 5.5, 6)}).notices
    assert "waiting for one, up to 300 seconds" in notice
    assert Run(2, {**moments, 31: gone[31], 35: []}).notices == [notice]
    assert Run(2, moments | gone).notices == [notice, notice]


def test_without_a_worker_it_ends_after_the_limit_and_not_before() -> None:
    moments: Events = {1: ready("a"), 2: [WorkersPresent({})], 301: []}
    assert not Run(2, moments).whole
    with pytest.raises(ClusterError, match="no worker for 300 seconds"):
        Run(2, moments | {301.5: []})


def test_workers_may_take_long_to_load_the_model_and_refused_ones_end_the_run_soon() -> None:
    present: list[Event] = [WorkersPresent({"a": 1, "b": 1})]
    refused: list[Event] = [WorkerChecked("a", ["edgect is 0"]), WorkerChecked("b", ["edgect is 0"])]
    slow: Events = {0: present, 2: refused[:1], 30: [], 60: [WorkerChecked("b")]}
    assert Run(2, slow).script.sent == [("b", 0), ("b", 1)]
    assert not Run(2, {0: present, 2: refused, 10: []}).whole
    with pytest.raises(ClusterError, match="2 refused"):
        Run(2, {0: present, 2: refused, 10: [], 10.5: []})


def test_a_check_that_comes_after_its_worker_has_gone_is_nothing() -> None:
    gone: list[Event] = [WorkerChecked("b"), WorkerChecked("c", ["edgect is 0"])]
    run = Run(2, {0: ready("a"), 1: gone, 2: [done(1, 0), done(2, 1)]})
    assert (run.whole, run.notices) == (True, [])


def test_a_worker_that_is_there_already_is_not_checked_again() -> None:
    run = Run(2, {0: ready("a"), 1: [WorkersPresent({"a": 1, "b": 1})], 2: [done(1, 0), done(2, 1)]})
    assert run.script.checked == ["a", "b"]
    assert run.whole
