"""Everything that decides a training across sources, apart from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from train.data.sources import released
from train.networks.light_cnn import check_image_size
from train.networks.precision import Precision
from train.run import RunError

TrainedArchitecture = Literal["light-cnn", "efficientnet-lite0"]
# what recipes once had besides, with the value that still holds
OF_OLD = {"mixed_styles": False, "mild_share": 0.25, "mild_target": 0.75}
# what held before it was an option, where that is not what is the default now
BEFORE: dict[str, Any] = {"distortion": 1.0}


@dataclass(frozen=True)
class Recipe:
    """sources: weight of each in the draw, for either class; without `balanced` any slice is as
    likely as any other. crop: to the lungs, else the whole slice.

    image_size: (height, width) in pixels. upsample_groups: of the transposed convolution; more of
    them make it smaller. Chances, 0 to 1, for each sample: `transplants` of being a healthy slice
    with another's opacities, `blanked` of having its lungs blanked out and no label to learn,
    `outside` of having all but the lungs replaced. distortion: strength of the changes of geometry
    and grey levels (`distortions`). smoothing: of the targets (Szegedy et al. 2016).
    opacities: weight of finding them (`guidance.OpacityHead`); guidance: of the share of evidence
    outside the lungs. shown_maps: both are asked of the maps as they are shown, averaged over squares of
    `run.MAP_SIDE`, not of single places.

    laid_in: sources without COVID-19 that are drawn with both labels all the same: in place of slices with
    it, of which they have none, theirs with opacities of other sources' slices laid in.

    pooling: of the last maps, plain `mean` or weighted by `attention`. start: a finished run whose weights
    are the first, with the beginning of their SHA-256, in place of ImageNet's.

    averaging: of the weights along the way, `exponential` with `average_decay`, or `dense`, the plain mean
    over all steps from `dense_from` on (SWAD, Cha et al. 2021, without its search for the interval).
    teacher: weight, 0 to 1, of a teacher's answers on the same samples against the targets' (Hinton et al.
    2015); teachers: its members, each with the beginning of its weights' SHA-256.
    """

    sources: Mapping[str, float] = field(default_factory=released)
    architecture: TrainedArchitecture = "light-cnn"
    seed: int = 0
    balanced: bool = True
    crop: bool = True
    image_size: tuple[int, int] = (131, 179)
    upsample_groups: int = 8
    pooling: Literal["mean", "attention"] = "mean"
    start: str | None = None
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
    distortion: float = 1.5
    opacities: float = 2.0
    guidance: float = 0.2
    smoothing: float = 0.05
    laid_in: tuple[str, ...] = ()
    shown_maps: bool = False
    averaging: Literal["exponential", "dense"] = "exponential"
    dense_from: int = 200
    teacher: float = 0.0
    teachers: tuple[str, ...] = ()
    pretrained: str | None = None
    pretrained_sha256: str | None = None
    precision: Precision = "bf16"
    threads: int = 1

    def __post_init__(self) -> None:
        for side in self.image_size:
            check_image_size(side)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Recipe:
        """From a run's record. Raises RunError for an option of an older recipe that no longer holds."""
        if changed := [f"{k} {record[k]}" for k, value in OF_OLD.items() if record.get(k, value) != value]:
            raise RunError(f"the recipe has {', '.join(changed)}, which edgect no longer trains with")
        kept = BEFORE | {name: value for name, value in record.items() if name not in OF_OLD}
        tuples = {name: tuple(record.get(name, ())) for name in ("image_size", "laid_in", "teachers")}
        return cls(**{**kept, **tuples})


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

# what differs for a teacher that is fine-tuned as a whole, and has maps of few places
OF_EFFICIENTNET: dict[str, Any] = {"learning_rate": 3e-4, "opacities": 0.0, "guidance": 0.0}
