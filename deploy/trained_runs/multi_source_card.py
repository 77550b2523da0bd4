"""What the model card of a network trained across sources says, from the manifest's numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Template
from typing import Any

from deploy.trained_runs.trained_run import Passages, with_interval
from deploy.verification.processors import shipped
from train.multi_source.recipe import BEFORE

ALTERED = ("as_is", "border_and_text_removed", "only_lungs", "lungs_blanked")

TRAINED = Template("""\
$data.

| slices | training | validation | test |
| --- | --- | --- | --- |
$counts

$seen at $height x $width pixels. Start: $start. Optimiser $optimiser, learning rate
$learning_rate, weight decay $weight_decay, distortion $distortion, $steps steps of $batch_size slices,
moving average $average_decay; seed $seed. INT8 was calibrated on $calibration slices of the training parts.\
$last_layer""")
LAST_LAYER = Template("""

Its last layer was fitted anew to validation slices of $slices, hospitals and classes alike, by
logistic regression drawn toward what training had made of it (strength $strength). The strength was chosen by
leaving sources out, one after the other; AUC of each without and with the fit:

| left out | as trained | fitted to the others |
| --- | --- | --- |
$rows""")
FAILS = """\
- On scans of a source that is not listed here nothing was measured. The sources differ from each
  other in scanners, patients and publishers as yours will from them; it may be no better than chance.
- A source of one class does not show that it tells the two apart.
- It knows two answers. A slice of another disease gets one of them too; what is no slice of the chest
  is rejected as far as its gate can tell, which is not always.
- It judges single slices, not patients."""
MAY_SHOW_NOTHING = """\
- In {}, a slice labelled COVID-19 may show nothing of it; there, part of the sensitivity is of no slice's."""
BLOCKS = """\
- In {}, patients are unknown; blocks of slices with neighbouring numbers stand for them in intervals."""
WITHOUT_LUNGS = """\
- Where no lungs are found there is no answer."""
NOT_FOR = """\
- Not for diagnosis, triage or treatment, and not in their place. It is not a medical device.
- Not for scans of a source on which it was not measured.
- Not as proof that it sees disease: the table below says how much of its evidence lies in the lungs,
  and what it can tell without them.
- Not for anything but single axial slices of the chest.
- Not for commercial use; the licence above says under which terms it may be shared."""
EVIDENCE = """\
Of its evidence for COVID-19 on slices with COVID-19, the share that lies in the lungs, beside the
share of the picture that they take; and its AUC on the slices as they are, with border and text
removed, with nothing but the lungs, and with the lungs blanked out, where nothing is left that a
physician would judge by and 0.5 is what an honest network has. Test parts, 95 % intervals by patient
or block; slices without lungs to be found are left out. A source of one class has no AUC."""
METRICS_METHOD = """\
95 % intervals in brackets: by patient, or by block of neighbouring slices where
patients are unknown. At threshold {threshold:.3f}. Threshold, temperature and quantization
were chosen on the validation parts, so their figures flatter. A part of one class has its share of
right answers alone. Behind the name of a source, groups name a selection of its slices, such as those
of grades on which there is much to see."""


def passages(description: Mapping[str, Any]) -> Passages:
    sections = {
        "Trained on": _trained(description),
        "Where it fails": "\n".join(_fails(description)),
        "What it must not be used for": NOT_FOR,
        "What it looks at": _evidence(description.get("evidence")),
    }
    return Passages(sections, METRICS_METHOD.format(threshold=description["threshold"]))


def _trained(description: Mapping[str, Any]) -> str:
    training = description["training"]
    recipe = BEFORE | dict(training["recipe"])
    height, width = recipe["image_size"]
    return TRAINED.substitute(
        recipe,
        data=training["data"],
        counts="\n".join(_counts(name, split) for name, split in training["split"].items()),
        seen="Crops of the lungs" if recipe["crop"] else "Whole slices",
        height=height,
        width=width,
        start=_start(training),
        calibration=description["calibration"]["count"],
        last_layer=_last_layer(training),
    )


def _last_layer(training: Mapping[str, Any]) -> str:
    """Of a layer that was kept, or not fitted anew, nothing."""
    fitted = training.get("last_layer")
    if not fitted or not fitted["strength"]:
        return ""
    names = {name: about["name"] for name, about in training["about"].items()}
    tried = {each["strength"]: each["sources"] for each in fitted["left_out"]}
    kept, chosen = tried[0.0], tried[fitted["strength"]]
    return LAST_LAYER.substitute(
        strength=fitted["strength"],
        slices=", ".join(f"{names.get(name, name)} ({count})" for name, count in fitted["slices"].items()),
        rows="\n".join(
            f"| {names.get(name, name)} | {kept[name]['auc']:.3f} | {chosen[name]['auc']:.3f} |"
            for name in kept
        ),
    )


def _start(training: Mapping[str, Any]) -> str:
    if "finetune" in training:
        tuned = training["finetune"]
        step = f"step {tuned['selected_step']} was the best on validation"
        return f"the weights of {tuned['parent']['name']}; {step}"
    return "ImageNet weights of SqueezeNet v1.1" if training["recipe"]["pretrained"] else "random weights"


def _counts(name: str, split: Mapping[str, Any]) -> str:
    return f"| {name} | " + " | ".join(str(split[p]["slices"]) for p in ("train", "val", "test")) + " |"


def _fails(description: Mapping[str, Any]) -> Iterator[str]:
    """What was missed and falsely called on each part, on the test parts where they were read."""
    metrics = description.get("metrics", {})
    tests = {title: table for title, table in metrics.items() if title.startswith("test")}
    for title, table in (tests or metrics).items():
        row = table[shipped(description)]
        errors = []
        if "sensitivity" in row:
            errors.append(f"misses {_wrong(row['sensitivity'])} of the slices with COVID-19")
        if "specificity" in row:
            errors.append(f"says COVID-19 of {_wrong(row['specificity'])} of those without")
        yield f"- On {title}, it {' and '.join(errors)}."
    yield FAILS
    for about in description["training"].get("about", {}).values():
        if about["positives_may_show_nothing"]:
            yield MAY_SHOW_NOTHING.format(about["name"])
        if about["patients_are_blocks"]:
            yield BLOCKS.format(about["name"])
    if description["input"]["steps"][0]["step"] == "lungs":
        yield WITHOUT_LUNGS


def _wrong(right: Mapping[str, Any]) -> str:
    ends = " to ".join(f"{100 * (1 - end):.1f}" for end in reversed(right["interval"] or ())) or "–"
    return f"{100 * (1 - right['value']):.1f} % ({ends})"


def _evidence(evidence: Mapping[str, Any] | None) -> str:
    if evidence is None:
        return "Where this network finds its evidence was not measured."
    lines = [
        EVIDENCE,
        "",
        "| | slices | evidence in the lungs | lungs | AUC as is | border and text removed | only lungs "
        "| lungs blanked |",
        "| --- " * 8 + "|",
    ]
    for name, measured in evidence["sources"].items():
        covid = measured["in_lungs"]["covid"]
        cells = [
            str(measured["images"] - measured["without_lungs"]),
            with_interval(covid, "share"),
            "-" if covid["area"] is None else f"{covid['area']:.3f}",
            *(with_interval(measured["auc"][altered], "auc") for altered in ALTERED),
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
