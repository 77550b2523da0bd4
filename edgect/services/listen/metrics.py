"""What a DICOM node has done, as Prometheus metrics; no label holds anything of a patient or a caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic

from prometheus_client import Counter, Gauge, Histogram

from edgect.services.monitoring.answer_metrics import AnswerMetrics

DELIVERED, FAILED, SET_ASIDE = "delivered", "failed", "set aside"
ANSWERED, LEFT_OUT, KNOWN = "answered", "left out", "known already"
STORED = "stored"
_MINUTES = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)  # in seconds


class NodeMetrics(AnswerMetrics):
    """Of one node."""

    def __init__(self, model: Callable[[], dict[str, str]] = dict) -> None:
        super().__init__(model)
        registry, self._destinations = self.registry, list[str]()
        self._associations = Counter(
            "edgect_associations_total", "Associations that were accepted.", registry=registry
        )
        self._refused_callers = Counter(
            "edgect_refused_callers_total", "Callers turned away, by reason.", ("reason",), registry=registry
        )
        self._images = Counter(
            "edgect_images_received_total",
            "Images that were received, by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self._left_out = Counter(
            "edgect_images_left_out_total",
            "Images that a rule leaves out, by rule.",
            ("rule",),
            registry=registry,
        )
        self._series = Counter(
            "edgect_series_total", "Series by what became of them.", ("outcome",), registry=registry
        )
        self._series_seconds = Histogram(
            "edgect_series_seconds",
            "From the start of a series' classification to its result in the outbox.",
            buckets=_MINUTES,
            registry=registry,
        )
        self._deliveries = Counter(
            "edgect_deliveries_total",
            "Files that were delivered or set aside, and attempts that failed, by destination.",
            ("destination", "outcome"),
            registry=registry,
        )
        self._delivery_seconds = Histogram(
            "edgect_delivery_seconds",
            "An attempt to deliver the files of one result.",
            ("destination",),
            buckets=_MINUTES,
            registry=registry,
        )
        self._images.labels(STORED)
        for outcome in (ANSWERED, LEFT_OUT, KNOWN, FAILED, SET_ASIDE):
            self._series.labels(outcome)

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Add a metric whose value is asked for each time."""
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def watch_destinations(self, name: str, meaning: str, value: Callable[[str], float]) -> None:
        """Add one with a value for each destination; to be called once those are known."""
        gauge = Gauge(name, meaning, ("destination",), registry=self.registry)
        for destination in self._destinations:
            gauge.labels(destination).set_function(partial(value, destination))

    def expect_refusals(self, *reasons: str) -> None:
        """Have their counts there from the start, as 0."""
        for reason in reasons:
            self._refused_callers.labels(reason)

    def expect_rules(self, *names: str) -> None:
        for name in names:
            self._left_out.labels(name)

    def expect_destination(self, name: str) -> None:
        """Have its counts there from the start, as 0."""
        self._destinations.append(name)
        for outcome in (DELIVERED, FAILED, SET_ASIDE):
            self._deliveries.labels(name, outcome)

    def association(self) -> None:
        self._associations.inc()

    def refused_caller(self, reason: str) -> None:
        self._refused_callers.labels(reason).inc()

    def image(self, outcome: str) -> None:
        self._images.labels(outcome).inc()

    def left_out(self, rule: str, images: int) -> None:
        self._left_out.labels(rule).inc(images)

    def series(self, outcome: str) -> None:
        self._series.labels(outcome).inc()

    def delivery(self, destination: str, outcome: str) -> None:
        self._deliveries.labels(destination, outcome).inc()

    @contextmanager
    def timed_delivery(self, destination: str) -> Iterator[None]:
        start = monotonic()
        try:
            yield
        finally:
            self._delivery_seconds.labels(destination).observe(monotonic() - start)

    def series_took(self, seconds: float) -> None:
        self._series_seconds.observe(seconds)
