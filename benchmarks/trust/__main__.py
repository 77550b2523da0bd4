"""`python -m benchmarks.trust --data DIR --out FILE`: what every bundle's gate catches, as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from benchmarks.trust.altered import ALTERED
from benchmarks.trust.kinds import KINDS
from benchmarks.trust.table import Row, render
from deploy import trained_runs
from edgect import Classifier
from edgect.model.bundles.bundle import bundled_names
from edgect.scans import read_slice

RUNS = Path("train/runs")


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), envvar="EDGECT_DATA", required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Markdown file.")
@click.option(
    "--passed", type=click.Path(path_type=Path, file_okay=False), help="Folder for what passed wrongly."
)
@click.option(
    "--step", type=click.IntRange(1), default=4, show_default=True, help="Alter every STEPth slice."
)
def main(data: Path, out: Path, passed: Path | None, step: int) -> None:
    """Classify pictures of every kind with every bundled model, and count what is rejected."""
    classifiers = {name: Classifier(name) for name in bundled_names()}
    rows = [
        _row(kind.title, kind.source, kind.caught, kind.pictures(), classifiers, passed) for kind in KINDS
    ]
    for title, alter in tqdm(ALTERED.items(), desc="altered slices", disable=None):
        counts = {}
        for name, classifier in classifiers.items():
            parts = trained_runs.load(RUNS / name).parts(data, "val")
            items = list(dict.fromkeys(item for part in parts.values() for item in part))
            sampled = items if title == "as they are" else items[::step]
            pictures = ((i.path, np.ascontiguousarray(alter(read_slice(data / i.path)))) for i in sampled)
            counts[name] = _count(classifier, pictures, None)
        rows.append(Row(f"validation slices, {title}", "each bundle's own validation parts", None, counts))
    out.write_text(render(rows, classifiers), encoding="utf-8")


def _row(
    title: str,
    source: str,
    caught: bool,
    pictures: Iterator[tuple[str, NDArray[np.uint8]]],
    classifiers: dict[str, Classifier],
    passed: Path | None,
) -> Row:
    read_pictures = list(tqdm(pictures, desc=title, disable=None))
    folder = passed / title.replace(" ", "-") if passed and caught else None
    counts = {
        name: _count(classifier, read_pictures, folder and folder / name)
        for name, classifier in classifiers.items()
    }
    return Row(title, source, caught, counts)


def _count(
    classifier: Classifier, pictures: Iterable[tuple[str, NDArray[np.uint8]]], passed: Path | None
) -> tuple[int, int]:
    """How many are rejected, of how many. Raises ValueError for a picture that cannot be read."""
    rejected = count = 0
    with TemporaryDirectory() as folder:
        file = Path(folder) / "picture.png"
        for name, picture in pictures:
            channels = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
            file.write_bytes(cv2.imencode(".png", channels)[1].tobytes())
            prediction = classifier.predict(file)
            if prediction.status == "error":
                raise ValueError(f"{name}: {prediction.reason}")
            rejected, count = rejected + (prediction.status == "rejected"), count + 1
            if passed and prediction.status == "ok":
                passed.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(passed / f"{Path(name).name}.png")
    return rejected, count


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
