"""Runs of the network trained across sources: crops of the lungs, and every source judged by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from deploy.trained_runs.multi_source_card import passages
from deploy.trained_runs.trained_run import Parts, TrainedRun
from edgect.sources.about import About
from train.data.covid_ct import PART_TITLES, Item, Part
from train.data.sources import Source, released, views
from train.multi_source.crops import preprocessing_steps
from train.multi_source.run import MultiSourceRun
from train.run import RunError, file_sha256, read_json


def trained_run(run: MultiSourceRun) -> TrainedRun:
    """Raises RunError for a run that is unfinished, has no threshold yet, or pools by attention."""
    network, record, recipe = run.network(), run.record(), run.recipe()
    if network.attention is not None:
        raise RunError(
            f"{run.path}: pools by attention, which the INT8 models do not have; train with the mean"
        )
    if not run.validation_file.exists():
        raise RunError(
            f"{run.path}: has no threshold yet; python -m train multi-source validate {run.path} --data DIR "
            "chooses it"
        )
    evidence = run.path / "across-evidence.json"
    return TrainedRun(
        run=run,
        network=network,
        size=recipe.image_size,
        steps=preprocessing_steps(recipe.image_size, recipe.crop),
        threshold=run.threshold(),
        training={
            "data": data_of(recipe.sources, run.about()),
            "split": record["split"],
            "weights_sha256": file_sha256(run.weights),
            "recipe": record["recipe"],
            "about": {name: asdict(known) for name, known in run.about().items()},
            "threshold": run.threshold(),  # before temperature scaling
            "versions": record["versions"],
            **({"last_layer": read_json(run.head_file)} if run.head_file.exists() else {}),
        },
        licence=licence_of(run.about().values()),
        evidence=read_json(evidence) if evidence.exists() else None,
        parts=lambda data, part: parts_of(run, data, part),
        passages=passages,
    )


def data_of(sources: Mapping[str, float], about: Mapping[str, About]) -> str:
    """The sources with their citations. What is never drawn only gives others parts of its slices."""
    named = [
        cited(about[name]) + ("" if weight > 0 else ", of which only parts are laid into other slices")
        for name, weight in sources.items()
    ]
    return "; ".join(named)


def cited(about: About) -> str:
    return f"{about.name} ({about.citation})" if about.citation else about.name


def licence_of(sources: Iterable[About]) -> str:
    terms = ", ".join(f"{about.name}: {about.licence or 'terms not stated'}" for about in sources)
    return (
        "Weights: non-commercial research use only, to be shared alike, after the terms of the training "
        f"images ({terms}); code: Apache-2.0"
    )


def parts_of(run: MultiSourceRun, data: Path, part: Part) -> Parts:
    """The slices of a part, by source; of the test part, those of sources it was not trained on too.

    Validation is that of the sources that the threshold was chosen on. Raises
    DataError where a source's slices are not those that the run recorded.
    """
    weights = run.recipe().sources
    names = {
        "train": list(weights),
        "val": run.chosen_on(),
        "test": list({**released(), **weights}),
    }[part]
    return source_parts({name: run.read_source(name, data) for name in names}, part)


def source_parts(sources: Mapping[str, Source], part: Part) -> Parts:
    """By title; after the whole of a test part, those of its slices that are judged by themselves too."""
    parts: dict[str, list[Item]] = {}
    for name, source in sources.items():
        items = source.part(part)
        parts[f"{PART_TITLES[part]}, {name}"] = items
        if part == "test":
            for view, places in views(items, source.about).items():
                parts[f"{PART_TITLES[part]}, {name}, {view}"] = [items[n] for n in places]
    return {title: items for title, items in parts.items() if items}
