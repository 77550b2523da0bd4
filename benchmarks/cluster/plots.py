"""Throughput against workers, and idle time against the size of batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


def workers(measured: dict[str, Any], file: Path) -> None:
    commands, cores = measured["commands"], int(measured["machine"]["cores"])
    files = commands["files"]
    rates: dict[str, dict[int, float]] = {"plain": {}, "cluster": {}}
    for name, seconds in commands["seconds"].items():
        kind, count = name.split()
        rates[kind][int(count)] = files / seconds
    figure = Figure((6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*rates["plain"].items(), strict=True), "o-", label="plain command, by threads")
    axes.plot(*zip(*rates["cluster"].items(), strict=True), "s-", label="cluster, by workers of one thread")
    axes.axvline(cores, color="grey", linestyle=":", label=f"cores of this machine ({cores})")
    axes.set(xlabel="threads or workers", ylabel="slices a second", xticks=sorted(rates["cluster"]))
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.savefig(file, dpi=110)


def batches(measured: dict[str, Any], file: Path) -> None:
    rows = measured["batches"]
    figure = Figure((6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([row["size"] for row in rows], [100 * row["idle"] for row in rows], "o-")
    axes.axhline(5, color="grey", linestyle=":", label="5 %")
    axes.axvline(measured["rule"]["files"], color="tab:red", linestyle="--", label="what edgect sends here")
    axes.set_xscale("log", base=2)
    axes.set(xlabel="files in a batch", ylabel="time in which the worker had nothing to do, %")
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.savefig(file, dpi=110)
