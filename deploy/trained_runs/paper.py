"""Runs of the paper's networks: one arrangement of data, whole slices, threshold 0.5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from string import Template
from typing import Any

from deploy.trained_runs.trained_run import Passages, TrainedRun, with_interval
from train.data.covid_ct import PART_TITLES
from train.data.images import preprocessing_steps
from train.networks.light_cnn import LightCNN
from train.run import Run, RunError, file_sha256

COVID_CT = "COVID-CT (Zhao et al., arXiv 2003.13865), official patient-disjoint split"
SIRM = "90 slices of the Italian radiology society (SIRM, by MedSeg), split by blocks of neighbours"
# by the paper's arrangement of the training data
DATA = {1: COVID_CT, 2: f"{COVID_CT}; {SIRM}"}
LICENCE = {
    1: "Weights: research use only, after the terms of the COVID-CT images; code: Apache-2.0",
    2: "Weights: non-commercial research use only, after the terms of the COVID-CT and SIRM images; "
    "code: Apache-2.0",
}

TRAINED = Template("""\
$data: $counts images. Start: $start. SGD, learning rate $learning_rate, momentum $momentum,
L2 $l2, $epochs epochs, of which epoch $selected was the best on the validation part; seed $seed.
INT8 was calibrated on $calibration slices of the training part.""")
FAILS = """\
- COVID-CT's images come from figures of publications and from the web. The two classes differ in
  file format, size, contrast and burned-in text, so part of any score on COVID-CT may come from
  these and not from the lungs.
- Images of other hospitals differ from these in window, crop and compression. The paper's own
  network fell to 50 % accuracy and 19 % sensitivity on another source; expect no better here
  until it is measured on your scans.
- It knows two answers. A slice of another disease gets one of them too; what is no slice of the chest
  is rejected as far as its gate can tell, which is not always.
- Its heat maps often lie on the mediastinum and at the border, not on lesions.
- It judges single slices, not patients."""
METRICS_METHOD = """\
95 % intervals in brackets: by patient. Epoch, temperature and quantization
were chosen on the validation part, so its figures flatter."""


def trained_run(run: Run) -> TrainedRun:
    """Raises RunError for an unfinished run, and for one of another architecture."""
    network, settings, record, split = run.network(), run.settings(), run.record(), run.arrangement()
    if not isinstance(network, LightCNN):
        raise RunError(f"{run.path}: holds {settings.architecture}; bundles are made of the proposed CNN")
    return TrainedRun(
        run=run,
        network=network,
        size=(settings.image_size, settings.image_size),
        steps=preprocessing_steps(settings.image_size),
        threshold=0.5,
        training={
            "data": DATA[split.number],
            "arrangement": split.number,
            "counts": {part: len(split.part(part)) for part in ("train", "val", "test")},
            "split_sha256": file_sha256(run.split_file()),
            "weights_sha256": file_sha256(run.weights),
            "settings": asdict(settings),
            "selected": record["selected"],
            "versions": record["versions"],
        },
        licence=LICENCE[split.number],
        evidence=run.evidence(),
        parts=lambda data, part: {PART_TITLES[part]: split.part(part)},
        passages=passages,
    )


def passages(description: Mapping[str, Any]) -> Passages:
    sections = {
        "Trained on": _trained(description),
        "Where it fails": FAILS,
        "What it looks at": _evidence(description.get("evidence")),
    }
    return Passages(sections, METRICS_METHOD)


def _trained(description: Mapping[str, Any]) -> str:
    training = description["training"]
    settings = training["settings"]
    start = (
        "ImageNet weights of SqueezeNet v1.1" if settings["pretrained"] else "random weights (He et al. 2015)"
    )
    return TRAINED.substitute(
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
    )


def _evidence(evidence: Mapping[str, Any] | None) -> str:
    """What the network's score on COVID-CT owes to lungs and what to the rest of the picture."""
    if evidence is None:
        return "Where this network finds its evidence was not measured."
    shares = evidence["in_lungs"]
    aucs = {name: with_interval(measured, "auc") for name, measured in evidence["auc"].items()}
    return (
        "Of its evidence for COVID-19 on slices with COVID-19, "
        f"{with_interval(shares['covid'], 'share')} lies in the lungs, which take "
        f"{shares['covid']['area']:.3f} of the picture. Its AUC is {aucs['as_is']} on "
        f"whole slices, {aucs['border_and_text_removed']} with border and text removed, "
        f"{aucs['only_lungs']} with nothing but the lungs, and {aucs['lungs_blanked']} with the lungs "
        "blanked out, where nothing is left that a physician would judge by. A random forest on file "
        "format, border and grey levels, which looks at no lung, has an AUC of 0.98 on the same slices: "
        "a high score there proves little (`train/RESULTS.md` of edgect's repository). COVID-CT's test "
        "part, 95 % intervals by patient."
    )
