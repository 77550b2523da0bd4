"""Runs of `train finetune`: a network that went on training on a hospital's own tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deploy.trained_runs.multi_source import cited, licence_of, source_parts
from deploy.trained_runs.multi_source_card import passages
from deploy.trained_runs.trained_run import Parts, TrainedRun
from edgect.sources.about import About
from train.data.covid_ct import Part
from train.finetune.run import FinetuneRun
from train.multi_source.crops import preprocessing_steps
from train.run import RunError, file_sha256, read_json


def trained_run(run: FinetuneRun) -> TrainedRun:
    """Raises RunError for an unfinished run."""
    network, record, recipe = run.network(), run.record(), run.recipe()
    if not run.validation_file.exists():
        raise RunError(f"{run.path}: has no threshold yet; let the training finish (finetune --resume)")
    about = run.about()
    return TrainedRun(
        run=run,
        network=network,
        size=recipe.image_size,
        steps=preprocessing_steps(recipe.image_size, recipe.crop),
        threshold=run.threshold(),
        training={
            "data": data_of(recipe.sources, about, record["parent"]["name"]),
            "split": {**_counted(record["tables"]), **record["split"]},
            "weights_sha256": file_sha256(run.weights),
            "recipe": record["recipe"],
            "finetune": {
                **record["settings"],
                "selected_step": read_json(run.validation_file)["selected_step"],
                "parent": {k: record["parent"][k] for k in ("name", "weights_sha256", "threshold")},
                "tables": {name: _without_path(table) for name, table in record["tables"].items()},
            },
            "about": {name: asdict(known) for name, known in about.items()},
            "threshold": run.threshold(),  # before temperature scaling
            "versions": record["versions"],
        },
        licence=licence_of(about.values()),
        evidence=None,
        parts=lambda data, part: parts_of(run, data, part),
        passages=passages,
        needs_data=bool(record["split"]),
    )


def data_of(sources: Mapping[str, float], about: Mapping[str, About], parent: str) -> str:
    """What was trained on last, and before; what is unlike other sources, in words."""
    before = [cited(known) for name, known in about.items() if name not in sources]
    here = "; ".join(cited(about[name]) for name in sources)
    return f"{here}; from the weights of `{parent}`" + (f", trained on {'; '.join(before)}" if before else "")


def parts_of(run: FinetuneRun, data: Path, part: Part) -> Parts:
    """The slices of a part, of the tables and of the sources that were trained on besides."""
    weights = run.recipe().sources
    names = [name for name, weight in weights.items() if weight > 0 or part == "train"]
    return source_parts({name: run.read_source(name, data) for name in names}, part)


def _counted(tables: Mapping[str, Any]) -> dict[str, Any]:
    """How many slices each part of a table has, as of released sources."""
    return {
        name: {part: {"slices": counts["slices"]} for part, counts in table["parts"].items()}
        for name, table in tables.items()
    }


def _without_path(table: Mapping[str, Any]) -> dict[str, Any]:
    """A bundle goes to others, who need not know where the hospital keeps its slices."""
    return {key: value for key, value in table.items() if key != "path"}
