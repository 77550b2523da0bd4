"""The answers that a service gave, as Prometheus metrics; no label holds anything of a patient."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from edgect.pipeline import Pipeline
from edgect.rows.causes import CAUSES, cause
from edgect.rows.prediction import Prediction

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_PROBABILITIES = tuple(round(0.05 * step, 2) for step in range(1, 20))
_DISTANCES = (4, 6, 8, 10, 12, 14, 16, 18, 20, 25, 30, 40, 60, 100)


class AnswerMetrics:
    """Of one service, in a registry of its own, to which others may add theirs."""

    def __init__(self, model: Callable[[], dict[str, str]]) -> None:
        """model: returns what describes the model that answers now."""
        registry = self.registry = CollectorRegistry()
        self._rows = Counter(
            "edgect_rows_total", "Rows by status and label.", ("status", "label"), registry=registry
        )
        self._row_seconds = Histogram(
            "edgect_row_seconds", "Decoding and inference of a row.", buckets=SECONDS, registry=registry
        )
        self._probability = Histogram(
            "edgect_probability",
            "Probability of COVID-19 of answered slices.",
            buckets=_PROBABILITIES,
            registry=registry,
        )
        self._distance = Histogram(
            "edgect_gate_distance",
            "Mahalanobis distance of embeddings to those of the training slices, of answered slices and of "
            "those that are rejected for it.",
            buckets=_DISTANCES,
            registry=registry,
        )
        self._unanswered = Counter(
            "edgect_unanswered_total", "Rows without an answer by cause.", ("cause",), registry=registry
        )
        for name in CAUSES:  # so that each is there from the start, as 0
            self._unanswered.labels(name)
        self._model = model
        self._info = Gauge("edgect_model_info", "The model that answers.", MODEL_LABELS, registry=registry)

    def row(self, prediction: Prediction) -> None:
        self._rows.labels(prediction.status, prediction.label).inc()
        self._row_seconds.observe(prediction.milliseconds / 1000)
        if prediction.probability is not None:
            self._probability.observe(prediction.probability)
        if prediction.distance is not None:
            self._distance.observe(prediction.distance)
        if kind := cause(prediction.status, prediction.reason):
            self._unanswered.labels(kind).inc()

    def text(self) -> bytes:
        """All of the registry, as Prometheus reads it."""
        self._info.clear()
        self._info.labels(**self._model()).set(1)
        return generate_latest(self.registry)


MODEL_LABELS = ("model", "bundle", "backend", "engine", "precision")


def model_labels(classifier: Pipeline) -> dict[str, str]:
    """What describes a model, as rows have it."""
    engine = classifier.engine
    return {
        "model": classifier.bundle.name,
        "bundle": classifier.bundle.digest[:12],
        "backend": engine.backend,
        "engine": engine.version,
        "precision": engine.precision,
    }
