"""What a bundle says of itself: manifest.json, and the model card made from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
import openvino as ov
import torch

from deploy.calibration_set import CalibrationSet
from deploy.description.model_card import card
from deploy.export import OPSET
from deploy.int8 import files
from deploy.int8.distil import DistillationSettings
from deploy.reliability import fit
from deploy.trained_runs import TrainedRun
from deploy.verification import golden
from edgect import __version__
from edgect.machine import atomic
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.manifest import MANIFEST, SCHEMA, Manifest
from edgect.model.decision.out_of_distribution import FILE as GATE
from edgect.scans import Window
from train.run import file_sha256

FILES = ("fp32.onnx", "int8.onnx", "int8.xml", "int8.bin", GATE)
CARD = "MODEL_CARD.md"
LABELS = ["not COVID-19", "COVID-19"]
PAPER = (
    "Polsinelli, Cinque, Placidi: A light CNN for detecting COVID-19 from CT scans of the chest, "
    "arXiv 2004.12837"
)
INTENDED_USE = (
    "Research on classification of single axial CT slices of the chest. Not a medical device, not for "
    "diagnosis, triage or treatment."
)


def describe(
    name: str, trained_run: TrainedRun, calibration: CalibrationSet, distillation: DistillationSettings
) -> dict[str, Any]:
    """Everything but measurements and file hashes; temperature and heat map scale are yet to be fitted."""
    return {
        "schema": SCHEMA,
        "name": name,
        "version": __version__,
        "paper": PAPER,
        "intended_use": INTENDED_USE,
        "licence": trained_run.licence,
        "labels": LABELS,
        "input": {
            "name": "image",
            "dtype": "uint8",
            "shape": [1, *trained_run.size],
            "steps": trained_run.steps,
        },
        "window": asdict(Window()),
        "threshold": trained_run.threshold,
        "temperature": 1.0,
        "heat_map_scale": 1.0,
        **fit.unfitted(trained_run.threshold, LABELS),
        "training": dict(trained_run.training),
        **({"evidence": trained_run.evidence} if trained_run.evidence else {}),
        "calibration": {
            "part": "train",
            "count": len(calibration.paths),
            "sha256": calibration.sha256,
            "paths": [_portable(path) for path in calibration.paths],
        },
        "distillation": {"part": "train", **asdict(distillation)},
        "made_with": {
            "onnx": onnx.__version__,
            "opset": str(OPSET),
            "onnxruntime": ort.__version__,
            "openvino": ov.__version__.split("-")[0],
            "torch": str(torch.__version__),
        },
    }


def _portable(path: str) -> str:
    """A path in the data folder as it is; of a hospital's own slice, by what it holds, not where it lies."""
    return f"sha256:{file_sha256(Path(path))}" if Path(path).is_absolute() else path


def write(
    bundle: Path,
    description: Mapping[str, Any],
    trained_run: TrainedRun,
    state: Callable[[dict[str, Any]], dict[str, Any]] = seal.unfinished,
) -> None:
    """Write model card and manifest, the latter with the SHA-256 of every other file.

    state: says in the manifest how far the bundle is.
    """
    (bundle / CARD).write_text(card(description, trained_run.passages(description)), encoding="utf-8")
    pictures = [name for name in golden.PICTURES if (bundle / name).is_file()]
    refused = [n for backend in description.get("refused_backends", {}) for n in files.INT8[backend]]
    written = [name for name in (*FILES, CARD, *pictures) if name not in refused]
    hashes = {name: file_sha256(bundle / name) for name in written}
    content = json.dumps(state({**description, "files": hashes}))
    manifest = Manifest.from_json(content, bundle / MANIFEST)
    atomic.write(bundle / MANIFEST, manifest.to_json().encode())


def write_golden(bundle: Path, description: dict[str, Any], trained_run: TrainedRun) -> None:
    """`write`, with golden answers of the bundle as described, and the seal of a finished bundle.

    The last thing: both hang on all else.
    """
    golden.write_slices(bundle, description["input"]["steps"])
    write(bundle, description, trained_run)
    description["golden"] = golden.golden_answers(Bundle.load(bundle, unfinished=True))
    write(bundle, description, trained_run, seal.finished)
