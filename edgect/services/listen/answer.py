"""What edgect says of a series: its rows, each with the image that it is about."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from pydicom import Dataset

from edgect.machine.in_order import in_order
from edgect.model.decision.series import Summary
from edgect.pipeline import Pipeline
from edgect.rows.prediction import Prediction
from edgect.rows.series import SeriesRows
from edgect.services.listen.headers import header

_NUMBER = re.compile(r"-?\d[\d,.]*\d|\d")


@dataclass(frozen=True)
class Said:
    """image: the file's header. path: of the file. prediction: on it, or on one of its frames.

    gone: whether the file was answered on before, and is no longer there. certain: whether the header's
    text is what its character set makes of it.
    """

    image: Dataset
    path: Path
    prediction: Prediction
    gone: bool = False
    certain: bool = True

    @property
    def key(self) -> tuple[str, int | None]:
        return str(self.path), self.prediction.frame


@dataclass(frozen=True)
class Answer:
    """said: of each slice, in the order of the series. series: its row, as `--series` has it.

    highest: the slice around which the smoothed probability is highest, None without any answer.
    """

    said: Sequence[Said]
    series: dict[str, Any]
    highest: Said | None
    classifier: Pipeline

    @property
    def images(self) -> list[Dataset]:
        """Headers, one for each file."""
        return list({one.path: one.image for one in self.said}.values())

    @property
    def newest(self) -> Dataset:
        """A header with all that results take over."""
        return next(one.image for one in self.said if not one.gone)

    @property
    def reasons(self) -> Counter[str]:
        """Why slices have no answer, with N for each number."""
        missing = (one.prediction for one in self.said if one.prediction.probability is None)
        return Counter(f"{one.status}: {_NUMBER.sub('N', one.reason)}" for one in missing)

    @cached_property
    def digest(self) -> str:
        """The same for the same images answered on by the same model in the same way."""
        classifier = self.classifier
        settings = classifier.row_settings() | {"bundle": classifier.bundle.digest}
        parts = sorted({f"{one.path.name} {one.prediction.sha256}" for one in self.said})
        return hashlib.sha256("\n".join([repr(sorted(settings.items())), *parts]).encode()).hexdigest()


def classify(classifier: Pipeline, images: Sequence[Path], go_on: Callable[[], bool]) -> Iterator[Said]:
    """Classify files; those that cannot be answered on say so in their rows.

    go_on: asked before each file; the rest is left out once it says no.
    """
    work = partial(_predictions, classifier)
    wanted = (path for path in images if go_on())
    with closing(in_order(work, wanted, classifier.parallel_files(many=True))) as found:
        for path, predictions in found:
            read: tuple[Dataset, bool] | None = None
            for prediction in predictions:
                read = header(path) if read is None else read
                yield Said(read[0], path, prediction, certain=read[1])


def answer(classifier: Pipeline, said: Sequence[Said]) -> Answer:
    """Of all slices of a series."""
    rows = SeriesRows(classifier.decision.labels, classifier.threshold)
    for one in said:  # damaged files do not say what series they are of, but came with the others
        rows.add({**one.prediction.row(), "path": str(one.path), "series": "1"})
    ((row,), (summary,)) = rows.rows(), rows.summaries()
    by_key = {one.key: one for one in said}
    ordered = [by_key[each.path, each.frame] for each in summary.slices]
    return Answer(ordered, row, _highest(summary, ordered), classifier)


def _highest(summary: Summary, ordered: list[Said]) -> Said | None:
    return None if summary.highest is None else ordered[summary.highest[1] - 1]


def _predictions(classifier: Pipeline, path: Path) -> Iterator[Prediction]:
    return classifier.classify_file(str(path), many=True)
