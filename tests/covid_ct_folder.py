"""A folder laid out as COVID-CT and SIRM are, with their counts, of small invented slices."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from train.data import sirm
from train.data.covid_ct import CLASSES, COUNTS, COVID

COLUMNS = {"COVID": ("File name", "Patient ID"), "NonCOVID": ("image name", "patient id")}
SLICES_A_PATIENT = 3


def write(data: Path) -> Path:
    """Fill `data/covid-ct` and `data/sirm`; bright patches tell COVID slices apart."""
    rng = np.random.default_rng(0)
    root = data / "covid-ct"
    for label, name in CLASSES.items():
        images = root / "Images" / f"CT_{name}"
        lists = root / "Data-split" / name
        images.mkdir(parents=True)
        lists.mkdir(parents=True)
        rows = []
        for part, counts in COUNTS.items():
            names = [f"{part}-{number}.png" for number in range(counts[label])]
            (lists / f"{part}CT_{name}.txt").write_text("\n".join(names) + "\n")
            for number, image in enumerate(names):
                Image.fromarray(slice_of(rng, patches=label == COVID)).save(images / image)
                rows.append((image, f"{part} patient {number // SLICES_A_PATIENT}"))
        with (root / f"{name}-CT-MetaInfo.csv").open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS[name], *rows])
    (data / "sirm").mkdir()
    for number in range(sirm.COUNT):
        name = f"{'train50' if number < 50 else 'test48'}_{number}"
        Image.fromarray(slice_of(rng, patches=True)).save(data / "sirm" / f"{name}.webp", lossless=True)
    return data


def slice_of(rng: np.random.Generator, patches: bool, size: int = 72) -> np.ndarray:
    """uint8 `[size, size]`: a grey body, two dark lungs, noise, and patches in the lungs if asked."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    image = np.where((x / 0.46) ** 2 + (y / 0.38) ** 2 < 1, 150.0, 5.0)
    for side in (-0.2, 0.2):
        image[((x - side) / 0.14) ** 2 + (y / 0.26) ** 2 < 1] = 40
        if patches:
            cx, cy = side + rng.uniform(-0.05, 0.05), rng.uniform(-0.12, 0.12)
            image[((x - cx) / 0.07) ** 2 + ((y - cy) / 0.07) ** 2 < 1] = 130
    return np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
