"""What a step of training sees: samples balanced over sources and, within each, over classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from train.data.covid_ct import CLASSES, COVID, NOT_COVID, DataError, Item
from train.data.occlusion import Grey, Mask, lungs_blanked
from train.multi_source import distortions, transplants
from train.multi_source.crops import Crops
from train.multi_source.recipe import Recipe

UNKNOWN = 0.5  # the target where nothing is left to judge by


class Batch(NamedTuple):
    """images: uint8 `[n, h, w]`; lungs: bool, opacities: uint8, 0 to 255, the same shape.

    targets: float32 `[n]`, the probability of COVID-19.
    """

    images: Grey
    lungs: Mask
    opacities: Grey
    targets: NDArray[np.float32]


Drawn = tuple[Grey, Mask, Grey, float]  # image, lungs, opacities, target


class Samples:
    """Draws training samples. crops: the training parts of all sources; one seed, one sequence."""

    def __init__(self, crops: Crops, recipe: Recipe) -> None:
        self.recipe, self.crops = recipe, crops
        items = crops.items
        self._cells = {
            (source, label): np.array(
                [n for n, i in enumerate(items) if i.source == source and i.label == label]
            )
            for source in recipe.sources
            for label in (0, 1)
        }
        for label, name in CLASSES.items():
            drawn = [s for s, weight in recipe.sources.items() if weight and len(self._cells[s, label])]
            if recipe.balanced and not drawn:
                raise DataError(f"no {name} slices to draw from {', '.join(recipe.sources)}; add a source")
        self._healthy = [n for n, i in enumerate(items) if i.clear and crops.cropped[n]]
        self._hosts = {
            source: [int(n) for n in self._cells[source, NOT_COVID] if crops.cropped[n]]
            for source in recipe.laid_in
        }
        pairs = zip(crops.images, crops.lungs, strict=True)
        self._opacities = np.stack([transplants.opacity_map(*pair) for pair in pairs])
        self._donors = {
            label: [
                n
                for n, i in enumerate(items)
                if i.label == label and not i.clear and transplants.has_enough(self._opacities[n])
            ]
            for label in (0, 1)
        }

    def batch(self, step: int) -> Batch:
        rng = np.random.default_rng([self.recipe.seed, step])
        drawn = [self._sample(rng) for _ in range(self.recipe.batch_size)]
        images, lungs, opacities, targets = zip(*drawn, strict=True)
        return Batch(np.stack(images), np.stack(lungs), np.stack(opacities), np.array(targets, np.float32))

    def _sample(self, rng: np.random.Generator) -> Drawn:
        recipe = self.recipe
        label = self._label(rng)
        if rng.random() < recipe.transplants and self._donors[label] and self._healthy:
            image, lungs, opacities, target = self._transplant(self._healthy, label, rng)
        else:
            image, lungs, opacities, target = self._of_source(label, rng)
        if rng.random() < recipe.blanked and lungs.any():
            image, target = lungs_blanked(image, lungs), UNKNOWN
            opacities = np.zeros_like(opacities)
        elif rng.random() < recipe.outside and lungs.any():
            other = self.crops.images[rng.integers(len(self.crops.images))]
            image = distortions.replace_outside(image, lungs, other, rng)
        if recipe.geometric:
            image, lungs, opacities = distortions.random_affine(
                image, lungs, opacities, rng, recipe.distortion
            )
        if recipe.intensity:
            image = distortions.random_window(image, rng, recipe.distortion)
            image = distortions.degrade(image, rng, recipe.distortion)
        return image, lungs, opacities, target

    def _label(self, rng: np.random.Generator) -> int:
        if self.recipe.balanced:
            return int(rng.integers(2))
        return self.crops.items[rng.integers(len(self.crops.items))].label

    def _of_source(self, label: int, rng: np.random.Generator) -> Drawn:
        """A slice of this label; of a source that has none, one with opacities of others laid in."""
        if not self.recipe.balanced:
            same = [n for n, i in enumerate(self.crops.items) if i.label == label]
            return self._unchanged(int(rng.choice(same)))
        laid_in = self._hosts if label == COVID else {}
        cells = [(s, w) for s, w in self.recipe.sources.items() if len(self._cells[s, label]) or s in laid_in]
        weights = np.array([weight for _, weight in cells])
        source = cells[rng.choice(len(cells), p=weights / weights.sum())][0]
        if source in laid_in:
            return self._transplant(laid_in[source], label, rng)
        places = self._cells[source, label]
        chances = np.array([self.crops.items[n].weight for n in places])
        return self._unchanged(int(rng.choice(places, p=chances / chances.sum())))

    def _unchanged(self, place: int) -> Drawn:
        item = self.crops.items[place]
        return self.crops.images[place], self.crops.lungs[place], self._opacities[place], self._target(item)

    def _transplant(self, hosts: Sequence[int], label: int, rng: np.random.Generator) -> Drawn:
        """One of the hosts, places of slices, with the opacities of a slice of this label."""
        place, donor = int(rng.choice(hosts)), int(rng.choice(self._donors[label]))
        image, lungs = self.crops.images[place], self.crops.lungs[place]
        other, opacities = self.crops.images[donor], self._opacities[donor]
        if rng.random() < 0.5:
            other, opacities = np.ascontiguousarray(other[:, ::-1]), np.ascontiguousarray(opacities[:, ::-1])
        mixed = transplants.transplant(image, lungs, other, opacities)
        both_opacities = np.maximum(self._opacities[place], opacities * lungs)
        return mixed, lungs, both_opacities, self._target(self.crops.items[donor])

    def _target(self, item: Item) -> float:
        smooth = self.recipe.smoothing
        if item.target is not None:
            return item.target
        return 1 - smooth if item.label == COVID else smooth
