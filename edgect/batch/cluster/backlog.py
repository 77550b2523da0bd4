"""Files that no worker has: those that are still to come, and batches that are to be sent again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from edgect.batch.cluster.batch import Batch, size
from edgect.batch.cluster.worker import Item
from edgect.batch.cluster.worker_state import WorkerState


class Backlog:
    """left: files that were never sent. taken: those that were."""

    def __init__(self, items: Iterable[Item], files: int) -> None:
        self._items, self.left, self.taken = iter(items), files, 0
        self._retries: list[Batch] = []

    def __contains__(self, batch: Batch) -> bool:
        return batch in self._retries

    def retry(self, batch: Batch) -> None:
        """A batch is to be sent once more: what is nearest to being written goes first."""
        self._retries.append(batch)
        self._retries.sort(key=lambda entry: entry.first)

    def split(self, batch: Batch) -> None:
        """Its files are to be sent one by one; nothing comes of the batch itself any more."""
        batch.done = True
        for part in batch.parts():
            self.retry(part)

    def remove(self, batch: Batch) -> None:
        """It is not needed again, if it was."""
        if batch in self._retries:
            self._retries.remove(batch)

    def suspect(self) -> Batch | None:
        """The first that may be what ends workers."""
        return next((batch for batch in self._retries if batch.suspect), None)

    def next(self, worker: WorkerState, threads: int, full: bool) -> Batch | None:
        """What a worker is to have next. threads: of all workers. full: nothing new, as too much waits."""
        for batch in self._retries:
            if not batch.suspect and batch not in worker.in_hand.values():
                self._retries.remove(batch)
                return batch
        if not self.left or full:
            return None
        wanted = size(worker.seconds_per_file, worker.round_trip, self.left, threads)
        batch = Batch(self.taken, list(islice(self._items, wanted)))
        self.taken += len(batch.items)
        self.left -= len(batch.items)
        return batch
