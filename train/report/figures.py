"""What the plots of both reports share."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

COLOURS = ("tab:blue", "tab:orange", "tab:green")


def save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, metadata={"Software": None})
