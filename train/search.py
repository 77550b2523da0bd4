"""Bayesian search of learning rate, momentum and L2 (paper, section 2.4), resumable."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import skopt
from skopt.space import Real
from tqdm import tqdm

from edgect.metrics import intervals
from train import predict
from train.arrangements import Arrangement, arrangement
from train.experiments import EXPERIMENTS
from train.fit import DivergedError, slices_to_train, train
from train.images import Slices
from train.pretrained import Weights
from train.run import Run, RunError, Settings, read_json, versions, write_json
from train.state import State

# what Tables 3 and 4 span
SPACE = [
    Real(1e-4, 1e-1, prior="log-uniform", name="learning_rate"),
    Real(0.5, 0.98, name="momentum"),
    Real(1e-12, 1e-6, prior="log-uniform", name="l2"),
]
NAMES = [dimension.name for dimension in SPACE]
INITIAL = 6  # attempts drawn before the surrogate is asked
CHANCE = 0.5  # what an attempt that diverged is worth


@dataclass(frozen=True)
class Search:
    """The folder of one search: what it was set to, and one line for every attempt that ended."""

    path: Path

    @property
    def record(self) -> Path:
        return self.path / "attempts.jsonl"

    def description(self) -> dict[str, Any]:
        return read_json(self.path / "search.json")

    def attempts(self) -> list[dict[str, Any]]:
        """In the order in which they were made. A line that a crash cut short is not one."""
        if not self.record.exists():
            return []
        lines = self.record.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def append(self, attempt: dict[str, Any]) -> None:
        whole = "".join(json.dumps(row) + "\n" for row in [*self.attempts(), attempt])
        part = self.record.with_suffix(".part")
        with part.open("w") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.record)

    def optimiser(self) -> skopt.Optimizer:
        """Ready to ask for the next point: a Gaussian process with expected improvement.

        Attempts are replayed one by one, so that a resumed search asks for the points that one
        never stopped would have asked for.
        """
        optimiser = self._empty()
        for attempt in self.attempts():
            optimiser.ask()
            optimiser.tell(_point(attempt), -attempt["accuracy"])
        return optimiser

    def surrogate(self) -> skopt.Optimizer:
        """The Gaussian process fitted to all attempts at once; no model before `INITIAL` of them."""
        optimiser, attempts = self._empty(), self.attempts()
        optimiser.tell([_point(a) for a in attempts], [-a["accuracy"] for a in attempts])
        return optimiser

    def best(self) -> dict[str, Any]:
        """The attempt with the best validation accuracy, the first of equals: "Obs. Acc."."""
        return max(self.attempts(), key=lambda attempt: attempt["accuracy"])

    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the best attempt's accuracy, by patient; None where it diverged."""
        best, made = self.best(), self.description()
        if not best.get("probabilities"):
            return None
        return intervals(made["labels"], best["probabilities"], made["patients"])["accuracy"]

    def estimated(self) -> float | None:
        """ "Est. Acc.": the surrogate's mean at that attempted point where it is highest."""
        optimiser = self.surrogate()
        if not optimiser.models:
            return None
        points = optimiser.space.transform([_point(attempt) for attempt in self.attempts()])
        return float(np.max(-optimiser.models[-1].predict(points)))

    def _empty(self) -> skopt.Optimizer:
        return skopt.Optimizer(
            SPACE,
            base_estimator="GP",
            acq_func="EI",
            n_initial_points=INITIAL,
            random_state=self.description()["seed"],
        )


def search(
    search: Search,
    experiment: str,
    data: Path,
    settings: Settings,
    attempts: int,
    weights: Weights | None = None,
    device: str = "cpu",
) -> dict[str, Any]:
    """Make attempts until `attempts` are on record; returns the best.

    settings: of every attempt, but for the three that are searched. An attempt is worth the
    validation accuracy after its last epoch. Killed and started again with the same arguments,
    it goes on within the attempt that was under way; more attempts may be asked for than at first.
    Raises RunError when the folder holds a search by other settings.
    """
    split = arrangement(settings.arrangement, data)
    _begin(search, experiment, settings, split)
    slices = Slices.read(split, data, settings.image_size)
    done, optimiser = len(search.attempts()), search.optimiser()
    length = slices_to_train(settings, slices)
    with tqdm(total=attempts * length, initial=done * length, unit="slice", disable=None) as progress:
        for number in range(done + 1, attempts + 1):
            if number > 1:
                progress.set_postfix(best=f"{search.best()['accuracy']:.3f}")
            began, title = time.monotonic(), f"attempt {number}/{attempts}, "
            point = dict(zip(NAMES, map(float, optimiser.ask()), strict=True))
            run = Run(search.path / f"attempt-{number}")
            outcome = _outcome(
                lambda run=run, point=point, title=title: train(
                    replace(settings, **point), split, slices, run, weights, device, progress, title
                ),
                slices,
                device,
            )
            seconds = round(time.monotonic() - began, 1)
            search.append({"attempt": number, **point, **outcome, "seconds": seconds})
            optimiser.tell(list(point.values()), -outcome["accuracy"])
            shutil.rmtree(run.path)
            progress.update(number * length - progress.n)  # some diverge before their time
    return search.best()


def _outcome(attempt: Callable[[], State], slices: Slices, device: str) -> dict[str, Any]:
    """What goes on record; `probabilities` are those of the validation slices, for intervals."""
    try:
        state = attempt()
    except DivergedError:
        return {"accuracy": CHANCE, "auc": None, "diverged": True, "curve": [], "probabilities": []}
    last, logits = state.history[-1], predict.logits(state.judged, slices.val_images, device)
    return {
        "accuracy": last["val_accuracy"],
        "auc": last["val_auc"],
        "diverged": False,
        "curve": [round(row["val_accuracy"], 4) for row in state.history],
        "probabilities": [round(float(p), 5) for p in predict.probabilities(logits)],
    }


def _point(attempt: dict[str, Any]) -> list[float]:
    return [attempt[name] for name in NAMES]


def _begin(search: Search, experiment: str, settings: Settings, split: Arrangement) -> None:
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
    if not (search.path / "search.json").exists():
        search.path.mkdir(parents=True, exist_ok=True)
        write_json(search.path / "search.json", {**description, "versions": versions()})
        return
    began = search.description()
    differing = [f"{k} {began.get(k)}, not {v}" for k, v in description.items() if began.get(k) != v]
    if differing:
        raise RunError(f"{search.path}: was begun with {'; '.join(differing)}")
    for finished in search.attempts():  # killed after its line was written
        shutil.rmtree(search.path / f"attempt-{finished['attempt']}", ignore_errors=True)
