"""Work on many inputs in threads; results come in the order of the inputs, and few wait at once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from queue import Empty, Queue, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

INPUTS_PER_WORKER = (
    4  # inputs under way or done, for every worker: enough that none waits for a slow neighbour
)
MAX_WAITING_RESULTS = 4  # results of one input that wait to be taken


def in_order(
    work: Callable[[T], Iterable[R]], inputs: Iterable[T], workers: int
) -> Generator[tuple[T, Iterator[R]]]:
    """Each input with an iterator over its results, which is to be used before the next is asked for.

    work: called in one of `workers` threads, whose exceptions are raised where their result would
    have come. inputs: taken in the caller's thread, `INPUTS_PER_WORKER` for each worker. With one worker no
    thread is started, and nothing is done before it is asked for.

    Closing the iterator stops the workers after the result each is at, and waits for them. A process
    that was forked meanwhile has no workers, and RuntimeError is raised there.
    """
    if workers == 1:
        for item in inputs:
            yield item, iter(work(item))
        return
    source, under_way = iter(inputs), deque[_Job[T, R]]()
    jobs, stop = SimpleQueue[_Job[T, R] | None](), Event()

    def run() -> None:
        while (job := jobs.get()) is not None:
            job.do(work, stop)

    # daemons: whoever ends the program without closing the iterator shall not wait for them for ever
    threads = [Thread(target=run, name=f"edgect-{number}", daemon=True) for number in range(workers)]
    try:
        for thread in threads:
            thread.start()
        capacity = workers * INPUTS_PER_WORKER
        while True:
            for item in islice(source, capacity - len(under_way)):
                under_way.append(_Job(item))
                jobs.put(under_way[-1])
            if not under_way:
                return
            job = under_way[0]
            yield job.item, job.results()
            for _ in job.results():  # what the caller did not ask for
                pass
            under_way.popleft()
    finally:
        stop.set()
        for job in under_way:
            job.empty()
        for _ in threads:
            jobs.put(None)
        for thread in threads:
            if thread.ident is not None:
                thread.join()


class _Job(Generic[T, R]):
    """One input, filled with results by a worker and emptied by the reader."""

    def __init__(self, item: T) -> None:
        self.item = item
        self._process = os.getpid()
        self._queue: Queue[_Result[R] | BaseException | None] = Queue(MAX_WAITING_RESULTS)
        self._ended = False

    def do(self, work: Callable[[T], Iterable[R]], stop: Event) -> None:
        """In the worker: None goes last, whatever happens."""
        try:
            if not stop.is_set():
                for result in work(self.item):
                    self._queue.put(_Result(result))
                    if stop.is_set():
                        break
        except BaseException as error:
            self._queue.put(error)
        finally:
            self._queue.put(None)

    def results(self) -> Iterator[R]:
        while not self._ended:
            if self._process != os.getpid():
                raise RuntimeError("this was begun before the process was forked: begin it again here")
            result = self._queue.get()
            if result is None:
                self._ended = True
            elif isinstance(result, BaseException):
                raise result
            else:
                yield result.value

    def empty(self) -> None:
        """Make room for what a worker puts once it was told to stop: a result, perhaps, and the end."""
        with suppress(Empty):
            while True:
                self._queue.get_nowait()


class _Result(Generic[R]):
    """Sets a result apart from an exception that ended the work."""

    __slots__ = ("value",)

    def __init__(self, value: R) -> None:
        self.value = value
