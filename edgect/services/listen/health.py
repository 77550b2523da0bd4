"""Whether a node takes images and gets rid of its results, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Thread

STARTING, RUNNING, STOPPING = "starting", "", "stopping"
Failures = Mapping[str, tuple[float, str]]  # seconds for which a destination has failed, and why, by its name


class Health:
    """Problems of one node, none of which name a patient."""

    def __init__(
        self,
        refusal: Callable[[], str],
        trouble: Callable[[], str],
        failures: Callable[[], Failures],
        patience: float,
    ) -> None:
        """refusal: why the spool would refuse an image. trouble: why no results can be made. Empty for none.

        failures: of destinations. patience: seconds for which a destination may fail.
        """
        self._refusal, self._trouble, self._failures = refusal, trouble, failures
        self._patience = patience
        self._threads: list[Thread] = []
        self.phase = STARTING

    def watch(self, *threads: Thread) -> None:
        """Without each of these the node does not work."""
        self._threads += threads

    def problems(self) -> list[str]:
        """In whole sentences; none where all is well."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        if self.phase:
            yield f"The node is {self.phase}."
        for thread in self._threads:
            if not (self.phase or thread.is_alive()):
                yield f"The thread {thread.name} has ended: start edgect again."
        if refusal := self._refusal():
            yield f"No image is accepted: {refusal}."
        if trouble := self._trouble():
            yield f"No results are made: {trouble}."
        for destination, (seconds, reason) in self._failures().items():
            if seconds >= self._patience:
                minutes = f"{seconds / 60:.0f} minutes"
                yield f"The destination {destination!r} has taken no result for {minutes}: {reason}."
