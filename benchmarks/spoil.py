"""Make a bundle that must fail the checks: `python -m benchmarks.spoil answers|speed --out DIR`."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import click
import onnx
import openvino as ov
from onnx import numpy_helper

from edgect.model.bundles import seal
from edgect.model.bundles.bundle import DEFAULT, Bundle
from edgect.model.bundles.manifest import MANIFEST


@click.command()
@click.argument("what", type=click.Choice(["answers", "speed"]))
@click.option("--model", default=DEFAULT, show_default=True, help="Bundled name or folder to start from.")
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(what: str, model: str, out: Path) -> None:
    """`speed`: the INT8 files hold the FP32 network. `answers`: one of a changed first layer."""
    source = Bundle.load(model).path
    shutil.copytree(source, out)
    spoil(out, answers=what == "answers")


def spoil(folder: Path, answers: bool) -> None:
    """Replace the INT8 files of a bundle folder, and make its hashes match again."""
    spoil_models(folder, answers)
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in manifest["files"]:
        manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(seal.text_of(seal.finished(manifest)))


def spoil_models(folder: Path, answers: bool) -> None:
    """Replace the INT8 files beside `fp32.onnx`."""
    network = onnx.load(folder / "fp32.onnx")
    if answers:
        weights = next(t for t in network.graph.initializer if list(t.dims) == [64, 1, 3, 3])
        weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) * 1.5, weights.name))
    onnx.save(network, folder / "int8.onnx")
    ov.save_model(ov.Core().read_model(folder / "int8.onnx"), folder / "int8.xml", compress_to_fp16=False)


if __name__ == "__main__":
    main()
