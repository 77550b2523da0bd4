"""The folder of a search: what was searched, every attempt that ended, and those under way."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skopt
from skopt.space import Real

from edgect.machine import atomic
from edgect.statistics.metrics import intervals
from train.run import read_json, write_json

# what Tables 3 and 4 span
SPACE = [
    Real(1e-4, 1e-1, prior="log-uniform", name="learning_rate"),
    Real(0.5, 0.98, name="momentum"),
    Real(1e-12, 1e-6, prior="log-uniform", name="l2"),
]
NAMES = [dimension.name for dimension in SPACE]
UNDER_WAY = "under-way.json"
INITIAL = 6  # attempts drawn before the surrogate is asked


@dataclass(frozen=True)
class Proposal:
    """An attempt to make: its number, from 1, and learning rate, momentum and L2.

    after: how many attempts were on record when the point was asked for. Where that is fewer than all
    with a lower number, the others were under way.
    """

    number: int
    point: dict[str, float]
    after: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Proposal:
        """From a line of the record. Attempts made one after the other do not say `after`."""
        number = row["attempt"]
        return cls(number, {name: row[name] for name in NAMES}, row.get("after", number - 1))

    def row(self) -> dict[str, Any]:
        alone = self.after == self.number - 1
        return {"attempt": self.number, **self.point, **({} if alone else {"after": self.after})}


@dataclass(frozen=True)
class Search:
    """What a search was set to, and one line for every attempt that ended."""

    path: Path

    @property
    def record(self) -> Path:
        return self.path / "attempts.jsonl"

    def description(self) -> dict[str, Any]:
        return read_json(self.path / "search.json")

    def attempts(self) -> list[dict[str, Any]]:
        """In the order in which they ended. A line that a crash cut short is not one."""
        if not self.record.exists():
            return []
        lines = self.record.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def append(self, attempt: dict[str, Any]) -> None:
        lines = "".join(json.dumps(row) + "\n" for row in [*self.attempts(), attempt])
        atomic.write(self.record, lines.encode())

    def under_way(self) -> list[Proposal]:
        """Asked for, and not on record."""
        if not (self.path / UNDER_WAY).exists():
            return []
        ended = {row["attempt"] for row in self.attempts()}
        proposals = map(Proposal.of, read_json(self.path / UNDER_WAY)["attempts"])
        return [proposal for proposal in proposals if proposal.number not in ended]

    def write_under_way(self, proposals: Collection[Proposal]) -> None:
        if not proposals:
            (self.path / UNDER_WAY).unlink(missing_ok=True)
            return
        write_json(self.path / UNDER_WAY, {"attempts": [proposal.row() for proposal in proposals]})

    def surrogate(self) -> skopt.Optimizer:
        """The Gaussian process fitted to all attempts at once; no model before `INITIAL` of them."""
        optimiser, attempts = self.optimiser(), self.attempts()
        optimiser.tell([point(a) for a in attempts], [-a["accuracy"] for a in attempts])
        return optimiser

    def best(self) -> dict[str, Any]:
        """The attempt with the best validation accuracy, the first of equals: "Obs. Acc."."""
        return max(self.attempts(), key=lambda attempt: attempt["accuracy"])

    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the best attempt's accuracy, by patient; None where it diverged."""
        best, description = self.best(), self.description()
        if not best.get("probabilities"):
            return None
        return intervals(description["labels"], best["probabilities"], description["patients"])["accuracy"]

    def estimated(self) -> float | None:
        """ "Est. Acc.": the surrogate's mean at that attempted point where it is highest."""
        optimiser = self.surrogate()
        if not optimiser.models:
            return None
        points = optimiser.space.transform([point(attempt) for attempt in self.attempts()])
        return float(np.max(-optimiser.models[-1].predict(points)))

    def optimiser(self, random_state: Any = None) -> skopt.Optimizer:
        """A Gaussian process with expected improvement that knows of no attempt."""
        return skopt.Optimizer(
            SPACE,
            base_estimator="GP",
            acq_func="EI",
            n_initial_points=INITIAL,
            random_state=self.description()["seed"] if random_state is None else random_state,
        )


def point(attempt: Mapping[str, Any]) -> list[float]:
    """As scikit-optimize wants it."""
    return [attempt[name] for name in NAMES]
