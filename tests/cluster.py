"""A batch on a cluster that loses workers: `python -m tests.cluster [--files N] [--stop SECONDS]`.

A scheduler and three workers, each in a network namespace of its own where root may make them, else on
loopback. One worker is killed (SIGKILL) in the middle, another is stopped (SIGSTOP) for a minute. The rows
must be those of the plain command, milliseconds and threads apart, in the same order.
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests.dask_processes import Processes, networks, processes

EXAMPLES = Path(__file__).parents[1] / "examples" / "scans"
WORKERS = 3
KILLED, STOPPED = 0.25, 0.4  # parts of the rows that are there when it happens
OWN = ("path", "milliseconds", "threads")
Row = dict[str, str]


@dataclass(frozen=True)
class Tally:
    rows: int
    missing: int
    doubled: int
    differing: int
    misplaced: int

    @property
    def faults(self) -> int:
        return self.missing + self.doubled + self.differing + self.misplaced

    def __str__(self) -> str:
        return (
            f"{self.rows} rows: missing {self.missing}, doubled {self.doubled}, differing {self.differing}, "
            f"out of order {self.misplaced}"
        )


def fill(folder: Path, files: int) -> list[tuple[Path, Path]]:
    """Links to images, some to files of several frames or to none that is an image; with their sources."""
    data = os.environ.get("EDGECT_DATA")
    found = sorted(Path(data, "covid-ct", "Images").rglob("*.*")) if data else []
    sources = [path.resolve() for path in found or sorted(EXAMPLES.iterdir()) if path.is_file()]
    own = folder.with_name("own")
    own.mkdir()
    folder.mkdir()
    pages = [Image.open(path).convert("L") for path in sorted(EXAMPLES.iterdir())[:3]]
    pages[0].save(own / "pages.tif", save_all=True, append_images=pages[1:])
    (own / "garbage.png").write_bytes(b"garbage")
    (own / "note.txt").write_bytes(b"dear colleague")
    odd = {50: own / "pages.tif", 70: own / "garbage.png", 90: own / "note.txt"}
    made = []
    for number in range(files):
        source = odd.get(number % 100) or sources[number % len(sources)]
        link = folder / f"{number:06}{source.suffix}"
        link.symlink_to(source)
        made.append((link, source))
    return made


def classify(paths: list[str], out: Path, *options: str) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "edgect", "classify", *paths, "--format", "csv", "-o", str(out), *options]
    return subprocess.Popen(line)


def rows(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def compare(links: list[tuple[Path, Path]], reference: list[Row], found: list[Row]) -> Tally:
    """reference: rows about every source."""
    by_source: dict[str, list[Row]] = {}
    for row in reference:
        by_source.setdefault(row["path"], []).append(row)
    wanted = [(str(link), row) for link, source in links for row in by_source[str(source)]]
    had, due = Counter(map(_key, found)), Counter((path, row["frame"]) for path, row in wanted)
    answers = {(path, row["frame"]): _answer(row) for path, row in wanted}
    return Tally(
        rows=len(found),
        missing=(due - had).total(),
        doubled=(had - due).total(),
        differing=sum(_answer(row) != answers.get(_key(row)) for row in found),
        misplaced=sum(
            _key(row) != (path, one["frame"]) for row, (path, one) in zip(found, wanted, strict=False)
        ),
    )


def disturb(run: subprocess.Popen[bytes], cluster: Processes, out: Path, files: int, seconds: float) -> None:
    """Kill a worker, then stop another, once so many rows are there."""
    _wait(run, out, round(files * KILLED))
    cluster.kill(0)
    print(f"a worker was killed at {_lines(out)} rows", flush=True)
    _wait(run, out, round(files * STOPPED))
    with cluster.stopped(1):
        print(f"a worker was stopped at {_lines(out)} rows", flush=True)
        time.sleep(seconds)
        print(f"it goes on at {_lines(out)} rows", flush=True)


def _wait(run: subprocess.Popen[bytes], out: Path, lines: int) -> None:
    while _lines(out) < lines:
        if run.poll() is not None:
            raise RuntimeError("the run ended before it could be disturbed")
        time.sleep(0.2)


def _lines(out: Path) -> int:
    partial = out.with_name(out.name + ".partial")
    return partial.read_bytes().count(b"\n") if partial.exists() else 0


def _key(row: Row) -> tuple[str, str]:
    return row["path"], row["frame"]


def _answer(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in OWN}


def survive(work: Path, files: int, seconds: float, model: str, loopback: bool = False) -> tuple[int, Tally]:
    """The exit code of a run that was disturbed, and what became of its rows. seconds: of the stop."""
    links = fill(work / "in", files)
    sources = sorted({str(source) for _, source in links})
    assert classify(sources, work / "reference.csv", "--model", model).wait() in (0, 1)
    out = work / "rows.csv"
    with (
        networks(0 if loopback else WORKERS) as (host, namespaces),
        processes(work / "cluster", host, namespaces) as cluster,
    ):
        for _ in range(WORKERS):
            cluster.worker()
        cluster.wait(WORKERS)
        where = f"{len(namespaces)} network namespaces" if namespaces else "loopback"
        print(f"{WORKERS} workers of one thread, {where}; {files} files", flush=True)
        run = classify([str(work / "in")], out, "--model", model, "--scheduler", cluster.address)
        try:
            disturb(run, cluster, out, files, seconds)
            code = run.wait()
        finally:
            run.kill()
    return code, compare(links, rows(work / "reference.csv"), rows(out))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--stop", type=float, default=60, help="seconds that a worker is stopped")
    parser.add_argument("--model", default="cnn1")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    with tempfile.TemporaryDirectory() as name:
        code, tally = survive(Path(name).resolve(), options.files, options.stop, options.model)
    print(f"exit code {code}; {tally}")
    sys.exit(tally.faults > 0 or code != 1)  # 1: garbage.png


if __name__ == "__main__":
    main()
