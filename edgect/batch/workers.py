"""`edgect classify --scheduler`: rows that the workers of a cluster give."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from edgect.batch.local import Asked, Given
from edgect.batch.sinks import Beside
from edgect.errors import ScanError, UsageError
from edgect.machine.processor import available_cores
from edgect.rows.columns import COLUMNS
from edgect.rows.formats import Row
from edgect.scans import Limits
from edgect.scans.files.remote import is_url, scheme

if TYPE_CHECKING:
    from edgect.batch.cluster.dispatch import Dispatch
    from edgect.batch.cluster.worker import FileAnswer, Item, Job
    from edgect.classifier import Classifier

Kept = int | str | list[Row]
"""As `FileAnswer`, with what was drawn beside its rows stored already."""
SAMPLES = 8  # files by which it is seen whether a worker has the same storage


def check(scheduler: str | None, workers: int | None, threads: int | None) -> None:
    """Before anything slow. Raises UsageError for options that do not go together, NotInstalledError."""
    from edgect.batch.cluster.schedulers import LOCAL, check

    if workers is not None and scheduler != LOCAL:
        raise UsageError("--workers goes with --scheduler local: others' workers are started elsewhere")
    if scheduler is None:
        return
    if scheduler != LOCAL and threads is not None:
        raise UsageError("--threads does not go with a scheduler's address: a worker has the threads it has")
    check()


def connected(scheduler: str, workers: int | None, threads: int | None) -> AbstractContextManager[Any]:
    """A client of Dask. Raises ClusterError."""
    from edgect.batch.cluster import schedulers

    if scheduler == schedulers.LOCAL:
        return schedulers.local(workers or available_cores(), threads or 1)
    return schedulers.connected(scheduler)


class Workers:
    """client: of Dask. model: arguments of `Classifier`. files: all that will be asked for.

    notify: called with a line that a user should read.
    """

    def __init__(
        self,
        client: Any,
        classifier: Classifier,
        model: dict[str, Any],
        beside: Sequence[Beside],
        limits: Limits,
        files: Sequence[str],
        notify: Callable[[str], object],
    ) -> None:
        self._notify = notify
        self._client, self._classifier, self._beside, self._files = client, classifier, beside, len(files)
        self._named = not model.get("include_identifiers", False)
        self._job = job(classifier, model, beside, limits, files)
        self._dispatch: Dispatch[Kept] | None = None

    def of(self, asked: Iterable[Asked]) -> Generator[tuple[Asked, Iterator[Given]]]:
        from edgect.batch.cluster.connection import Connection
        from edgect.batch.cluster.dispatch import Dispatch

        under_way = deque[Asked]()
        patience, without = _patience()
        connection = Connection(self._client, self._job)
        try:
            self._dispatch = Dispatch(
                connection,
                self._items(asked, under_way),
                self._files,
                self._keep,
                self._notify,
                patience,
                without,
            )
            for kept in self._dispatch.answers():
                one = under_way.popleft()
                yield one, self._given(one, kept)
        finally:
            connection.close()

    def by(self) -> str:
        assert self._dispatch is not None
        said = f"{len(self._dispatch.answering)} workers"
        if self._dispatch.ended or self._dispatch.repeated:
            said += f" ({self._dispatch.ended} ended, {self._dispatch.repeated} batches sent again)"
        return said

    def _items(self, asked: Iterable[Asked], under_way: deque[Asked]) -> Iterator[Item]:
        """A worker finds out whether a file is what it was; what was made beside its rows is sought here."""
        for path, known in asked:
            usable = [
                answer for answer in known if all(made.has(row) for made in self._beside for row, _ in answer)
            ]
            under_way.append((path, usable))
            yield path, tuple(str(answer[0][0]["sha256"]) for answer in usable)

    def _keep(self, found: FileAnswer) -> Kept:
        if not isinstance(found, list):
            return found
        rows = []
        for values, drawn in found:
            row = self._renamed(dict(zip(COLUMNS, values, strict=True)))
            for made, one in zip(self._beside, drawn, strict=True):
                made.prepare(one, row)
            rows.append(row)
        return rows

    def _renamed(self, row: Row) -> Row:
        """Names of series and files are made here, where the salt is."""
        if self._named and row["names"]:
            identifiers = self._classifier.identifiers
            row |= {name: identifiers.name(str(row[name])) for name in ("series", "instance")}
            row["names"] = identifiers.kind
        return row

    def _given(self, asked: Asked, kept: Kept) -> Iterator[Given]:
        path, known = asked
        if isinstance(kept, int):
            yield from known[kept]
        elif isinstance(kept, str):
            prediction = self._classifier.unanswered(path, ScanError(kept))
            row = prediction.row()
            for made in self._beside:
                made.prepare(made.draw(prediction), row)
            yield row, None
        else:
            for row in kept:
                yield row, None


def job(
    classifier: Classifier,
    model: dict[str, Any],
    beside: Sequence[Beside],
    limits: Limits,
    files: Sequence[str],
) -> Job:
    from edgect.batch.cluster.identity import identity
    from edgect.batch.cluster.worker import Job, fingerprint

    own = {name: value for name, value in model.items() if name not in ("threads", "include_identifiers")}
    path = classifier.bundle.path  # a folder must be one that workers see, too
    own["model"] = path.name if classifier.bundle.is_bundled else os.path.abspath(path)
    some = [(name, fingerprint("", name)) for name in files[:: max(1, len(files) // SAMPLES)][:SAMPLES]]
    return Job(
        tuple(own.items()),
        limits,
        os.getcwd(),
        identity(classifier),
        classifier.golden_answer(),
        tuple(sorted({scheme(name) for name in files if is_url(name)})),
        tuple((name, found) for name, found in some if found),
        any(made.evidence for made in beside),
        tuple(made.draw for made in beside),
    )


def _patience() -> Iterator[float]:
    """`edgect.patience` and `edgect.without-workers` of Dask's configuration, in its notation."""
    import dask
    from dask.utils import parse_timedelta

    from edgect.batch.cluster.dispatch import WITHOUT
    from edgect.batch.cluster.member import PATIENCE

    for name, default in (("patience", PATIENCE), ("without-workers", WITHOUT)):
        yield float(parse_timedelta(dask.config.get(f"edgect.{name}", default)))
