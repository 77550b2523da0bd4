"""What a run keeps of every path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.topics.folder import links

PROGRAM = """
import sys, tracemalloc
from edgect.scans import find_scans
tracemalloc.start()
files = find_scans([sys.argv[1]])
print(tracemalloc.get_traced_memory()[0] / len(files), sum(map(len, files)) / len(files))
"""


def measure_paths(work: Path, files: int, scans: list[Path]) -> dict[str, float]:
    folder = links(work / "listed", files, scans)
    line = [sys.executable, "-c", PROGRAM, str(folder)]
    printed = subprocess.run(line, capture_output=True, text=True, check=True).stdout.split()
    return {"bytes": float(printed[0]), "characters": float(printed[1])}
