"""The data sheet of each source of slices, of its table and what is known about it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

from docs.generate.tables import MADE, table

LABELS = ("COVID-19", "not COVID-19")
PARTS = ("train", "validation", "test")
USES = {
    "default": "the default network was trained on it",
    "last_layer": "the default network's last layer was fitted to it",
    "further": "it was measured on, and no trunk was trained on its labels",
}

PAGE = """\
{made}
# Data sheets of the sources

What is known of the slices that the networks were trained, fitted and measured on. None of them is in this repository but the
eight example scans. Tables, with the part of every slice, lie in `train/data/sources/`; they were fixed before any training.
`cnn1` and `cnn2` were trained on COVID-CT (`cnn2` on SIRM too) in the paper's arrangements.

**What no source says** for its slices, or only for a few: age, sex and origin of the patients, scanner and its settings, date,
what confirmed the diagnosis. Where patients are unknown, blocks of neighbours in number stand for them. Slices were chosen by
the sources, by rules that they state in words or not at all. No consent can be looked up here: it was the sources' to
have.

{sheets}
"""

SHEET = """\
## {name}
{facts}

{counts}
"""


def page(root: Path) -> str:
    folder = root / "train" / "data" / "sources"
    lists = {use: json.loads((folder / f"{use}.json").read_text(encoding="utf-8")) for use in USES}
    return (
        PAGE.format(
            made=MADE.format(source="the tables in train/data/sources/, or docs/generate/sources.py"),
            sheets="\n".join(
                _sheet(about.with_name(about.name.replace(".about.json", ".csv")), about, lists)
                for about in sorted(folder.glob("*.about.json"))
            ),
        ).rstrip()
        + "\n"
    )


def _sheet(slices: Path, about: Path, lists: dict[str, Any]) -> str:
    facts = json.loads(about.read_text(encoding="utf-8"))
    with slices.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    uses = [sentence for use, sentence in USES.items() if slices.stem in _names(lists[use])]
    groups = Counter(row["group"] for row in rows if row.get("group"))
    stated = [
        ("slices of", facts["classes"]),
        ("citation", facts["citation"]),
        ("licence", facts["licence"]),
        ("use here", "; ".join(uses)),
        (
            "patients",
            "unknown: blocks of neighbours stand for them" if facts.get("patients_are_blocks") else "known",
        ),
        ("groups", ", ".join(f"{name} ({count})" for name, count in sorted(groups.items()))),
    ]
    counts = [
        (part, *(str(_count(rows, part, label)) for label in LABELS), str(len(_units(rows, part))))
        for part in PARTS
        if _units(rows, part)
    ]
    return SHEET.format(
        name=facts["name"],
        facts="\n".join(f"- **{name}**: {text}" for name, text in stated if text),
        counts=table(("part", *LABELS, "patients, studies or blocks"), counts),
    )


def _names(listed: Any) -> set[str]:
    """default.json and further.json list sources, last_layer.json has them under a key."""
    if isinstance(listed, dict) and isinstance(listed.get("sources"), dict | list):
        return set(listed["sources"])
    return set(listed)


def _count(rows: list[dict[str, str]], part: str, label: str) -> int:
    return sum(row["part"] == part and row["label"] == label for row in rows)


def _units(rows: list[dict[str, str]], part: str) -> set[str]:
    return {row["patient"] for row in rows if row["part"] == part}
