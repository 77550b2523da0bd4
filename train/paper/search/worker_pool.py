"""The workers of a Dask scheduler make attempts: each one at a time, and the next as soon as it is free."""

from __future__ import annotations

import pickle
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from tqdm import tqdm

from train.paper.search import worker
from train.paper.search.attempt import Attempts
from train.paper.search.proposals import Proposals
from train.paper.search.record import Proposal
from train.run import RunError

POLL = 1.0  # seconds between two looks at who is there
SILENCE = 30.0  # seconds in which a worker must hand over what it has
DEATHS = 3  # workers that ended with the same attempt in hand, after which it is to blame
WITHOUT = 300.0  # seconds without any worker
ONLY_REFUSED = 10.0  # seconds with none but refused ones
GO_ON = "the same command goes on from here"


class WorkerPool:
    """client: of `distributed`; is not closed here. data: a folder, by the same path on every worker."""

    def __init__(
        self, client: Any, attempts: Attempts, data: Path, proposals: Proposals, progress: tqdm[Any]
    ) -> None:
        self._client, self._proposals, self._progress = client, proposals, progress
        topic = f"edgect-search-{uuid4().hex[:8]}"
        self._job, self._length = worker.Job.of(attempts, data, topic), attempts.length
        # what each worker makes, and Dask's future of it
        self._under_way: dict[str, tuple[Proposal, Any]] = {}
        self._done = SimpleQueue[Any]()
        self._refused: dict[str, str] = {}
        self._deaths = Counter[int]()
        self._slices: dict[int, int] = {}  # of attempts under way
        client.subscribe_topic(topic, self._on_progress)

    def work(self) -> None:
        """Until as many attempts are on record as are wanted.

        Raises RunError: an attempt failed, or ended three workers; no scheduler, or no worker, is left.
        What is under way then is made again by the next search in the same folder.
        """
        used = time.monotonic()
        try:
            while True:
                present = self._present()
                for address in self._under_way.keys() - present:
                    self._lost(address, "ended")
                self._refused = {who: why for who, why in self._refused.items() if who in present}
                self._hand_out(present)
                if self._under_way:
                    used = time.monotonic()
                elif self._proposals.ended >= self._proposals.wanted:
                    return
                self._check(used)
                self._collect()
                self._show()
        finally:
            for _, future in self._under_way.values():
                future.cancel()

    def _present(self) -> set[str]:
        try:
            return set(self._client.ncores())
        except (OSError, TimeoutError) as error:
            raise RunError(f"the scheduler is gone ({error}); {GO_ON}") from error

    def _hand_out(self, present: set[str]) -> None:
        for address in sorted(present - self._under_way.keys() - self._refused.keys()):
            if (proposal := self._proposals.next()) is None:
                return
            # to this worker and no other, or Dask would queue two at one with several threads
            future = self._client.submit(_sent_by_value(self._job, proposal), workers=[address], pure=False)
            self._under_way[address] = proposal, future
            future.add_done_callback(self._done.put)

    def _collect(self) -> None:
        """Wait a moment for attempts to end."""
        with suppress(Empty):
            self._done.get(timeout=POLL)
        for address, (proposal, future) in list(self._under_way.items()):
            if future.done():
                self._end(address, proposal, future)

    def _end(self, address: str, proposal: Proposal, future: Any) -> None:
        if future.status == "finished":
            self._finish(address, proposal, future)
        elif future.status == "error":
            error = future.exception(timeout=SILENCE)
            if isinstance(error, worker.RefusedError | ImportError):
                self._refused[address] = str(error)
                self._lost(address, f"is refused: {error}", died=False)
            elif type(error).__module__.startswith("distributed"):
                self._lost(address, "ended")
            else:
                raise RunError(f"attempt {proposal.number} failed on {address}: {error}; {GO_ON}") from error
        elif self._client.status == "running":  # or else `_present` raises soon
            self._lost(address, "ended")

    def _finish(self, address: str, proposal: Proposal, future: Any) -> None:
        try:
            outcome = future.result(timeout=SILENCE)
        except Exception:  # the worker ended with the outcome in hand
            self._lost(address, "ended")
            return
        del self._under_way[address]
        self._slices.pop(proposal.number, None)
        self._proposals.end(proposal, outcome)

    def _lost(self, address: str, why: str, died: bool = True) -> None:
        proposal, future = self._under_way.pop(address)
        future.cancel()
        self._slices.pop(proposal.number, None)
        self._proposals.give_back(proposal)
        self._write(f"worker {address} {why}; attempt {proposal.number} goes to another")
        self._deaths[proposal.number] += died
        if self._deaths[proposal.number] >= DEATHS:
            raise RunError(
                f"attempt {proposal.number} ended {DEATHS} workers: have they enough memory? {GO_ON}"
            )

    def _check(self, used: float) -> None:
        """used: when a worker last had something in hand, by the monotonic clock."""
        idle = time.monotonic() - used
        if self._refused and idle > ONLY_REFUSED:
            reasons = "; ".join(f"{address}: {why}" for address, why in self._refused.items())
            raise RunError(f"no worker but refused ones ({reasons})")
        if idle > WITHOUT:
            raise RunError(f"no worker for {WITHOUT:g} seconds; {GO_ON}")

    def _on_progress(self, event: tuple[float, dict[str, int]]) -> None:
        """In Dask's thread."""
        self._slices[event[1]["attempt"]] = event[1]["slices"]

    def _show(self) -> None:
        under_way = [proposal.number for proposal, _ in self._under_way.values()]
        ended = self._proposals.ended
        slices = sum(min(self._slices.get(number, 0), self._length) for number in under_way)
        self._progress.n = ended * self._length + slices
        self._progress.set_description(
            f"{ended}/{self._proposals.wanted} attempts, {len(under_way)} under way"
        )
        if ended:
            self._progress.set_postfix(best=f"{self._proposals.best:.3f}")

    def _write(self, line: str) -> None:
        self._progress.write(line, file=sys.stderr)


def _sent_by_value(job: worker.Job, proposal: Proposal) -> Callable[[], dict[str, Any]]:
    """A function that travels by value, so that the scheduler need not know `train`: only workers do."""
    content = pickle.dumps((worker.attempt, job, proposal))

    def attempt() -> dict[str, Any]:
        import pickle

        make, *arguments = pickle.loads(content)
        outcome: dict[str, Any] = make(*arguments)
        return outcome

    return attempt
