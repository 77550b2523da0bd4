"""The finished network that fine-tuning starts from: a run's, or a bundle's."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.manifest import MANIFEST
from edgect.sources.about import About
from train.data.sources import released_about
from train.finetune.bundle_network import network_of_bundle
from train.multi_source.recipe import Recipe
from train.multi_source.run import MAP_SIDE, MultiSourceRun
from train.networks.light_cnn import LightCNN
from train.opened_run import open_run
from train.run import RunError


@dataclass(frozen=True)
class Parent:
    """recipe: whose network and crops are kept. threshold: before temperature scaling. about: its sources.

    weights_sha256: of all numbers of the network, by name.
    """

    name: str
    network: LightCNN
    recipe: Recipe
    threshold: float
    about: Mapping[str, About]

    @property
    def weights_sha256(self) -> str:
        digest = hashlib.sha256()
        for name, tensor in sorted(self.network.state_dict().items()):
            digest.update(name.encode() + tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    def record(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "weights_sha256": self.weights_sha256,
            "threshold": self.threshold,
            "sources": {name: asdict(about) for name, about in self.about.items()},
        }


def read_parent(source: str) -> Parent:
    """source: a run's folder, a bundle's, or the name of a bundle that travels with edgect.

    A bundle's network is read from its FP32 model. Raises ModelError where there is no such bundle, RunError
    for a network that is not trained across sources.
    """
    folder = Path(source)
    if folder.is_dir() and not (folder / MANIFEST).is_file():
        run = open_run(folder)
        if not isinstance(run, MultiSourceRun):
            raise RunError(f"{folder}: is no run of `multi-source fit` or `finetune`; name one of these")
        name = folder.resolve().name
        return Parent(name, run.network(), run.recipe(), run.threshold(), run.about())
    return _of_bundle(Bundle.load(source))


def _of_bundle(bundle: Bundle) -> Parent:
    manifest = bundle.manifest
    training = manifest.document["training"]
    if "recipe" not in training:
        raise RunError(f"{bundle.path}: its network was not trained across sources; start from `lungs`")
    recipe = Recipe.from_json(training["recipe"])
    network = network_of_bundle(bundle, recipe.upsample_groups, MAP_SIDE)
    log_odds = manifest.temperature * math.log(manifest.threshold / (1 - manifest.threshold))
    recorded = training.get("about", {})
    about = {
        name: About(**recorded[name]) if name in recorded else released_about(name)
        for name in {**recipe.sources, **recorded}
    }
    return Parent(bundle.name, network, recipe, 1 / (1 + math.exp(-log_odds)), about)
