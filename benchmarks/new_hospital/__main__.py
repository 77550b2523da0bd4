"""`python -m benchmarks.new_hospital --data DIR --run SOURCE=RUN … --work DIR --out FILE.md`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.new_hospital import finetuned, page
from benchmarks.new_hospital.methods import METHODS, METRICS, Scored, measure, resampled
from benchmarks.new_hospital.slices import Hospital, draws, read_hospital
from edgect.machine import atomic
from train.data.covid_ct import Item
from train.data.sources import Source, read_source
from train.multi_source.run import MultiSourceRun

PATIENTS = (20, 40, 80)
DRAWS, RESAMPLES, SEED = 40, 50, 0
FINETUNE, SHIPPED = "finetune", "as shipped"


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), envvar="EDGECT_DATA", required=True)
@click.option("--run", "runs", multiple=True, required=True, metavar="SOURCE=RUN", help="Trained without it.")
@click.option(
    "--all-parts", multiple=True, help="Sources of few patients, of which those not drawn are held."
)
@click.option("--work", type=click.Path(path_type=Path), required=True, help="Keeps crops and fine-tunings.")
@click.option("--finetune/--no-finetune", "with_finetune", default=True, help="One of each size, draw 0.")
@click.option("--threads", default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(
    data: Path,
    runs: Sequence[str],
    all_parts: Sequence[str],
    work: Path,
    with_finetune: bool,
    threads: int,
    out: Path,
) -> None:
    """Read each hospital's held slices with every method; write the table, the picture and the figures."""
    file = out.with_suffix(".json")
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    for pair in runs:
        name, _, folder = pair.partition("=")
        run, source = MultiSourceRun(Path(folder)), read_source(name, data)
        hospital = read_hospital(name, source, run, data, work / "cache", name in all_parts)
        known = results.setdefault(name, {"recipe": run.record()["recipe"], "rows": {}})
        for patients in PATIENTS:
            _without_torch(hospital, patients, known["rows"])
            if with_finetune:
                _with_torch(hospital, source, patients, known["rows"], data, work, threads)
            _write(file, results)
    page.write(results, out)


def _without_torch(hospital: Hospital, patients: int, rows: dict[str, Any]) -> None:
    drawn = list(draws(hospital.pool, patients, DRAWS, SEED))
    for method, scorer in METHODS.items():
        key = method if method == SHIPPED else f"{method}, {patients} patients"
        if key in rows or not drawn:
            continue
        pairs = []
        for chosen in drawn[:1] if method == SHIPPED and hospital.held is not None else drawn:
            held = hospital.held if hospital.held is not None else hospital.pool.where(~chosen)
            pairs.append((scorer(hospital.run, hospital.pool.where(chosen), held, SEED), held))
        rows[key] = _row(pairs, RESAMPLES if len(pairs) > 1 else RESAMPLES * DRAWS)
        click.echo(f"{hospital.name}, {key}: {rows[key]['value']}", err=True)


def _with_torch(
    hospital: Hospital,
    source: Source,
    patients: int,
    rows: dict[str, Any],
    data: Path,
    work: Path,
    threads: int,
) -> None:
    key = f"{FINETUNE}, {patients} patients"
    chosen = next(draws(hospital.pool, patients, 1, SEED), None)
    if key in rows or chosen is None:
        return
    items = [item for item, own in zip(hospital.pool_items, chosen, strict=True) if own]
    rehearsed = {name: read_source(name, data) for name in hospital.run.recipe().sources}
    folder = work / f"finetuned-{hospital.name}-{patients}"
    run = finetuned.fine_tune(hospital.run, items, rehearsed, data, work / "cache", folder, threads)
    held, held_items = hospital.held, list[Item](source.test)
    if held is None:
        held = hospital.pool.where(~chosen)
        held_items = [item for item, own in zip(hospital.pool_items, chosen, strict=True) if not own]
    scored = finetuned.score(run, held_items, data, work / "cache")
    rows[key] = _row([(scored, held)], RESAMPLES * DRAWS)
    click.echo(f"{hospital.name}, {key}: {rows[key]['value']}", err=True)


def _row(pairs: Sequence[tuple[Scored, Any]], resamples: int) -> dict[str, Any]:
    """Means over the draws; intervals over draws of labelled patients and resamples of held ones."""
    measured = [measure(scored, held) for scored, held in pairs]
    spread = [resampled(scored, held, resamples, n) for n, (scored, held) in enumerate(pairs)]
    pooled = {name: np.concatenate([own[name] for own in spread]) for name in METRICS}
    return {
        "draws": len(pairs),
        "held_slices": len(pairs[0][1].cases),
        "held_units": len(np.unique(pairs[0][1].units)),
        "value": {name: round(float(np.mean([own[name] for own in measured])), 4) for name in METRICS},
        "interval": {
            name: [round(float(end), 4) for end in np.nanpercentile(pooled[name], (2.5, 97.5))]
            for name in METRICS
        },
    }


def _write(file: Path, results: dict[str, Any]) -> None:
    atomic.write(file, (json.dumps(results, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
