"""Which worker gets which batch, until every file has one result: the first that comes.

Nothing here knows of Dask or of time but through its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Generic, TypeVar

from edgect.batch.cluster.backlog import Backlog
from edgect.batch.cluster.batch import GIVE_UP_AFTER, Batch
from edgect.batch.cluster.events import BatchDone, BatchFailed, Cluster, Event, WorkerChecked, WorkersPresent
from edgect.batch.cluster.worker import BatchResult, FileResult, Item
from edgect.batch.cluster.worker_state import PATIENCE, WorkerState
from edgect.errors import ClusterError

MAX_WAITING_ROWS = 50_000  # rows that may wait for the one before them: what a run's memory is bounded by
NO_WORKER_LIMIT = 300.0  # seconds without any worker
NOTICE_AFTER = 5.0  # seconds without any, after which the user is told
ALL_REFUSED_LIMIT = 10.0  # seconds in which all workers that there are were refused, and none was ever good
RESULTS_PER_TURN = 200  # results handed over before workers are supervised again

Stored = TypeVar("Stored")


class Dispatcher(Generic[Stored]):
    """files: how many items there are. store: makes of a result what waits for its turn; called once for each
    item. notify: called with a line that a user should read.

    patience, no_worker_limit: seconds; see `PATIENCE` and `NO_WORKER_LIMIT`.
    """

    def __init__(
        self,
        cluster: Cluster,
        items: Iterable[Item],
        files: int,
        store: Callable[[FileResult], Stored],
        notify: Callable[[str], object],
        patience: float = PATIENCE,
        no_worker_limit: float = NO_WORKER_LIMIT,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._cluster, self._store, self._notify = cluster, store, notify
        self._patience, self._no_worker_limit, self._clock = patience, no_worker_limit, clock
        self._workers: dict[str, WorkerState] = {}
        self._sent: dict[int, tuple[WorkerState, Batch]] = {}
        self._backlog = Backlog(items, files)
        self._results: dict[int, tuple[Stored, int]] = {}  # and its rows
        self._waiting_rows = 0  # in _results
        self._next_item = self._last_number = 0
        self._last_ready = clock()
        self._ever_ready = self._warned_of_digits = self._warned_of_waiting = False
        self.contributors: set[str] = set()
        """Workers that gave results."""
        self.ended = self.repeated = 0
        """Workers that ended before the run; batches that were sent again."""

    def results(self) -> Iterator[Stored]:
        """What is stored of the result of each item, in their order.

        Raises ClusterError: no scheduler, or no worker left.
        """
        while True:
            self._distribute()
            for _ in range(RESULTS_PER_TURN):
                if self._next_item not in self._results:
                    break
                stored, rows = self._results.pop(self._next_item)
                self._waiting_rows -= rows
                self._next_item += 1
                yield stored
            if self._next_item == self._backlog.taken and not self._backlog.left:
                return
            wait = 0.0 if self._next_item in self._results else 0.5
            while (event := self._cluster.event(wait)) is not None:
                self._handle(event)
                wait = 0.0
            self._supervise()

    def _handle(self, event: Event) -> None:
        match event:
            case WorkersPresent():
                self._update_workers(event)
            case WorkerChecked():
                self._worker_checked(event)
            case BatchDone() | BatchFailed() if event.number in self._sent:
                worker, batch = self._sent.pop(event.number)
                del worker.in_hand[event.number]
                worker.stalled, worker.last_heard = False, self._clock()
                if isinstance(event, BatchFailed):
                    self._batch_failed(batch, event.reason)
                elif event.result.refused:  # another process at the same address
                    self._refuse(worker, event.result.refused)
                    self._retry(batch)
                else:
                    worker.record_time(len(batch.items), event.result.seconds)
                    self._batch_done(worker, batch, event.result)

    def _update_workers(self, event: WorkersPresent) -> None:
        now = self._clock()
        for name in self._workers.keys() - event.threads.keys():
            self._worker_lost(self._workers.pop(name))
        for name, threads in event.threads.items():
            if name not in self._workers:
                self._workers[name] = WorkerState(name, threads, now)
                self._cluster.check_worker(name)

    def _worker_checked(self, event: WorkerChecked) -> None:
        if (worker := self._workers.get(event.worker)) is None:
            return
        if event.refused:
            self._refuse(worker, event.refused)
            return
        worker.ready, worker.round_trip, self._ever_ready = True, event.round_trip, True
        if not event.same_digits and not self._warned_of_digits:
            self._warned_of_digits = True
            self._notify(
                f"worker {worker.name} rounds otherwise than this machine, as another processor may: "
                "its probabilities may differ in their last digits"
            )

    def _refuse(self, worker: WorkerState, reasons: Iterable[str]) -> None:
        worker.ready, worker.refused = False, True
        self._notify(f"worker {worker.name} is refused: {'; '.join(reasons)}")

    def _worker_lost(self, worker: WorkerState) -> None:
        """Those that it had begun with may be why it ended; those behind them are not."""
        self.ended += bool(worker.in_hand)
        for place, (number, batch) in enumerate(worker.in_hand.items()):
            del self._sent[number]
            self._cluster.forget(number)
            if place < worker.threads:
                self._batch_failed(batch, "the worker that read it ended")
            else:
                self._retry(batch)

    def _batch_failed(self, batch: Batch, reason: str) -> None:
        if batch.done:
            return
        batch.ended, batch.reason = batch.ended + 1, reason
        if batch.ended >= GIVE_UP_AFTER:
            reason_given_up = (
                f"given up after {batch.ended} workers, the last ones with nothing but this file: {reason}"
            )
            self._store_results(batch, [reason_given_up] * len(batch.items))
        else:
            self._retry(batch)

    def _retry(self, batch: Batch) -> None:
        """Unless another worker is at it, and is not known to have stopped."""
        under_way = any(
            sent_batch is batch and not worker.stalled for worker, sent_batch in self._sent.values()
        )
        if batch.done or under_way or batch in self._backlog:
            return
        self.repeated += 1
        if batch.suspect and len(batch.items) > 1:
            self._backlog.split(batch)
        else:
            self._backlog.retry(batch)

    def _batch_done(self, worker: WorkerState, batch: Batch, result: BatchResult) -> None:
        if not batch.done:
            self.contributors.add(worker.name)
            self._store_results(batch, result.files)

    def _store_results(self, batch: Batch, files: list[FileResult]) -> None:
        batch.done = True
        self._backlog.remove(batch)
        for number, file_result in enumerate(files, batch.first):
            rows = len(file_result) if isinstance(file_result, list) else 1
            self._results[number] = (self._store(file_result), rows)
            self._waiting_rows += rows

    def _supervise(self) -> None:
        now = self._clock()
        for worker in self._workers.values():
            if worker.overdue(now, self._patience):
                worker.stalled = True
                for batch in worker.in_hand.values():
                    batch.copies += 1
                    self._retry(batch)
        if any(worker.ready for worker in self._workers.values()):
            self._last_ready, self._warned_of_waiting = now, False
        elif now - self._last_ready > NOTICE_AFTER and not self._warned_of_waiting:
            self._warned_of_waiting = True
            self._notify(f"no worker is ready; waiting for one, up to {self._no_worker_limit:g} seconds")
        refused = bool(self._workers) and all(worker.refused for worker in self._workers.values())
        if now - self._last_ready > (
            min(ALL_REFUSED_LIMIT, self._no_worker_limit)
            if refused and not self._ever_ready
            else self._no_worker_limit
        ):
            raise ClusterError(
                f"no worker gives the answers that this machine gives ({len(self._workers)} refused)"
                if refused
                else f"no worker for {self._no_worker_limit:g} seconds"
            )

    def _distribute(self) -> None:
        free = [worker for worker in self._workers.values() if worker.ready and not worker.stalled]
        threads = sum(worker.threads for worker in free)
        reserved, full = self._quarantine(free), self._waiting_rows >= MAX_WAITING_ROWS
        for worker in free:
            while worker.name not in reserved and len(worker.in_hand) < worker.depth:
                if (batch := self._backlog.next(worker, threads, full)) is None:
                    break
                self._send(worker, batch)

    def _quarantine(self, free: list[WorkerState]) -> set[str]:
        """A file that may end a worker goes to one that has nothing else. Returns who gets nothing more."""
        reserved = {worker.name for worker in free if worker.quarantined}
        room = max(1, len(free) // 4) - len(reserved)
        for worker in sorted(free, key=lambda worker: len(worker.in_hand)):
            suspect = self._backlog.suspect()
            if suspect is None or room <= 0:
                break
            if worker.name in reserved:
                continue
            room -= 1
            reserved.add(worker.name)
            if not worker.in_hand:
                self._backlog.remove(suspect)
                self._send(worker, suspect)
        return reserved

    def _send(self, worker: WorkerState, batch: Batch) -> None:
        self._last_number += 1
        if not worker.in_hand:
            worker.last_heard = self._clock()
        worker.in_hand[self._last_number] = batch
        self._sent[self._last_number] = (worker, batch)
        self._cluster.send(self._last_number, worker.name, batch.items)
