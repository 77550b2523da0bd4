"""MODEL_CARD.md: one template, the tables of every manifest, and the words of its kind of run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from deploy.reliability import card_passage as trust_card
from deploy.trained_runs.trained_run import Passages, with_interval
from deploy.verification.engine_parity import MAX_ACCURACY_DIFFERENCE, ParityTable

TEMPLATE = Path(__file__).parent / "model_card.md.in"
PARITY = ("agreement", "max_probability_difference", "accuracy_difference")
HEADING = """\
| | label agreement | largest probability difference | accuracy difference |
| --- | --- | --- | --- |"""


def card(description: Mapping[str, Any], passages: Passages) -> str:
    """The model card (Mitchell et al. 2019), from the manifest's own numbers."""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=description["name"],
        version=description["version"],
        intended_use=description["intended_use"],
        licence=description["licence"],
        paper=description["paper"],
        sections="\n\n".join(f"## {title}\n{text}" for title, text in passages.sections.items()),
        trust=trust_card.passage(description),
        parity=_parity(description),
        metrics_method=passages.metrics_method,
        metrics="\n\n".join(
            f"### {title}\n\n{_metrics_table(table)}"
            for title, table in description.get("metrics", {}).items()
        ),
    )


def _parity(description: Mapping[str, Any]) -> str:
    rows = [_row(name, row) for name, row in description.get("parity", {}).items()]
    lines = [HEADING, *rows]
    if by_part := description.get("parity_by_part"):
        lines += [
            "",
            "Part by part, INT8 against FP32, the worse of both engines; accuracy should be within "
            f"{100 * MAX_ACCURACY_DIFFERENCE:g} points.",
            "",
            HEADING,
            *(_row(title, _worst(table)) for title, table in by_part.items()),
        ]
    for part, table in description.get("parity_by_processor", {}).items():
        lines += [
            "",
            f"INT8 against FP32 on every class of CPU, {part} parts together. OpenVINO's instruction set is "
            "capped, ONNX Runtime's CPU emulated; the emulated one saw a sample.",
            "",
            HEADING,
            *(_row(f"{name} ({row['slices']} slices)", row) for name, row in table.items()),
        ]
    for backend, reason in description.get("refused_backends", {}).items():
        lines += ["", f"**Not for {backend}**, whose INT8 files were left out: {reason}."]
    return "\n".join(lines)


def _row(name: str, row: Mapping[str, float]) -> str:
    return f"| {name} | " + " | ".join(f"{row[column]:.4f}" for column in PARITY) + " |"


def _worst(table: ParityTable) -> dict[str, float]:
    rows = [row for name, row in table.items() if "int8" in name]
    return {
        "agreement": min(row["agreement"] for row in rows),
        "max_probability_difference": max(row["max_probability_difference"] for row in rows),
        "accuracy_difference": max((row["accuracy_difference"] for row in rows), key=abs),
    }


def _metrics_table(table: Mapping[str, Mapping[str, Any]]) -> str:
    names = [name for name in next(iter(table.values())) if name != "confusion"]
    lines = ["| | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
    for combination, row in table.items():
        cells = [with_interval(row[n], "value") for n in names]
        lines.append(f"| {combination} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
