"""Every file one answer, in order, whatever becomes of the workers. The cluster is invented, its time too."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.batch.cluster import dispatch
from edgect.batch.cluster.dispatch import Dispatcher
from edgect.batch.cluster.events import BatchDone, BatchFailed, Event, WorkerChecked, WorkersPresent
from edgect.batch.cluster.worker import BatchResult, FileResult, Item
from edgect.errors import ClusterError


@dataclass
class Invented:
    """Workers that answer one batch after another, and end, stop or fail by the dice.

    poison: paths that end whoever reads them. trouble: how often a worker ends or stops at a batch.
    """

    seed: int = 0
    workers: int = 3
    poison: frozenset[str] = frozenset()
    trouble: float = 0.0
    unfit: frozenset[str] = frozenset()
    comes_back: bool = True
    now: float = 0.0
    largest: int = 0
    under_way: dict[int, tuple[str, Sequence[Item]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.draw, self.started = random.Random(self.seed), self.workers
        self.alive = [f"w{number}" for number in range(self.workers)]
        self.asleep: dict[str, float] = {}
        self.events: list[Event] = [self.present()]
        self.sent: list[tuple[str, int]] = []  # to whom, and how many files
        self.at_hand: list[int] = []  # batches that a worker had when it ended

    def clock(self) -> float:
        return self.now

    def present(self) -> WorkersPresent:
        return WorkersPresent(dict.fromkeys(self.alive, 1))

    def check_worker(self, worker: str) -> None:
        self.events.append(WorkerChecked(worker, ["edgect is 0"] if worker in self.unfit else [], True, 0.01))

    def send(self, number: int, worker: str, items: Sequence[Item]) -> None:
        assert worker in self.alive
        assert worker not in self.unfit
        self.under_way[number] = (worker, items)
        self.sent.append((worker, len(items)))
        self.largest = max(self.largest, sum(len(items) for _, items in self.under_way.values()))

    def forget(self, number: int) -> None:
        del self.under_way[number]

    def event(self, seconds: float) -> Event | None:
        if not self.events:
            self._work(seconds)
        return self.events.pop(0) if self.events else None

    def _work(self, seconds: float) -> None:
        if not seconds:
            return
        self.now += seconds
        for worker in list(self.alive):
            mine = [number for number, (who, _) in self.under_way.items() if who == worker]
            if not mine or self.asleep.get(worker, 0) > self.now:
                continue
            number = mine[0]  # in the order in which they came
            _, items = self.under_way[number]
            dice = self.draw.random()
            if dice < self.trouble / 2 or any(path in self.poison for path, _ in items):
                self._end(worker)
            elif dice < self.trouble:
                self.asleep[worker] = self.now + self.draw.choice((5, 60, 600))
            else:
                del self.under_way[number]
                answers: list[FileResult] = [[((path, worker), ())] for path, _ in items]
                self.events.append(BatchDone(number, BatchResult(answers, 0.1 * len(items))))

    def _end(self, worker: str) -> None:
        """Its batches are heard of no more; perhaps another takes its place."""
        self.at_hand.append(sum(who == worker for who, _ in self.under_way.values()))
        self.alive.remove(worker)
        if self.comes_back:
            self.alive.append(f"w{self.started}")
            self.started += 1
        self.events.append(self.present())


def names(files: int) -> list[str]:
    return [f"{number:04}" for number in range(files)]


def run(cluster: Invented, files: int) -> list[FileResult]:
    items = ((name, ()) for name in names(files))
    kept: list[FileResult] = []

    def keep(result: FileResult) -> FileResult:
        kept.append(result)
        return result

    answers = list(Dispatcher(cluster, items, files, keep, lambda _: None, clock=cluster.clock).results())
    assert len(kept) == len(answers)  # each was taken once
    assert all(worker in cluster.alive for worker, _ in cluster.under_way.values())
    return answers


def paths(answers: list[FileResult]) -> list[str]:
    assert all(isinstance(result, list) for result in answers)
    return [result[0][0][0] for result in answers if isinstance(result, list)]


@given(
    seed=st.integers(0, 2**32),
    files=st.integers(0, 300),
    workers=st.integers(1, 5),
    trouble=st.floats(0, 0.2),
)
@settings(max_examples=60, deadline=None)
def test_every_file_has_one_answer_in_order(seed: int, files: int, workers: int, trouble: float) -> None:
    answers = run(Invented(seed, workers, trouble=trouble), files)
    assert len(answers) == files
    # a file that happens to be at hand whenever a worker ends is given up as one that ends them
    given_up = {number for number, result in enumerate(answers) if isinstance(result, str)}
    assert len(given_up) <= files * trouble
    assert paths([result for result in answers if not isinstance(result, str)]) == [
        name for number, name in enumerate(names(files)) if number not in given_up
    ]


@given(seed=st.integers(0, 2**32), poison=st.sets(st.integers(0, 99), max_size=3))
@settings(max_examples=30, deadline=None)
def test_a_file_that_ends_its_worker_is_found_and_no_other(seed: int, poison: set[int]) -> None:
    bad = frozenset(names(100)[number] for number in poison)
    answers = run(Invented(seed, poison=bad), 100)
    assert {names(100)[number] for number, result in enumerate(answers) if isinstance(result, str)} == bad
    assert paths([result for result in answers if not isinstance(result, str)]) == sorted(
        set(names(100)) - bad
    )


def test_it_takes_four_workers_to_give_a_file_up_the_last_two_with_it_alone() -> None:
    cluster = Invented(workers=8, poison=frozenset({"0400"}))
    answers = run(cluster, 1000)
    assert isinstance(answers[400], str)
    assert "given up after 4 workers" in answers[400]
    assert len(cluster.at_hand) == 4
    assert cluster.at_hand[2:] == [1, 1]
    # only the batch that was at hand twice is taken apart, and none that was merely behind it
    largest = max(files for _, files in cluster.sent)
    assert sum(files == 1 for _, files in cluster.sent) < largest + 30


def test_a_worker_that_stops_keeps_nobody_waiting() -> None:
    cluster = Invented()
    cluster.asleep["w0"] = 10**6
    assert paths(run(cluster, 200)) == names(200)
    assert cluster.now < 100
    assert [worker for worker, _ in cluster.sent].count("w0") == 2  # and nothing once it is known to be
    assert sum(files for _, files in cluster.sent) == 200 + 2 * 4


def test_a_batch_is_sent_a_third_time_where_one_worker_stopped_and_the_other_ended() -> None:
    class Unlucky(Invented):
        def _work(self, seconds: float) -> None:
            copies = [who for who, items in self.under_way.values() if items[0][0] == "0000" and who != "w0"]
            if copies and not self.at_hand:
                self._end(copies[0])
            else:
                super()._work(seconds)

    cluster = Unlucky()
    cluster.asleep["w0"] = 10**6
    assert paths(run(cluster, 200)) == names(200)
    assert len(cluster.at_hand) == 1
    assert cluster.now < 200


def test_a_late_answer_is_no_second_one() -> None:
    cluster = Invented()
    cluster.asleep["w1"] = 30.0  # past all patience, and back before the end
    assert paths(run(cluster, 20_000)) == names(20_000)
    assert cluster.now > 60
    assert [worker for worker, _ in cluster.sent].count("w1") > 10  # it is one of them again


def test_what_raises_again_and_again_is_given_up() -> None:
    class Raising(Invented):
        def event(self, seconds: float) -> Event | None:
            event = super().event(seconds)
            if isinstance(event, BatchDone) and any(
                isinstance(result, list) and result[0][0][0] == "0005" for result in event.result.files
            ):
                return BatchFailed(event.number, "MemoryError")
            return event

    answers = run(Raising(), 30)
    (reason,) = (result for result in answers if isinstance(result, str))
    assert answers.index(reason) == 5
    assert "MemoryError" in reason


def test_a_worker_that_is_unlike_gets_nothing() -> None:
    answers = run(Invented(unfit=frozenset({"w0", "w2"})), 50)
    assert {result[0][0][1] for result in answers if isinstance(result, list)} == {"w1"}


def test_without_a_fit_worker_it_ends_soon() -> None:
    cluster = Invented(unfit=frozenset({"w0", "w1", "w2"}))
    with pytest.raises(ClusterError, match="3 refused"):
        run(cluster, 50)
    assert cluster.now < 60


def test_another_process_at_a_worker_s_address_is_judged_anew() -> None:
    class Replaced(Invented):
        def event(self, seconds: float) -> Event | None:
            event = super().event(seconds)
            if isinstance(event, BatchDone) and event.result.files[0][0][0][1] == "w0":  # type: ignore[index]
                return BatchDone(event.number, BatchResult(refused=["edgect is 0"]))
            return event

    cluster = Replaced()
    answers = run(cluster, 100)
    assert paths(answers) == names(100)
    assert "w0" not in {result[0][0][1] for result in answers if isinstance(result, list)}


def test_with_none_but_unfit_workers_left_it_waits_for_others() -> None:
    cluster = Invented(workers=2, unfit=frozenset({"w1"}), poison=frozenset({"0040"}), comes_back=False)
    with pytest.raises(ClusterError, match="1 refused"):
        run(cluster, 50)
    assert cluster.now > 300


def test_without_any_worker_it_ends_in_the_end() -> None:
    cluster = Invented(poison=frozenset({"0040"}), comes_back=False)
    with pytest.raises(ClusterError, match="no worker for 300 seconds"):
        run(cluster, 50)


class _Over(Exception):
    """Enough time has gone by."""


def test_neither_files_nor_rows_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hour(Invented):
        def event(self, seconds: float) -> Event | None:
            if self.now > 3600:
                raise _Over
            return super().event(seconds)

    monkeypatch.setattr(dispatch, "MAX_WAITING_ROWS", 500)
    cluster, taken = Hour(), list[str]()
    cluster.asleep["w0"] = 10**6  # with the first files in hand, before which no row can be written

    def items() -> Iterator[Item]:
        for name in names(100_000):
            taken.append(name)
            yield name, ()

    dispatcher = Dispatcher(
        cluster, items(), 100_000, lambda result: result, print, 10**5, clock=cluster.clock
    )
    with pytest.raises(_Over):
        next(dispatcher.results())
    assert 500 < len(taken) < 1000
