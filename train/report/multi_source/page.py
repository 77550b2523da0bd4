"""Writes ACROSS.md, on the default network and what it is compared with, and its plots."""

from __future__ import annotations

from pathlib import Path
from string import Template

from train.report.figures import save
from train.report.multi_source import ablation, findings, plots, splits, tables

PLOTS = {"across-sources": plots.sources, "ablation": plots.parts}
TABLES = {
    "trainings": tables.trainings,
    "default": tables.default,
    "last_layer": tables.last_layer,
    "trunks": tables.trunks,
    "ensemble": tables.ensemble,
    "ensemble_called": tables.ensemble_called,
    "pooling": tables.pooling,
    "fitted_anew": tables.fitted_anew,
    "beside_others": tables.compared_with_others,
    "left_out": tables.left_out,
    "left_out_means": tables.left_out_means,
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
