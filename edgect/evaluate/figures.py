"""From labelled slices to the report's figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from edgect.errors import UsageError
from edgect.evaluate.labels import Cases
from edgect.evaluate.notes import notes
from edgect.evaluate.report import (
    SCHEMA,
    Calibration,
    Counts,
    Coverage,
    Data,
    Estimate,
    Model,
    Point,
    Report,
    known,
)
from edgect.evaluate.rows import LabelledSlice
from edgect.machine.version import __version__
from edgect.model.decision.labels import OPERATING_POINTS, Decision
from edgect.pipeline import Pipeline
from edgect.rows import NOTICE
from edgect.statistics.calibration import brier, expected_calibration_error, reliability_bins
from edgect.statistics.metrics import FIVE, confusion, evaluate, intervals

BINS, PER_BIN = 10, 10  # fewer bins where they would hold fewer slices than that


def report(source: str, cases: Cases, slices: Sequence[LabelledSlice], pipeline: Pipeline) -> Report:
    """All figures of the slices of all cases, in whatever order."""
    answered = [each for each in slices if each.answered]
    data, coverage = _data(source, cases, slices), _coverage(slices)
    return Report(
        schema=SCHEMA,
        notice=NOTICE,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        data=data,
        model=_model(pipeline),
        coverage=coverage,
        answered=_answered(answered, pipeline.threshold),
        intention_to_diagnose=_intention_to_diagnose(slices, pipeline.threshold),
        operating_points=_points(answered, pipeline),
        calibration=_calibration(answered),
        notes=[*cases.notes, *notes(cases, slices, _classes(answered), data)],
    )


def columns(slices: Sequence[LabelledSlice]) -> tuple[list[int], list[float], list[str]]:
    """Labels, probabilities and units of answered slices."""
    return (
        [each.case.label for each in slices],
        [each.probability for each in slices],
        [each.unit for each in slices],
    )


def _answered(answered: Sequence[LabelledSlice], threshold: float) -> Counts:
    return _counts(*columns(answered), threshold, (*FIVE, "auc"))


def _intention_to_diagnose(slices: Sequence[LabelledSlice], threshold: float) -> Counts:
    """A slice without an answer counts as wrong, as with scores of 0 and 1, of which there is no AUC."""
    labels = [each.case.label for each in slices]
    predicted = [each.probability >= threshold if each.answered else not each.case.label for each in slices]
    return _counts(labels, [float(s) for s in predicted], [each.unit for each in slices], 0.5, FIVE)


def _counts(
    labels: list[int], scores: list[float], units: list[str], threshold: float, names: Sequence[str]
) -> Counts:
    counted = confusion(labels, np.asarray(scores) >= threshold)
    if not labels:
        return Counts(0, counted, {name: Estimate(None, None, None) for name in names})
    values, ends = evaluate(labels, scores, threshold), intervals(labels, scores, units, threshold)
    results = {name: Estimate(known(values[name]), *(ends[name] or (None, None))) for name in names}
    return Counts(len(labels), counted, results)


def _points(answered: Sequence[LabelledSlice], pipeline: Pipeline) -> list[Point]:
    labels, probabilities, _ = columns(answered)
    results = []
    for name in OPERATING_POINTS:
        try:
            threshold = Decision.from_manifest(pipeline.bundle.manifest, name).threshold
        except UsageError:  # not one of this bundle's
            continue
        counted = confusion(labels, np.asarray(probabilities) >= threshold)
        metrics = {metric: known(value) for metric, value in counted.metrics().items()}
        results.append(Point(name, threshold, counted, metrics))
    return results


def _calibration(answered: Sequence[LabelledSlice]) -> Calibration:
    labels, probabilities, _ = columns(answered)
    bins = max(1, min(BINS, len(answered) // PER_BIN))
    return Calibration(
        brier=known(brier(labels, probabilities)),
        expected_calibration_error=known(expected_calibration_error(labels, probabilities, bins)),
        bins=reliability_bins(labels, probabilities, bins),
    )


def _classes(slices: Sequence[LabelledSlice]) -> tuple[int, int]:
    positives = sum(each.case.label for each in slices)
    return positives, len(slices) - positives


def _coverage(slices: Sequence[LabelledSlice]) -> Coverage:
    statuses = Counter(each.status for each in slices)
    answered = sum(each.answered for each in slices)
    reasons = Counter(each.reason for each in slices if each.status != "ok")
    return Coverage(
        rows=len(slices),
        answered=answered,
        indeterminate=statuses["ok"] - answered,
        rejected=statuses["rejected"],
        error=statuses["error"],
        reasons=dict(reasons.most_common()),
    )


def _data(source: str, cases: Cases, slices: Sequence[LabelledSlice]) -> Data:
    positives, negatives = _classes(slices)
    units = len({each.unit for each in slices})
    unit = "patient" if cases.by_patient else "file"
    return Data(source, len(cases.files), positives, negatives, unit, units)


def _model(pipeline: Pipeline) -> Model:
    engine, bundle = pipeline.engine, pipeline.bundle
    return Model(
        name=bundle.name,
        digest=bundle.digest,
        backend=engine.backend,
        engine=engine.version,
        precision=engine.precision,
        threads=engine.threads,
        threshold=pipeline.threshold,
        operating_point=pipeline.decision.operating_point,
    )
