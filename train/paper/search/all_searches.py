"""All searches of the paper at once: a process for each, on one device."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from train.data.packed import PackedData
from train.paper.search.batches import search_in_batches
from train.paper.search.record import Search
from train.paper.side_by_side import OutOfTimeError
from train.run import RunError, TrainingSettings


@dataclass(frozen=True)
class Job:
    """One search. deadline: in seconds since the epoch, so that every process reads the same clock."""

    packed: Path
    out: Path
    experiment: str
    settings: TrainingSettings
    attempts: int
    at_once: int
    device: str
    deadline: float

    @property
    def record(self) -> Search:
        name = f"experiment-{self.experiment}-arrangement-{self.settings.arrangement}"
        return Search(self.out / name)


def make(jobs: Sequence[Job], processes: int) -> list[dict[str, Any]]:
    """What became of each: experiment, arrangement, attempts on record, and the best of them.

    Processes take turns on a GPU: each computes on its processor core what is to be computed next, while the
    GPU is at what another one asked for. Raises RunError when one of them ends, and what a search raises.
    """
    if processes == 1:
        return [_made(job) for job in jobs]
    with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_made, job) for job in jobs]
        try:
            for future in as_completed(futures):
                future.result()
        except BrokenProcessPool as error:
            raise RunError(
                "a process of the search ended: is there memory for fewer --processes only? the same command "
                "goes on from here"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return [future.result() for future in futures]


def _made(job: Job) -> dict[str, Any]:
    torch.set_num_threads(job.settings.threads)
    torch.backends.cudnn.benchmark = True  # every step has the same shapes; nothing on a CPU
    try:
        _search(job)
    except OutOfTimeError:
        pass
    except torch.OutOfMemoryError as error:
        raise RunError(
            f"{job.record.path}: {error}; the same command with fewer --processes goes on from here"
        ) from error
    on_record = job.record.attempts()
    return {
        "experiment": job.experiment,
        "arrangement": job.settings.arrangement,
        "attempts": len(on_record),
        "accuracy": job.record.best()["accuracy"] if on_record else None,
    }


def _search(job: Job) -> None:
    remaining = job.deadline - time.time()
    if remaining < 0:
        return
    search_in_batches(
        job.record,
        job.experiment,
        PackedData.read(job.packed),
        job.settings,
        job.attempts,
        job.at_once,
        job.device,
        until=time.monotonic() + remaining,
    )
