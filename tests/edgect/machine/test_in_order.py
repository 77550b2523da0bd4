from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from threading import Barrier, Event

import pytest

from edgect.machine.in_order import INPUTS_PER_WORKER, MAX_WAITING_RESULTS, in_order


def ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("edgect-")]


def collect(answers: Generator[tuple[int, Iterator[int]]], into: list[int]) -> None:
    with closing(answers):
        for _, results in answers:
            into.extend(results)


def counted(count: int) -> Iterator[int]:
    yield from range(count)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_inputs_however_long_each_takes(workers: int) -> None:
    def work(number: int) -> Iterator[str]:
        time.sleep((number * 7 % 5) / 500)
        yield from (f"{number}.{part}" for part in range(number % 7))

    results_in_order = [(number, list(results)) for number, results in in_order(work, range(40), workers)]
    assert results_in_order == [(n, [f"{n}.{part}" for part in range(n % 7)]) for n in range(40)]
    assert not ours()


def test_as_many_are_under_way_as_there_are_workers() -> None:
    together = Barrier(3)

    def work(number: int) -> Iterator[int]:
        together.wait(10)  # breaks unless three are in here at once
        yield number

    assert [number for number, results in in_order(work, range(9), 3) if list(results)] == list(range(9))


def test_only_so_many_inputs_are_taken_ahead() -> None:
    taken: list[int] = []

    def inputs() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    answers = in_order(lambda number: [number], inputs(), 2)
    for done, (_, results) in enumerate(answers):
        assert list(results) == [done]
        assert len(taken) <= done + 2 * INPUTS_PER_WORKER
        if done == 100:
            break
    answers.close()


def test_only_so_many_results_of_one_input_wait() -> None:
    computed: list[int] = []
    blocked = Event()

    def work(_: int) -> Iterator[int]:
        for number in range(1000):
            computed.append(number)
            if number > MAX_WAITING_RESULTS:
                blocked.set()
            yield number

    answers = in_order(work, [0, 1], 2)
    _, results = next(answers)
    for wanted, got in enumerate(results):
        assert got == wanted
        assert len(computed) <= 2 * (wanted + MAX_WAITING_RESULTS + 3)
        if wanted == 50:
            break
    answers.close()
    assert not ours()


def test_with_one_worker_nothing_is_done_before_it_is_asked_for() -> None:
    done: list[int] = []

    def work(number: int) -> Iterator[int]:
        done.append(number)
        yield number

    answers = in_order(work, counted(5), 1)
    assert done == []
    _, results = next(answers)
    assert (list(results), done, ours()) == ([0], [0], [])


def test_results_that_are_not_wanted_are_passed_over() -> None:
    def work(number: int) -> Iterator[int]:
        yield from [number] * 20

    assert [number for number, _ in in_order(work, range(20), 2)] == list(range(20))


@pytest.mark.parametrize("workers", [1, 3])
def test_what_goes_wrong_is_raised_where_its_result_would_have_come(workers: int) -> None:
    def work(number: int) -> Iterator[int]:
        yield number
        if number == 5:
            raise ZeroDivisionError("five")

    results_in_order: list[int] = []
    with pytest.raises(ZeroDivisionError, match="five"):
        collect(in_order(work, range(50), workers), results_in_order)
    assert results_in_order == [0, 1, 2, 3, 4, 5]
    assert not ours()


def test_inputs_that_fail_end_it_too() -> None:
    def inputs() -> Iterator[int]:
        yield from range(20)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda number: [number], inputs(), 2))
    assert not ours()


def test_closing_stops_the_workers() -> None:
    started: list[int] = []

    def work(number: int) -> Iterator[int]:
        started.append(number)
        yield from range(10_000)

    answers = in_order(work, range(100), 3)
    _, results = next(answers)
    assert next(results) == 0
    answers.close()
    assert not ours()
    assert len(started) <= 3


def test_a_program_that_ends_in_the_middle_does_end() -> None:
    program = (
        "from edgect.machine.in_order import in_order\n"
        "answers = in_order(lambda number: iter(range(10_000)), range(100), 3)\n"
        "_, results = next(answers)\n"
        "print(next(results))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=True
    )
    assert (done.stdout, done.stderr) == ("0\n", "")
