"""Scalars for TensorBoard, where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from train.finetune.validation import Measured


def scalars(folder: Path) -> Callable[[int, float | None, Sequence[Measured]], None]:
    """A function of step, training loss and what was measured, that writes them into `folder`."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return lambda step, loss, measured: None
    writer: Any = SummaryWriter(str(folder))

    def write(step: int, loss: float | None, measured: Sequence[Measured]) -> None:
        if loss is not None:
            writer.add_scalar("loss/training", loss, step)
        for row in measured:
            writer.add_scalar(f"loss/{row.source}", row.loss, step)
            if row.auc is not None:
                writer.add_scalar(f"auc/{row.source}", row.auc, step)
        writer.flush()

    return write
