"""What is heard from a cluster, and what can be asked of it: all that `Dispatch` knows of Dask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from edgect.batch.cluster.worker import Answered, Item


@dataclass(frozen=True)
class Present:
    """The workers that there are, and the threads of each."""

    threads: Mapping[str, int]


@dataclass(frozen=True)
class Greeted:
    """A worker has loaded the model. refused: why it must not answer. round_trip: of an empty batch."""

    worker: str
    refused: Sequence[str] = ()
    alike: bool = True
    round_trip: float = 0.0


@dataclass(frozen=True)
class Done:
    number: int
    answered: Answered


@dataclass(frozen=True)
class Failed:
    """A batch raised, or its worker is known to have ended again and again."""

    number: int
    reason: str


Event = Present | Greeted | Done | Failed


class Cluster(Protocol):
    def greet(self, worker: str) -> None:
        """Have a worker load the model and be judged: `Greeted` comes of it, unless it is gone before."""
        ...

    def send(self, number: int, worker: str, items: Sequence[Item]) -> None:
        """Send a batch to one worker and no other: `Done` or `Failed` comes of it, or nothing at all."""
        ...

    def forget(self, number: int) -> None:
        """Nothing needs to come of what was sent under this number any more."""
        ...

    def event(self, seconds: float) -> Event | None:
        """The next event, None where none comes in so many seconds. Raises ClusterError: no scheduler."""
        ...
