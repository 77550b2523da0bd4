"""Where rows come from: threads of this process, or the workers of a cluster. Both answer in order."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from edgect.batch.record import Answer, still_holding
from edgect.batch.sinks import Beside
from edgect.machine.in_order import in_order
from edgect.rows.formats import Row, Span
from edgect.scans import Limits

if TYPE_CHECKING:
    from edgect.classifier import Classifier

Asked = tuple[str, list[Answer]]
"""A file, and the answers that an earlier run gave on it."""
Given = tuple[Row, Span | None]
"""A row, and where it stands if it was there already."""


class Answers(Protocol):
    def of(self, asked: Iterable[Asked]) -> Generator[tuple[Asked, Iterator[Given]]]:
        """Each file with its rows, which are to be used before the next is asked for. To be closed."""
        ...

    def by(self) -> str:
        """Who gave the answers, for the summary."""
        ...


class Threads:
    """limits: of one file. many: whether there is more than one."""

    def __init__(self, classifier: Classifier, beside: Sequence[Beside], limits: Limits, many: bool) -> None:
        self._classifier, self._beside, self._limits, self._many = classifier, beside, limits, many
        self._evidence = any(made.evidence for made in beside)

    def of(self, asked: Iterable[Asked]) -> Generator[tuple[Asked, Iterator[Given]]]:
        return in_order(self._answer, asked, self._classifier.at_once(self._many))

    def by(self) -> str:
        return f"{self._classifier.engine.threads} threads"

    def _answer(self, asked: Asked) -> Iterator[Given]:
        path, known = asked
        if kept := still_holding(known, path, self._limits, self._beside):
            yield from kept
            return
        for prediction in self._classifier.classify_file(path, self._evidence, self._many):
            row = prediction.row()
            for made in self._beside:
                made.prepare(made.draw(prediction), row)
            yield row, None
