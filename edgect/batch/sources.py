"""Where rows come from: threads of this process, or the workers of a cluster. Both keep the order."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from edgect.batch.record import RowsOfFile, rows_still_valid
from edgect.batch.sinks import RowSink
from edgect.machine.in_order import in_order
from edgect.rows.formats import Row, Span
from edgect.scans import Limits

if TYPE_CHECKING:
    from edgect.pipeline import Pipeline

WorkItem = tuple[str, list[RowsOfFile]]
"""A file, and the rows that an earlier run gave on it."""
ResultRow = tuple[Row, Span | None]
"""A row, and where it stands if it was there already."""


class RowSource(Protocol):
    def rows_of(self, items: Iterable[WorkItem]) -> Generator[tuple[WorkItem, Iterator[ResultRow]]]:
        """Each file with its rows, which are to be used before the next is asked for. To be closed."""
        ...

    def computed_by(self) -> str:
        """By what the rows were computed, in words."""
        ...


class LocalThreads:
    """limits: of one file. many: whether there is more than one."""

    def __init__(self, pipeline: Pipeline, sinks: Sequence[RowSink], limits: Limits, many: bool) -> None:
        self._pipeline, self._sinks, self._limits, self._many = pipeline, sinks, limits, many
        self._evidence = any(sink.evidence for sink in sinks)

    def rows_of(self, items: Iterable[WorkItem]) -> Generator[tuple[WorkItem, Iterator[ResultRow]]]:
        return in_order(self._rows, items, self._pipeline.parallel_files(self._many))

    def computed_by(self) -> str:
        return f"{self._pipeline.engine.threads} threads"

    def _rows(self, item: WorkItem) -> Iterator[ResultRow]:
        path, known = item
        if kept := rows_still_valid(known, path, self._limits, self._sinks):
            yield from kept
            return
        for prediction in self._pipeline.classify_file(path, self._evidence, self._many):
            row = prediction.row()
            for sink in self._sinks:
                sink.store(sink.render(prediction), row)
            yield row, None
