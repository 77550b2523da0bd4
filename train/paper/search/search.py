"""A search from its first attempt to its last."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from train.data.arrangements import Arrangement, arrangement
from train.data.images import Slices
from train.networks.pretrained import Weights
from train.paper.experiments import EXPERIMENTS
from train.paper.search.attempt import Attempts
from train.paper.search.proposals import Proposals
from train.paper.search.record import INITIAL, NAMES, SPACE, Search
from train.run import Run, RunError, TrainingSettings, versions, write_json


def search(
    record: Search,
    experiment: str,
    data: Path,
    settings: TrainingSettings,
    attempts: int,
    weights: Weights | None = None,
    device: str = "cpu",
    client: Any = None,
) -> dict[str, Any]:
    """Make attempts until `attempts` are on record; returns the best.

    settings: of every attempt, but for the three that are searched. An attempt is worth the
    validation accuracy after its last epoch. Killed and started again with the same arguments,
    it goes on within the attempt that was under way; more attempts may be asked for than at first.
    client: of Dask, whose workers make the attempts, each one at a time; None makes them here.
    Raises RunError when the folder holds a search by other settings.
    """
    split = arrangement(settings.arrangement, data)
    begin(record, experiment, settings, split)
    common = Attempts(settings, split, Slices.read(split, data, settings.image_size), weights, device)
    proposals = Proposals(record, attempts)
    length, ended = common.length, proposals.ended
    with tqdm(total=attempts * length, initial=ended * length, unit="slice", disable=None) as progress:
        if client is None:
            _one_by_one(record, proposals, common, progress)
        else:
            from train.paper.search.worker_pool import WorkerPool

            WorkerPool(client, common, data, proposals, progress).work()
    return record.best()


def _one_by_one(record: Search, proposals: Proposals, attempts: Attempts, progress: tqdm[Any]) -> None:
    while (proposal := proposals.next()) is not None:
        if proposals.ended:
            progress.set_postfix(best=f"{proposals.best:.3f}")
        before, run = progress.n, Run(record.path / f"attempt-{proposal.number}")
        outcome = attempts.make(proposal, run, progress, f"attempt {proposal.number}/{proposals.wanted}, ")
        proposals.end(proposal, outcome)
        shutil.rmtree(run.path)
        progress.update(before + attempts.length - progress.n)  # some diverge before their time


def begin(
    record: Search, experiment: str, settings: TrainingSettings, split: Arrangement, **further: Any
) -> None:
    """Write what is searched, or hold it against what is there; further: what else is described.

    Raises RunError when the folder holds a search by other settings.
    """
    fixed = {name: value for name, value in asdict(settings).items() if name not in NAMES}
    description = {
        "experiment": experiment,
        "title": EXPERIMENTS[experiment].title,
        "seed": settings.seed,
        "initial": INITIAL,
        "space": {d.name: [d.low, d.high, d.prior] for d in SPACE},
        **fixed,
        **further,
        "labels": [item.label for item in split.val],
        "patients": [item.patient for item in split.val],
    }
    if not (record.path / "search.json").exists():
        record.path.mkdir(parents=True, exist_ok=True)
        write_json(record.path / "search.json", {**description, "versions": versions()})
        return
    began = record.description()
    differing = [f"{k} {began.get(k)}, not {v}" for k, v in description.items() if began.get(k) != v]
    if differing:
        raise RunError(f"{record.path}: was begun with {'; '.join(differing)}")
    for finished in record.attempts():  # killed after its line was written
        shutil.rmtree(record.path / f"attempt-{finished['attempt']}", ignore_errors=True)
