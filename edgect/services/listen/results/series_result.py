"""The result of a series: a prediction on each slice, with the header of its image."""

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
from edgect.model.decision.series import SeriesSummary
from edgect.pipeline import Pipeline
from edgect.rows.prediction import Prediction
from edgect.rows.series import SeriesRows
from edgect.services.listen.results.image_headers import read_header

_DIGITS = re.compile(r"-?\d[\d,.]*\d|\d")


@dataclass(frozen=True)
class SliceResult:
    """image: the file's header. path: of the file. prediction: on it, or on one of its frames.

    deleted: whether the file was classified earlier, and is no longer there. certain: whether the
    header's text is valid in its character set.
    """

    image: Dataset
    path: Path
    prediction: Prediction
    deleted: bool = False
    certain: bool = True

    @property
    def key(self) -> tuple[str, int | None]:
        return str(self.path), self.prediction.frame


@dataclass(frozen=True)
class SeriesResult:
    """slices: in the order of the series. row: of the series, as `--series` has it.

    highest: the slice around which the smoothed probability is highest, None without one.
    """

    slices: Sequence[SliceResult]
    row: dict[str, Any]
    highest: SliceResult | None
    classifier: Pipeline

    @property
    def images(self) -> list[Dataset]:
        """The header of each file."""
        return list({slice_.path: slice_.image for slice_ in self.slices}.values())

    @property
    def reference_image(self) -> Dataset:
        """A header with all that results take over."""
        return next(slice_.image for slice_ in self.slices if not slice_.deleted)

    @property
    def reasons(self) -> Counter[str]:
        """Why slices have no answer, with N for each number."""
        without_probability = (
            slice_.prediction for slice_ in self.slices if slice_.prediction.probability is None
        )
        return Counter(
            f"{slice_.status}: {_DIGITS.sub('N', slice_.reason)}" for slice_ in without_probability
        )

    @cached_property
    def digest(self) -> str:
        """The same for the same images classified by the same model with the same settings."""
        classifier = self.classifier
        settings = classifier.row_settings() | {"bundle": classifier.bundle.digest}
        parts = sorted({f"{slice_.path.name} {slice_.prediction.sha256}" for slice_ in self.slices})
        return hashlib.sha256("\n".join([repr(sorted(settings.items())), *parts]).encode()).hexdigest()


def classify_images(
    classifier: Pipeline, images: Sequence[Path], should_continue: Callable[[], bool]
) -> Iterator[SliceResult]:
    """Classify files; those that cannot be classified say so in their rows.

    should_continue: called before each file; the rest is left out once it returns False.
    """
    work = partial(_predictions, classifier)
    paths = (path for path in images if should_continue())
    with closing(in_order(work, paths, classifier.parallel_files(many=True))) as results:
        for path, predictions in results:
            header: Dataset | None = None
            certain = True
            for prediction in predictions:
                if header is None:
                    header, certain = read_header(path)
                yield SliceResult(header, path, prediction, certain=certain)


def series_result(classifier: Pipeline, slices: Sequence[SliceResult]) -> SeriesResult:
    """The result of a series from those of all its slices."""
    rows = SeriesRows(classifier.decision)
    for slice_ in slices:  # damaged files do not say what series they are of, but came with the others
        rows.add({**slice_.prediction.row(), "path": str(slice_.path), "series": "1"})
    ((row,), (summary,)) = rows.rows(), rows.summaries()
    by_key = {slice_.key: slice_ for slice_ in slices}
    ordered = [by_key[entry.path, entry.frame] for entry in summary.slices]
    return SeriesResult(ordered, row, _highest(summary, ordered), classifier)


def _highest(summary: SeriesSummary, ordered: list[SliceResult]) -> SliceResult | None:
    return None if summary.highest is None else ordered[summary.highest[1] - 1]


def _predictions(classifier: Pipeline, path: Path) -> Iterator[Prediction]:
    return classifier.classify_file(str(path), many=True)
