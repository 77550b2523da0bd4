"""A folder of all sources that `train multi-source` knows, of small invented slices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests import covid_ct_folder
from tests.covid_ct_folder import slice_of
from train.data.covid_ct import COVID
from train.data.sources import BLOCK, GRADES

SARS_BLOCKS = 8  # of each class: the fewest of which a part of each kind is left, and blocks between
STUDIES = 10  # of each grade of MosMed, and of LUNA


def write(data: Path) -> Path:
    """Fill `data` with the five folders; covid-ct and sirm as `covid_ct_folder` does.

    Bright patches stand for opacities. All slices with COVID-19 have them, and, as other diseases
    would, every other slice of SARS-CoV-2-CT without it.
    """
    covid_ct_folder.write(data)
    rng = np.random.default_rng(1)
    for number in range(1, SARS_BLOCKS * BLOCK + 1):
        _save(rng, data / f"sars-cov-2-ct/COVID/Covid ({number}).png", patches=True)
        _save(rng, data / f"sars-cov-2-ct/NonCOVID/Non-Covid ({number}).png", patches=number % 2 == 0)
    for place, (grade, label) in enumerate(GRADES.items()):
        for number in range(STUDIES):
            study = STUDIES * place + number + 1
            _save(rng, data / f"mosmed/{grade}/study_{study:04}.webp", patches=label == COVID)
    for number in range(STUDIES):
        _save(rng, data / f"luna-slices/{9 + 13 * number}_{number}.webp", patches=False)
    return data


def _save(rng: np.random.Generator, path: Path, patches: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(slice_of(rng, patches)).save(path, lossless=True)
