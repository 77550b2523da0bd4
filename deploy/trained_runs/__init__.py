"""Finished runs of both kinds, turned into the one form that bundles are made of."""

from __future__ import annotations

from pathlib import Path

from deploy.trained_runs import multi_source, paper
from deploy.trained_runs.trained_run import Subject
from train.multi_source.run import AcrossRun, opened

__all__ = ["Subject", "of"]


def of(folder: Path) -> Subject:
    """Raises RunError where the folder holds no run, or one that is not finished."""
    run = opened(folder)
    return multi_source.subject(run) if isinstance(run, AcrossRun) else paper.subject(run)
