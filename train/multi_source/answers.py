"""What a teacher says of the very samples that a student's training draws."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import trange

from edgect.machine import atomic
from train.multi_source.samples import Samples
from train.networks import predict
from train.run import RunError


@dataclass(frozen=True)
class Answers:
    """log_odds: float32 `[steps, members, batch]`, of every member for every sample. sha256: of the file."""

    log_odds: NDArray[np.float32]
    sha256: str = ""

    @classmethod
    def read(cls, path: Path) -> Answers:
        """Raises RunError where it is no file of answers."""
        try:
            with np.load(path) as content:
                return cls(content["log_odds"], hashlib.sha256(path.read_bytes()).hexdigest())
        except (OSError, ValueError, KeyError) as error:
            raise RunError(f"{path}: holds no answers of a teacher ({error})") from error

    def write(self, path: Path) -> None:
        with atomic.replacing(path, durable=False) as output:
            np.savez(output, log_odds=self.log_odds)

    def probabilities(self, step: int) -> torch.Tensor:
        """Of the members' mean log-odds, float32 `[batch]`."""
        return torch.from_numpy(self.log_odds[step].mean(0)).sigmoid()


def ask(members: Sequence[predict.Answering], samples: Samples, steps: int) -> Answers:
    """Every member's log-odds for the samples of a training of so many steps."""
    answers = []
    for step in trange(steps, desc="asking the teacher", unit="step", leave=False, disable=None):
        images = samples.batch(step).images
        own = [predict.logits(member, images) for member in members]
        answers.append(torch.stack([logits[:, 1] - logits[:, 0] for logits in own]).numpy())
    return Answers(np.stack(answers).astype(np.float32))
