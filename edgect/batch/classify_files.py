"""The loop of a run: files in, rows out to a file or stream and to the row sinks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from edgect.batch import dask_workers as dask
from edgect.batch.output import open_rows
from edgect.batch.resume import begin_output
from edgect.batch.sinks import RowSink
from edgect.batch.sources import LocalThreads, RowSource
from edgect.rows.formats import Lines, Row
from edgect.scans import Limits

if TYPE_CHECKING:
    from edgect.model.backends import Engine
    from edgect.pipeline import Pipeline


@dataclass(frozen=True)
class Summary:
    """counts: rows by label, or by status where there is none. kept: rows that an earlier run gave.

    model: the bundle's name. bundle: its digest's first digits, and whether it is released or signed, in
    words. computed_by: the threads or workers that did it, in words. unstable_names: why
    names of series and files are of this run only; empty where they are not.
    """

    counts: Mapping[str, int]
    kept: int
    model: str
    bundle: str
    engine: Engine
    computed_by: str
    unstable_names: str

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def _nothing(*_: object) -> None: ...


def classify_files(
    files: Sequence[str],
    pipeline: Pipeline,
    *,
    model: dict[str, Any],
    limits: Limits,
    lines: Lines,
    output: Path | TextIO | Callable[[Row], object] | None,
    sinks: Sequence[RowSink],
    resume: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    notify: Callable[[str], object] | None = None,
    before_row: Callable[[Row, bool], object] = _nothing,
) -> Summary:
    """Classify files that are listed and checked. model: arguments of `pipeline`, for workers elsewhere.

    before_row: called with each row, and whether an earlier run gave it, before it is written.

    The other arguments, and what is raised, are those of `edgect.batch.run`.
    """
    progress, notify = progress or (lambda *_: None), notify or (lambda _: None)
    counts: Counter[str] = Counter()
    kept = 0
    with ExitStack() as opened:
        source: RowSource = LocalThreads(pipeline, sinks, limits, len(files) > 1)
        if scheduler is not None:
            client = opened.enter_context(dask.connected(scheduler, workers, model.get("threads")))
            source = dask.DaskWorkers(client, pipeline, model, sinks, limits, files, notify)
        rows = opened.enter_context(open_rows(lines, output))
        record = begin_output(rows, resume, pipeline.row_settings, files, notify)
        items = ((path, record.take(path)) for path in files)
        try:
            progress(0, len(files))
            with closing(source.rows_of(items)) as results:
                for done, (_, result_rows) in enumerate(results, 1):
                    for row, span in result_rows:
                        before_row(row, span is not None)
                        if span is None:
                            rows.write(row)
                        else:
                            rows.keep(row, span)
                            kept += 1
                        for sink in sinks:
                            sink.add(row)
                        counts[str(row["label"] or row["status"])] += 1
                    progress(done, len(files))
                for sink in sinks:
                    sink.finish()
        except KeyboardInterrupt as interruption:
            if rows.kept_in_words:
                interruption.add_note(rows.kept_in_words)
            raise
    return Summary(
        counts,
        kept,
        pipeline.bundle.name,
        pipeline.bundle.identity,
        pipeline.engine,
        source.computed_by(),
        pipeline.identifiers.salt_warning,
    )


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """A file has its thread already."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
