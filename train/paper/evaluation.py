"""Reading a finished run's test parts; every reading is written into the run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from edgect.statistics.metrics import FIVE, confusion, evaluate, intervals
from train.data.arrangements import Arrangement, arrangement, second_test
from train.data.covid_ct import Item
from train.data.images import load_images
from train.networks import predict
from train.paper import published
from train.run import Run

THRESHOLD = 0.5
Part = Literal["test-1", "test-2", "validation-1", "validation-2"]
PARTS: dict[Part, Callable[[Arrangement, Path], list[Item]]] = {
    "test-1": lambda split, data: split.test,
    "test-2": second_test,
    "validation-1": lambda split, data: arrangement(1, data, split.cut_seed).val,
    "validation-2": lambda split, data: arrangement(2, data, split.cut_seed).val,
}
PAPER: dict[tuple[int, Part], published.Row] = {
    (1, "test-1"): published.TABLE_5["CNN-1"],
    (2, "test-1"): published.TABLE_5["CNN-2"],
    (1, "test-2"): published.TEST_2,
}


def evaluate_part(run: Run, data: Path, part: Part) -> dict[str, Any]:
    """The five metrics and AUC on one part, with 95 % intervals by patient.

    test-1 is the test part of the run's own arrangement; test-2 SIRM with Test-1's negatives;
    validation-1 and -2 are the validation parts of both arrangements, on which networks of
    either may be compared. Uses the torch network in float32 on the CPU. Raises RunError for an
    unfinished run, DataError for missing images.
    """
    network, split = run.network(), run.arrangement()
    items = PARTS[part](split, data)
    images = load_images(items, data, run.settings().image_size)
    probabilities = predict.probabilities(predict.logits(network, images))
    labels = [item.label for item in items]
    patients = [item.patient for item in items]
    reading = {
        "by": "train test",
        "part": part,
        "images": len(items),
        "patients": len(set(patients)),
        "threshold": THRESHOLD,
        "metrics": evaluate(labels, probabilities, THRESHOLD),
        "intervals": dict(intervals(labels, probabilities, patients, THRESHOLD)),
        "confusion": vars(confusion(labels, probabilities >= THRESHOLD)),
    }
    run.write_reading("validation" if part.startswith("validation") else "test", reading)
    return reading


def format_reading(reading: dict[str, Any], arrangement_number: int) -> str:
    """The reading as a table, beside the paper's figures where it has them."""
    published = dict(zip(FIVE, PAPER.get((arrangement_number, reading["part"]), ()), strict=False))
    lines = [
        "{part}: {images} slices of {patients} patients, threshold {threshold}".format(**reading),
        f"{'':<12} {'value':>7}  {'95 % interval':<16} {'paper':>6}",
    ]
    for name in (*FIVE, "auc"):
        interval = " to ".join(f"{end:.4f}" for end in reading["intervals"][name] or ()) or "–"
        in_paper = published.get(name)
        reported = "" if in_paper is None else f"{in_paper:>6.4f}"
        lines.append(f"{name:<12} {reading['metrics'][name]:>7.4f}  {interval:<16} {reported:>6}")
    counts = reading["confusion"]
    lines += [
        "",
        f"{'':<22} said COVID-19   said not",
        f"{'COVID-19':<22} {counts['tp']:>13} {counts['fn']:>10}",
        f"{'not COVID-19':<22} {counts['fp']:>13} {counts['tn']:>10}",
        "",
        "Intervals: 95 %, by patient (SIRM: by block of neighbours), edgect.statistics.intervals.",
    ]
    return "\n".join(lines)
