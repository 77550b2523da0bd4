"""Finished runs of both kinds, turned into the one form that bundles are made of."""

from __future__ import annotations

from pathlib import Path

from deploy.subjects import across, paper
from deploy.subjects.subject import Subject
from train.multi_source.run import AcrossRun, opened

__all__ = ["Subject", "of"]


def of(folder: Path) -> Subject:
    """Raises RunError where the folder holds no run, or one that is not finished."""
    run = opened(folder)
    return across.subject(run) if isinstance(run, AcrossRun) else paper.subject(run)
