"""How many files go to a worker at a time, and what is known of those that did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from edgect.batch.cluster.worker import Item

FIRST = 4  # files, before a worker's time for one is known
MOST = 1000  # files
SHARE = 40  # a batch takes so many times as long as sending it: that is 2.5 % of the time
SECONDS = (1.0, 10.0)  # that a batch is to take, at least and at most

SPLIT_AFTER = 2  # workers that ended with a batch in hand, after which it is taken apart
GIVE_UP_AFTER = 4  # workers that ended with a file in hand, the last two with it alone


@dataclass(eq=False)
class Batch:
    """Files that follow each other. first: number of the first of them.

    ended: workers that ended, or failed, while they had it. copies: times it was sent again because no
    result came.
    """

    first: int
    items: list[Item]
    ended: int = 0
    copies: int = 0
    done: bool = False
    reason: str = ""

    @property
    def suspect(self) -> bool:
        """Whether it may be what ends workers, so that nothing else should be with it."""
        return self.ended >= SPLIT_AFTER

    def parts(self) -> Iterator[Batch]:
        """Its files one by one."""
        for number, item in enumerate(self.items):
            yield Batch(self.first + number, [item], self.ended, reason=self.reason)


def size(seconds_per_file: float | None, round_trip: float, left: int, threads: int) -> int:
    """How many files to send: as many as take a worker `SHARE` times what it takes to send them.

    seconds_per_file: on that worker, None before its first result. round_trip: seconds that a batch without
    files takes there and back. left: files that no worker has. threads: of all workers, between which the
    last files are divided.
    """
    if seconds_per_file is None:
        wanted = FIRST
    else:
        seconds = min(max(SHARE * round_trip, SECONDS[0]), SECONDS[1])
        wanted = round(seconds / max(seconds_per_file, 1e-6))
    return max(1, min(wanted, MOST, ceil(left / (2 * max(threads, 1)))))
