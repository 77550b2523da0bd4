"""A Dask scheduler: what is sent to its workers, and what comes back."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from functools import partial
from importlib.metadata import version
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any
from uuid import uuid4

from edgect.batch.cluster.events import BatchDone, BatchFailed, Event, WorkerChecked, WorkersPresent
from edgect.batch.cluster.worker import BatchResult, Item, Job, classify_batch
from edgect.errors import ClusterError

POLL = 1.0  # seconds between two looks at who is there
SILENCE = 60.0  # seconds in which a scheduler must say something
ASK_AGAIN = "the rows so far are kept with -o FILE, and --resume goes on from there"


class Connection:
    """Implements `edgect.batch.cluster.events.Cluster`. client: of `distributed`; is not closed here.

    All that is awaited runs in the client's own loop and thread; events wait in a queue.
    """

    def __init__(self, client: Any, job: Job) -> None:
        self._client, self._job, self._run = client, job, uuid4().hex[:8]
        self._events = SimpleQueue[Event | ClusterError]()
        self._futures: dict[int, Any] = {}
        self._requests = 0
        self._closed = False
        client.loop.add_callback(self._watch)

    def check_worker(self, worker: str) -> None:
        self._client.loop.add_callback(self._check, worker)

    def send(self, number: int, worker: str, items: Sequence[Item]) -> None:
        future = self._submit(f"batch-{number}", worker, pickle.loads, _call(self._job, items))
        self._futures[number] = future
        future.add_done_callback(partial(self._completed, number))

    def forget(self, number: int) -> None:
        if (future := self._futures.pop(number, None)) is not None:
            future.cancel()

    def event(self, seconds: float) -> Event | None:
        try:
            event = self._events.get(timeout=seconds) if seconds else self._events.get_nowait()
        except Empty:
            return None
        if isinstance(event, ClusterError):
            raise event
        if isinstance(event, BatchDone | BatchFailed):
            self._futures.pop(event.number, None)  # the worker lets go of its result
        return event

    def close(self) -> None:
        self._closed = True
        for number in list(self._futures):
            self.forget(number)

    def _submit(self, name: str, worker: str, work: Callable[..., Any], *arguments: Any) -> Any:
        key = f"edgect-{self._run}-{name}"
        # to this worker and no other: which one gets what is decided by `Dispatcher`
        return self._client.submit(work, *arguments, key=key, workers=[worker], pure=False)

    async def _watch(self) -> None:
        while not self._closed:
            try:
                threads = await asyncio.wait_for(self._client.scheduler.ncores(), SILENCE)
                self._events.put(WorkersPresent(dict(threads)))
            except Exception as error:
                self._scheduler_lost(_in_words(error))
                return
            await asyncio.sleep(POLL)

    async def _check(self, worker: str) -> None:
        """A worker says its version by nothing of edgect's: that may be another there, or not be there."""
        try:
            there, here = await self._request(worker, version, "edgect"), version("edgect")
            if there != here:
                self._events.put(WorkerChecked(worker, [f"edgect is {there} where here it is {here}"]))
                return
            result: BatchResult = await self._request(worker, pickle.loads, _call(self._job, ()))
            start = monotonic()
            if not result.refused:
                await self._request(worker, pickle.loads, _call(self._job, ()))
            self._events.put(WorkerChecked(worker, result.refused, result.same_digits, monotonic() - start))
        except CancelledError:
            pass  # the worker or the run has ended
        except Exception as error:
            self._events.put(WorkerChecked(worker, [f"it cannot run edgect: {_in_words(error)}"]))

    async def _request(self, worker: str, work: Callable[..., Any], *arguments: Any) -> Any:
        self._requests += 1
        future = self._submit(f"check-{self._requests}", worker, work, *arguments)
        return await self._client.gather(future, asynchronous=True)

    def _completed(self, number: int, future: Any) -> None:
        """Called in a thread that is neither ours nor the loop's."""
        self._client.loop.add_callback(self._fetch, number, future)

    async def _fetch(self, number: int, future: Any) -> None:
        """By its own request: `Client.gather` asks for several at once, all kept by one stopped worker."""
        if future.status == "cancelled":
            if self._client.status != "running":
                self._scheduler_lost("the connection is lost")
            elif number in self._futures:  # nobody here cancelled it
                self._events.put(BatchFailed(number, "somebody took it from the scheduler"))
            return
        try:
            if future.status == "error":
                await self._client.gather(future, asynchronous=True)  # raises it
            result = await self._client.scheduler.gather(keys=[future.key])
            self._events.put(BatchDone(number, result["data"][future.key]))
        except KeyError:
            self._events.put(BatchFailed(number, "the worker ended with its answer"))
        except Exception as error:
            self._events.put(BatchFailed(number, _in_words(error)))

    def _scheduler_lost(self, reason: str) -> None:
        if not self._closed:
            self._events.put(ClusterError(f"the scheduler is gone ({reason}); {ASK_AGAIN}"))


class _Call:
    """Is answered when it is unpickled."""

    def __init__(self, job: Job, items: Sequence[Item]) -> None:
        self._arguments = (job, items)

    def __reduce__(self) -> tuple[Callable[..., BatchResult], tuple[Job, Sequence[Item]]]:
        return classify_batch, self._arguments


def _call(job: Job, items: Sequence[Item]) -> bytes:
    """What a worker is sent: a task that it cannot unpickle, for want of our modules, would end it."""
    return pickle.dumps(_Call(job, items))


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
