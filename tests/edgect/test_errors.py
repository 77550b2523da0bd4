"""One hierarchy: whoever catches EdgectError has all that edgect, train and deploy raise on purpose."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOREIGN = {"Exception", "ValueError", "OSError", "RuntimeError", "KeyError", "TypeError", "LookupError"}


def classes(package: str) -> Iterator[tuple[str, str]]:
    """Names of classes, each with its first base."""
    for file in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.bases and isinstance(node.bases[0], ast.Name):
                yield node.name, node.bases[0].id


@pytest.mark.parametrize("package", ["edgect", "train", "deploy"])
def test_no_error_has_a_hierarchy_of_its_own(package: str) -> None:
    found = dict(classes(package))
    assert len(found) > 5
    assert [name for name, base in found.items() if base in FOREIGN and name != "EdgectError"] == []
