"""What the server has done, as Prometheus text; no label holds anything of a patient."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

from edgect.services.monitoring.answer_metrics import SECONDS, AnswerMetrics


class Metrics(AnswerMetrics):
    """Of one server."""

    def __init__(
        self, requests: Callable[[], int], held: Callable[[], int], model: Callable[[], dict[str, str]]
    ) -> None:
        """requests, held: return the requests in progress, and the bytes that are reserved for them.

        model: returns what describes the model that answers now.
        """
        super().__init__(model)
        self.requests = Counter(
            "edgect_requests_total",
            "Requests by route and status.",
            ("route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "edgect_request_seconds",
            "From a request's first byte to the last of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        active = Gauge(
            "edgect_requests_in_hand", "Requests being answered or waiting.", registry=self.registry
        )
        active.set_function(requests)
        free = Gauge("edgect_bytes_held", "Memory kept free for uploads, in bytes.", registry=self.registry)
        free.set_function(held)
