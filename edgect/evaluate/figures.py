"""From answers to the report's figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from edgect.errors import UsageError
from edgect.evaluate.labels import Case, Cases
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
from edgect.machine.version import __version__
from edgect.model.decision.labels import INDETERMINATE, POINTS, Decision
from edgect.pipeline import Pipeline
from edgect.rows.notice import NOTICE
from edgect.rows.prediction import Prediction
from edgect.statistics.metrics import (
    FIVE,
    brier,
    confusion,
    evaluate,
    expected_calibration_error,
    intervals,
    reliability,
)

BINS, PER_BIN = 10, 10  # fewer bins where they would hold fewer slices than that


@dataclass(frozen=True)
class Answer:
    """What edgect said of one slice, and what it is."""

    case: Case
    said: Prediction

    @property
    def given(self) -> bool:
        """Whether it is one of the two labels."""
        return self.said.status == "ok" and self.said.label != INDETERMINATE

    @property
    def unit(self) -> str:
        """Whose slices stay together: the patient's, or the file's."""
        return self.case.patient or self.case.path

    @property
    def probability(self) -> float:
        assert self.said.probability is not None
        return self.said.probability


def report(source: str, cases: Cases, answers: Sequence[Answer], pipeline: Pipeline) -> Report:
    """All figures of answers to all cases, in whatever order."""
    given = [answer for answer in answers if answer.given]
    data, coverage = _data(source, cases, answers), _coverage(answers)
    return Report(
        schema=SCHEMA,
        notice=NOTICE,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        data=data,
        model=_model(pipeline),
        coverage=coverage,
        answered=_answered(given, pipeline.threshold),
        intention_to_diagnose=_intention_to_diagnose(answers, pipeline.threshold),
        operating_points=_points(given, pipeline),
        calibration=_calibration(given),
        notes=[*cases.notes, *notes(cases, [a.said for a in answers], _classes(given), data)],
    )


def columns(answers: Sequence[Answer]) -> tuple[list[int], list[float], list[str]]:
    """Labels, probabilities and units of answers that are given."""
    return [a.case.label for a in answers], [a.probability for a in answers], [a.unit for a in answers]


def _answered(given: Sequence[Answer], threshold: float) -> Counts:
    return _counts(*columns(given), threshold, (*FIVE, "auc"))


def _intention_to_diagnose(answers: Sequence[Answer], threshold: float) -> Counts:
    """Where there is no answer, the wrong one is put: as with scores of 0 and 1, of which there is no AUC."""
    labels = [answer.case.label for answer in answers]
    said = [a.probability >= threshold if a.given else not a.case.label for a in answers]
    return _counts(labels, [float(s) for s in said], [a.unit for a in answers], 0.5, FIVE)


def _counts(
    labels: list[int], scores: list[float], units: list[str], threshold: float, names: Sequence[str]
) -> Counts:
    counted = confusion(labels, np.asarray(scores) >= threshold)
    if not labels:
        return Counts(0, counted, {name: Estimate(None, None, None) for name in names})
    values, ends = evaluate(labels, scores, threshold), intervals(labels, scores, units, threshold)
    found = {name: Estimate(known(values[name]), *map(known, ends[name])) for name in names}
    return Counts(len(labels), counted, found)


def _points(given: Sequence[Answer], pipeline: Pipeline) -> list[Point]:
    labels, probabilities, _ = columns(given)
    found = []
    for name in POINTS:
        try:
            threshold = Decision.of(pipeline.bundle.manifest, name).threshold
        except UsageError:  # not one of this bundle's
            continue
        counted = confusion(labels, np.asarray(probabilities) >= threshold)
        metrics = {metric: known(value) for metric, value in counted.metrics().items()}
        found.append(Point(name, threshold, counted, metrics))
    return found


def _calibration(given: Sequence[Answer]) -> Calibration:
    labels, probabilities, _ = columns(given)
    bins = max(1, min(BINS, len(given) // PER_BIN))
    return Calibration(
        brier=known(brier(labels, probabilities)),
        expected_calibration_error=known(expected_calibration_error(labels, probabilities, bins)),
        bins=reliability(labels, probabilities, bins),
    )


def _classes(answers: Sequence[Answer]) -> tuple[int, int]:
    positives = sum(answer.case.label for answer in answers)
    return positives, len(answers) - positives


def _coverage(answers: Sequence[Answer]) -> Coverage:
    statuses = Counter(answer.said.status for answer in answers)
    given = sum(answer.given for answer in answers)
    reasons = Counter(a.said.reason for a in answers if a.said.status != "ok")
    return Coverage(
        rows=len(answers),
        answered=given,
        indeterminate=statuses["ok"] - given,
        rejected=statuses["rejected"],
        error=statuses["error"],
        reasons=dict(reasons.most_common()),
    )


def _data(source: str, cases: Cases, answers: Sequence[Answer]) -> Data:
    positives, negatives = _classes(answers)
    units = len({answer.unit for answer in answers})
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
        operating_point=pipeline.decision.point,
    )
