"""`python -m benchmarks.cluster [--data DIR] [--quick]`: measures, and writes page, plots and JSON."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.cluster import batches, commands, memory, page, plots
from benchmarks.harness import machine
from benchmarks.harness.progress import step
from benchmarks.harness.slices import EXAMPLES
from edgect.batch.cluster import batch
from edgect.model.bundles.bundle import DEFAULT
from tests.dask_processes import processes

HERE = Path(__file__).parents[1]
JSON, PAGE = "ten_million.json", "TEN_MILLION.md"


def measure_cluster(data: Path | None, model: str, files: int, turns: int) -> dict[str, Any]:
    scans = sorted(EXAMPLES.iterdir())
    if data is not None:
        scans = sorted((data / "covid-ct" / "Images").glob("*/*.*"))
    with tempfile.TemporaryDirectory() as name, ExitStack() as opened:
        work = Path(name)
        folder = _copies(work / "scans", files, scans)
        clusters = {}
        for workers in commands.WORKERS:
            clusters[workers] = opened.enter_context(processes(work / f"cluster-{workers}"))
            for _ in range(workers):
                clusters[workers].worker()
            clusters[workers].wait(workers)
        step(f"the command with and without a cluster, {turns} turns of {files} files")
        whole = commands.measure_commands(folder, scans[0], model, clusters, turns, work)
        rows = (work / "rows.csv").read_bytes()
        step("batches of several sizes")
        sizes = batches.measure_batches([str(path) for path in sorted(folder.iterdir())], model, clusters[1])
        step("memory of paths")
        paths = memory.measure_paths(work, 50_000 if turns > 1 else 5_000, scans)
    assert isinstance(whole["seconds"], dict)
    seconds = whole["seconds"]["cluster 1"] / files
    sent = sum(path.stat().st_size for path in scans) / len(scans)
    return {
        "machine": machine.describe(),
        "versions": machine.versions(),
        "model": model,
        "scans": "COVID-CT" if data is not None else "the example scans",
        "commands": whole,
        "batches": sizes,
        "rule": {"files": batch.size(seconds, 0.0, 10**9, 1), "seconds": batch.SECONDS[0]},
        "paths": paths,
        "bytes_per_file": sent,
        "bytes_per_row": len(rows) / rows.count(b"\n"),
    }


def _copies(folder: Path, count: int, scans: Sequence[Path]) -> Path:
    """Files, since links are looked at more closely: hard links where the file system has them."""
    folder.mkdir()
    for number, scan in enumerate(islice(cycle(scans), count)):
        file = folder / f"{number:06}{scan.suffix}"
        try:
            os.link(scan.resolve(), file)
        except OSError:
            shutil.copy(scan, file)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("EDGECT_DATA"), help="holds covid-ct/")
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--files", type=int, default=1200)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="little of everything, to see that it works")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of page, plots and JSON")
    options = parser.parse_args()
    files, turns = (100, 1) if options.quick else (options.files, options.turns)
    measured = measure_cluster(options.data, options.model, files, turns)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / JSON).write_text(json.dumps(measured, indent=1) + "\n")
    (options.out / PAGE).write_text(page.render(measured), encoding="utf-8")
    plots.workers(measured, options.out / "ten_million_workers.png")
    plots.batches(measured, options.out / "ten_million_batches.png")
    step(f"{options.out / PAGE} is written")


if __name__ == "__main__":
    main()
