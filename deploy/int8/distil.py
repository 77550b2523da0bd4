"""Biases with which INT8 answers as FP32 does: trained, without labels, to give the same log-odds.

Rounded activations, and ELU that is only saturation, move what follows by a little, mostly the same way
for all slices. Biases can take that back. The network in float is the only teacher (Hinton et al.
2015, Distilling the knowledge in a neural network), on slices of the training part. Weights stay as
they were rounded: training them too was slower and, on validation, no closer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from deploy.int8.form import SHUFFLE, Conv, Head, last_maps
from deploy.int8.scheme import Scheme
from deploy.int8.simulated import Float, Simulated, tensor_of
from edgect.machine import atomic
from train.multi_source.distortions import degrade, random_affine, random_window

Images = NDArray[np.uint8]
BATCH = 16
FLAT = 0.02  # weight of differences by place; those of the whole answer have 1
SHARE = 0.5  # of the slices that get another window, and that lose quality
SAVE_EVERY = 25  # steps


@dataclass(frozen=True)
class DistillationSettings:
    """rate: the largest of a rate that rises for a tenth of the steps and falls to 0 by a cosine."""

    steps: int = 200
    rate: float = 3e-4
    seed: int = 0


def distil(
    convs: Mapping[str, Conv],
    start: Mapping[str, Conv],
    scheme: Scheme,
    head: Head,
    images: Images,
    settings: DistillationSettings,
    state: Path,
) -> dict[str, Conv]:
    """`start` with biases trained to answer like `convs`, in both engines' arithmetic in turn.

    images: of the training part, uint8 `[n, H, W]`. state: a file that is written every few steps; where
    it is found, and of the same settings, weights and images, training goes on from it to the same end.
    """
    trained = {name: replace(c, bias=nn.Parameter(c.bias.clone())) for name, c in start.items()}
    optimizer = torch.optim.Adam([conv.bias for conv in trained.values()], settings.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.rate, settings.steps, pct_start=0.1, cycle_momentum=False
    )
    training_state: list[Any] = [_Biases(trained), optimizer, schedule]
    settings_and_inputs = {
        **asdict(settings),
        "of": _fingerprint([*convs.values(), *start.values()], head, images),
    }
    steps_done = _resume(state, settings_and_inputs, training_state)
    teacher, students = Float(convs), [Simulated(trained, scheme, keeps) for keeps in (False, True)]
    weight = torch.from_numpy(head.weight[1] - head.weight[0])[:, None, None]
    progress = tqdm(
        range(steps_done, settings.steps), desc="distilling", initial=steps_done, total=settings.steps
    )
    for step in progress:
        batch = tensor_of(_draw_batch(images, np.random.default_rng([settings.seed, step])))
        with torch.no_grad():
            teacher_maps = last_maps(teacher, batch)
        student = students[step % 2]
        student_maps = last_maps(student, student.image(batch)).values
        difference = ((student_maps - teacher_maps) * weight).sum(1, keepdim=True)
        mean_difference, places = difference.mean((1, 2, 3)), functional.avg_pool2d(difference, SHUFFLE)
        loss = mean_difference.square().mean() + FLAT * places.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        progress.set_postfix(
            log_odds=f"{mean_difference.detach().square().mean().sqrt().item():.3f}", refresh=False
        )
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == settings.steps:
            _save(state, settings_and_inputs, step + 1, training_state)
    return {name: replace(conv, bias=conv.bias.detach()) for name, conv in trained.items()}


def _draw_batch(images: Images, rng: np.random.Generator) -> Images:
    """A batch of slices, moved, relit and degraded at random.

    The student can be asked about any slice that the teacher can: the more they differ, the less is
    learnt of how these slices happen to be rounded, and the more of the network.
    """
    batch = images[rng.choice(len(images), min(BATCH, len(images)), replace=False)]
    return np.stack([_augment(image, rng) for image in batch])


def _augment(image: Images, rng: np.random.Generator) -> Images:
    image, _, _ = random_affine(image, np.zeros(image.shape, bool), np.zeros_like(image), rng)
    image = random_window(image, rng) if rng.random() < SHARE else image
    return degrade(image, rng) if rng.random() < SHARE else image


class _Biases:
    def __init__(self, convs: Mapping[str, Conv]) -> None:
        self._convs = convs

    def state_dict(self) -> dict[str, Tensor]:
        return {name: conv.bias.detach() for name, conv in self._convs.items()}

    def load_state_dict(self, saved: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, bias in saved.items():
                self._convs[name].bias.copy_(bias)


def _fingerprint(convs: Sequence[Conv], head: Head, images: Images) -> str:
    digest = hashlib.sha256(images.tobytes() + head.weight.tobytes())
    for conv in convs:
        digest.update(conv.weight.numpy().tobytes() + conv.bias.numpy().tobytes())
    return digest.hexdigest()


def _save(path: Path, settings_and_inputs: Mapping[str, Any], step: int, training_state: list[Any]) -> None:
    states = [part.state_dict() for part in training_state]
    with atomic.replacing(path, part=path.with_suffix(".partial")) as file:
        torch.save({"of": settings_and_inputs, "step": step, "states": states}, file)


def _resume(path: Path, settings_and_inputs: Mapping[str, Any], training_state: list[Any]) -> int:
    """Steps that are done already."""
    if not path.exists():
        return 0
    saved = torch.load(path, weights_only=True)
    if saved["of"] != settings_and_inputs:
        return 0
    for part, state in zip(training_state, saved["states"], strict=True):
        part.load_state_dict(state)
    return int(saved["step"])
