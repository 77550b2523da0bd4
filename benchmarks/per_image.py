"""Seconds per image on this CPU, from a file on disk to a label: `python -m benchmarks.per_image`."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import PIL
from tqdm import tqdm

from benchmarks.harness.interleaved import medians
from benchmarks.harness.slices import EXAMPLES
from edgect import Classifier, __version__
from edgect.diagnostics import machine
from edgect.errors import EdgectError, UsageError
from edgect.model.backends import BACKENDS, PRECISIONS, available_cores
from edgect.model.bundles.bundle import DEFAULT
from edgect.scans import find_scans
from train.run import write_json

MANY = 4300  # images, for which the paper gives 9.32 hours on a laptop


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--model",
    "models",
    multiple=True,
    default=[DEFAULT],
    show_default=True,
    metavar="NAME|DIR",
    help="Repeatable.",
)
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="Turns per image.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON to this file.")
def main(paths: tuple[str, ...], models: tuple[str, ...], rounds: int, out: Path | None) -> None:
    """Time the classification of the files in PATHS, by default the example scans."""
    try:
        result = time_per_image(paths or [str(EXAMPLES)], models, rounds)
    except EdgectError as error:
        raise click.ClickException(str(error)) from error
    if out:
        write_json(out, result)
    click.echo(table(result))


def time_per_image(
    paths: Sequence[str], models: Sequence[str] = (DEFAULT,), rounds: int = 5
) -> dict[str, Any]:
    """Time every backend and precision, with one thread and with all, taking turns on each image.

    Timed is `Classifier.predict`: reading (from the system's cache, since a first turn does not
    count), decoding, pre-processing and network; loading the model is not. A file that gets no
    answer is left out. The answer is ready for JSON and names no path; in each of its `rows`
    - `milliseconds`, `quartiles`: median and quartiles over images of an image's median time;
    - `seconds_for_4300`: extrapolated, as 4,300 times the mean over images.
    Raises UsageError (a missing path, nothing to time), and ModelError or EngineError as
    Classifier does.
    """
    classifiers = [
        Classifier(model, backend, precision, threads)
        for model in models
        for backend in BACKENDS
        for precision in PRECISIONS
        # last: the engines' idle threads spin for a while, and one thread leaves them a core to spin on
        for threads in sorted({1, available_cores()})
    ]
    images = [path for path in find_scans(paths) if classifiers[0].predict(path).status == "ok"]
    if not images:
        raise UsageError("no file gets an answer, so there is nothing to time")
    seconds: list[list[float]] = [[] for _ in classifiers]
    for path in tqdm(images, desc="timing", unit="image", leave=False, disable=None):
        calls: dict[str, Callable[[], object]] = {
            str(number): partial(classifier.predict, path) for number, classifier in enumerate(classifiers)
        }
        for number, median in medians(calls, rounds).items():
            seconds[int(number)].append(median)
    return {
        "machine": {"cpu": machine.describe_machine().cpu, "cores": available_cores()},
        "images": len(images),
        "rounds": rounds,
        "versions": _versions(classifiers),
        "rows": [_row(*pair) for pair in zip(classifiers, seconds, strict=True)],
    }


def table(result: dict[str, Any]) -> str:
    """The result for reading, beside the paper's times."""
    where = result["machine"]
    lines = [
        f"{where['cpu']}, {where['cores']} cores; images: {result['images']}, turns: {result['rounds']}",
        f"{'model':<12} {'engine':<18} {'threads':>7} {'ms/image':>9}  {'quartiles':<15} {'4,300 *':>13}",
    ]
    for row in result["rows"]:
        engine, spread = f"{row['backend']} {row['precision']}", "{} to {}".format(*row["quartiles"])
        lines.append(
            f"{row['model']:<12} {engine:<18} {row['threads']:>7} {row['milliseconds']:>9}  {spread:<15} "
            f"{row['seconds_for_4300']:>11.0f} s"
        )
    lines += ["", "* extrapolated. The paper: 1.25 s/image on a workstation; 7.81 on a laptop, 9.32 hours."]
    return "\n".join(lines)


def _row(classifier: Classifier, seconds: Sequence[float]) -> dict[str, Any]:
    low, middle, high = np.percentile(seconds, [25, 50, 75]) * 1000
    return {
        "model": classifier.bundle.name,
        "bundle": classifier.bundle.digest[:12],
        "backend": classifier.engine.backend,
        "precision": classifier.engine.precision,
        "threads": classifier.engine.threads,
        "milliseconds": round(float(middle), 2),
        "quartiles": [round(float(low), 2), round(float(high), 2)],
        "seconds_for_4300": round(float(np.mean(seconds)) * MANY, 1),
    }


def _versions(classifiers: Sequence[Classifier]) -> dict[str, str]:
    return {
        "edgect": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
        **{classifier.engine.backend: classifier.engine.version for classifier in classifiers},
    }


if __name__ == "__main__":
    main()
