"""How long a worker has nothing to do, by the size of the batches it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter, sleep
from typing import Any
from unittest.mock import patch

import psutil
from distributed import Client

from edgect.batch.cluster.connection import Connection
from edgect.batch.cluster.dispatch import Dispatcher
from edgect.batch.cluster.events import BatchDone, Event
from edgect.batch.cluster.worker import Item
from edgect.batch.dask_workers import describe_job
from edgect.pipeline import Pipeline
from edgect.scans import Limits
from tests.dask_processes import Processes

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
IDLE = 3.0  # seconds


class Watched(Connection):
    """Notes how long workers were at it, and from when to when."""

    def __init__(self, client: Any, worker_job: Any) -> None:
        super().__init__(client, worker_job)
        self.busy = self.first = self.last = 0.0
        self.batches = 0

    def send(self, number: int, worker: str, items: Sequence[Item]) -> None:
        self.first = self.first or perf_counter()
        super().send(number, worker, items)

    def event(self, seconds: float) -> Event | None:
        event = super().event(seconds)
        if isinstance(event, BatchDone):
            self.busy += event.result.seconds
            self.batches += 1
            self.last = perf_counter()
        return event


def measure_batches(files: Sequence[str], model: str, cluster: Processes) -> list[dict[str, float]]:
    """cluster: of one worker with one thread. A row for each size of batch."""
    pipeline = Pipeline(model, threads=1)
    worker_job = describe_job(pipeline, {"model": model}, [], Limits(), files)
    with Client(cluster.address, set_as_default=False) as client:
        _run(client, worker_job, files[:20], 4, cluster, 0.0)  # the model is loaded
        idle_scheduler = _idle(cluster)
        return [
            _run(client, worker_job, files[: max(100, 8 * size)], size, cluster, idle_scheduler)
            for size in SIZES
        ]


def _idle(cluster: Processes) -> float:
    """CPU seconds that the scheduler takes in a second without batches."""
    scheduler = psutil.Process(cluster.scheduler.pid)
    before = sum(scheduler.cpu_times()[:2])
    sleep(IDLE)
    return float(sum(scheduler.cpu_times()[:2]) - before) / IDLE


def _run(
    client: Any,
    worker_job: Any,
    files: Sequence[str],
    size: int,
    cluster: Processes,
    idle_scheduler: float,
) -> dict[str, float]:
    """alone: see `_idle`."""
    start = perf_counter()
    scheduler, this = psutil.Process(cluster.scheduler.pid), psutil.Process()
    before = [sum(each.cpu_times()[:2]) for each in (scheduler, this)]
    watched = Watched(client, worker_job)
    with patch("edgect.batch.cluster.backlog.size", lambda *_: size):
        items = ((path, ()) for path in files)
        for _ in Dispatcher(watched, items, len(files), lambda number: number, print).results():
            pass
    watched.close()
    spent = [sum(each.cpu_times()[:2]) - was for each, was in zip((scheduler, this), before, strict=True)]
    return {
        "size": size,
        "idle": max(0.0, 1 - watched.busy / (watched.last - watched.first)),
        "scheduler_cpu_per_batch": max(1e-6, spent[0] - idle_scheduler * (perf_counter() - start))
        / watched.batches,
        "client_cpu_per_batch": spent[1] / watched.batches,
    }
