"""A finished run across sources, without its training: random trunk, classifier by least squares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from train.data.sources import fingerprint, read_source
from train.multi_source.crops import Crops
from train.multi_source.recipe import Recipe
from train.multi_source.run import MultiSourceRun
from train.networks import pretrained
from train.networks.light_cnn import LightCNN
from train.run import write_json

SIZE = (67, 83)
THRESHOLD = 0.35


def write(path: Path, data: Path) -> MultiSourceRun:
    """data: as `tests.sources_folder` writes it."""
    recipe = Recipe(image_size=SIZE, upsample_groups=16, threads=1)
    sources = {name: read_source(name, data) for name in recipe.sources}
    crops = Crops.read([item for source in sources.values() for item in source.train], data, SIZE)
    network = untrained_network(recipe, crops, ridge=1.0)  # with less of it INT8 would be refused
    run, splits = MultiSourceRun(path), {name: fingerprint(source) for name, source in sources.items()}
    run.begin_multi_source(recipe, network.mean, network.std, splits, {})
    torch.save(network.state_dict(), run.weights)
    write_json(run.validation_file, {"threshold": THRESHOLD, "sources": {}})
    return run


def untrained_network(recipe: Recipe, crops: Crops, ridge: float = 0.1) -> LightCNN:
    """A random trunk, and a classifier that tells the crops of the two classes apart."""
    torch.manual_seed(0)
    mean, std = float(crops.images.mean() / 255), float(crops.images.std() / 255)
    network = LightCNN(mean, std, recipe.upsample_groups)
    pretrained.initialise(network)
    _fit_classifier(network.eval(), crops, ridge)
    return network


def _fit_classifier(network: LightCNN, crops: Crops, ridge: float) -> None:
    """Ridge regression of the labels on the pooled maps, so that scores lie apart."""
    with torch.inference_mode():
        batches = np.array_split(crops.images, max(1, len(crops.images) // 32))
        pooled = np.concatenate([network(torch.from_numpy(b[:, None]))[2].numpy() for b in batches])
    centred = (pooled - pooled.mean(0)).astype(np.float64)
    signs = np.array([2.0 * item.label - 1 for item in crops.items])
    spread = centred.T @ centred
    penalty = ridge * np.trace(spread) / len(spread) * np.eye(len(spread))
    weights = np.linalg.solve(spread + penalty, centred.T @ signs)
    with torch.no_grad():
        network.classifier.weight[0], network.classifier.weight[1] = 0, torch.from_numpy(weights)
        network.classifier.bias[0], network.classifier.bias[1] = 0, float(-pooled.mean(0) @ weights)
