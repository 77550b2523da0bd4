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
from train.run import Run, RunError, Settings, versions, write_json


def search(
    found: Search,
    experiment: str,
    data: Path,
    settings: Settings,
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
    _begin(found, experiment, settings, split)
    all_of_them = Attempts(settings, split, Slices.read(split, data, settings.image_size), weights, device)
    proposals = Proposals(found, attempts)
    length, ended = all_of_them.length, proposals.ended
    with tqdm(total=attempts * length, initial=ended * length, unit="slice", disable=None) as progress:
        if client is None:
            _one_by_one(found, proposals, all_of_them, progress)
        else:
            from train.paper.search.worker_pool import Crew

            Crew(client, all_of_them, data, proposals, progress).work()
    return found.best()


def _one_by_one(found: Search, proposals: Proposals, attempts: Attempts, progress: tqdm[Any]) -> None:
    while (asked := proposals.next()) is not None:
        if proposals.ended:
            progress.set_postfix(best=f"{proposals.best:.3f}")
        before, run = progress.n, Run(found.path / f"attempt-{asked.number}")
        outcome = attempts.make(asked, run, progress, f"attempt {asked.number}/{proposals.wanted}, ")
        proposals.end(asked, outcome)
        shutil.rmtree(run.path)
        progress.update(before + attempts.length - progress.n)  # some diverge before their time


def _begin(found: Search, experiment: str, settings: Settings, split: Arrangement) -> None:
    fixed = {name: value for name, value in asdict(settings).items() if name not in NAMES}
    description = {
        "experiment": experiment,
        "title": EXPERIMENTS[experiment].title,
        "seed": settings.seed,
        "initial": INITIAL,
        "space": {d.name: [d.low, d.high, d.prior] for d in SPACE},
        **fixed,
        "labels": [item.label for item in split.val],
        "patients": [item.patient for item in split.val],
    }
    if not (found.path / "search.json").exists():
        found.path.mkdir(parents=True, exist_ok=True)
        write_json(found.path / "search.json", {**description, "versions": versions()})
        return
    began = found.description()
    differing = [f"{k} {began.get(k)}, not {v}" for k, v in description.items() if began.get(k) != v]
    if differing:
        raise RunError(f"{found.path}: was begun with {'; '.join(differing)}")
    for finished in found.attempts():  # killed after its line was written
        shutil.rmtree(found.path / f"attempt-{finished['attempt']}", ignore_errors=True)
