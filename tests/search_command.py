"""A search that takes seconds: three attempts of one epoch on few small invented slices."""

from __future__ import annotations

import sys
from pathlib import Path

from train.run import TrainingSettings

SMALL = TrainingSettings(
    arrangement=2, image_size=67, epochs=1, more_epochs=0, augmentation="none", threads=1
)


def command(data: Path, out: Path, *extra: str) -> list[str]:
    options = "--experiment 4 --arrangement 2 --attempts 3 --epochs 1 --image-size 67 --augmentation none"
    where = ["--threads", "1", "--data", str(data), "--out", str(out)]
    return [sys.executable, "-m", "train", "search", *options.split(), *where, *extra]
