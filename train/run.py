"""A run: the folder that says how a network was made, and holds it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch

from edgect.errors import EdgectError
from edgect.machine import atomic
from train.data.arrangements import Arrangement
from train.networks.architectures import ARCHITECTURES, Architecture, Network
from train.networks.light_cnn import check_image_size


class RunError(EdgectError):
    """A run folder is missing, incomplete, or not the one that was asked for."""

    exit_code = 2


class DivergedError(RunError):
    """The training loss is no longer a number."""


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training, apart from the data.

    pretrained: where the trunk's ImageNet weights came from, `None` for He's initialisation;
    pretrained_sha256: of that file. redraw: new augmentation in every epoch, instead of one
    enlarged data set as in the paper. average_decay: of an exponential moving average of the weights,
    step by step, which is then what is validated and kept; 0, as in the paper, keeps the weights
    themselves. precision: `bf16` computes convolutions in bfloat16.
    """

    arrangement: int = 1
    architecture: Architecture = "proposed"
    seed: int = 0
    learning_rate: float = 0.007132  # Table 3, experiment 4, and the two below
    momentum: float = 0.87589
    l2: float = 0.9532e-06
    batch_size: int = 32
    epochs: int = 20
    more_epochs: int = 20
    drop: float = 0.8
    drop_every: int = 5
    augmentation: Literal["paper", "none"] = "paper"
    redraw: bool = False
    average_decay: float = 0.0
    image_size: int = 227
    pretrained: str | None = None
    pretrained_sha256: str | None = None
    precision: Literal["fp32", "bf16"] = "fp32"
    threads: int = field(default_factory=torch.get_num_threads)

    def __post_init__(self) -> None:
        if self.architecture == "proposed":
            check_image_size(self.image_size)

    @property
    def all_epochs(self) -> int:
        return self.epochs + self.more_epochs

    def learning_rate_at(self, epoch: int) -> float:
        """Constant for `epochs`, then times `drop` every `drop_every` (paper, section 3.2)."""
        return self.learning_rate * self.drop ** (max(0, epoch - self.epochs) // self.drop_every)


@dataclass(frozen=True)
class Run:
    """Paths and records of one run folder."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        return self.path / "weights.pt"

    def record(self) -> dict[str, Any]:
        return read_json(self.path / "run.json")

    def settings(self) -> TrainingSettings:
        return TrainingSettings(**self.record()["settings"])

    def split_file(self) -> Path:
        """The lists of slices: split.json, or that of another run, which split.json names with its SHA-256.

        Raises RunError where the other file is missing, or is not the one that was named.
        """
        split = self.path / "split.json"
        content = read_json(split)
        if "same_as" not in content:
            return split
        other = Path(os.path.normpath(self.path / content["same_as"]))
        if not other.is_file():
            raise RunError(f"{split}: names {other}, which is missing; restore it from the repository")
        if (digest := file_sha256(other)) != content["sha256"]:
            raise RunError(
                f"{other}: has SHA-256 {digest}, but {split} names {content['sha256']}; restore it from the "
                "repository"
            )
        return other

    def arrangement(self) -> Arrangement:
        """Raises RunError as `split_file` does."""
        return Arrangement.from_json(read_json(self.split_file()))

    def network(self) -> Network:
        """The selected network, in evaluation mode, on the CPU."""
        record = self.record()
        if not self.weights.is_file():
            raise RunError(f"{self.weights}: missing; let the training finish (fit --resume)")
        network = ARCHITECTURES[self.settings().architecture](record["mean"], record["std"])
        network.load_state_dict(torch.load(self.weights, map_location="cpu", weights_only=True))
        return network.eval()

    def begin(self, settings: TrainingSettings, arrangement: Arrangement, mean: float, std: float) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "split.json", arrangement.to_json())
        record = {"settings": asdict(settings), "mean": mean, "std": std, "versions": versions()}
        write_json(self.path / "run.json", record)

    def finish(self, weights: Mapping[str, torch.Tensor], selected: Mapping[str, Any]) -> None:
        torch.save(dict(weights), self.weights)
        write_json(self.path / "run.json", {**self.record(), "selected": dict(selected)})

    def write_epochs(self, history: Sequence[Mapping[str, float]]) -> None:
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: round(v, 6) for k, v in row.items()} for row in history)
        atomic.write(self.path / "epochs.csv", table.getvalue().encode())

    def write_reading(self, of: Literal["test", "validation"], reading: Mapping[str, Any]) -> None:
        """Append to the list of every time a part was looked at with the finished network."""
        line = json.dumps({"date": datetime.now(UTC).isoformat(timespec="seconds"), **reading})
        with (self.path / f"{of}_readings.jsonl").open("a") as file:
            file.write(line + "\n")

    def evidence(self) -> dict[str, Any] | None:
        """What `train evidence` found, where it was run."""
        path = self.path / "evidence.json"
        return read_json(path) if path.exists() else None

    def readings(self, of: Literal["test", "validation"]) -> list[dict[str, Any]]:
        path = self.path / f"{of}_readings.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def read_json(path: Path) -> dict[str, Any]:
    """Raises RunError naming the file."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: {error}; is {path.parent} a run folder?") from error
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file whole or not at all."""
    atomic.write(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "machine": platform.machine(),
    }
