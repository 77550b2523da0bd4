"""The whole command with and without a cluster, in fresh processes that take turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import psutil

from benchmarks.harness import process
from benchmarks.harness.interleaved import ratio, take_turns
from tests.dask_processes import Processes

WORKERS = (1, 2, 3)  # of one thread each
PLAIN = (1, 2)  # threads


@dataclass(frozen=True)
class Turn:
    """One run of the command, without its start. In seconds, but peak_mb, which is the whole client's.

    client, workers, scheduler: CPU time of each; workers and scheduler are 0 for the plain command.
    """

    seconds: float
    client: float
    workers: float
    scheduler: float
    peak_mb: float


def measure_commands(
    folder: Path, single_file: Path, model: str, clusters: Mapping[int, Processes], turns: int, work: Path
) -> dict[str, object]:
    """folder: of many files. one: a file. clusters: by the number of their workers, all of one thread."""
    runs: dict[str, Callable[[], Turn]] = {}
    for threads in PLAIN:
        runs[f"plain {threads}"] = partial(
            _turn, folder, single_file, model, work, None, "--threads", str(threads)
        )
    for workers, cluster in clusters.items():
        options = ("--scheduler", cluster.address)
        runs[f"cluster {workers}"] = partial(_turn, folder, single_file, model, work, cluster, *options)
    turns_by_run = take_turns(runs, turns)
    files = len(list(folder.iterdir()))
    return {
        "files": files,
        "turns": turns,
        "seconds": {name: median(turn.seconds for turn in turns_by_run[name]) for name in turns_by_run},
        "ratios": {
            str(count): ratio(
                _seconds(turns_by_run[f"cluster {count}"]), _seconds(turns_by_run[f"plain {count}"])
            )
            for count in PLAIN
            if count in clusters
        },
        "cpu_per_slice": {
            part: median(getattr(turn, part) for turn in turns_by_run["cluster 1"]) / files
            for part in ("client", "workers", "scheduler")
        }
        | {"plain": median(turn.client for turn in turns_by_run["plain 1"]) / files},
        "peak_mb": {name: max(turn.peak_mb for turn in turns_by_run[name]) for name in turns_by_run},
    }


def _turn(
    folder: Path, single_file: Path, model: str, work: Path, cluster: Processes | None, *options: str
) -> Turn:
    """The run over the folder less one over a single file: what is left is the time of its files."""
    start, whole = (_run(paths, model, work, cluster, options) for paths in (single_file, folder))
    return Turn(
        whole.seconds - start.seconds,
        whole.client - start.client,
        whole.workers - start.workers,
        whole.scheduler - start.scheduler,
        whole.peak_mb,
    )


def _run(paths: Path, model: str, work: Path, cluster: Processes | None, options: Sequence[str]) -> Turn:
    rows = work / "rows.csv"
    before = _cpu(cluster)
    used = process.run(
        process.edgect("classify", paths, "--model", model, "--format", "csv", "-o", rows, *options),
        {"EDGECT_CACHE_DIR": str(work / "cache")},
    )
    workers, scheduler = (after - earlier for after, earlier in zip(_cpu(cluster), before, strict=True))
    return Turn(used.seconds, used.cpu_seconds, workers, scheduler, used.peak_mb)


def _cpu(cluster: Processes | None) -> tuple[float, float]:
    """CPU seconds of the workers and of the scheduler so far."""
    if cluster is None:
        return 0.0, 0.0
    return sum(_of(worker.pid) for worker in cluster.workers), _of(cluster.scheduler.pid)


def _of(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _seconds(turns: Sequence[Turn]) -> list[float]:
    return [turn.seconds for turn in turns]
