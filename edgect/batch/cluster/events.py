"""Events of a cluster, and what it can do: all that `Dispatcher` knows of Dask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from edgect.batch.cluster.worker import BatchResult, Item


@dataclass(frozen=True)
class WorkersPresent:
    """The workers that there are, and the threads of each."""

    threads: Mapping[str, int]


@dataclass(frozen=True)
class WorkerChecked:
    """A worker has loaded the model. refused: why it must not answer. round_trip: of an empty batch."""

    worker: str
    refused: Sequence[str] = ()
    same_digits: bool = True
    round_trip: float = 0.0


@dataclass(frozen=True)
class BatchDone:
    number: int
    result: BatchResult


@dataclass(frozen=True)
class BatchFailed:
    """A batch raised, or its worker is known to have ended again and again."""

    number: int
    reason: str


Event = WorkersPresent | WorkerChecked | BatchDone | BatchFailed


class Cluster(Protocol):
    def check_worker(self, worker: str) -> None:
        """Have a worker load the model, and check it: `WorkerChecked` follows, unless it is gone before."""
        ...

    def send(self, number: int, worker: str, items: Sequence[Item]) -> None:
        """Send a batch to this worker only: `BatchDone` or `BatchFailed` comes of it, or nothing at all."""
        ...

    def forget(self, number: int) -> None:
        """Nothing needs to come of what was sent under this number any more."""
        ...

    def event(self, seconds: float) -> Event | None:
        """The next event, None where none comes in so many seconds. Raises ClusterError: no scheduler."""
        ...
