"""A teacher: the mean of finished networks, asked about the very samples that its student is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import trange

from edgect.machine import atomic
from train.data.occlusion import Grey
from train.multi_source.crops import Size
from train.multi_source.run import MultiSourceRun, Trained
from train.multi_source.samples import Samples
from train.networks import predict
from train.run import RunError

ROUND = 50  # steps between savings


@dataclass(frozen=True)
class Member:
    """One network of a teacher. name: for the record, with the beginning of its weights' SHA-256."""

    name: str
    network: Trained
    size: Size

    @classmethod
    def read(cls, text: str) -> Member:
        """RUN, with its last layer as fitted again, or RUN:STEPS for its exponential average after so many.

        Raises RunError.
        """
        folder, colon, steps = text.rpartition(":")
        run = MultiSourceRun(Path(folder if colon and steps.isdigit() else text))
        if not run.recorded():
            raise RunError(f"{run.path}: is no run of `multi-source fit`")
        network = run.member_at(int(steps), "exponential") if colon and steps.isdigit() else run.finished()
        name = f"{run.path.resolve().name}{colon}{steps}" if colon and steps.isdigit() else run.path.name
        return cls(f"{name} {identity(network)}", network, run.recipe().image_size)

    def log_odds(self, images: Grey) -> NDArray[np.float32]:
        """images: uint8 `[n, h, w]` of any size. Returns float32 `[n]`."""
        if images.shape[1:] != self.size:
            width_height = self.size[::-1]
            images = np.stack([np.asarray(cv2.resize(each, width_height), np.uint8) for each in images])
        logits = predict.logits(self.network, images)
        return (logits[:, 1] - logits[:, 0]).numpy()


def identity(network: Trained) -> str:
    """The beginning of the SHA-256 of its weights."""
    digest = hashlib.sha256()
    for key, tensor in sorted(network.state_dict().items()):
        digest.update(key.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()[:16]


class Teacher:
    """Answers to the samples of a training, kept in a file from which a stopped one goes on.

    log_odds: float32 `[steps, members, batch]`, NaN where not asked yet.
    """

    def __init__(self, log_odds: NDArray[np.float32]) -> None:
        self.log_odds = log_odds

    @classmethod
    def ask(cls, members: Sequence[Member], samples: Samples, steps: int, file: Path) -> Teacher:
        """Raises RunError where the file holds answers of others."""
        names = [member.name for member in members]
        shape = (steps, len(members), samples.recipe.batch_size)
        teacher = cls(np.full(shape, np.nan, np.float32))
        if file.exists():
            with np.load(file) as content:
                if content["log_odds"].shape != shape or list(content["names"]) != names:
                    raise RunError(f"{file}: holds answers of another teacher; delete it to ask anew")
                teacher.log_odds = content["log_odds"]
        asked = int((~np.isnan(teacher.log_odds[:, 0, 0])).sum())
        for step in trange(asked, steps, initial=asked, total=steps, desc="asking the teacher", disable=None):
            images = samples.batch(step).images
            teacher.log_odds[step] = [member.log_odds(images) for member in members]
            if (step + 1) % ROUND == 0 or step + 1 == steps:
                with atomic.replacing(file, durable=False) as output:
                    np.savez(output, log_odds=teacher.log_odds, names=names)
        return teacher

    def probabilities(self, step: int) -> torch.Tensor:
        """Of the members' mean log-odds, float32 `[batch]`, 0 to 1."""
        return torch.from_numpy(self.log_odds[step].mean(0)).sigmoid()
