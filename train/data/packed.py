"""What the paper's search needs of its data, in one file: for a machine that has nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from edgect.machine import atomic
from train.data.arrangements import Arrangement, arrangement
from train.data.covid_ct import DataError, Item
from train.data.images import Slices, load_images
from train.networks.pretrained import Weights

ARRANGEMENTS = (1, 2)
PARTS: tuple[Literal["train", "val"], ...] = ("train", "val")  # the test parts stay where they are


@dataclass(frozen=True)
class PackedData:
    """The training and validation slices of both arrangements, each slice once, and ImageNet weights.

    images: uint8 `[n, size, size]`, those of `paths`. weights: as `--pretrained` names them, or None.
    """

    images: NDArray[np.uint8]
    paths: list[str]
    splits: dict[int, Arrangement]
    weights: Weights | None

    @property
    def image_size(self) -> int:
        return int(self.images.shape[1])

    def slices(self, number: int) -> Slices:
        """Training and validation part of an arrangement, as `Slices.read` gives them."""
        split, places = self.splits[number], {path: place for place, path in enumerate(self.paths)}

        def part(items: Sequence[Item]) -> tuple[NDArray[np.uint8], torch.Tensor]:
            labels = torch.tensor([item.label for item in items])
            return self.images[[places[item.path] for item in items]], labels

        return Slices(*part(split.train), *part(split.val))

    @classmethod
    def read(cls, path: Path) -> PackedData:
        """Raises DataError where the file is missing or is not one that `pack` wrote."""
        try:
            with np.load(path) as archive:
                description = json.loads(archive["description"].tobytes())
                images, content = archive["images"], archive["weights"].tobytes()
        except (OSError, ValueError, KeyError) as error:
            raise DataError(
                f"{path}: cannot be read ({error}); make it with `python -m train pack`"
            ) from error
        splits = {int(number): Arrangement.from_json(row) for number, row in description["splits"].items()}
        weights = Weights.of(content, description["weights"]) if content else None
        return cls(images, description["paths"], splits, weights)


def pack(data: Path, out: Path, image_size: int, pretrained: Path | None) -> int:
    """Write the file; returns its size in bytes. Raises DataError as `arrangement` and `Slices.read` do.

    pretrained: an .npz file of ImageNet weights, without which the experiments with transfer learning cannot
    be made.
    """
    splits = {number: arrangement(number, data) for number in ARRANGEMENTS}
    items = {item.path: item for split in splits.values() for part in PARTS for item in split.part(part)}
    description: dict[str, Any] = {
        "paths": list(items),
        "splits": {number: split.to_json() for number, split in splits.items()},
        "weights": pretrained.name if pretrained else None,
    }
    content = pretrained.read_bytes() if pretrained else b""
    if pretrained:
        Weights.of(content, str(pretrained))  # or a WeightsError, before it is of use to nobody
    file = io.BytesIO()
    np.savez_compressed(
        file,
        images=load_images(list(items.values()), data, image_size),
        description=np.frombuffer(json.dumps(description).encode(), np.uint8),
        weights=np.frombuffer(content, np.uint8),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(out, file.getvalue())
    return len(file.getvalue())
