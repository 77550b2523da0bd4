"""What a bundle says of itself: manifest.json and MODEL_CARD.md."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any

import nncf
import onnx
import onnxruntime as ort
import openvino as ov

from deploy.calibration import CalibrationSet
from deploy.export import OPSET
from edgect import __version__
from edgect.bundle import MANIFEST, SCHEMA, Bundle
from train.images import steps
from train.run import Run, RunError, write_json

FILES = ("fp32.onnx", "int8.onnx", "int8.xml", "int8.bin")
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
COVID_CT = "COVID-CT (Zhao et al., arXiv 2003.13865), official patient-disjoint split"
SIRM = "90 slices of the Italian radiology society (SIRM, by MedSeg), split by blocks of neighbours"
# by the paper's arrangement of the training data
DATA = {1: COVID_CT, 2: f"{COVID_CT}; {SIRM}"}
LICENCE = {
    1: "Weights: research use only, after the terms of the COVID-CT images; code: Apache-2.0",
    2: "Weights: non-commercial research use only, after the terms of the COVID-CT and SIRM images; "
    "code: Apache-2.0",
}


def describe(name: str, run: Run, calibration: CalibrationSet) -> dict[str, Any]:
    """Everything but measurements and file hashes; temperature and heat map scale are yet to be fitted."""
    record, settings, split = run.record(), run.settings(), run.arrangement()
    size = settings.image_size
    return {
        "schema": SCHEMA,
        "name": name,
        "version": __version__,
        "paper": PAPER,
        "intended_use": INTENDED_USE,
        "licence": LICENCE[split.number],
        "labels": LABELS,
        "input": {"name": "image", "dtype": "uint8", "shape": [1, size, size], "steps": steps(size)},
        "threshold": 0.5,
        "temperature": 1.0,
        "heat_map_scale": 1.0,
        "training": {
            "data": DATA[split.number],
            "arrangement": split.number,
            "counts": {part: len(split.part(part)) for part in ("train", "val", "test")},
            "split_sha256": sha256(run.path / "split.json"),
            "weights_sha256": sha256(run.weights),
            "settings": asdict(settings),
            "selected": record["selected"],
            "versions": record["versions"],
        },
        **({"evidence": run.evidence()} if run.evidence() else {}),
        "calibration": {
            "part": "train",
            "count": len(calibration.paths),
            "sha256": calibration.sha256,
            "paths": calibration.paths,
        },
        "made_with": {
            "onnx": onnx.__version__,
            "opset": str(OPSET),
            "onnxruntime": ort.__version__,
            "openvino": ov.__version__.split("-")[0],
            "nncf": nncf.__version__,
        },
    }


def write(bundle: Path, description: Mapping[str, Any]) -> None:
    """Write model card and manifest, the latter with the SHA-256 of every other file."""
    (bundle / CARD).write_text(card(description), encoding="utf-8")
    hashes = {name: sha256(bundle / name) for name in (*FILES, CARD)}
    write_json(bundle / MANIFEST, {**description, "files": hashes})


def describe_again(bundle: Path, run: Run) -> None:
    """Bring the run's evidence into an existing bundle; models and measurements stay as they are.

    Raises ModelError for a damaged bundle, RunError where it was not made of this run.
    """
    description = dict(Bundle.load(bundle).manifest)
    if description["training"]["weights_sha256"] != sha256(run.weights):
        raise RunError(f"{bundle}: was not made of {run.path}")
    number = run.arrangement().number
    description["licence"], description["training"]["data"] = LICENCE[number], DATA[number]
    if found := run.evidence():
        description["evidence"] = found
    write(bundle, description)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def card(description: Mapping[str, Any]) -> str:
    """The model card (Mitchell et al. 2019), from the manifest's own numbers."""
    training = description["training"]
    settings = training["settings"]
    start = (
        "ImageNet weights of SqueezeNet v1.1" if settings["pretrained"] else "random weights (He et al. 2015)"
    )
    return Template((Path(__file__).parent / "model_card.md.in").read_text(encoding="utf-8")).substitute(
        name=description["name"],
        version=description["version"],
        intended_use=description["intended_use"],
        licence=description["licence"],
        paper=description["paper"],
        data=training["data"],
        counts=", ".join(f"{count} {part}" for part, count in training["counts"].items()),
        start=start,
        learning_rate=settings["learning_rate"],
        momentum=settings["momentum"],
        l2=settings["l2"],
        epochs=settings["epochs"] + settings["more_epochs"],
        selected=training["selected"]["epoch"],
        seed=settings["seed"],
        calibration=description["calibration"]["count"],
        evidence=_evidence(description.get("evidence")),
        parity=_parity_table(description.get("parity", {})),
        metrics="\n\n".join(
            f"### {title}\n\n{_metrics_table(table)}"
            for title, table in description.get("metrics", {}).items()
        ),
    )


def _evidence(found: Mapping[str, Any] | None) -> str:
    """What the network's score on COVID-CT owes to lungs and what to the rest of the picture."""
    if found is None:
        return "Where this network finds its evidence was not measured."
    shares, aucs = found["in_lungs"], {name: _value(one, "auc") for name, one in found["auc"].items()}
    return (
        f"Of its evidence for COVID-19 on slices with COVID-19, {_value(shares['covid'], 'share')} lies in "
        f"the lungs, which take {shares['covid']['area']:.3f} of the picture. Its AUC is {aucs['as_is']} on "
        f"whole slices, {aucs['border_and_text_removed']} with border and text removed, "
        f"{aucs['only_lungs']} with nothing but the lungs, and {aucs['lungs_blanked']} with the lungs "
        "blanked out, where nothing is left that a physician would judge by. A random forest on file "
        "format, border and grey levels, which looks at no lung, has an AUC of 0.98 on the same slices: "
        "a high score there proves little (`train/RESULTS.md` of edgect's repository). COVID-CT's test "
        "part, 95 % intervals by patient."
    )


def _value(found: Mapping[str, Any], name: str) -> str:
    low, high = found["interval"]
    return f"{found[name]:.3f} ({low:.3f} to {high:.3f})"


def _parity_table(parity: Mapping[str, Mapping[str, float]]) -> str:
    lines = [
        "| | label agreement | largest probability difference | accuracy difference |",
        "| --- | --- | --- | --- |",
    ]
    for name, row in parity.items():
        cells = (row["agreement"], row["max_probability_difference"], row["accuracy_difference"])
        lines.append(f"| {name} | " + " | ".join(f"{cell:.4f}" for cell in cells) + " |")
    return "\n".join(lines)


def _metrics_table(table: Mapping[str, Mapping[str, Any]]) -> str:
    names = [name for name in next(iter(table.values())) if name != "confusion"]
    lines = ["| | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
    for combination, row in table.items():
        cells = [
            f"{row[n]['value']:.3f} ({row[n]['interval'][0]:.3f} to {row[n]['interval'][1]:.3f})"
            for n in names
        ]
        lines.append(f"| {combination} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
