"""Writes RESULTS.md, ACROSS.md and their plots from run files alone, and pictures of scans where asked."""

from __future__ import annotations

from pathlib import Path
from string import Template

from tqdm import tqdm

from train import paper
from train.across.run import AcrossRun
from train.network import LightCNN
from train.report import across, findings, plots, tables
from train.report.across_runs import DEFAULT
from train.run import Run, RunError

PLOTS = {
    "convergence": plots.convergence,
    "partial-dependence": plots.partial_dependence,
    "trainings": plots.trainings,
    "accuracies": plots.accuracies,
}


def write(runs: Path, out: Path) -> None:
    """Fill the template with tables of the run folders in `runs`; `plots/` beside `out` takes pictures.

    ACROSS.md is written beside it. Raises RunError where `runs` holds no network of Table 5.
    """
    made = {name: tables.runs(runs, folder) for name, folder in tables.NETWORKS.items()}
    missing = [folder for name, folder in tables.NETWORKS.items() if not made[name]]
    if missing:
        raise RunError(f"{runs}: no finished run {' or '.join(missing)}; python -m train fit makes them")
    parameters = sum(parameter.numel() for parameter in LightCNN().parameters())
    tabulated = {
        "table_1": tables.arrangement(made["CNN-1"][0], paper.TABLE_1),
        "table_2": tables.arrangement(made["CNN-2"][0], paper.TABLE_2),
        "table_3": tables.search(runs, 1, paper.TABLE_3),
        "table_4": tables.search(runs, 2, paper.TABLE_4),
        "table_5": tables.final(runs),
        "test_2": tables.final(runs, "test-2"),
        "protocol": tables.protocol(runs),
        "validation": tables.validation(runs),
        "augmentation": tables.augmentation(runs),
        "table_6": tables.previous_works(runs),
        "table_7": tables.efficiency(runs, parameters),
        "seconds": findings.seconds(runs),
        "evidence": findings.evidence(runs),
        "alterations": findings.alterations(runs),
        "probe": findings.probe(runs),
        "files": findings.files(runs),
        "readings": findings.readings(runs),
    }
    template = Template((Path(__file__).parent / "results.md.in").read_text(encoding="utf-8"))
    out.write_text(template.substitute(tabulated), encoding="utf-8")
    (out.parent / "plots").mkdir(exist_ok=True)
    for name, draw in tqdm(PLOTS.items(), desc="plots", leave=False, disable=None):
        plots.save(draw(runs), out.parent / "plots" / f"{name}.png")
    across.write(runs, out.with_name("ACROSS.md"))


def gallery(runs: Path, data: Path, folder: Path) -> None:
    """Figures 4 and 5, the lungs that were found, and where the default network is finished its crops
    and maps of every source, drawn from the data; not to be published."""
    from train import gallery as pictures
    from train.across import gallery as of_sources

    networks = {name: Run(runs / path) for name, path in tables.NETWORKS.items()}
    items = networks["CNN-1"].arrangement().train
    folder.mkdir(parents=True, exist_ok=True)
    pictures.activation_figures(networks, items, data, folder)
    pictures.lung_masks(items, data, folder)
    pictures.alterations(items, data, folder)
    default = AcrossRun(runs / DEFAULT)
    if default.weights.is_file():
        of_sources.draw(default, data, folder)
