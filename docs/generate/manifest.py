"""The reference of manifest.json: what edgect reads of it, of the code; what describes a bundle to people."""

from __future__ import annotations

import inspect
import re

from docs.generate.tables import MADE, table
from edgect.model.bundles import manifest

# sections that edgect does not decide by; a test fails when a bundled manifest has one that is not here
DESCRIPTIVE = {
    "paper": "the paper whose network it is",
    "intended_use": "what it is for, and what not",
    "licence": "of the weights",
    "training": "data, their parts with SHA-256 of the lists, recipe, seed, versions, SHA-256 of the weights",
    "evidence": "share of the evidence that lies in the lungs; AUC with the lungs blanked out and without the rest",
    "calibration": "the training slices by which INT8 was scaled, with their SHA-256",
    "distillation": "how the biases of INT8 were trained with FP32 as the teacher",
    "made_with": "versions of the packages that wrote the files",
    "metrics": "by part, by backend and precision: metrics with 95 % intervals, confusion matrix",
    "parity": "INT8 against FP32 on validation: label agreement, probability and accuracy differences",
    "parity_by_part": "the same, part by part",
    "parity_by_processor": "the same on every instruction set",
    "calibration_error": "Brier score and expected calibration error by part",
    "site": "of a bundle fitted by `edgect calibrate`: the hospital's data, what was fitted and measured",
    "parent": "of a derived bundle: name and digest of the one that it was made of",
    "state": "`finished`, written last; a bundle without it is loaded by nothing",
    "seal": "SHA-256 of the rest of the manifest, written last",
}

PAGE = """\
{made}
# The manifest of a bundle

A bundle is a folder with `manifest.json`, the model files that it lists, the gate's statistics (`gate.npz`), golden
answers and a model card. `edgect/model/bundles/manifest.py` alone reads and validates the manifest; a key that is
missing or wrong refuses the bundle with the names of all such keys. The schema is {schema}.

## What edgect decides by
{fields}

### Sections
{sections}

Pre-processing steps (`input.steps`) are objects with `step` and that step's parameters; training, calibration and
inference use them by name. Everything that edgect decides by is under the seal, and so under a
[signature](../bundles.md).

## What describes the bundle to people
These are read by model cards, reports and this documentation, and by no decision.

{descriptive}
"""


def page() -> str:
    fields = manifest.Manifest.__dataclass_fields__
    sections = [
        kind
        for _, kind in inspect.getmembers(manifest, inspect.isclass)
        if issubclass(kind, tuple) and kind.__module__ == manifest.__name__
    ]
    documented = " ".join((manifest.Manifest.__doc__ or "").split())
    meanings = dict(re.findall(r"(\w+): (.+?)\.(?= \w+: |$)", documented))
    return PAGE.format(
        made=MADE.format(source="edgect/model/bundles/manifest.py or docs/generate/manifest.py"),
        schema=manifest.SCHEMA,
        fields=table(
            ("key", "type", "meaning"),
            (
                (f"`{name}`", f"`{field.type}`", meanings.get(name, ""))
                for name, field in fields.items()
                if name != "document"
            ),
        ),
        sections=table(
            ("section", "keys", "meaning"),
            (
                (f"`{kind.__name__}`", ", ".join(f"`{name}`" for name in kind._fields), kind.__doc__ or "")
                for kind in sections
            ),
        ),
        descriptive=table(("key", "meaning"), ((f"`{key}`", text) for key, text in DESCRIPTIVE.items())),
    )
