"""What a worker of Dask does for a search: one attempt at a time, on data that it reads itself."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from distributed import get_worker
from tqdm import tqdm

import edgect
from edgect.errors import EdgectError
from train.data.arrangements import Arrangement, arrangement
from train.data.covid_ct import DataError
from train.data.images import Slices
from train.networks.pretrained import Weights
from train.paper.search.attempt import Attempts
from train.paper.search.record import Proposal
from train.run import Run, TrainingSettings, versions

DECIDING = ("edgect", "torch", "numpy", "opencv")  # whose versions change what an attempt is worth
REPORT_INTERVAL = 1.0  # seconds
_ONE_AT_A_TIME = Lock()  # torch has one number of threads and one random state for all of a process


class RefusedError(EdgectError):
    """This worker would make another attempt of it than the machine that asks."""


class ForgottenError(EdgectError):
    """Nobody waits for this attempt any more."""


@dataclass(frozen=True)
class Job:
    """What is sent with every attempt. data: a path, the same on every machine. digest: of the slices."""

    settings: TrainingSettings
    data: str
    weights: Weights | None
    device: str
    digest: str
    versions: dict[str, str]
    topic: str

    @classmethod
    def of(cls, attempts: Attempts, data: Path, topic: str) -> Job:
        digest = _digest(attempts.split, attempts.slices)
        path = str(data.resolve())
        return cls(
            attempts.settings, path, attempts.weights, attempts.device, digest, deciding_versions(), topic
        )

    def attempts(self) -> Attempts:
        """Raises RefusedError where this worker is not like the machine that asks."""
        own, asking = deciding_versions(), self.versions
        if differing := [
            f"{k} is {v} where here it is {asking[k]}" for k, v in own.items() if v != asking[k]
        ]:
            raise RefusedError("; ".join(differing))
        if self.device == "cuda" and not torch.cuda.is_available():
            raise RefusedError("it has no CUDA device")
        split, slices, digest = _data(self.data, self.settings.arrangement, self.settings.image_size)
        if digest != self.digest:
            raise RefusedError(f"its slices in {self.data} are not those here")
        return Attempts(self.settings, split, slices, self.weights, self.device)


def deciding_versions() -> dict[str, str]:
    every_version = {"edgect": edgect.__version__, **versions()}
    return {name: every_version[name] for name in DECIDING}


def attempt(job: Job, proposal: Proposal) -> dict[str, Any]:
    """Raises RefusedError, ForgottenError, and what a training raises."""
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory(dir=get_worker().local_directory) as folder:
        progress = _ReportedProgress(job.topic, proposal.number)
        return job.attempts().make(proposal, Run(Path(folder) / "run"), progress, title=" ")


class _ReportedProgress(tqdm):  # type: ignore[type-arg] # the class itself takes no parameter
    """Goes to the machine that asks. An attempt that nobody waits for ends here: Dask cannot end a thread."""

    def __init__(self, topic: str, number: int) -> None:
        super().__init__(disable=True)
        self._topic, self._number, self._key = topic, number, get_worker().get_current_task()
        self._slices, self._reported = 0, time.monotonic()

    def update(self, n: float | None = 1) -> None:
        worker = get_worker()
        task = worker.state.tasks.get(self._key)
        if task is None or task.state != "executing":
            raise ForgottenError(f"attempt {self._number}")
        self._slices += int(n or 0)
        if time.monotonic() > self._reported + REPORT_INTERVAL:
            worker.log_event(self._topic, {"attempt": self._number, "slices": self._slices})
            self._reported = time.monotonic()


@lru_cache(maxsize=1)
def _data(data: str, number: int, image_size: int) -> tuple[Arrangement, Slices, str]:
    try:
        split = arrangement(number, Path(data))
        slices = Slices.read(split, Path(data), image_size)
    except DataError as error:
        raise RefusedError(str(error)) from error
    return split, slices, _digest(split, slices)


def _digest(split: Arrangement, slices: Slices) -> str:
    digest = hashlib.sha256(json.dumps(split.to_json()).encode())
    digest.update(slices.images.tobytes())
    digest.update(slices.val_images.tobytes())
    return digest.hexdigest()
