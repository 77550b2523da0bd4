"""Writes ACROSS.md, on the default network and what it is compared with, and its plots."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from string import Template

from train.report.figures import save
from train.report.multi_source import (
    ablation,
    findings,
    former,
    last_layer,
    plots,
    splits,
    tables,
    trajectory,
    variants,
)

PLOTS = {"across-sources": plots.sources, "ablation": plots.parts}
TABLES: dict[str, Callable[[Path], str]] = {
    "trainings": tables.trainings,
    "default": tables.default,
    "last_layer": last_layer.last_layer,
    "trunks": last_layer.trunks,
    "head_ablation": last_layer.ablation,
    "head_ablation_differences": last_layer.ablation_differences,
    "ensemble": tables.ensemble,
    "ensemble_called": tables.ensemble_called,
    "pooling": tables.pooling,
    "fitted_anew": last_layer.fitted_anew,
    "beside_others": tables.compared_with_others,
    "left_out": tables.left_out,
    "left_out_means": tables.left_out_means,
    "trajectory_left_out": trajectory.sources_left_out,
    "trajectory_differences": trajectory.differences,
    "trajectory_each": trajectory.each_source,
    "trajectory_never_seen": trajectory.never_seen,
    "variants_unchanged": variants.unchanged,
    "variants": variants.differences,
    "variants_teachers": variants.teachers,
    "variants_at_size_unchanged": partial(variants.unchanged, of=variants.AT_SIZE),
    "variants_at_size": partial(variants.differences, of=variants.AT_SIZE),
    "variants_at_size_averages": partial(variants.averages, of=variants.AT_SIZE),
    "former_validation": former.validation_parts,
    "former_left_out": former.left_out,
    "former_test": former.test_parts,
    "alone": tables.alone,
    "ablation": ablation.values,
    "ablation_differences": ablation.differences,
    "evidence": findings.evidence,
    "efficiency": findings.efficiency,
    "splits": splits.splits,
    "readings": splits.readings,
}


def write(runs: Path, out: Path) -> None:
    """Fill the template with tables of the run folders in `runs`; `plots/` beside `out` takes pictures.

    What was not run yet stands as not measured.
    """
    template = Template((Path(__file__).parent / "across.md.in").read_text(encoding="utf-8"))
    tabulated = {name: make(runs) for name, make in TABLES.items()}
    out.write_text(template.substitute(tabulated), encoding="utf-8")
    (out.parent / "plots").mkdir(exist_ok=True)
    for name, draw in PLOTS.items():
        save(draw(runs), out.parent / "plots" / f"{name}.png")
