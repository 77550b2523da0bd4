"""Peak resident memory of `edgect classify`, for few files and for many."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.figures import Section, row_of
from benchmarks.harness import process
from benchmarks.harness.options import Options
from benchmarks.harness.progress import step
from benchmarks.harness.slices import EXAMPLES
from benchmarks.topics.folder import links
from edgect.model.backends import BACKENDS
from edgect.model.bundles.bundle import DEFAULT

MAX_MEGABYTES = 220.0
MAX_GROWTH = 5.0  # megabytes from few files to many: the rows' own bookkeeping, and noise


def measure_memory(options: Options) -> list[Section]:
    few, many = options.files
    largest = DEFAULT if DEFAULT in options.bundles else options.bundles[0]  # many files take minutes
    figures = []
    with tempfile.TemporaryDirectory() as work:
        folders = {
            count: links(Path(work) / str(count), count, EXAMPLES.iterdir()) for count in options.files
        }
        env = {"EDGECT_CACHE_DIR": str(Path(work) / "cache")}
        for bundle in options.bundles:
            for backend in BACKENDS:
                figure = row_of(f"{Path(bundle).name}, {backend}")
                peaks = {}
                for count in options.files if bundle == largest else (few,):
                    step(f"memory: {bundle}, {backend}, {count:,} files")
                    command = process.edgect(
                        "classify",
                        folders[count],
                        "--model",
                        bundle,
                        "--backend",
                        backend,
                        "--format",
                        "csv",
                        "-o",
                        Path(work) / "rows.csv",
                    )
                    peaks[count] = process.run(command, env).peak_mb
                    figures.append(figure(f"{count:,} files", peaks[count], "MB", at_most=MAX_MEGABYTES))
                if many in peaks:
                    figures.append(figure("growth", peaks[many] - peaks[few], "MB", at_most=MAX_GROWTH))
    how = (
        "The largest resident memory of the process (`ru_maxrss`), in 10^6 bytes, INT8, on all cores. The "
        f"files are links to the example scans. Growth is from {few:,} files to {many:,}; that it stays the "
        f"same is read as at most {MAX_GROWTH:g} MB more."
    )
    return [Section("Memory", how, tuple(figures))]
