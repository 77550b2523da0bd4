"""Twice the load that a server can carry, and what becomes of it: `python -m benchmarks.load`."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from benchmarks.harness import machine
from benchmarks.harness.slices import EXAMPLES
from benchmarks.load.client import Image, Reply, closed, image, open_
from benchmarks.load.server import server
from edgect import Classifier

ROOT = Path(__file__).parents[2]
WARM = 2.0  # seconds before anything counts
COMPARED = ("status", "label", "probability", "reason", "sha256")


@dataclass(frozen=True)
class LoadResult:
    """capacity: requests a second that clients asking one after another get. memory: MB before and after."""

    capacity: float
    offered: float
    seconds: float
    replies: Sequence[Reply]
    wrong: int
    memory: tuple[float, float]


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), envvar="EDGECT_DATA")
@click.option("--images", default=100, show_default=True, help="Different ones, taken by turns.")
@click.option("--seconds", default=30.0, show_default=True, help="Of the load.")
@click.option("--times", default=2.0, show_default=True, help="What the server can do.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Markdown.")
def main(data: Path | None, images: int, seconds: float, times: float, out: Path | None) -> None:
    """Load a server on loopback, in a process of its own, with its default limits."""
    folder = data / "covid-ct" / "Images" if data else EXAMPLES
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    chosen = paths[:: max(1, len(paths) // images)][:images]
    expected = {str(n): row for n, row in enumerate(_rows(chosen))}
    requests = [image(str(n), path.read_bytes()) for n, path in enumerate(chosen)]
    result = _measure(requests, expected, seconds, times)
    text = _page(result, f"{len(requests)} images of {'COVID-CT' if data else 'examples/scans'}")
    click.echo(text)
    if out:
        out.write_text(text, encoding="utf-8")
    if result.wrong or any(reply.status == 0 for reply in result.replies):
        sys.exit(1)


def _rows(paths: Sequence[Path]) -> list[dict[str, object]]:
    classifier = Classifier()
    return [next(classifier.classify_file(str(path))).row() for path in paths]


def _measure(
    requests: Sequence[Image], expected: dict[str, dict[str, object]], seconds: float, times: float
) -> LoadResult:
    with server() as (port, pid):
        asyncio.run(closed(port, requests, 4, WARM))
        able = asyncio.run(closed(port, requests, 4, seconds / 3))
        capacity = sum(reply.status == 200 for reply in able) / (seconds / 3)
        before = _resident(pid)
        replies = asyncio.run(open_(port, requests, times * capacity, seconds))
        after = _resident(pid)
    wrong = sum(
        any(reply.row[name] != expected[reply.name][name] for name in COMPARED)
        for reply in [*able, *replies]
        if reply.row is not None
    )
    return LoadResult(capacity, times * capacity, seconds, replies, wrong, (before, after))


def _resident(pid: int) -> float:
    """MB (10^6 bytes) of memory that a process has."""
    (line,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(line) * 1024 / 1e6


def _page(result: LoadResult, images: str) -> str:
    seconds, by_status = result.seconds, Counter(reply.status for reply in result.replies)
    answered = [reply.seconds * 1000 for reply in result.replies if reply.status == 200]
    refused = [reply.seconds * 1000 for reply in result.replies if reply.status == 503]
    p50, p99 = np.percentile(answered, [50, 99]) if answered else (np.nan, np.nan)
    other = sum(count for status, count in by_status.items() if status not in (0, 200, 503))
    this = machine.describe()
    rows = {
        "can do (4 clients, one request after another)": f"{result.capacity:.1f} requests/s",
        "offered, for "
        + f"{result.seconds:g} s": f"{result.offered:.1f} requests/s, {len(result.replies):,} in all",
        "accepted and answered": f"{by_status[200] / seconds:.1f} requests/s, {by_status[200]:,} in all",
        "their latency, p50 and p99": f"{p50:.0f} ms and {p99:.0f} ms",
        "refused (503)": f"{by_status[503]:,}, after {np.median(refused):.1f} ms (median)"
        if refused
        else "0",
        "other statuses": str(other),
        "wrong answers": str(result.wrong),
        "lost answers": str(by_status[0]),
        "memory of the server before and after": f"{result.memory[0]:.0f} MB and {result.memory[1]:.0f} MB",
    }
    lines = ["# A server under twice its load", ""]
    lines += [
        "Written by `python -m benchmarks.load --out benchmarks/LOAD.md`. `edgect serve` with its default",
        f"limits and model; {images}, one a request, each on a connection of its own. The clients",
        "run on the same machine, and their work counts too. Answers are held against `edgect.Classifier`.",
        "",
        "|  |  |",
        "| --- | --- |",
    ]
    lines += [f"| {name} | {value} |" for name, value in rows.items()]
    lines += ["", f"*{this['CPU']}, {this['cores']} cores; {machine.versions()['openvino']} of OpenVINO.*"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
