"""TEN_MILLION.md: prose from `ten_million.md.in`, figures from what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Any

SLICES = 10_000_000
CORES = (2, 16, 64, 256, 1024)
DICOM = 512 * 512 * 2  # bytes of a slice's pixels, without compression
NETWORKS = {"1 Gbit/s": 125e6, "10 Gbit/s": 1.25e9}
PROSE = Path(__file__).with_name("ten_million.md.in")


def render(measured: Mapping[str, Any]) -> str:
    return Template(PROSE.read_text(encoding="utf-8")).substitute(_figures(measured))


def _figures(measured: Mapping[str, Any]) -> dict[str, str]:
    commands, batches, machine = measured["commands"], measured["batches"], measured["machine"]
    files, cpu = commands["files"], commands["cpu_per_slice"]
    plain, ratios = commands["seconds"]["plain 1"] / files, commands["ratios"]
    in_batch, efficiency = measured["rule"]["files"], 1 / ratios["1"]
    seconds = plain / efficiency
    scheduler = 1 / batches[0]["scheduler_cpu_per_batch"]
    limits = {
        "the client, that writes the rows": 1 / cpu["client"],
        f"the scheduler, at {in_batch} files a batch": scheduler * in_batch,
        **{
            f"storage that gives {name}, DICOM without compression": rate / DICOM
            for name, rate in NETWORKS.items()
        },
    }
    first = min((rate, name) for name, rate in limits.items() if "Gbit" not in name)
    network = NETWORKS["1 Gbit/s"] / DICOM
    return {
        "cpu": machine["CPU"],
        "cores": machine["cores"],
        "files": f"{files:,}",
        "turns": str(commands["turns"]),
        "model": measured["model"],
        "scans": measured["scans"],
        "milliseconds": f"{1000 * plain:.1f}",
        "ratios": "; ".join(_ratio(int(count), ratio) for count, ratio in ratios.items()),
        "efficiency": f"{100 * efficiency:.0f}",
        "core_hours": f"{SLICES * seconds / 3600:,.0f}",
        "days": "\n".join(_days(seconds)),
        "limits": "\n".join(
            f"| {name} | {rate:,.0f} | {rate * seconds:,.0f} |" for name, rate in limits.items()
        ),
        "first": first[1].split(",")[0],
        "first_cores": f"{first[0] * seconds:,.0f}",
        "network_cores": f"{network * seconds:,.0f}",
        "in_batch": str(in_batch),
        "batch_seconds": f"{measured['rule']['seconds']:.0f}",
        "idle": "\n".join(f"| {row['size']:.0f} | {100 * row['idle']:.1f} |" for row in batches),
        "scheduler_ms": f"{1000 * batches[0]['scheduler_cpu_per_batch']:.1f}",
        "client_us": f"{1e6 * cpu['client']:.0f}",
        "worker_ms": f"{1000 * cpu['workers']:.1f}",
        "plain_ms": f"{1000 * cpu['plain']:.1f}",
        "kilobytes": f"{measured['bytes_per_file'] / 1000:.0f}",
        "throughput": "\n".join(_throughput(commands)),
        "path_bytes": f"{measured['paths']['bytes']:.0f}",
        "path_length": f"{measured['paths']['characters']:.0f}",
        "path_gb": f"{measured['paths']['bytes'] * SLICES / 1e9:.1f}",
        "row_bytes": f"{measured['bytes_per_row']:.0f}",
        "rows_gb": f"{measured['bytes_per_row'] * SLICES / 1e9:.1f}",
    }


def _ratio(count: int, ratio: float) -> str:
    return f"{ratio:.3f} with {count} {'worker' if count == 1 else 'workers'} against as many threads"


def _days(seconds: float) -> Iterator[str]:
    for cores in CORES:
        hours = SLICES * seconds / 3600 / cores
        took = f"{hours / 24:.1f} days" if hours > 48 else f"{hours:.1f} hours" if hours > 2 else ""
        yield f"| {cores:,} | {took or f'{60 * hours:.0f} minutes'} |"


def _throughput(commands: Mapping[str, Any]) -> Iterator[str]:
    for name, seconds in commands["seconds"].items():
        kind, count = name.split()
        what = {"plain": "plain command, threads: ", "cluster": "cluster, workers of one thread: "}[kind]
        yield f"| {what}{count} | {commands['files'] / seconds:.1f} | {commands['peak_mb'][name]:.0f} |"
