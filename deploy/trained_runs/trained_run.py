"""What a bundle is made of, whichever kind of run it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.data.covid_ct import Item, Part
from train.networks.light_cnn import LightCNN
from train.run import Run

Parts = Mapping[str, Sequence[Item]]


@dataclass(frozen=True)
class Passages:
    """What a model card says in words. sections: by title; metrics_method: how its metrics came about."""

    sections: Mapping[str, str]
    metrics_method: str


@dataclass(frozen=True)
class TrainedRun:
    """A finished run, as everything after training needs it.

    size: (height, width) of the network's input in pixels. steps: pre-processing that makes it.
    threshold: of the probability before temperature scaling. training, licence, evidence: for the
    manifest; evidence is None where it was not measured.

    parts: the slices of a part, by title; the data folder is looked at only when it is called. Titles
    of the training part count alike in calibration, those of validation in the temperature, and each
    of validation and test gets metrics of its own. passages: the card's, from the manifest. needs_data:
    whether slices of released sources are among them.
    """

    run: Run
    network: LightCNN
    size: tuple[int, int]
    steps: list[dict[str, object]]
    threshold: float
    training: Mapping[str, Any]
    licence: str
    evidence: Mapping[str, Any] | None
    parts: Callable[[Path, Part], Parts]
    passages: Callable[[Mapping[str, Any]], Passages]
    needs_data: bool = True


def with_interval(measured: Mapping[str, Any], name: str) -> str:
    """A measured value with its 95 % interval, as cards show it; a dash for what is undefined."""
    if measured[name] is None:
        return "-"
    ends = " to ".join(f"{end:.3f}" for end in measured["interval"] or ()) or "–"
    return f"{measured[name]:.3f} ({ends})"
