"""Finished runs of both kinds, turned into the one form that bundles are made of."""

from __future__ import annotations

from pathlib import Path

from deploy.subjects import across, paper
from deploy.subjects.subject import Subject
from train.across.run import AcrossRun
from train.run import Run

__all__ = ["Subject", "of"]


def of(folder: Path) -> Subject:
    """Raises RunError where the folder holds no run, or one that is not finished."""
    if (folder / "recipe.json").exists():
        return across.subject(AcrossRun(folder))
    return paper.subject(Run(folder))
