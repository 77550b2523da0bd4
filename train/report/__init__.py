"""Writes RESULTS.md, ACROSS.md and their plots from run files alone, and pictures of scans where asked."""

from __future__ import annotations

from pathlib import Path

from train.multi_source.run import MultiSourceRun
from train.report.multi_source import page as multi_source_page
from train.report.multi_source.trainings import DEFAULT
from train.report.paper import page as paper_page
from train.report.paper.tables import NETWORKS
from train.run import Run


def write(runs: Path, out: Path) -> None:
    """RESULTS.md as `out`, ACROSS.md and `plots/` beside it, of the run folders in `runs`.

    Raises RunError where `runs` holds no network of Table 5.
    """
    paper_page.write(runs, out)
    multi_source_page.write(runs, out.with_name("ACROSS.md"))


def gallery(runs: Path, data: Path, folder: Path) -> None:
    """Figures 4 and 5, the lungs that were found, and where the default network is finished its crops
    and maps of every source, drawn from the data; not to be published."""
    from train.analysis import gallery as pictures
    from train.analysis import source_gallery

    networks = {name: Run(runs / path) for name, path in NETWORKS.items()}
    items = networks["CNN-1"].arrangement().train
    folder.mkdir(parents=True, exist_ok=True)
    pictures.activation_figures(networks, items, data, folder)
    pictures.lung_mask_figure(items, data, folder)
    pictures.alteration_figure(items, data, folder)
    default = MultiSourceRun(runs / DEFAULT)
    if default.weights.is_file():
        source_gallery.draw_figures(default, data, folder)
