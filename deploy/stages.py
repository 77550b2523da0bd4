"""The stages from a finished run to a bundle; each fills in more of its folder and description."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from deploy import export, output_scaling
from deploy.calibration_set import CalibrationSet
from deploy.description import manifest
from deploy.int8 import files
from deploy.int8.distil import DistillationSettings
from deploy.reliability import fit, out_of_distribution
from deploy.trained_runs import TrainedRun
from deploy.trained_runs.trained_run import Parts
from deploy.verification import engine_parity
from deploy.verification.processors import shipped, usable_backends
from edgect import Classifier
from edgect.model.backends import BACKENDS
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import Bundle


def export_models(
    trained_run: TrainedRun,
    bundle: Path,
    drawn: CalibrationSet,
    training: NDArray[np.uint8],
    settings: DistillationSettings,
) -> None:
    """Write the four model files. training: slices to distil with, uint8 `[n, H, W]`."""
    fp32 = bundle / "fp32.onnx"
    click.echo(f"exporting {trained_run.run.path} to ONNX, opset {export.OPSET}", err=True)
    export.export(trained_run.network, trained_run.size, fp32)
    differences = export.max_difference(trained_run.network, fp32, drawn.images[:32])
    click.echo(
        "ONNX against torch, largest difference: "
        + ", ".join(f"{name} {value:.2g}" for name, value in differences.items())
    )
    click.echo(f"distilling into INT8 on {len(training)} training slices", err=True)
    files.write(trained_run.network, bundle, drawn.images, training, settings)


def fit_output_scaling(
    name: str,
    trained_run: TrainedRun,
    bundle: Path,
    drawn: CalibrationSet,
    data: Path,
    settings: DistillationSettings,
) -> dict[str, Any]:
    """Describe the bundle, and fit temperature, threshold and heat map scale to its FP32 model."""
    description = manifest.describe(name, trained_run, drawn, settings)
    out_of_distribution.write(bundle, out_of_distribution.accept_all())
    manifest.write(bundle, description, trained_run)
    reference = Classifier(Bundle.load(bundle, unfinished=True), "onnxruntime", "fp32", gate=False)
    scale = output_scaling.heat_map_scale(reference, [data / path for path in drawn.paths])
    temperature = output_scaling.temperature(reference, trained_run.parts(data, "val").values(), data)
    threshold = output_scaling.threshold(trained_run.threshold, temperature)
    description |= {
        "threshold": threshold,
        **fit.unfitted(threshold, manifest.LABELS),  # a Classifier takes the operating point's
        "temperature": temperature,
        "heat_map_scale": scale,
        "metrics": {},
    }
    manifest.write(bundle, description, trained_run)
    return description


def fit_reliability(trained_run: TrainedRun, bundle: Path, data: Path, description: dict[str, Any]) -> None:
    """Fit when the bundle answers and what its probabilities mean: gate, operating points, band."""
    fit.fit(trained_run, bundle, data, description)
    manifest.write(bundle, description, trained_run)


def verify_engines(trained_run: TrainedRun, bundle: Path, data: Path, description: dict[str, Any]) -> None:
    """Hold every file against FP32 on the validation parts, on every class of CPU.

    An engine that is too far off is refused: its INT8 files are taken out, and the bundle says why. Raises
    VerificationError where no engine is left; the bundle is then refused as a whole, and says so.
    """
    try:
        _verify(trained_run, bundle, data, description)
    except engine_parity.VerificationError as error:
        manifest.write(bundle, description, trained_run, partial(seal.refused, reason=str(error)))
        raise


def _verify(trained_run: TrainedRun, bundle: Path, data: Path, description: dict[str, Any]) -> None:
    answers = _classify_parts(bundle, trained_run.parts(data, "val"), data, description)
    description["parity"] = answers.parity()
    loaded = Bundle.load(bundle, unfinished=True)
    by_processor = engine_parity.compare_on_processors(loaded, answers.items, data)
    description["parity_by_processor"] = {"validation": by_processor}
    for combination, row in {**description["parity"], **by_processor}.items():
        click.echo(f"{combination}: " + ", ".join(f"{key} {value}" for key, value in row.items()))
    refused = engine_parity.unfaithful_backends({**description["parity"], **by_processor})
    if not refused:
        return
    if len(refused) == len(BACKENDS):
        raise engine_parity.VerificationError("; ".join(refused.values()))
    description["refused_backends"] = refused
    for backend, reason in refused.items():
        click.echo(f"WARNING: the bundle will not be for {backend}: {reason}", err=True)
        files.remove(bundle, backend)
    manifest.write(bundle, description, trained_run)


def evaluate_on_processors(
    trained_run: TrainedRun, bundle: Path, data: Path, description: dict[str, Any]
) -> None:
    """Read the test parts, on every class of CPU too."""
    answers = evaluate_test_parts(trained_run, bundle, data, description)
    by_processor = engine_parity.compare_on_processors(
        Bundle.load(bundle, unfinished=True), answers.items, data, usable_backends(description)
    )
    description["parity_by_processor"]["test"] = by_processor


def evaluate_test_parts(
    trained_run: TrainedRun, bundle: Path, data: Path, description: dict[str, Any]
) -> engine_parity.EnginePredictions:
    """Read the test parts, and write the reading of each down in the run's folder."""
    parts = trained_run.parts(data, "test")
    answers = _classify_parts(bundle, parts, data, description)
    tables = {title: answers.of(items) for title, items in parts.items()}
    engine = shipped(description)
    fit.measure_parts(description, {title: _part_predictions(part, engine) for title, part in tables.items()})
    description["gate"]["parts"] |= {title: part.rejections() for title, part in tables.items()}
    for title in parts:
        reading = {
            "by": "deploy",
            "bundle": description["name"],
            "part": title,
            "threshold": description["threshold"],
            "metrics": description["metrics"][title],
            "trust": fit.part_summary(description, title),
        }
        trained_run.run.write_reading("test", reading)
    return answers


def _classify_parts(
    bundle: Path, parts: Parts, data: Path, description: dict[str, Any]
) -> engine_parity.EnginePredictions:
    """Classify all parts; their metrics, and parity where there are several, go into the description."""
    distinct = list(dict.fromkeys(item for items in parts.values() for item in items))
    answers = engine_parity.predict(bundle, distinct, data, usable_backends(description))
    tables = {title: answers.of(items) for title, items in parts.items()}
    description["metrics"] |= {title: part.metrics() for title, part in tables.items()}
    if len(tables) > 1:
        parity = {title: part.parity() for title, part in tables.items()}
        description["parity_by_part"] = {**description.get("parity_by_part", {}), **parity}
        for line in engine_parity.accuracy_warnings(parity):
            click.echo(f"WARNING: {line}", err=True)
    return answers


def _part_predictions(answers: engine_parity.EnginePredictions, engine: str) -> fit.PartPredictions:
    return fit.PartPredictions(answers.items, answers.probabilities[engine], answers.rejected[engine])
