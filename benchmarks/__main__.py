"""Measure, and write RESULTS.md: `python -m benchmarks`."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import click

from benchmarks import report, results, stages_picture
from benchmarks.harness.options import Options
from benchmarks.harness.progress import step
from benchmarks.topics import TOPICS
from edgect.model.bundles.bundle import bundled_names

COUNT = click.IntRange(min=1)
DEFAULTS = Options()


@click.command()
@click.option(
    "--data",
    envvar="EDGECT_DATA",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    help="Folder that holds covid-ct/; without it the example scans must do.  [also: EDGECT_DATA]",
)
@click.option("--test", is_flag=True, help="Judge parity on Test-1 too. It is a test split: read it once.")
@click.option("--only", type=click.Choice(list(TOPICS)), multiple=True, help="Repeatable; all by default.")
@click.option(
    "--bundle", "bundles", multiple=True, metavar="NAME|DIR", default=bundled_names(), show_default=True
)
@click.option(
    "--rounds", type=COUNT, default=DEFAULTS.rounds, show_default=True, help="Of networks in a loop."
)
@click.option(
    "--starts", type=COUNT, default=DEFAULTS.starts, show_default=True, help="On one image, by turns."
)
@click.option(
    "--turns", type=COUNT, default=DEFAULTS.turns, show_default=True, help="Over a folder, by turns."
)
@click.option("--images", type=COUNT, default=DEFAULTS.images, show_default=True, help="Of that folder.")
@click.option("--files", type=(COUNT, COUNT), default=DEFAULTS.files, show_default=True, help="For memory.")
@click.option("--sample", type=COUNT, default=DEFAULTS.sample, show_default=True, help="Slices, emulated.")
@click.option(
    "--work",
    type=click.Path(path_type=Path, resolve_path=True),
    default=DEFAULTS.work,
    help="Where networks are kept.",
)
@click.option(
    "--before",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    help="A checkout of an earlier version, for topic stages to measure beside this one.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(__file__).parent,
    help="Folder of RESULTS.md and results.json.",
)
def main(only: tuple[str, ...], out: Path, test: bool, bundles: tuple[str, ...], **chosen: Any) -> None:
    """Measure every figure, or those of some topics, and write results.json and RESULTS.md.

    Each topic is kept as soon as it is measured: after a stop, name those that are left by --only.
    Leave the machine alone meanwhile; ratios suffer least, seconds most.
    """
    names = tuple(b if b in bundled_names() else str(Path(b).resolve()) for b in bundles)
    options = Options(test=test, bundles=names, **chosen)
    if test and options.data is None:
        raise click.UsageError("--test needs --data")
    out.mkdir(parents=True, exist_ok=True)
    raw = out / results.FILE.name
    for topic in [topic for topic in TOPICS if topic in (only or TOPICS)]:
        circumstances, start = results.Circumstances.now(options), perf_counter()
        sections = TOPICS[topic](options)
        results.add(topic, circumstances, sections, raw)
        if topic == "stages":
            stages_picture.draw(sections[0], out / stages_picture.FILE)
        (out / "RESULTS.md").write_text(report.render(results.read(raw)), encoding="utf-8")
        step(f"{topic}: done in {perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
