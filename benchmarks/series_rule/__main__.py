"""`python -m benchmarks.series_rule --model BUNDLE --out benchmarks/SERIES.md [--write]`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from benchmarks.series_rule.measure import drawn, limits
from benchmarks.series_rule.page import page
from benchmarks.series_rule.simulated import kinds, likeness
from benchmarks.series_rule.slices import answered
from edgect import Bundle
from edgect.machine import atomic
from edgect.model.bundles import seal
from edgect.model.bundles.manifest import MANIFEST, Manifest


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), envvar="EDGECT_DATA", required=True)
@click.option("--model", default="lungs", show_default=True, help="A bundle's name or folder.")
@click.option(
    "--slices",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="CSV that keeps every slice's probability; read where it is there, else made.",
)
@click.option("--error-rate", default=0.1, show_default=True, help="Of either class of simulated series.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--write", is_flag=True, help="Write the limits into the bundle's manifest as `series_rule`.")
def main(data: Path, model: str, file: Path, error_rate: float, out: Path, write: bool) -> None:
    """Measure rules for a series, and find the limits of the one in use."""
    bundle = Bundle.load(model)
    slices, threshold = answered(data, model, file)
    found = limits(drawn(kinds(slices), likeness(slices)), threshold, error_rate)
    click.echo(f"limits for {bundle.name}, balanced threshold {threshold:.6g}: {json.dumps(found._asdict())}")
    atomic.write(out, page(bundle.name, bundle.digest, threshold, slices, found).encode())
    if write:
        document = seal.finished({**bundle.manifest.document, "series_rule": found._asdict()})
        manifest = Manifest.of(document, bundle.path / MANIFEST)
        atomic.write(bundle.path / MANIFEST, manifest.to_json().encode())


if __name__ == "__main__":
    main()
