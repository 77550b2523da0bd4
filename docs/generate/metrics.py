"""What `/metrics` of `edgect serve` has, of the server's own registry."""

from __future__ import annotations

from docs.generate.tables import MADE, table
from edgect.services.serve.metrics import Metrics

MODEL = ("model", "bundle", "backend", "engine", "precision")  # labels of edgect_model_info

PAGE = """\
{made}
# Metrics

`edgect serve` answers `GET /metrics` in Prometheus' text format. No label holds anything of a patient or a file.
Counters begin at 0 with the process.

{metrics}

An answer that changes its kind shows here first: a rising `edgect_unanswered_total`, or a distribution of
`edgect_probability` or `edgect_gate_distance` that moves. [The audit trail](../audit.md) and `edgect monitor` hold a
week against a baseline.
"""


def page() -> str:
    """The names of labels are known to the collectors alone: families without a sample do not have them."""
    metrics = Metrics(lambda: 0, lambda: 0, lambda: dict.fromkeys(MODEL, ""))
    rows = [
        (
            f"`{family.name}{'_total' if family.type == 'counter' else ''}`",
            family.type,
            ", ".join(f"`{label}`" for label in collector._labelnames),
            family.documentation,
        )
        for collector in metrics._registry._collector_to_names
        for family in collector.describe()
    ]
    return PAGE.format(
        made=MADE.format(source="edgect/services/serve/metrics.py"),
        metrics=table(("metric", "type", "labels", "meaning"), rows),
    )
