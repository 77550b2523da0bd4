"""Reading the test split with a finished run; every reading is written into the run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgect.metrics import FIVE, confusion, evaluate, intervals
from train import predict
from train.images import load
from train.run import Run

PAPER = {"accuracy": 0.82, "sensitivity": 0.79, "specificity": 0.85, "precision": 0.8404, "f1": 0.8144}
THRESHOLD = 0.5


def test(run: Run, data: Path) -> dict[str, Any]:
    """The five metrics and AUC on the test part, with 95 % intervals by patient.

    Uses the torch network in float32 on the CPU. Raises RunError for an unfinished run, DataError
    for missing images.
    """
    network, items = run.network(), run.arrangement().test
    images = load(items, data, run.settings().image_size)
    probabilities = predict.probabilities(predict.logits(network, images))
    labels = [item.label for item in items]
    patients = [item.patient for item in items]
    reading = {
        "by": "train test",
        "images": len(items),
        "patients": len(set(patients)),
        "threshold": THRESHOLD,
        "metrics": evaluate(labels, probabilities, THRESHOLD),
        "intervals": intervals(labels, probabilities, patients, THRESHOLD),
        "confusion": vars(confusion(labels, probabilities >= THRESHOLD)),
    }
    run.write_test_reading(reading)
    return reading


def report(reading: dict[str, Any]) -> str:
    """The reading as a table, beside the paper's CNN-1 (Table 5)."""
    lines = [
        "Test-1: {images} slices of {patients} patients, threshold {threshold}".format(**reading),
        f"{'':<12} {'value':>7}  {'95 % interval':<16} {'paper':>6}",
    ]
    for name in (*FIVE, "auc"):
        low, high = reading["intervals"][name]
        paper = f"{PAPER[name]:>6.4f}" if name in PAPER else ""
        lines.append(f"{name:<12} {reading['metrics'][name]:>7.4f}  {low:.4f} to {high:.4f} {paper:>6}")
    counts = reading["confusion"]
    lines += [
        "",
        f"{'':<22} said COVID-19   said not",
        f"{'COVID-19':<22} {counts['tp']:>13} {counts['fn']:>10}",
        f"{'not COVID-19':<22} {counts['fp']:>13} {counts['tn']:>10}",
        "",
        "Intervals: bootstrap over patients, 2,000 draws, percentiles.",
    ]
    return "\n".join(lines)
