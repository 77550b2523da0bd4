"""Imports go one way: deploy to train to edgect, and deploy to edgect."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from docs import rooms

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "edgect": {
        "train",
        "deploy",
        "benchmarks",
        "tests",
        "torch",
        "torchvision",
        "onnx",
        "nncf",
        "skopt",
        "tqdm",
    },
    "train": {"deploy", "benchmarks", "tests", "onnx", "openvino", "onnxruntime", "nncf"},
    "deploy": {"benchmarks", "tests"},
}


def imported(path: Path) -> set[str]:
    """Top-level names of every import in a file, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_room_imports_what_lies_downstream(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert len(files) > 5
    wrong = {str(file.relative_to(ROOT)): sorted(imported(file) & FORBIDDEN[room]) for file in files}
    assert {file: names for file, names in wrong.items() if names} == {}


def test_no_two_rooms_import_one_another() -> None:
    edges = rooms.graph(ROOT)
    assert {"edgect/scans", "edgect/batch", "train", "deploy"} <= edges.keys()
    assert [room for room in rooms.condensed(edges) if "+" in room] == []


def test_nothing_imports_the_command_line_but_the_program() -> None:
    assert [room for room, others in rooms.graph(ROOT).items() if "edgect/cli" in others] == ["edgect"]


def test_the_picture_of_the_rooms_is_that_of_the_code() -> None:
    assert (ROOT / "docs/rooms.svg").read_text() == rooms.svg(rooms.graph(ROOT)), (
        "draw it again: python -m docs.generate"
    )
