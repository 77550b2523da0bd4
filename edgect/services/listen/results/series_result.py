"""The result of a series: a prediction on each slice, with the header of its image."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from pydicom import Dataset

from edgect.machine.in_order import in_order
from edgect.model.decision.series import SMOOTHING_RADIUS, SeriesSummary
from edgect.pipeline import Pipeline
from edgect.rows.causes import cause
from edgect.rows.prediction import Prediction
from edgect.rows.series import SeriesRows
from edgect.services.listen.results.image_headers import read_header

APART = 2 * SMOOTHING_RADIUS  # millimetres: the means of slices that are shown have no slice in common


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


class HighSlice(NamedTuple):
    """mean: the probability within 5 mm to either side. number: in the series, from 1 at the feet."""

    slice: SliceResult
    mean: float
    number: int


@dataclass(frozen=True)
class SeriesResult:
    """slices: in the order of the series. row: of the series, as `--series` has it.

    highest: the slices to look at first, those at least `APART` from each other whose mean is highest.
    """

    slices: Sequence[SliceResult]
    row: dict[str, Any]
    highest: Sequence[HighSlice]
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
    def causes(self) -> Counter[str]:
        """How many slices have no answer, by the kind of reason: one of `edgect.rows.causes.CAUSES`."""
        predictions = (slice_.prediction for slice_ in self.slices)
        return Counter(cause(each.status, each.reason) for each in predictions if each.probability is None)

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


def series_result(classifier: Pipeline, slices: Sequence[SliceResult], highest: int) -> SeriesResult:
    """The result of a series from those of all its slices. highest: how many are shown, at most."""
    rows = SeriesRows(classifier.decision)
    for slice_ in slices:  # damaged files do not say what series they are of, but came with the others
        rows.add({**slice_.prediction.row(), "path": str(slice_.path), "series": "1"})
    ((row,), (summary,)) = rows.rows(), rows.summaries()
    by_key = {slice_.key: slice_ for slice_ in slices}
    ordered = [by_key[entry.path, entry.frame] for entry in summary.slices]
    return SeriesResult(ordered, row, list(islice(_highest(summary, ordered), highest)), classifier)


def _highest(summary: SeriesSummary, ordered: list[SliceResult]) -> Iterator[HighSlice]:
    """From the highest mean downwards, each apart from those before."""
    answered = [
        HighSlice(ordered[index], mean, index + 1)
        for index, mean in enumerate(summary.smoothed)
        if mean is not None
    ]
    taken: list[HighSlice] = []
    for candidate in sorted(answered, key=lambda high: (-high.mean, high.number)):
        if all(_are_apart(candidate.slice.prediction, other.slice.prediction) for other in taken):
            taken.append(candidate)
            yield candidate


def _are_apart(one: Prediction, other: Prediction) -> bool:
    if one.position is None or other.position is None or one.normal != other.normal:
        return True
    return abs(one.position - other.position) >= APART


def _predictions(classifier: Pipeline, path: Path) -> Iterator[Prediction]:
    return classifier.classify_file(str(path), many=True)
