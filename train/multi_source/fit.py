"""Training of the default network: steps, moving average, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from edgect.machine import atomic
from train.data.covid_ct import DataError
from train.data.sources import fingerprint, read_source
from train.multi_source.crops import Crops
from train.multi_source.guidance import OpacityHead, outside_share
from train.multi_source.recipe import Recipe
from train.multi_source.run import MAP_SIDE, MultiSourceRun, Trained
from train.multi_source.samples import UNKNOWN, Samples
from train.multi_source.teacher import Member, Teacher
from train.networks import pretrained
from train.networks.efficientnet import EfficientNetLite
from train.networks.light_cnn import LightCNN
from train.networks.moving_average import averaged
from train.networks.precision import arithmetic
from train.networks.pretrained import Weights
from train.run import DivergedError, RunError

ROUND = 100  # steps between checkpoints


def fit(
    recipe: Recipe,
    data: Path,
    run: MultiSourceRun,
    weights: Weights | None,
    resume: bool = False,
    cache: Path | None = None,
    members: Sequence[Member] = (),
    keep_every: int = 0,
    start: LightCNN | None = None,
) -> Trained:
    """Train on the training parts of the recipe's sources; the last average of the weights is kept.

    members: of the teacher, for a recipe with one. keep_every: steps after which the weights and their
    averages so far are kept in the run's `snapshots/`, 0 for never; a multiple of `ROUND`. start: for a
    recipe with one.

    Nothing is selected by validation, and no other part is read. With `resume`, a run that was
    stopped goes on after its last checkpoint and ends with the same weights as one that was not.

    Raises RunError when the folder holds another run, DataError for data not as listed,
    DivergedError when the loss is no number any more.
    """
    if (run.checkpoint.exists() or run.weights.exists()) and not resume:
        raise RunError(f"{run.path}: holds a run already; --resume continues it")
    torch.set_num_threads(recipe.threads)
    sources = {name: read_source(name, data) for name in recipe.sources}
    training_items = [item for source in sources.values() for item in source.train]
    crops = Crops.read(training_items, data, recipe.image_size, cache, recipe.crop)
    network = begin(recipe, crops, weights, start)
    training = Training(recipe, network)
    split = {name: fingerprint(source) for name, source in sources.items()}
    if run.checkpoint.exists():
        if run.record()["split"] != split:
            raise DataError(f"{data}: its slices are not those that {run.path} was begun with")
        training.restore(run)
    else:
        run.begin_multi_source(
            recipe, network.mean, network.std, split, {name: source.about for name, source in sources.items()}
        )

    def save() -> None:
        training.save(run)
        steps = len(training.losses) * ROUND
        if keep_every and steps % keep_every == 0:
            training.keep(run.snapshot(steps))

    samples = Samples(crops, recipe)
    if members:
        training.teacher = Teacher.ask(members, samples, recipe.steps, run.path / "answers.npz")
    training.run(samples, save)
    average = cast(LightCNN, training.average.module)
    torch.save(average.state_dict(), run.weights)
    return average.eval()


def begin(recipe: Recipe, crops: Crops, weights: Weights | None, start: LightCNN | None = None) -> Trained:
    """The network before the first step. crops: the training slices; start: whose weights it takes over."""
    torch.manual_seed(recipe.seed)
    if recipe.architecture == "efficientnet-lite0":
        return EfficientNetLite().to(memory_format=torch.channels_last)
    images = crops.images
    mean, std = (start.mean, start.std) if start else (float(images.mean() / 255), float(images.std() / 255))
    network = LightCNN(mean, std, recipe.upsample_groups, attention=recipe.pooling == "attention")
    if start:
        network.load_state_dict(network.state_dict() | start.state_dict())
    else:
        pretrained.start(network, weights, images, recipe.seed)
    network.to(memory_format=torch.channels_last)
    return network


class Training:
    """Network, optimiser, averages of the weights, and the loss of every round so far."""

    def __init__(self, recipe: Recipe, network: Trained) -> None:
        self.recipe, self.network = recipe, network
        self.teacher: Teacher | None = None
        self.head = OpacityHead(network.channels)
        trained = [*network.parameters(), *self.head.parameters()]
        decayed, plain = [p for p in trained if p.ndim > 1], [p for p in trained if p.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": recipe.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
        self.optimiser: torch.optim.Optimizer = (
            torch.optim.AdamW(groups, recipe.learning_rate)
            if recipe.optimiser == "adamw"
            else torch.optim.SGD(groups, recipe.learning_rate, momentum=0.9)
        )
        self.averaged = averaged(network, recipe.average_decay)
        self.dense = AveragedModel(network, use_buffers=True)
        self.losses: list[float] = []

    @property
    def average(self) -> AveragedModel:
        return self.averaged if self.recipe.averaging == "exponential" else self.dense

    def run(self, samples: Samples, save: Callable[[], None]) -> None:
        recipe, total = self.recipe, 0.0
        steps_done = len(self.losses) * ROUND
        progress = tqdm(total=recipe.steps, initial=steps_done, desc="training", unit="step", disable=None)
        self.network.train()
        with progress:
            for step in range(steps_done, recipe.steps):
                total += self._step(samples, step)
                if not math.isfinite(total):
                    raise DivergedError(f"the loss is {total} at step {step}; try a lower learning rate")
                progress.update()
                if (step + 1) % ROUND == 0:
                    self.losses.append(total / ROUND)
                    total = 0.0
                    progress.set_postfix(loss=f"{self.losses[-1]:.3f}")
                    save()

    def _step(self, samples: Samples, step: int) -> float:
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate_at(recipe, step)
        batch = samples.batch(step)
        torch.manual_seed(recipe.seed * 100_003 + step)
        with arithmetic(recipe.precision):
            features = self.network.features(torch.from_numpy(batch.images).unsqueeze(1))
        features = features.float()
        logits = self.network.classifier(features.mean((2, 3)))
        log_odds = logits[:, 1] - logits[:, 0]
        targets = torch.from_numpy(batch.targets)
        if self.teacher:
            asked = recipe.teacher * (targets != UNKNOWN)  # of blanked lungs a teacher knows nothing either
            targets = targets + asked * (self.teacher.probabilities(step) - targets)
        loss = nn.functional.binary_cross_entropy_with_logits(log_odds, targets)
        answer_loss = loss.item()
        if recipe.shown_maps:
            features = nn.functional.avg_pool2d(features, MAP_SIDE)
        if recipe.opacities:
            loss = loss + recipe.opacities * self.head(features, torch.from_numpy(batch.opacities))
        if recipe.guidance:
            evidence = self.network.evidence(features)
            loss = loss + recipe.guidance * outside_share(evidence, torch.from_numpy(batch.lungs))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.averaged.update_parameters(self.network)
        if step >= recipe.dense_from:
            self.dense.update_parameters(self.network)
        return answer_loss

    def keep(self, path: Path) -> None:
        """The weights as they are, `none`, and both averages so far."""
        path.parent.mkdir(exist_ok=True)
        kept = {"none": self.network, "exponential": self.averaged.module, "dense": self.dense.module}
        with atomic.replacing(path, part=path.with_suffix(".part")) as file:
            torch.save({name: network.state_dict() for name, network in kept.items()}, file)

    def save(self, run: MultiSourceRun) -> None:
        """The checkpoint whole or not at all, and the table of losses."""
        content = {
            "recipe": asdict(self.recipe),
            "network": self.network.state_dict(),
            "head": self.head.state_dict(),
            "averaged": self.averaged.state_dict(),
            "dense": self.dense.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "losses": self.losses,
        }
        with atomic.replacing(run.checkpoint, part=run.checkpoint.with_suffix(".part")) as file:
            torch.save(content, file)
        rows = [f"{(n + 1) * ROUND},{loss:.6f}" for n, loss in enumerate(self.losses)]
        (run.path / "losses.csv").write_text("\n".join(["step,train_loss", *rows]) + "\n")

    def restore(self, run: MultiSourceRun) -> None:
        """Back to the checkpoint. Raises RunError when it was made by another recipe."""
        content = torch.load(run.checkpoint, map_location="cpu", weights_only=True)
        recorded, current = content["recipe"], asdict(self.recipe)
        differing = [
            f"{k} {recorded.get(k)}, not {current[k]}" for k in current if recorded.get(k) != current[k]
        ]
        if differing:
            raise RunError(f"{run.path}: was begun with {'; '.join(differing)}")
        self.network.load_state_dict(content["network"])
        self.head.load_state_dict(content["head"])
        self.averaged.load_state_dict(content["averaged"])
        self.dense.load_state_dict(content["dense"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.losses = content["losses"]


def learning_rate_at(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then half a cosine down to a hundredth (Loshchilov and Hutter 2017)."""
    if step < recipe.warm_up:
        return recipe.learning_rate * (step + 1) / recipe.warm_up
    share = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)
