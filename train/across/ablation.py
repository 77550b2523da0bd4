"""The recipe's parts, and what takes the place of each where it is left out."""

from __future__ import annotations

from typing import Any

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
