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

from edgect.batch.cluster.events import Done, Event, Failed, Greeted, Present
from edgect.batch.cluster.worker import Answered, Item, Job, answer
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
        self._greetings = 0
        self._closed = False
        client.loop.add_callback(self._watch)

    def greet(self, worker: str) -> None:
        self._client.loop.add_callback(self._greet, worker)

    def send(self, number: int, worker: str, items: Sequence[Item]) -> None:
        future = self._submit(f"batch-{number}", worker, pickle.loads, _call(self._job, items))
        self._futures[number] = future
        future.add_done_callback(partial(self._ended, number))

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
        if isinstance(event, Done | Failed):
            self._futures.pop(event.number, None)  # the worker lets go of its result
        return event

    def close(self) -> None:
        self._closed = True
        for number in list(self._futures):
            self.forget(number)

    def _submit(self, name: str, worker: str, work: Callable[..., Any], *arguments: Any) -> Any:
        key = f"edgect-{self._run}-{name}"
        # to this worker and no other: which one gets what is decided by `Dispatch`
        return self._client.submit(work, *arguments, key=key, workers=[worker], pure=False)

    async def _watch(self) -> None:
        while not self._closed:
            try:
                threads = await asyncio.wait_for(self._client.scheduler.ncores(), SILENCE)
                self._events.put(Present(dict(threads)))
            except Exception as error:
                self._gone(_said(error))
                return
            await asyncio.sleep(POLL)

    async def _greet(self, worker: str) -> None:
        """A worker says its version by nothing of edgect's: that may be another there, or not be there."""
        try:
            there, here = await self._ask(worker, version, "edgect"), version("edgect")
            if there != here:
                self._events.put(Greeted(worker, [f"edgect is {there} where here it is {here}"]))
                return
            found: Answered = await self._ask(worker, pickle.loads, _call(self._job, ()))
            start = monotonic()
            if not found.refused:
                await self._ask(worker, pickle.loads, _call(self._job, ()))
            self._events.put(Greeted(worker, found.refused, found.alike, monotonic() - start))
        except CancelledError:
            pass  # the worker or the run has ended
        except Exception as error:
            self._events.put(Greeted(worker, [f"it cannot run edgect: {_said(error)}"]))

    async def _ask(self, worker: str, work: Callable[..., Any], *arguments: Any) -> Any:
        self._greetings += 1
        future = self._submit(f"greeting-{self._greetings}", worker, work, *arguments)
        return await self._client.gather(future, asynchronous=True)

    def _ended(self, number: int, future: Any) -> None:
        """Called in a thread that is neither ours nor the loop's."""
        self._client.loop.add_callback(self._fetch, number, future)

    async def _fetch(self, number: int, future: Any) -> None:
        """By its own request: `Client.gather` asks for several at once, all kept by one stopped worker."""
        if future.status == "cancelled":
            if self._client.status != "running":
                self._gone("the connection is lost")
            elif number in self._futures:  # nobody here cancelled it
                self._events.put(Failed(number, "somebody took it from the scheduler"))
            return
        try:
            if future.status == "error":
                await self._client.gather(future, asynchronous=True)  # raises it
            found = await self._client.scheduler.gather(keys=[future.key])
            self._events.put(Done(number, found["data"][future.key]))
        except KeyError:
            self._events.put(Failed(number, "the worker ended with its answer"))
        except Exception as error:
            self._events.put(Failed(number, _said(error)))

    def _gone(self, reason: str) -> None:
        if not self._closed:
            self._events.put(ClusterError(f"the scheduler is gone ({reason}); {ASK_AGAIN}"))


class _Call:
    """Is answered when it is unpickled."""

    def __init__(self, job: Job, items: Sequence[Item]) -> None:
        self._arguments = (job, items)

    def __reduce__(self) -> tuple[Callable[..., Answered], tuple[Job, Sequence[Item]]]:
        return answer, self._arguments


def _call(job: Job, items: Sequence[Item]) -> bytes:
    """What a worker is sent: a task that it cannot unpickle, for want of our modules, would end it."""
    return pickle.dumps(_Call(job, items))


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
