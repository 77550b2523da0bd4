"""Writes RESULTS.md and its plots from run files alone."""

from __future__ import annotations

from pathlib import Path
from string import Template

from tqdm import tqdm

from train.networks.light_cnn import LightCNN
from train.paper import published
from train.report.figures import save
from train.report.paper import findings, plots, tables
from train.run import RunError

PLOTS = {
    "convergence": plots.convergence,
    "partial-dependence": plots.partial_dependence,
    "trainings": plots.trainings,
    "accuracies": plots.accuracies,
}


def write(runs: Path, out: Path) -> None:
    """Fill the template with tables of the run folders in `runs`; `plots/` beside `out` takes pictures.

    Raises RunError where `runs` holds no network of Table 5.
    """
    finished = {name: tables.runs(runs, folder) for name, folder in tables.NETWORKS.items()}
    missing = [folder for name, folder in tables.NETWORKS.items() if not finished[name]]
    if missing:
        raise RunError(f"{runs}: no finished run {' or '.join(missing)}; python -m train fit makes them")
    parameters = sum(parameter.numel() for parameter in LightCNN().parameters())
    tabulated = {
        "table_1": tables.arrangement(finished["CNN-1"][0], published.TABLE_1),
        "table_2": tables.arrangement(finished["CNN-2"][0], published.TABLE_2),
        "table_3": tables.search(runs, 1, published.TABLE_3),
        "table_4": tables.search(runs, 2, published.TABLE_4),
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
        save(draw(runs), out.parent / "plots" / f"{name}.png")
