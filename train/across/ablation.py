"""The recipe's parts, and what takes the place of each where it is left out."""

from __future__ import annotations

from typing import Any

PARTS_OF_RECIPE: dict[str, dict[str, Any]] = {
    "pretrained start": {},
    "lung crop": {"crop": False},
    "balance of sources": {"balanced": False},
    "geometric augmentation": {"geometric": False},
    "intensity augmentation": {"intensity": False},
    "transplants": {"transplants": 0.0},
    "replaced outside": {"outside": 0.0},
    "blanked lungs": {"blanked": 0.0},
    "averaging": {"average_decay": 0.0},
}
