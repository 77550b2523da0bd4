"""`edgect classify --scheduler`: rows that the workers of a cluster give."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from edgect.batch.sinks import RowSink
from edgect.batch.sources import ResultRow, WorkItem
from edgect.errors import ScanError, UsageError
from edgect.machine.processor import available_cores
from edgect.rows.columns import COLUMNS
from edgect.rows.formats import Row
from edgect.scans import Limits
from edgect.scans.files.remote import is_url, scheme

if TYPE_CHECKING:
    from edgect.batch.cluster.dispatch import Dispatcher
    from edgect.batch.cluster.worker import FileResult, Item, Job
    from edgect.pipeline import Pipeline

StoredResult = int | str | list[Row]
"""As `FileResult`, with what was rendered with its rows already in the sinks."""
SAMPLES = 8  # files by which it is seen whether a worker has the same storage


def check_options(scheduler: str | None, workers: int | None, threads: int | None) -> None:
    """Before anything slow. Raises UsageError for options that do not go together, NotInstalledError."""
    if scheduler is None and workers is None:  # as most often: what follows is slow to load
        return
    from edgect.batch.cluster.schedulers import LOCAL, check

    if workers is not None and scheduler != LOCAL:
        raise UsageError("--workers goes with --scheduler local: others' workers are started elsewhere")
    if scheduler != LOCAL and threads is not None:
        raise UsageError("--threads does not go with a scheduler's address: a worker has the threads it has")
    check()


def connected(scheduler: str, workers: int | None, threads: int | None) -> AbstractContextManager[Any]:
    """A client of Dask. Raises ClusterError."""
    from edgect.batch.cluster import schedulers

    if scheduler == schedulers.LOCAL:
        return schedulers.local(workers or available_cores(), threads or 1)
    return schedulers.connected(scheduler)


class DaskWorkers:
    """client: of Dask. model: arguments of `Pipeline`. files: all of the run.

    notify: called with a line that a user should read.
    """

    def __init__(
        self,
        client: Any,
        pipeline: Pipeline,
        model: dict[str, Any],
        sinks: Sequence[RowSink],
        limits: Limits,
        files: Sequence[str],
        notify: Callable[[str], object],
    ) -> None:
        self._notify = notify
        self._client, self._pipeline, self._sinks, self._files = client, pipeline, sinks, len(files)
        self._names_hashed = not model.get("include_identifiers", False)
        self._job = describe_job(pipeline, model, sinks, limits, files)
        self._dispatch: Dispatcher[StoredResult] | None = None

    def rows_of(self, work_items: Iterable[WorkItem]) -> Generator[tuple[WorkItem, Iterator[ResultRow]]]:
        from edgect.batch.cluster.connection import Connection
        from edgect.batch.cluster.dispatch import Dispatcher

        under_way = deque[WorkItem]()
        patience, no_worker_limit = _patience()
        connection = Connection(self._client, self._job)
        try:
            self._dispatch = Dispatcher(
                connection,
                self._batch_items(work_items, under_way),
                self._files,
                self._store,
                self._notify,
                patience,
                no_worker_limit,
            )
            for stored in self._dispatch.results():
                work_item = under_way.popleft()
                yield work_item, self._rows(work_item, stored)
        finally:
            connection.close()

    def computed_by(self) -> str:
        assert self._dispatch is not None
        summary = f"{len(self._dispatch.contributors)} workers"
        if self._dispatch.ended or self._dispatch.repeated:
            summary += f" ({self._dispatch.ended} ended, {self._dispatch.repeated} batches sent again)"
        return summary

    def _batch_items(self, work_items: Iterable[WorkItem], under_way: deque[WorkItem]) -> Iterator[Item]:
        """A worker finds out whether a file is what it was; whether the sinks have all is found out here."""
        for path, known in work_items:
            usable = [
                rows for rows in known if all(sink.still_has(row) for sink in self._sinks for row, _ in rows)
            ]
            under_way.append((path, usable))
            yield path, tuple(str(rows[0][0]["sha256"]) for rows in usable)

    def _store(self, file_result: FileResult) -> StoredResult:
        if not isinstance(file_result, list):
            return file_result
        stored_rows = []
        for values, renderings in file_result:
            row = self._with_names(dict(zip(COLUMNS, values, strict=True)))
            for sink, rendering in zip(self._sinks, renderings, strict=True):
                sink.store(rendering, row)
            stored_rows.append(row)
        return stored_rows

    def _with_names(self, row: Row) -> Row:
        """Names of series and files are made here, where the salt is."""
        if self._names_hashed and row["names"]:
            identifiers = self._pipeline.identifiers
            row |= {name: identifiers.name(str(row[name])) for name in ("study", "series", "instance")}
            row["names"] = identifiers.kind
        return row

    def _rows(self, work_item: WorkItem, stored: StoredResult) -> Iterator[ResultRow]:
        path, known = work_item
        if isinstance(stored, int):
            yield from known[stored]
        elif isinstance(stored, str):
            prediction = self._pipeline.failure(path, ScanError(stored))
            row = prediction.row()
            for sink in self._sinks:
                sink.store(sink.render(prediction), row)
            yield row, None
        else:
            for row in stored:
                yield row, None


# signatures are verified here; a worker is held to the digest of what was verified
OWN_AFFAIRS = ("threads", "include_identifiers", "trusted_keys", "require_signature")


def describe_job(
    pipeline: Pipeline,
    model: dict[str, Any],
    sinks: Sequence[RowSink],
    limits: Limits,
    files: Sequence[str],
) -> Job:
    from edgect.batch.cluster.identity import identity
    from edgect.batch.cluster.worker import Job, fingerprint

    own = {name: value for name, value in model.items() if name not in OWN_AFFAIRS}
    path = pipeline.bundle.path  # a folder must be one that workers see, too
    own["model"] = path.name if pipeline.bundle.is_bundled else os.path.abspath(path)
    samples = [(name, fingerprint("", name)) for name in files[:: max(1, len(files) // SAMPLES)][:SAMPLES]]
    return Job(
        tuple(own.items()),
        limits,
        os.getcwd(),
        identity(pipeline),
        pipeline.self_test(),
        tuple(sorted({scheme(name) for name in files if is_url(name)})),
        tuple((name, digest) for name, digest in samples if digest),
        any(sink.evidence for sink in sinks),
        tuple(sink.render for sink in sinks),
    )


def _patience() -> Iterator[float]:
    """`edgect.patience` and `edgect.without-workers` of Dask's configuration, in its notation."""
    import dask
    from dask.utils import parse_timedelta

    from edgect.batch.cluster.dispatch import NO_WORKER_LIMIT
    from edgect.batch.cluster.worker_state import PATIENCE

    for name, default in (("patience", PATIENCE), ("without-workers", NO_WORKER_LIMIT)):
        yield float(parse_timedelta(dask.config.get(f"edgect.{name}", default)))
