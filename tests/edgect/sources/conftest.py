from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

WriteTable = Callable[..., Path]


@pytest.fixture
def write_table(tmp_path: Path) -> WriteTable:
    """Write t.csv of lines, and a file with its own name as content for every path that is not there."""

    def write(*lines: str, head: str = "path,label", separator: str = ",", name: str = "t.csv") -> Path:
        places = head.split(separator)
        for line in lines:
            file = tmp_path / line.split(separator)[places.index("path")]
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(file.name.encode())
        table = tmp_path / name
        table.write_text("\n".join([head, *lines]), encoding="utf-8")
        return table

    return write


def numbered(patients: Iterable[int], slices: int = 1) -> list[str]:
    """Lines path,label,patient: those with odd numbers have COVID-19."""
    return [f"p{n}/{place}.png,{n % 2},p{n}" for n in patients for place in range(slices)]
