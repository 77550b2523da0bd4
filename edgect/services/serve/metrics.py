"""What the server has done, as Prometheus text; no label holds anything of a patient."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from edgect.rows.causes import CAUSES, cause
from edgect.rows.prediction import Prediction

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PROBABILITIES = tuple(round(0.05 * step, 2) for step in range(1, 20))
_DISTANCES = (4, 6, 8, 10, 12, 14, 16, 18, 20, 25, 30, 40, 60, 100)
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Of one server, in a registry of its own."""

    def __init__(
        self, requests: Callable[[], int], held: Callable[[], int], model: Callable[[], dict[str, str]]
    ) -> None:
        """requests, held: return the requests in progress, and the bytes that are reserved for them.

        model: returns what describes the model that answers now.
        """
        registry = self._registry = CollectorRegistry()
        self.requests = Counter(
            "edgect_requests_total", "Requests by route and status.", ("route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "edgect_request_seconds",
            "From a request's first byte to the last of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._rows = Counter(
            "edgect_rows_total", "Rows by status and label.", ("status", "label"), registry=registry
        )
        self._row_seconds = Histogram(
            "edgect_row_seconds", "Decoding and inference of a row.", buckets=_SECONDS, registry=registry
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
        active = Gauge("edgect_requests_in_hand", "Requests being answered or waiting.", registry=registry)
        active.set_function(requests)
        free = Gauge("edgect_bytes_held", "Memory kept free for uploads, in bytes.", registry=registry)
        free.set_function(held)
        self._model = model
        self._info = Gauge("edgect_model_info", "The model that answers.", tuple(model()), registry=registry)

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
        self._info.clear()
        self._info.labels(**self._model()).set(1)
        return generate_latest(self._registry)
