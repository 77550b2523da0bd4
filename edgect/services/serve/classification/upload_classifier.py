"""Classifies uploads in a bounded pool of threads: in order, and only as fast as the client reads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
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
from edgect.scans.files.in_memory import ContentReader, split_content
from edgect.services.serve.classification.memory import MemoryBudget
from edgect.services.serve.classification.patients import patient
from edgect.services.serve.classification.uploads import Upload
from edgect.services.serve.http.access_log import LOG, raise_location

T = TypeVar("T")
Patient = Mapping[str, str]


class UploadClassifier:
    """One pool for all requests; frames are classified in the order in which they are requested."""

    def __init__(
        self, threads: int, limits: Limits, timeout: float, unpacked: int, show_patient: bool = False
    ) -> None:
        """timeout: seconds after which what is left of a request gets a row of status `error`.

        unpacked: bytes that the members of archives may have together, of all requests. show_patient: whether
        name and birth date of DICOM headers are shown.
        """
        self._limits, self._timeout, self._show_patient = limits, timeout, show_patient
        self._memory = MemoryBudget(unpacked)
        self._stop_time = inf
        self.threads = threads
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="edgect")

    def stop_after(self, seconds: float) -> None:
        """What is not classified by then gets a row of status `error`: a server that stops loses no file."""
        self._stop_time = monotonic() + seconds

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def classify(
        self,
        classifier: Pipeline,
        uploads: Sequence[Upload],
        evidence: bool,
        convert: Callable[[int, Prediction, Patient], T],
    ) -> AsyncGenerator[T]:
        """Yield `convert(number of the upload, prediction, patient)` for each prediction, called in the pool.

        patient: as `patients.patient` gives it, where evidence and patients are shown; else empty.
        As many files as there are threads are in progress, each one frame ahead of what was taken.
        """
        deadline = monotonic() + self._timeout
        loop = asyncio.get_running_loop()
        pending = iter(await loop.run_in_executor(self._pool, partial(_expanded, uploads)))
        active = deque[_FileResults[T]]()
        try:
            while True:
                while len(active) < self.threads and (part := next(pending, None)):
                    number, name, read = part
                    is_member = name != uploads[number].name
                    results = self._file_results(
                        classifier, name, read, is_member, evidence, partial(convert, number), deadline
                    )
                    active.append(_FileResults(self._pool, results))
                if not active:
                    return
                async for result in active[0]:
                    yield result
                active.popleft()
        finally:
            for file in active:
                file.cancel()

    def _file_results(
        self,
        classifier: Pipeline,
        name: str,
        read: ContentReader,
        is_member: bool,
        evidence: bool,
        convert: Callable[[Prediction, Patient], T],
        deadline: float,
    ) -> Iterator[T]:
        """Waits between two results for its client: then it should hold little, thus `del`."""
        known: Patient = {}
        try:
            self._check_time(deadline)
            content = read(self._limits)
            with self._memory.reserved(len(content) if is_member else 0):
                if evidence and self._show_patient:
                    known = patient(content, name, self._limits)
                for prediction in classifier.classify_content(content, name, evidence, many=True):
                    self._check_time(deadline)
                    result = convert(prediction, known)
                    del prediction
                    yield result
            return
        except ScanError as error:
            failure = error.with_traceback(None)  # which holds what was read
        except Exception as error:  # ours, or no memory: the files after it are still classified
            LOG.error("failed: %s at %s", type(error).__name__, raise_location(error))
            failure = ScanError(f"the server failed on it ({type(error).__name__})")
        content = b""
        yield convert(classifier.failure(name, failure), known)

    def _check_time(self, deadline: float) -> None:
        now = monotonic()
        if now > deadline:
            raise ScanError(f"not answered within {self._timeout:g} s: send it again, with fewer files")
        if now > self._stop_time:
            raise ScanError("the server was stopped before it classified this: send it again")


class _FileResults(Generic[T]):
    """A file's results, of which the next is made while the last is on its way to the client."""

    def __init__(self, pool: ThreadPoolExecutor, results: Iterator[T]) -> None:
        self._pool, self._results = pool, results
        self._next = self._step()

    def _step(self) -> asyncio.Future[T | None]:
        return asyncio.get_running_loop().run_in_executor(self._pool, next, self._results, None)

    async def __aiter__(self) -> AsyncIterator[T]:
        while (result := await self._next) is not None:
            self._next = self._step()
            yield result

    def cancel(self) -> None:
        self._next.cancel()
        self._next.add_done_callback(_retrieve_exception)


def _retrieve_exception(future: asyncio.Future[T]) -> None:
    """Nobody waits for the future any more: keep asyncio from warning of its exception."""
    with suppress(asyncio.CancelledError):
        future.exception()


def _expanded(uploads: Sequence[Upload]) -> list[tuple[int, str, ContentReader]]:
    """Number of the upload, name and what reads it, of every file that the uploads stand for."""
    return [(number, name, read) for number, upload in enumerate(uploads) for name, read in _parts(upload)]


def _parts(upload: Upload) -> list[tuple[str, ContentReader]]:
    if upload.content is None:
        return [(upload.name, partial(_too_long, upload.length))]
    return split_content(upload.name, upload.content)


def _too_long(length: int, limits: Limits) -> bytes:
    check_length(length, limits)
    raise AssertionError(length)
