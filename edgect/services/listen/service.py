"""The DICOM service: a storage SCP, a worker and the delivery of results, until a signal stops it."""

from __future__ import annotations

import logging
import signal
import ssl
import sys
import warnings
from collections.abc import Callable
from threading import Event, Thread

from edgect.audit.trail import Trail
from edgect.errors import UsageError
from edgect.services.current_model import CurrentModel
from edgect.services.listen.auditing import NodeTrail
from edgect.services.listen.config import NodeConfig
from edgect.services.listen.delivery import Delivery
from edgect.services.listen.destinations import Destination, FolderDestination, StorageDestination
from edgect.services.listen.health import RUNNING, STOPPING, Health
from edgect.services.listen.metrics import NodeMetrics
from edgect.services.listen.network.store_scp import StorageSCP
from edgect.services.listen.network.tls import ClientContext
from edgect.services.listen.selection.rules import Rules
from edgect.services.listen.storage.outbox import Outbox
from edgect.services.listen.storage.spool import Spool
from edgect.services.listen.worker import Worker
from edgect.services.monitoring.answer_metrics import model_labels
from edgect.services.monitoring.metrics_server import MetricsServer

LOG = logging.getLogger("edgect.services.listen")
# they quote names and UIDs: of patients in the first place
_VERBOSE_LOGGERS = ("pydicom", "pynetdicom", "highdicom")


def run(
    config: NodeConfig,
    spool: Spool,
    model: CurrentModel,
    receiving: ssl.SSLContext | None,
    sending: ClientContext | None,
    ready: Callable[[int], None],
    trail: Trail | None = None,
    rules: Rules | None = None,
) -> None:
    """Until SIGTERM or SIGINT; then callers may finish for a while, and the next start goes on with the rest.

    receiving, sending: TLS, None for none. ready: called with the port once images are accepted. trail: of
    answers and deliveries, None for none. rules: of what is classified, None for everything. Raises
    UsageError.
    """
    stop, wake = Event(), Event()
    outbox = Outbox(spool, config.remember_seconds)
    node_trail = NodeTrail(trail, config)
    metrics = NodeMetrics(lambda: model_labels(model.pipeline))
    if rules is not None:
        metrics.expect_rules(*rules.names)
    worker = Worker(model, spool, outbox, config.results, node_trail, metrics, rules)
    delivery = Delivery(outbox, _destinations(config, sending), node_trail.attempt, metrics)
    health = Health(spool.refusal, lambda: worker.trouble, delivery.failures, config.patience)
    watched = _watched(config, spool, delivery, metrics, health)
    listener = StorageSCP(config, spool, receiving, metrics)
    threads = [
        Thread(target=task, args=(stop, wake), name=name, daemon=True)
        for name, task in (("edgect-worker", worker.run), ("edgect-delivery", delivery.run))
    ]
    stop_signal = _StopSignal()
    for thread in threads:
        thread.start()
    model.follow(stop)
    health.watch(listener.thread, *threads)
    health.phase = RUNNING
    ready(listener.port)
    stop_signal.wait()
    health.phase = STOPPING
    listener.close()
    stop.set()
    wake.set()
    for thread in threads:
        thread.join()
    if watched is not None:
        watched.close()


def _watched(
    config: NodeConfig, spool: Spool, delivery: Delivery, metrics: NodeMetrics, health: Health
) -> MetricsServer | None:
    """Where metrics and health are asked for; None where nobody wants to. Raises UsageError."""
    if config.metrics_port is None:
        return None
    metrics.watch("edgect_images_waiting", "Images that wait for a result.", lambda: spool.images)
    metrics.watch("edgect_series_waiting", "Series that they are of.", lambda: spool.series)
    metrics.watch("edgect_studies_waiting", "Studies that they are of.", lambda: spool.studies)
    metrics.watch("edgect_spool_free_bytes", "Free bytes of the spool's disk.", lambda: spool.free_bytes)
    metrics.watch("edgect_healthy", "1 where /healthz gives 200, else 0.", lambda: not health.problems())
    metrics.watch_destinations(
        "edgect_results_waiting", "Results that a destination does not have yet.", delivery.waiting
    )
    server = MetricsServer(config.metrics_host, config.metrics_port, metrics.text, health.problems)
    LOG.info("metrics and health: http://%s:%d/metrics and /healthz", config.metrics_host, server.port)
    return server


class _StopSignal:
    """Waits for SIGTERM or SIGINT; a second one ends the process by the handler from before."""

    def __init__(self) -> None:
        self._event = Event()
        self._handlers = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)
        }

    def wait(self) -> None:
        while not self._event.wait(3600):  # without a limit Windows would not hear of Ctrl-C
            pass

    def _on_signal(self, *_: object) -> None:
        self._event.set()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


def quieten() -> None:
    """Log edgect's own lines to stderr, and nobody else's."""
    warnings.simplefilter("ignore")
    for name in _VERBOSE_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("edgect.services.listen")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def _destinations(config: NodeConfig, tls: ClientContext | None) -> list[Destination]:
    destinations: list[Destination] = []
    if config.out is not None:
        try:
            config.out.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"--out {config.out}: the folder cannot be created ({error.strerror or error})"
            ) from error
        destinations.append(FolderDestination(config.out))
    if config.send_to is not None:
        destinations.append(StorageDestination(config.send_to, config.title, config.timeout, tls))
    return destinations
