"""From labelled slices to the report's figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from edgect.evaluate.counting import classes, columns, count_all, count_answered, operating_points, point_of
from edgect.evaluate.groups import By, Group, patients_of, series_of
from edgect.evaluate.notes import group_notes, notes
from edgect.evaluate.report import (
    SCHEMA,
    Calibration,
    Counts,
    Coverage,
    Data,
    GroupCounts,
    Groups,
    Model,
    Report,
    known,
)
from edgect.evaluate.rows import LabelledSlice
from edgect.machine.version import __version__
from edgect.pipeline import Pipeline
from edgect.rows import NOTICE
from edgect.sources.labels import Cases
from edgect.statistics.calibration import brier, expected_calibration_error, reliability_bins

BINS, PER_BIN = 10, 10  # fewer bins where they would hold fewer slices than that


def report(
    source: str, cases: Cases, slices: Sequence[LabelledSlice], pipeline: Pipeline, by: By = "slice"
) -> Report:
    """All figures of the slices of all cases, in whatever order. by: of what there are figures besides."""
    answered = [each for each in slices if each.answered]
    data, coverage = data_of(source, cases, slices), _coverage(slices)
    groups = None if by == "slice" else _groups(by, cases, slices, pipeline)
    return Report(
        schema=SCHEMA,
        notice=NOTICE,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        data=data,
        model=model_of(pipeline),
        coverage=coverage,
        answered=Counts(*count_answered(slices, pipeline.threshold)),
        intention_to_diagnose=Counts(*count_all(slices, pipeline.threshold)),
        operating_points=operating_points(slices, pipeline.bundle.manifest),
        calibration=_calibration(answered),
        notes=[
            *cases.notes,
            *notes(cases, slices, classes(answered), data),
            *(group_notes(groups) if groups else ()),
        ],
        groups=groups,
    )


def _groups(by: By, cases: Cases, slices: Sequence[LabelledSlice], pipeline: Pipeline) -> Groups:
    series = series_of(slices, pipeline.decision)
    groups = patients_of(series) if by == "patient" else series
    rule = pipeline.decision.series_rule.text
    positives, negatives = classes(groups)
    return Groups(
        by=by,
        rule=f"{rule}; a patient is COVID-19 where any series is, and not where none may be"
        if by == "patient"
        else rule,
        count=len(groups),
        indeterminate=sum(each.indeterminate for each in groups),
        positives=positives,
        negatives=negatives,
        series=len(series),
        unplaced=sum(each.unplaced for each in series),
        alone=sum(each.alone for each in series),
        unit="patient" if cases.by_patient else "series",
        units=len({each.unit for each in groups}),
        answered=GroupCounts(*count_answered(groups, pipeline.threshold)),
        intention_to_diagnose=GroupCounts(*count_all(groups, pipeline.threshold)),
        operating_points=[
            point_of(_groups_at(by, slices, pipeline, threshold), name, threshold)
            for name, threshold in pipeline.bundle.manifest.operating_points.items()
        ],
    )


def _groups_at(
    by: By, slices: Sequence[LabelledSlice], pipeline: Pipeline, threshold: float
) -> Sequence[Group]:
    series = series_of(slices, pipeline.decision, threshold)
    return patients_of(series) if by == "patient" else series


def _calibration(answered: Sequence[LabelledSlice]) -> Calibration:
    labels, probabilities, _ = columns(answered)
    bins = max(1, min(BINS, len(answered) // PER_BIN))
    return Calibration(
        brier=known(brier(labels, probabilities)),
        expected_calibration_error=known(expected_calibration_error(labels, probabilities, bins)),
        bins=reliability_bins(labels, probabilities, bins),
    )


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


def data_of(source: str, cases: Cases, slices: Sequence[LabelledSlice]) -> Data:
    """Of the slices of all cases."""
    positives, negatives = classes(slices)
    units = len({each.unit for each in slices})
    unit = "patient" if cases.by_patient else "file"
    return Data(source, len(cases.files), positives, negatives, unit, units)


def model_of(pipeline: Pipeline) -> Model:
    """What answers, and at which threshold."""
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
