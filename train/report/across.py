"""Writes ACROSS.md, on the default network and what it is compared with, and its plots."""

from __future__ import annotations

from pathlib import Path
from string import Template

from train.report import across_ablation, across_findings, across_plots, across_splits, across_tables, plots

PLOTS = {"across-sources": across_plots.sources, "ablation": across_plots.parts}
TABLES = {
    "trainings": across_tables.trainings,
    "default": across_tables.default,
    "beside_others": across_tables.beside_others,
    "left_out": across_tables.left_out,
    "left_out_means": across_tables.left_out_means,
    "alone": across_tables.alone,
    "ablation": across_ablation.values,
    "ablation_differences": across_ablation.differences,
    "evidence": across_findings.evidence,
    "efficiency": across_findings.efficiency,
    "splits": across_splits.splits,
    "readings": across_splits.readings,
}


def write(runs: Path, out: Path) -> None:
    """Fill the template with tables of the run folders in `runs`; `plots/` beside `out` takes pictures.

    What was not run yet stands as not measured.
    """
    template = Template((Path(__file__).parent / "across.md.in").read_text(encoding="utf-8"))
    tables = {name: make(runs) for name, make in TABLES.items()}
    out.write_text(template.substitute(tables), encoding="utf-8")
    (out.parent / "plots").mkdir(exist_ok=True)
    for name, draw in PLOTS.items():
        plots.save(draw(runs), out.parent / "plots" / f"{name}.png")
