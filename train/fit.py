"""Training: SGD with momentum and L2 by the paper's schedule, resumable after any epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from edgect.metrics import evaluate
from train import predict
from train.arrangements import arrangement
from train.augmentation import FACTOR, quadruple
from train.covid_ct import Item
from train.images import load
from train.network import LightCNN
from train.pretrained import Weights
from train.run import Run, RunError, Settings
from train.state import State

Images = NDArray[np.uint8]


def fit(
    settings: Settings,
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
    when the data are not as listed.
    """
    if run.checkpoint.exists() and not resume:
        raise RunError(f"{run.path}: holds a run already; --resume continues it")
    torch.set_num_threads(settings.threads)
    split = arrangement(settings.arrangement, data)
    images = load(split.train, data, settings.image_size)
    val_images = load(split.val, data, settings.image_size)
    labels, val_labels = _labels(split.train), _labels(split.val)
    mean, std = float(images.mean() / 255), float(images.std() / 255)
    state = State.begin(settings, images, mean, std, weights, device)
    if run.checkpoint.exists():
        state.restore(run, settings)
    else:
        run.begin(settings, split, mean, std)
    with _progress(settings, len(images), len(state.history)) as progress:
        for epoch in range(len(state.history), settings.all_epochs):
            progress.set_description(f"epoch {epoch + 1}/{settings.all_epochs}")
            loss = _train_epoch(state, settings, epoch, images, labels, device, progress)
            found = _validate(state.judged, val_images, val_labels, device)
            rate = settings.learning_rate_at(epoch)
            state.end_epoch({"epoch": epoch + 1, "learning_rate": rate, "train_loss": loss, **found})
            state.save(run, settings)
            progress.set_postfix(loss=f"{loss:.3f}", val=f"{found['val_accuracy']:.3f}")
    run.finish(state.best, state.selected())
    return state.selected()


def _train_epoch(
    state: State,
    settings: Settings,
    epoch: int,
    images: Images,
    labels: torch.Tensor,
    device: str,
    progress: tqdm[Any],
) -> float:
    for group in state.optimiser.param_groups:
        group["lr"] = settings.learning_rate_at(epoch)
    if settings.augmentation == "paper":
        images = quadruple(images, settings.seed, epoch if settings.redraw else 0)
        labels = labels.repeat(FACTOR)
    state.network.train()
    cast = torch.autocast(device, torch.bfloat16) if settings.precision == "bf16" else nullcontext()
    total = 0.0
    for batch in _batches(len(images), settings, epoch):
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
        progress.update(len(batch))
    return total / len(images)


def _batches(count: int, settings: Settings, epoch: int) -> Iterator[NDArray[np.intp]]:
    """Order depends on seed and epoch alone, so that a resumed run sees the same batches."""
    order = np.random.default_rng([settings.seed, epoch]).permutation(count)
    yield from (order[start : start + settings.batch_size] for start in range(0, count, settings.batch_size))


def _validate(network: LightCNN, images: Images, labels: torch.Tensor, device: str) -> dict[str, float]:
    logits = predict.logits(network, images, device)
    found = evaluate(labels.numpy(), predict.probabilities(logits))
    kept = ("accuracy", "sensitivity", "specificity", "auc")
    loss = float(nn.functional.cross_entropy(logits, labels))
    return {"val_loss": loss, **{f"val_{name}": found[name] for name in kept}}


def _labels(items: list[Item]) -> torch.Tensor:
    return torch.tensor([item.label for item in items])


def _progress(settings: Settings, slices: int, done: int) -> tqdm[Any]:
    length = slices * (FACTOR if settings.augmentation == "paper" else 1)
    return tqdm(total=settings.all_epochs * length, initial=done * length, unit="slice", disable=None)
