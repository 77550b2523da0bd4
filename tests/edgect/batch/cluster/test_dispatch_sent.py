"""What the dispatcher sends again, to whom, and what it does not."""

from __future__ import annotations

import pytest

from edgect.batch.cluster.events import Event, WorkerChecked, WorkersPresent
from tests.edgect.batch.cluster.scripted import Events, Run, answer, done, failed, ready


def test_what_fails_at_one_worker_while_another_has_it_is_not_sent_again() -> None:
    joined: list[Event] = [WorkersPresent({"a": 1, "b": 1}), WorkerChecked("b")]
    run = Run(3, {0: ready("a"), 1: [done(1, 0, 2)], 30: [], 31: joined, 32: [failed(2)]})
    assert run.script.sent == [("a", 0), ("a", 2), ("b", 2)]
    assert run.dispatcher.repeated == 1


def test_what_waits_to_be_sent_again_is_not_sent_twice() -> None:
    run = Run(
        4,
        {
            0: ready("a", "b"),  # 0 and 1 go to a, 2 and 3 to b
            15: [done(3, 2)],
            20.5: [],  # a has stalled; b has room for one of its files
            21: [failed(1), failed(2)],
            22: [done(4, 3)],
        },
    )
    assert run.script.sent[4:] == [("b", 0), ("a", 1)]
    assert run.dispatcher.repeated == 2


def test_patience_is_doubled_with_what_was_sent_again() -> None:
    events: Events = {0: ready("a"), 1: ready("a", "b"), 20.5: [], 21: ready("a", "b", "c"), 60.5: []}
    sent = [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert Run(2, events).script.sent == sent
    assert Run(2, {**events, 61: []}).script.sent == [*sent, ("c", 0), ("c", 1)]


def test_a_worker_that_stalls_with_what_another_has_answered_is_not_replaced() -> None:
    run = Run(
        2,
        {
            0: ready("a"),
            1: [WorkersPresent({"a": 1, "b": 1}), WorkerChecked("b")],
            20.5: [],  # a has stalled; b gets both of its files
            21: [done(1, 0)],
            61: [],  # b has stalled; a is at file 1
            62: [],
        },
    )
    assert run.script.sent == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert run.results == [answer(0)]


def test_an_answer_stays_whatever_becomes_of_a_copy() -> None:
    run = Run(
        6,
        {
            0: ready("a", "b", "c"),  # 0 and 1 go to a, 2 and 3 to b, 4 and 5 to c
            1: [failed(1)],
            2: [failed(7)],
            3: [done(2, 1)],  # so that a has nothing but file 0
            4: [failed(8)],
            5: [done(3, 2), done(4, 3), done(5, 4)],
            25.6: [],  # a has stalled; b gets file 0
            25.8: [done(10, 0)],
            25.9: [failed(9)],  # the fourth time
            26: [done(6, 5)],
        },
    )
    assert run.script.sent[6:] == [("a", 0), ("a", 0), ("a", 0), ("b", 0)]
    assert run.whole
    assert run.results == [answer(file) for file in range(6)]
    assert len(run.stored) == 6


def test_a_copy_that_was_not_sent_yet_is_not_sent_once_there_is_an_answer() -> None:
    run = Run(4, {0: ready("a"), 20.5: [], 21: [done(1, 0, 2)], 22: [done(2, 2)], 23: [done(3, 3)]})
    assert run.script.sent == [("a", 0), ("a", 2), ("a", 3)]
    assert run.whole


def test_a_worker_that_had_nothing_to_do_is_not_late_at_once() -> None:
    gone: list[Event] = [WorkersPresent({"b": 1})]
    run = Run(1, {0: ready("a", "b"), 15: gone, 30: [], 31: [done(2, 0)]})
    assert run.script.sent == [("a", 0), ("b", 0)]
    assert run.dispatcher.repeated == 1
    assert run.whole


def test_only_what_a_worker_had_begun_with_is_taken_apart() -> None:
    run = Run(
        8,
        {
            0: ready("a"),  # files 0 to 3, and 4 and 5 behind them
            1: ready("b"),
            2: ready("c"),
            **{3 + file: [done(5 + file, file)] for file in range(4)},
        },
    )
    assert run.script.sent == [
        *(("a", 0), ("a", 4), ("b", 0), ("b", 4)),
        *(("c", 0), ("c", 1), ("c", 2), ("c", 3), ("c", 4), ("c", 6)),
    ]
    assert run.script.sizes[:9] == [4, 2, 4, 2, 1, 1, 1, 1, 2]


def test_a_quarter_of_the_workers_is_kept_for_files_that_may_end_them() -> None:
    """Each such file goes to a worker that has nothing else, and to no second."""
    others = [done(number, 4 * (number - 1), 4) for number in range(3, 7)]
    run = Run(
        200,
        {
            0: ready(*"abcdefgh"),  # 4 files a batch, two batches for each
            1: [failed(1)],
            2: [failed(17)],  # files 0 to 3 are taken apart; a and b get nothing new
            3: [],
            4: [done(2, 4, 4)],  # a has nothing to do
            5: others[:1],  # b has one batch and gets no other
            5.5: others[1:2],  # b has nothing to do
            6: others[2:4],  # c has nothing to do
            7: [done(18, 0)],
            8: [],
        },
    )
    assert run.script.sent[16:18] == [("a", 0), ("a", 0)]
    assert run.script.sizes[16:20] == [4, 1, 1, 4]
    assert run.script.sent[17:] == [("a", 0), ("b", 1), ("c", 64), ("c", 68), ("a", 2)]


def test_of_a_few_workers_only_one_is_kept_for_such_files() -> None:
    idle: list[Event] = [done(number, 4 * (number - 1), 4) for number in range(2, 5)]
    run = Run(200, {0: ready(*"abcd"), 1: [failed(1)], 2: [failed(9)], 3: idle})
    assert run.script.sent[9:] == [("a", 0), ("b", 32), ("b", 36)]


def test_several_such_files_are_sent_at_once_but_to_no_more_than_a_quarter() -> None:
    idle: list[Event] = [done(number, 4 * (number - 1), 4) for number in range(2, 7)]
    run = Run(200, {0: ready(*"abcdefgh"), 1: [failed(1)], 2: [failed(17)], 3: idle})
    assert run.script.sent[17:] == [("a", 0), ("b", 1), ("c", 64), ("c", 68)]


@pytest.mark.parametrize(
    ("rows", "limit", "full"), [(1, 4, True), (1, 5, False), (2, 8, True), (2, 9, False)]
)
def test_new_files_wait_while_too_many_rows_do(
    monkeypatch: pytest.MonkeyPatch, rows: int, limit: int, full: bool
) -> None:
    monkeypatch.setattr("edgect.batch.cluster.dispatch.MAX_WAITING_ROWS", limit)
    first: Events = {0: ready("a", "b"), 1: [done(3, 8, 4, rows)]}  # a has files 0 to 7, b those up to 15
    assert len(Run(60, {**first, 2: []}).script.sent) == (4 if full else 5)
    later: Events = {3: [done(1, 0, 4, rows)], 4: [done(2, 4, 4, rows)], 5: []}
    run = Run(60, {**first, **later})
    assert len(run.results) == 12
    assert len(run.script.sent) == 7  # two for a and one for b
