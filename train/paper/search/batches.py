"""A search in batches: as many attempts as are wanted at once are trained side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from train.data.packed import PackedData
from train.networks.pretrained import Weights
from train.paper.experiments import EXPERIMENTS
from train.paper.search.attempt import diverged, ended, with_point
from train.paper.search.proposals import Proposals
from train.paper.search.record import Proposal, Search
from train.paper.search.search import begin
from train.paper.side_by_side import SideBySide, SlicesOnDevice
from train.run import TrainingSettings


def search_in_batches(
    record: Search,
    experiment: str,
    data: PackedData,
    settings: TrainingSettings,
    attempts: int,
    at_once: int,
    device: str,
    until: float,
) -> None:
    """Make attempts until `attempts` are on record, or the time is over.

    at_once: attempts of a batch, which are asked for together (`Proposals`). until: as in `SideBySide.train`.
    The same call goes on after a stop, with a batch under way from its last checkpoint, if it has one.
    Raises RunError when the folder holds a search by other settings, OutOfTimeError.
    """
    begin(record, experiment, settings, data.splits[settings.arrangement], at_once=at_once)
    slices = SlicesOnDevice.of(data.slices(settings.arrangement), settings, device)
    weights = data.weights if EXPERIMENTS[experiment].transfer else None
    proposals = Proposals(record, attempts)
    while batch := _batch(proposals, at_once):
        began = time.monotonic()
        outcomes = _outcomes(record, batch, settings, slices, weights, until)
        seconds = time.monotonic() - began
        for proposal, outcome in zip(batch, outcomes, strict=True):
            proposals.end(proposal, {**outcome, "seconds": round(seconds / len(batch), 1)})
        for checkpoint in record.path.glob("attempts-*.pt"):
            checkpoint.unlink()
        speed = len(batch) * settings.all_epochs * len(slices.labels) / seconds
        click.echo(
            f"{record.path.name}: {proposals.ended} of {attempts} attempts, the best {proposals.best:.3f}; "
            f"{len(batch)} in {seconds:.1f} s, {speed:,.0f} slices a second",
            err=True,
        )


def _batch(proposals: Proposals, at_once: int) -> list[Proposal]:
    """Attempts up to the next multiple of `at_once`, so that one that was stopped is made up alike."""
    batch: list[Proposal] = []
    while not batch or batch[-1].number % at_once:
        if (proposal := proposals.next()) is None:
            break
        batch.append(proposal)
    return batch


def _outcomes(
    record: Search,
    batch: Sequence[Proposal],
    settings: TrainingSettings,
    slices: SlicesOnDevice,
    weights: Weights | None,
    until: float,
) -> list[dict[str, object]]:
    """What goes on record of each.

    Where some diverged they are made again, each by itself: an engine may compute a convolution in groups as
    one with zeros between the groups, and zero times infinity in one attempt is no number in all.
    """
    checkpoint = record.path / f"attempts-{batch[0].number}-{batch[-1].number}.pt"
    trainings = SideBySide([with_point(settings, p) for p in batch], slices, weights, checkpoint).train(until)
    outcomes = []
    for proposal, training in zip(batch, trainings, strict=True):
        if training is not None:
            outcomes.append(ended(*training))
        elif len(batch) > 1:
            outcomes += _outcomes(record, [proposal], settings, slices, weights, until)
        else:
            outcomes.append(diverged())
    return outcomes
