"""Rows of uploads, in order, made by a bounded pool of threads and only as fast as they are taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from math import inf
from time import monotonic
from typing import Generic, TypeVar

from edgect.errors import ScanError
from edgect.pipeline import Pipeline
from edgect.rows.prediction import Prediction
from edgect.scans import Limits, check_length
from edgect.scans.files.in_memory import Read, parts
from edgect.services.serve.memory import Memory
from edgect.services.serve.outermost import LOG, place
from edgect.services.serve.uploads import Upload

T = TypeVar("T")


class Answers:
    """One loaded model for all requests; frames are answered in the order in which they are asked for."""

    def __init__(self, classifier: Pipeline, limits: Limits, timeout: float, unpacked: int) -> None:
        """timeout: seconds after which what is left of a request gets a row of status `error`.

        unpacked: bytes that the members of archives may have together, of all requests.
        """
        self._classifier, self._limits, self._timeout = classifier, limits, timeout
        self._memory = Memory(unpacked)
        self._end = inf
        self.threads = classifier.parallel_files(many=True)
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="edgect")

    def end(self, seconds: float) -> None:
        """What is not answered by then gets its row without, so that a server that stops loses no file."""
        self._end = monotonic() + seconds

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def of(
        self, uploads: Sequence[Upload], evidence: bool, make: Callable[[int, Prediction], T]
    ) -> AsyncGenerator[T]:
        """What `make` makes of the number of each upload and each prediction on it, in a thread of the pool.

        As many files as there are threads are under way, each one frame ahead of what was taken.
        """
        until = monotonic() + self._timeout
        loop = asyncio.get_running_loop()
        todo = iter(await loop.run_in_executor(self._pool, partial(_opened, uploads)))
        under_way = deque[_File[T]]()
        try:
            while True:
                while len(under_way) < self.threads and (found := next(todo, None)):
                    number, name, read = found
                    packed = name != uploads[number].name
                    results = self._results(name, read, packed, evidence, partial(make, number), until)
                    under_way.append(_File(self._pool, results))
                if not under_way:
                    return
                async for made in under_way[0]:
                    yield made
                under_way.popleft()
        finally:
            for file in under_way:
                file.cancel()

    def _results(
        self,
        name: str,
        read: Read,
        packed: bool,
        evidence: bool,
        make: Callable[[Prediction], T],
        until: float,
    ) -> Iterator[T]:
        """Waits between two results for its client: then it should hold little, thus `del`."""
        try:
            self._check_time(until)
            content = read(self._limits)
            with self._memory.taken(len(content) if packed else 0):
                for prediction in self._classifier.classify_content(content, name, evidence, many=True):
                    self._check_time(until)
                    made = make(prediction)
                    del prediction
                    yield made
            return
        except ScanError as error:
            failure = error.with_traceback(None)  # which holds what was read
        except Exception as error:  # a fault of ours, or no memory: the files after it get their answers
            LOG.error("failed: %s at %s", type(error).__name__, place(error))
            failure = ScanError(f"the server failed on it ({type(error).__name__})")
        content = b""
        yield make(self._classifier.failure(name, failure))

    def _check_time(self, until: float) -> None:
        now = monotonic()
        if now > until:
            raise ScanError(f"not answered within {self._timeout:g} s: send it again, with fewer files")
        if now > self._end:
            raise ScanError("the server was stopped before it came to this: send it again")


class _File(Generic[T]):
    """A file's results, of which the next is made while the last is on its way to the client."""

    def __init__(self, pool: ThreadPoolExecutor, results: Iterator[T]) -> None:
        self._pool, self._results = pool, results
        self._next = self._step()

    def _step(self) -> asyncio.Future[T | None]:
        return asyncio.get_running_loop().run_in_executor(self._pool, next, self._results, None)

    async def __aiter__(self) -> AsyncIterator[T]:
        while (made := await self._next) is not None:
            self._next = self._step()
            yield made

    def cancel(self) -> None:
        self._next.cancel()
        self._next.add_done_callback(_seen)


def _seen(future: asyncio.Future[T]) -> None:
    """Nobody waits for it any more: whatever it ended with is no news."""
    with suppress(asyncio.CancelledError):
        future.exception()


def _opened(uploads: Sequence[Upload]) -> list[tuple[int, str, Read]]:
    """Number of the upload, name and what reads it, of every file that the uploads stand for."""
    return [(number, name, read) for number, upload in enumerate(uploads) for name, read in _parts(upload)]


def _parts(upload: Upload) -> list[tuple[str, Read]]:
    if upload.content is None:
        return [(upload.name, partial(_too_long, upload.length))]
    return parts(upload.name, upload.content)


def _too_long(length: int, limits: Limits) -> bytes:
    check_length(length, limits)
    raise AssertionError(length)
