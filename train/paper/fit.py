"""Training: SGD with momentum and L2 by the paper's schedule, resumable after any epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from edgect.statistics.metrics import evaluate
from train.data.arrangements import Arrangement, arrangement
from train.data.augmentation import FACTOR, quadruple
from train.data.images import Slices
from train.networks import predict
from train.networks.pretrained import Weights
from train.paper.training_state import TrainingState
from train.run import DivergedError, Run, RunError, TrainingSettings

Images = NDArray[np.uint8]


def fit(
    settings: TrainingSettings,
    data: Path,
    run: Run,
    weights: Weights | None = None,
    resume: bool = False,
    device: str = "cpu",
) -> dict[str, float]:
    """Train on the training part, select an epoch on the validation part, fill the run folder.

    The epoch with the highest validation accuracy is kept, the lower validation loss deciding
    between equals. The trunk starts from `weights` where given. The test part is not read. With
    `resume`, a run that was stopped goes on after its last whole epoch and ends with the same
    weights as one that was not.

    Returns the selected epoch's row. Raises RunError when the folder holds another run, DataError
    when the data are not as listed, DivergedError when the learning rate is too high to learn.
    """
    if run.checkpoint.exists() and not resume:
        raise RunError(f"{run.path}: holds a run already; --resume continues it")
    split = arrangement(settings.arrangement, data)
    slices = Slices.read(split, data, settings.image_size)
    progress = tqdm(total=slices_to_train(settings, slices), unit="slice", disable=None)
    with progress:
        state = train(settings, split, slices, run, weights, device, progress)
    run.finish(state.best, state.selected())
    return state.selected()


def train(
    settings: TrainingSettings,
    split: Arrangement,
    slices: Slices,
    run: Run,
    weights: Weights | None,
    device: str,
    progress: tqdm[Any],
    title: str = "",
) -> TrainingState:
    """The epochs of `fit`, from the run's checkpoint if there is one, on slices already read."""
    torch.set_num_threads(settings.threads)
    mean, std = slices.grey_levels()
    state = TrainingState.begin(settings, slices.images, mean, std, weights, device)
    if run.checkpoint.exists():
        state.restore(run, settings)
    else:
        run.begin(settings, split, mean, std)
    progress.update(slices_to_train(settings, slices) // settings.all_epochs * len(state.history))
    for epoch in range(len(state.history), settings.all_epochs):
        progress.set_description(f"{title}epoch {epoch + 1}/{settings.all_epochs}")
        loss = _train_epoch(state, settings, epoch, slices, device, progress)
        validated = _validate(state, slices, device)
        rate = settings.learning_rate_at(epoch)
        state.end_epoch({"epoch": epoch + 1, "learning_rate": rate, "train_loss": loss, **validated})
        state.save(run, settings)
        if not title:
            progress.set_postfix(loss=f"{loss:.3f}", val=f"{validated['val_accuracy']:.3f}")
    return state


def slices_to_train(settings: TrainingSettings, slices: Slices) -> int:
    """How many slices all epochs take: the unit of progress."""
    return settings.all_epochs * len(slices.images) * (FACTOR if settings.augmentation == "paper" else 1)


def _train_epoch(
    state: TrainingState,
    settings: TrainingSettings,
    epoch: int,
    slices: Slices,
    device: str,
    progress: tqdm[Any],
) -> float:
    for group in state.optimiser.param_groups:
        group["lr"] = settings.learning_rate_at(epoch)
    images, labels = slices.images, slices.labels
    if settings.augmentation == "paper":
        images = quadruple(images, settings.seed, epoch if settings.redraw else 0)
        labels = labels.repeat(FACTOR)
    seed_dropout(settings, epoch)
    state.network.train()
    cast = torch.autocast(device, torch.bfloat16) if settings.precision == "bf16" else nullcontext()
    total = 0.0
    for batch in batches(len(images), settings, epoch):
        inputs = torch.from_numpy(images[batch]).unsqueeze(1).to(device)
        with cast:
            logits = state.network(inputs)[0].float()
        loss = nn.functional.cross_entropy(logits, labels[batch].to(device))
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        state.optimiser.step()
        if state.averaged is not None:
            state.averaged.update_parameters(state.network)
        total += loss.item() * len(batch)
        if not math.isfinite(total):
            raise DivergedError(
                f"the loss is {total} in epoch {epoch + 1}; a learning rate lower than "
                f"{settings.learning_rate} or less momentum than {settings.momentum} is needed"
            )
        progress.update(len(batch))
    return total / len(images)


def seed_dropout(settings: TrainingSettings, epoch: int) -> None:
    """So that a resumed run draws the same."""
    torch.manual_seed(settings.seed * 100_003 + epoch)


def batches(count: int, settings: TrainingSettings, epoch: int) -> Iterator[NDArray[np.intp]]:
    """Order depends on seed and epoch alone, so that a resumed run sees the same batches."""
    order = np.random.default_rng([settings.seed, epoch]).permutation(count)
    yield from (order[start : start + settings.batch_size] for start in range(0, count, settings.batch_size))


def _validate(state: TrainingState, slices: Slices, device: str) -> dict[str, float]:
    return figures(predict.logits(state.validated_network, slices.val_images, device), slices.val_labels)


def figures(logits: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """What an epoch's row says of validation. logits: float32 `[n, 2]`; labels: int64 `[n]`."""
    metrics = evaluate(labels.numpy(), predict.probabilities(logits))
    names = ("accuracy", "sensitivity", "specificity", "auc")
    loss = float(nn.functional.cross_entropy(logits, labels))
    return {"val_loss": loss, **{f"val_{name}": metrics[name] for name in names}}
