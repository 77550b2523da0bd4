"""How long and on what to measure."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness.multiply_adds import multiply_adds
from edgect.model.bundles.bundle import Bundle, bundled_names

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Options:
    """data: the folder that holds `covid-ct/`, where it is at hand. test: read Test-1 too. bundles:
    names, or folders by absolute path.

    rounds: of a loop in which networks take turns. starts: the same of processes that answer on one
    image, turns: of those that classify a folder of so many `images`. files: how many a small and a
    large folder hold when memory is measured. sample: slices on an emulated CPU. work: where what
    takes long to make is kept for the next time. before: a checkout of an earlier version to measure beside.
    """

    data: Path | None = None
    test: bool = False
    bundles: tuple[str, ...] = field(default_factory=lambda: tuple(bundled_names()))
    rounds: int = 25
    starts: int = 15
    turns: int = 5
    images: int = 746
    files: tuple[int, int] = (1_000, 20_000)
    sample: int = 16
    work: Path = Path(tempfile.gettempdir()) / "edgect-benchmarks"
    before: Path | None = None


def distinct(bundles: Sequence[str]) -> list[str]:
    """Without those that are an earlier one's network with other weights: they take as long."""
    work = {name: multiply_adds(Bundle.load(name).path / "fp32.onnx") for name in bundles}
    return list({work[name]: name for name in reversed(bundles)}.values())[::-1]


def run_folder(bundle: str) -> Path:
    """The run that a network was made of, where it is in the repository."""
    return ROOT / "train" / "runs" / Bundle.load(bundle).name
