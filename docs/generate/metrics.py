"""What `/metrics` of `edgect serve` and `edgect listen` has, of the services' own registries."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry

from docs.generate.tables import MADE, table
from edgect.services.listen.metrics import NodeMetrics
from edgect.services.monitoring.answer_metrics import AnswerMetrics
from edgect.services.serve.metrics import Metrics

PAGE = """\
{made}
# Metrics

`edgect serve` answers `GET /metrics` in Prometheus' text format, `edgect listen` does so with `--metrics-port`. No label
holds anything of a patient or a file. Counters begin at 0 with the process.

## Of both
{both}

## Of `edgect serve`
{serve}

## Of `edgect listen`
{listen}

A kind of answer that changes shows here first: a rising `edgect_unanswered_total`, or a distribution of
`edgect_probability` or `edgect_gate_distance` that moves. [The audit trail](../audit.md) and `edgect monitor` hold a
week against a baseline.
"""
HEAD = ("metric", "type", "labels", "meaning")
Row = tuple[str, str, str, str]


def page() -> str:
    both = _rows(AnswerMetrics(dict).registry)
    serve, listen = Metrics(lambda: 0, lambda: 0, dict), NodeMetrics(dict)
    return PAGE.format(
        made=MADE.format(source="edgect/services/monitoring/ and the metrics.py of the services"),
        both=table(HEAD, both),
        serve=table(HEAD, _without(_rows(serve.registry), both)),
        listen=table(HEAD, _without(_rows(listen.registry), both)),
    )


def _rows(registry: CollectorRegistry) -> list[Row]:
    """The names of labels are known to the collectors alone: families without a sample do not have them."""
    return [
        (
            f"`{family.name}{'_total' if family.type == 'counter' else ''}`",
            family.type,
            ", ".join(f"`{label}`" for label in collector._labelnames),
            family.documentation,
        )
        for collector in registry._collector_to_names
        for family in collector.describe()
    ]


def _without(rows: Iterable[Row], others: list[Row]) -> list[Row]:
    return [row for row in rows if row not in others]
