"""`python -m deploy export RUN --out BUNDLE`: export, quantize, verify, describe."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import click

from deploy import calibration_set, record, redescribe, released, stages, trained_runs
from deploy.description import manifest
from deploy.int8 import distil, files
from edgect.errors import EdgectError, UsageError
from edgect.model.bundles.manifest import MANIFEST
from train.run import Run


class _ExportByDefault(click.Group):
    """`export` may be left out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in self.get_help_option_names(ctx):
            args = ["export", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ExportByDefault)
def main() -> None:
    """Make a bundle from a finished run."""


@main.command("export")
@click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="EDGECT_DATA",
    help="Folder that holds the released sources that RUN was trained on (or set EDGECT_DATA); a fine-tuned "
    "RUN knows where its own tables are.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Bundle folder.")
@click.option("--name", help="The bundle's name.  [default: the folder's]")
@click.option("--calibration-size", type=int, help="Slices.  [default: 200, or what the rarer class allows]")
@click.option("--steps", type=int, default=200, show_default=True, help="Of the distillation into INT8.")
@click.option("--rate", type=float, default=3e-4, show_default=True, help="Its largest learning rate.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of calibration set and distillation.")
@click.option(
    "--test",
    "read_test",
    is_flag=True,
    help="Read the test split too, and write the reading down: for a finished model only.",
)
@click.option(
    "--record",
    "record_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write how the bundle came about to FILE, as JSON; of an earlier record there, say what differs.  "
    "[default: OUT.record.json]",
)
@click.option(
    "--describe",
    "only_describe",
    is_flag=True,
    help="Leave the models of --out; fit gate, operating points and the like again, and bring in what "
    "`evidence` has found since.",
)
def export_command(
    run_folder: Path,
    data: Path | None,
    out: Path,
    name: str | None,
    calibration_size: int | None,
    steps: int,
    rate: float,
    seed: int,
    read_test: bool,
    record_file: Path | None,
    only_describe: bool,
) -> None:
    """Make a bundle from a finished RUN and verify every file in it on every backend."""
    if only_describe:
        redescribe.redescribe(out, Run(run_folder), data or Path(), read_test)
        return
    trained_run = trained_runs.load(run_folder)
    if data is None and trained_run.needs_data:
        raise click.UsageError("--data DIR is needed, the folder that holds the released sources of RUN")
    data = data or Path()
    _refuse_to_replace(out)
    record_file = record_file or out.with_name(f"{out.name}.record.json")
    record.check(record_file)
    part = out.with_name(out.name + ".part")  # left by an interruption, with a training that goes on
    part.mkdir(parents=True, exist_ok=True)
    settings = distil.DistillationSettings(steps, rate, seed)
    training = trained_run.parts(data, "train")
    drawn = calibration_set.draw(training, data, trained_run.steps, calibration_size, seed)
    training_images = calibration_set.all_images(training, data, trained_run.steps)
    stages.export_models(trained_run, part, drawn, training_images, settings)
    description = stages.fit_output_scaling(name or out.name, trained_run, part, drawn, data, settings)
    stages.verify_engines(trained_run, part, data, description)
    stages.fit_reliability(trained_run, part, data, description)
    if read_test:
        stages.evaluate_on_processors(trained_run, part, data, description)
    manifest.write_golden(part, description, trained_run)
    (part / files.STATE).unlink()
    shutil.rmtree(out, ignore_errors=True)
    part.rename(out)
    for sentence in record.write(record_file, _arguments(), trained_run, out, data, seed, read_test):
        click.echo(sentence, err=True)
    click.echo(f"{out}: " + ", ".join(f"{f.name} {f.stat().st_size:,} bytes" for f in sorted(out.iterdir())))


@main.command("released")
def released_command() -> None:
    """Write down the digests of the bundles in edgect/model/bundles, once one was replaced."""
    released.write()


def _arguments() -> dict[str, Any]:
    """By the names that a user writes; without the record's own."""
    context = click.get_current_context()
    names = {each.name: max(each.opts, key=len) for each in context.command.params}
    return {names[name]: value for name, value in context.params.items() if name != "record_file"}


def _refuse_to_replace(out: Path) -> None:
    """An old bundle is replaced; a folder of anything else is somebody's, and stays."""
    if out.exists() and not (out / MANIFEST).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"--out {out} exists and is no bundle; name another folder")


if __name__ == "__main__":
    try:
        main()
    except EdgectError as error:  # any other is a bug, or the disk's: its traceback says where
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
