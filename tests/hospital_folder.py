"""A hospital's folder of small invented slices, with its table `ours.csv`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.sources_folder import save, write_table
from train.data.covid_ct import COVID, NOT_COVID

PARTS = ("train",) * 4 + ("validation",) * 2 + ("test",) * 2  # of a class's patients


def write(folder: Path, slices: int = 2) -> Path:
    """Fill `folder` with 8 patients of each class, of so many slices; those with COVID-19 have patches."""
    lines, rng = [], np.random.default_rng(5)
    for label in (NOT_COVID, COVID):
        for patient, part in enumerate(PARTS):
            for number in range(slices):
                path = f"{label}-{patient}-{number}.png"
                save(rng, folder / path, patches=label == COVID)
                lines.append({"path": path, "label": label, "patient": f"{label}-{patient}", "part": part})
    write_table(folder, lines)
    (folder / "table.csv").rename(folder / "ours.csv")
    (folder / "ours.about.json").write_text('{"name": "Our hospital", "licence": "ours alone"}')
    return folder
