"""Runs of the network trained across sources: crops of the lungs, and every source judged by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.trained_runs.multi_source_card import passages
from deploy.trained_runs.trained_run import Parts, TrainedRun
from train.data.covid_ct import PART_TITLES, DataError, Item, Part
from train.data.sources import MILD, SOURCES, fingerprint
from train.multi_source.crops import preprocessing_steps
from train.multi_source.evaluation import SEVERE
from train.multi_source.run import MultiSourceRun
from train.run import RunError, file_sha256, read_json


class Terms(NamedTuple):
    name: str
    citation: str
    licence: str


TERMS = {
    "covid-ct": Terms("COVID-CT", "Zhao et al., arXiv 2003.13865", "research use"),
    "sars-cov-2-ct": Terms("SARS-CoV-2-CT", "Soares et al., medRxiv 2020.04.24.20078584", "CC BY-NC-SA 4.0"),
    "mosmed": Terms("MosMedData", "Morozov et al., arXiv 2005.06465", "CC BY-NC-ND 3.0"),
    "luna-slices": Terms("LUNA16 / LIDC-IDRI", "Armato et al., Medical Physics 38, 2011", "CC BY 3.0"),
    "sirm": Terms("SIRM", "Italian radiology society, by MedSeg", "non-commercial use"),
}


def trained_run(run: MultiSourceRun) -> TrainedRun:
    """Raises RunError for an unfinished run, and for one whose threshold is not chosen yet."""
    network, record, recipe = run.network(), run.record(), run.recipe()
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
            "data": data_of(recipe.sources),
            "split": record["split"],
            "weights_sha256": file_sha256(run.weights),
            "recipe": record["recipe"],
            "threshold": run.threshold(),  # before temperature scaling
            "versions": record["versions"],
        },
        licence=licence_of(recipe.sources),
        evidence=read_json(evidence) if evidence.exists() else None,
        parts=lambda data, part: parts_of(run, data, part),
        passages=passages,
    )


def data_of(sources: Mapping[str, float]) -> str:
    """The sources with their citations. What is never drawn only gives others parts of its slices."""
    named = [
        f"{TERMS[name].name} ({TERMS[name].citation})"
        + ("" if weight > 0 else ", of which only parts are laid into other slices")
        for name, weight in sources.items()
    ]
    return "; ".join(named)


def licence_of(sources: Sequence[str] | Mapping[str, float]) -> str:
    terms = ", ".join(f"{TERMS[name].name}: {TERMS[name].licence}" for name in sources)
    return (
        "Weights: non-commercial research use only, to be shared alike, after the terms of the training "
        f"images ({terms}); code: Apache-2.0"
    )


def parts_of(run: MultiSourceRun, data: Path, part: Part) -> Parts:
    """The slices of a part, by source; of the test part, those of sources it was not trained on too.

    Validation is that of the sources that are drawn in training, as for the threshold. Raises
    DataError where a source's slices are not those that the run recorded.
    """
    weights = run.recipe().sources
    names = {
        "train": list(weights),
        "val": [name for name, weight in weights.items() if weight > 0],
        "test": list(SOURCES),
    }[part]
    split, parts = run.record()["split"], {}
    for name in names:
        source = SOURCES[name](data)
        if name in split and split[name] != fingerprint(source):
            raise DataError(f"{data}: its slices of {name} are not those that {run.path} was trained with")
        parts[name] = source.part(part)
    return {f"{PART_TITLES[part]}, {name}": items for name, items in _with_severe(parts, part).items()}


def _with_severe(parts: Mapping[str, list[Item]], part: Part) -> dict[str, list[Item]]:
    """MosMed's test part once more, after the whole of it, without CT-1, whose slices may show nothing."""
    with_severe: dict[str, list[Item]] = {}
    for name, items in parts.items():
        with_severe[name] = items
        if name == "mosmed" and part == "test":
            with_severe[SEVERE] = [item for item in items if MILD not in item.path]
    return with_severe
