"""Training: SGD with momentum and L2 by the paper's schedule, resumable after any epoch."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from edgect.metrics import evaluate
from train import predict, pretrained
from train.arrangements import arrangement
from train.augmentation import FACTOR, quadruple
from train.covid_ct import Item
from train.images import load
from train.network import LightCNN
from train.run import Run, RunError, Settings

Images = NDArray[np.uint8]


@dataclass
class State:
    """What a checkpoint holds; `best` are the weights of the epoch selected so far."""

    network: LightCNN
    optimiser: torch.optim.Optimizer
    history: list[dict[str, float]]
    best: dict[str, torch.Tensor]

    def save(self, run: Run, settings: Settings) -> None:
        part = run.checkpoint.with_suffix(".part")
        content = {
            "settings": asdict(settings),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "history": self.history,
            "best": self.best,
        }
        torch.save(content, part)
        part.replace(run.checkpoint)
        run.write_epochs(self.history)

    def restore(self, run: Run, settings: Settings) -> None:
        content: dict[str, Any] = torch.load(run.checkpoint, map_location="cpu", weights_only=True)
        differing = {k: v for k, v in asdict(settings).items() if content["settings"].get(k) != v}
        if differing:
            raise RunError(f"{run.path}: was begun with other settings than {differing}")
        self.network.load_state_dict(content["network"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.history, self.best = content["history"], content["best"]


def fit(
    settings: Settings, data: Path, run: Run, resume: bool = False, device: str = "cpu"
) -> dict[str, float]:
    """Train on the training part, select an epoch on the validation part, fill the run folder.

    The epoch with the highest validation accuracy is kept, the lower validation loss deciding
    between equals. The test part is not read. With `resume`, a run that was stopped goes on
    after its last whole epoch and ends with the same weights as one that was not.

    Returns the selected epoch's row. Raises RunError when the folder holds another run.
    """
    if run.checkpoint.exists() and not resume:
        raise RunError(f"{run.path}: holds a run already; --resume continues it")
    torch.set_num_threads(settings.threads)
    split = arrangement(settings.arrangement, data)
    train_images, val_images = (load(part, data, settings.image_size) for part in (split.train, split.val))
    mean, std = float(train_images.mean() / 255), float(train_images.std() / 255)
    state = _begin(settings, train_images, mean, std, device)
    if run.checkpoint.exists():
        state.restore(run, settings)
    else:
        run.begin(settings, split, mean, std)
    progress = tqdm(
        total=settings.all_epochs * _epoch_length(settings, split.train),
        unit="slice",
        initial=len(state.history) * _epoch_length(settings, split.train),
        disable=None,
    )
    for epoch in range(len(state.history), settings.all_epochs):
        progress.set_description(f"epoch {epoch + 1}/{settings.all_epochs}")
        loss = _train_epoch(state, settings, epoch, train_images, _labels(split.train), device, progress)
        row = {
            "epoch": epoch + 1,
            "learning_rate": settings.learning_rate_at(epoch),
            "train_loss": loss,
            **_validate(state.network, val_images, _labels(split.val), device),
        }
        state.history.append(row)
        if row is select(state.history):
            state.best = {k: v.cpu().clone() for k, v in state.network.state_dict().items()}
        state.save(run, settings)
        progress.set_postfix(loss=f"{loss:.3f}", val=f"{row['val_accuracy']:.3f}")
    progress.close()
    torch.save(state.best, run.weights)
    selected = select(state.history)
    run.finish(selected)
    return selected


def select(history: list[dict[str, float]]) -> dict[str, float]:
    """The best epoch by validation accuracy, then loss; the first of equals."""
    return max(history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))


def _begin(settings: Settings, images: Images, mean: float, std: float, device: str) -> State:
    torch.manual_seed(settings.seed)
    network = LightCNN(mean, std)
    pretrained.initialise(network)
    if settings.pretrained:
        pretrained.load_trunk(network, pretrained.read_weights(settings.pretrained))
        chosen = np.random.default_rng(settings.seed).permutation(len(images))[:64]
        pretrained.keep_through_norm(network, torch.from_numpy(images[chosen]).unsqueeze(1))
    network = copy.deepcopy(network).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.SGD(
        network.parameters(), settings.learning_rate, momentum=settings.momentum, weight_decay=settings.l2
    )
    return State(network, optimiser, [], {})


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
        targets = labels[batch].to(device)
        with cast:
            logits = state.network(inputs)[0].float()
        loss = nn.functional.cross_entropy(logits, targets)
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        state.optimiser.step()
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
    loss = float(nn.functional.cross_entropy(logits, labels))
    return {
        "val_loss": loss,
        **{f"val_{name}": found[name] for name in ("accuracy", "sensitivity", "specificity", "auc")},
    }


def _labels(items: list[Item]) -> torch.Tensor:
    return torch.tensor([item.label for item in items])


def _epoch_length(settings: Settings, items: list[Item]) -> int:
    return len(items) * (FACTOR if settings.augmentation == "paper" else 1)


def file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
