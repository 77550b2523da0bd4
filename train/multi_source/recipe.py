"""Everything that decides a training across sources, apart from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from train.networks.light_cnn import check_image_size


def every_source() -> dict[str, float]:
    return {"covid-ct": 1.0, "sars-cov-2-ct": 1.0, "mosmed": 1.0, "luna-slices": 0.5, "sirm": 0.0}


@dataclass(frozen=True)
class Recipe:
    """sources: weight of each in the draw, for either class; without `balanced` any slice is as
    likely as any other. crop: to the lungs, else the whole slice.

    image_size: (height, width) in pixels. upsample_groups: of the transposed convolution; more of
    them make it smaller. Chances, 0 to 1, for each sample: `transplants` of being a healthy slice
    with another's opacities, `blanked` of having its lungs blanked out and no label to learn,
    `outside` of having all but the lungs replaced. mild_share, mild_target: how often MosMed's
    CT-1 is drawn, against CT-2 to CT-4, and as what; smoothing: of the targets (Szegedy et al. 2016).
    opacities: weight of finding them (`guidance.OpacityHead`); guidance: of the share of evidence
    outside the lungs; mixed_styles: whether `guidance.mix_styles` does.
    """

    sources: Mapping[str, float] = field(default_factory=every_source)
    seed: int = 0
    balanced: bool = True
    crop: bool = True
    image_size: tuple[int, int] = (131, 179)
    upsample_groups: int = 8
    optimiser: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    steps: int = 1500
    warm_up: int = 60
    batch_size: int = 32
    average_decay: float = 0.995
    geometric: bool = True
    intensity: bool = True
    transplants: float = 0.2
    blanked: float = 0.1
    outside: float = 0.4
    opacities: float = 2.0
    guidance: float = 0.2
    mixed_styles: bool = False
    smoothing: float = 0.05
    mild_share: float = 0.25
    mild_target: float = 0.75
    pretrained: str | None = None
    pretrained_sha256: str | None = None
    precision: Literal["fp32", "bf16"] = "bf16"
    threads: int = 1

    def __post_init__(self) -> None:
        for side in self.image_size:
            check_image_size(side)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Recipe:
        return cls(**{**record, "image_size": tuple(record["image_size"])})


# the recipe's parts, and what takes the place of each where it is left out
PRETRAINED = "pretrained start"
PARTS_OF_RECIPE: dict[str, dict[str, Any]] = {
    PRETRAINED: {},
    "lung crop": {"crop": False},
    "balance of sources": {"balanced": False},
    "augmentation": {"geometric": False, "intensity": False},
    "transplants": {"transplants": 0.0},
    "blanked and replaced": {"blanked": 0.0, "outside": 0.0},
    "finding opacities": {"opacities": 0.0},
    "guidance": {"guidance": 0.0},
    "averaging": {"average_decay": 0.0},
    "smaller transposed convolution": {"upsample_groups": 2},
}
