"""The state of one worker, as the dispatcher sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgect.batch.cluster.batch import Batch

PATIENCE = 20.0  # seconds without a result, beyond five times what the work should take
_WEIGHT = 0.3  # of a new time for a file in the mean


@dataclass
class WorkerState:
    """ready: it was checked, and gives the results that this machine gives. refused: it does not.

    in_hand: its batches by the number they were sent under, in the order in which it takes them. last_heard:
    when it last gave a result, or had nothing to do. stalled: no result came in time.
    """

    name: str
    threads: int
    last_heard: float
    ready: bool = False
    refused: bool = False
    stalled: bool = False
    round_trip: float = 0.0
    seconds_per_file: float | None = None
    in_hand: dict[int, Batch] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Batches that it may have: one for each thread, and some to go on with at once."""
        return self.threads + (self.threads + 1) // 2

    @property
    def quarantined(self) -> bool:
        """Whether it has a file that may end it, and is to get nothing else."""
        return any(batch.suspect for batch in self.in_hand.values())

    def record_time(self, files: int, seconds: float) -> None:
        if files:
            before, now = self.seconds_per_file, seconds / files
            self.seconds_per_file = now if before is None else before + _WEIGHT * (now - before)

    def overdue(self, now: float, patience: float) -> bool:
        """Whether a result should have come. Twice as patient with what was sent again before."""
        if not self.in_hand or self.stalled:
            return False
        largest = max(len(batch.items) for batch in self.in_hand.values())
        doubled = 1 << min(max(batch.copies for batch in self.in_hand.values()), 10)
        return now - self.last_heard > doubled * patience + 5 * largest * (self.seconds_per_file or 0.0)
