"""The run in a folder, of whichever kind."""

from __future__ import annotations

from pathlib import Path

from train.finetune.run import FinetuneRun
from train.multi_source.run import FINETUNE, MultiSourceRun
from train.run import Run


def open_run(folder: Path) -> Run:
    """Across sources, fine-tuned, or of the paper."""
    run = MultiSourceRun(folder)
    if not run.recorded():
        return Run(folder)
    return FinetuneRun(folder) if run.record().get("kind") == FINETUNE else run
