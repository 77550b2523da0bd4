"""Scans beside their heat maps and rows, as one picture: `python examples/picture.py SCAN... -o out.png`."""

from __future__ import annotations

from pathlib import Path

import click
import cv2
import numpy as np

from edgect import Classifier, Prediction
from edgect.model.bundles.bundle import DEFAULT
from edgect.report.heat_map import overlay

HEIGHT, GAP, TEXT = 300, 10, 54
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def panel(prediction: Prediction, scale: float) -> np.ndarray:
    """One scan, its heat map and two lines of text, BGR uint8."""
    if prediction.pixels is None or prediction.evidence is None:
        raise click.ClickException(f"{prediction.path}: {prediction.reason}")
    width = round(HEIGHT * prediction.pixels.shape[1] / prediction.pixels.shape[0])
    pictures = (
        cv2.cvtColor(prediction.pixels, cv2.COLOR_GRAY2BGR),
        overlay(prediction.pixels, prediction.evidence, scale),
    )
    canvas = np.full((HEIGHT + TEXT, 2 * width + GAP, 3), WHITE, np.uint8)
    for number, picture in enumerate(pictures):
        left = number * (width + GAP)
        canvas[:HEIGHT, left : left + width] = cv2.resize(
            picture, (width, HEIGHT), interpolation=cv2.INTER_AREA
        )
    lines = [Path(prediction.path).name, f"{prediction.label}, probability {prediction.probability:.6f}"]
    for number, line in enumerate(lines):
        origin = (2, HEIGHT + 20 + 22 * number)
        cv2.putText(canvas, line, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.5, BLACK, 1, cv2.LINE_AA)
    return canvas


@click.command()
@click.argument("scans", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--model", default=DEFAULT, show_default=True)
def main(scans: tuple[str, ...], output: Path, model: str) -> None:
    """Draw SCANS with their activation maps into one PNG."""
    classifier = Classifier(model)
    scale = classifier.bundle.manifest.heat_map_scale
    panels = [panel(classifier.predict(scan, evidence=True), scale) for scan in scans]
    width = max(p.shape[1] for p in panels)
    padded = [
        cv2.copyMakeBorder(p, 0, 0, 0, width - p.shape[1], cv2.BORDER_CONSTANT, value=WHITE) for p in panels
    ]
    _, png = cv2.imencode(".png", np.vstack(padded))
    output.write_bytes(png.tobytes())


if __name__ == "__main__":
    main()
