"""Finished runs, of the paper, of several sources or fine-tuned, in the form that bundles are made of."""

from __future__ import annotations

from pathlib import Path

from deploy.trained_runs import finetuned, multi_source, paper
from deploy.trained_runs.trained_run import TrainedRun
from train.finetune.run import FinetuneRun
from train.multi_source.run import MultiSourceRun
from train.opened_run import open_run

__all__ = ["TrainedRun", "load"]


def load(folder: Path) -> TrainedRun:
    """Raises RunError where the folder holds no run, or one that is not finished."""
    run = open_run(folder)
    if isinstance(run, FinetuneRun):
        return finetuned.trained_run(run)
    return multi_source.trained_run(run) if isinstance(run, MultiSourceRun) else paper.trained_run(run)
