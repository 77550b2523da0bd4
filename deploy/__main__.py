"""`python -m deploy RUN --data DIR --out BUNDLE`: export, quantize, verify, describe."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from deploy import calibration, export, manifest, quantize, tune, verify
from edgect import Classifier
from edgect.bundle import MANIFEST
from edgect.errors import EdgectError
from train.covid_ct import DataError
from train.network import LightCNN
from train.run import Run, RunError


@click.command()
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="EDGECT_DATA",
    required=True,
    help="Folder that holds covid-ct/ (or set EDGECT_DATA).",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Bundle folder.")
@click.option("--name", help="The bundle's name.  [default: the folder's]")
@click.option("--calibration-size", type=int, default=200, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the calibration set.")
@click.option(
    "--test",
    "read_test",
    is_flag=True,
    help="Read the test split too, and write the reading down: for a finished model only.",
)
@click.option(
    "--describe",
    "only_describe",
    is_flag=True,
    help="Only write manifest and card of --out again, with what `train evidence` has found since.",
)
def main(
    run_folder: Path,
    data: Path,
    out: Path,
    name: str | None,
    calibration_size: int,
    seed: int,
    read_test: bool,
    only_describe: bool,
) -> None:
    """Make a bundle from a finished RUN and verify every file in it on every backend."""
    run = Run(run_folder)
    if only_describe:
        manifest.describe_again(out, run)
        return
    _refuse_to_replace(out)
    network, settings, split = run.network(), run.settings(), run.arrangement()
    if not isinstance(network, LightCNN):
        raise RunError(f"{run_folder}: holds {settings.architecture}; bundles are made of the proposed CNN")
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    drawn = calibration.draw(split, data, settings.image_size, calibration_size, seed)
    click.echo(f"exporting {run_folder} to ONNX, opset {export.OPSET}", err=True)
    export.export(network, settings.image_size, part / "fp32.onnx")
    differences = export.max_difference(network, part / "fp32.onnx", drawn.images[:32])
    click.echo(
        "ONNX against torch, largest difference: "
        + ", ".join(f"{name} {value:.2g}" for name, value in differences.items())
    )
    click.echo(f"quantizing with {len(drawn.paths)} training slices", err=True)
    quantize.for_onnxruntime(part / "fp32.onnx", part / "int8.onnx", drawn.images)
    quantize.for_openvino(part / "fp32.onnx", part / "int8.xml", drawn.images)
    description = manifest.describe(name or out.name, run, drawn)
    manifest.write(part, description)
    reference = Classifier(part, "onnxruntime", "fp32")
    description["heat_map_scale"] = tune.heat_map_scale(reference, [data / path for path in drawn.paths])
    description["temperature"] = tune.temperature(
        reference, [data / item.path for item in split.val], [item.label for item in split.val]
    )
    manifest.write(part, description)
    validation = verify.answer(part, split.val, data)
    description["parity"] = validation.parity()
    description["metrics"] = {"validation": validation.metrics()}
    for combination, row in description["parity"].items():
        click.echo(f"{combination}: " + ", ".join(f"{key} {value}" for key, value in row.items()))
    verify.require_parity(description["parity"])
    if read_test:
        reading = verify.answer(part, split.test, data).metrics()
        run.write_reading("test", {"by": "deploy", "bundle": description["name"], "metrics": reading})
        description["metrics"]["test"] = reading
    manifest.write(part, description)
    shutil.rmtree(out, ignore_errors=True)
    part.rename(out)
    click.echo(f"{out}: " + ", ".join(f"{f.name} {f.stat().st_size:,} bytes" for f in sorted(out.iterdir())))


def _refuse_to_replace(out: Path) -> None:
    """An old bundle is replaced; a folder of anything else is somebody's, and stays."""
    if out.exists() and not (out / MANIFEST).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"--out {out} exists and is no bundle; name another folder")


if __name__ == "__main__":
    try:
        main()
    except (
        DataError,
        RunError,
        EdgectError,
        export.ExportError,
        verify.VerificationError,
        ValueError,
    ) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
