"""What was measured, topic by topic, in a file that later runs add to: results.json."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import Section
from benchmarks.harness import machine
from benchmarks.harness.options import Options
from edgect.machine import atomic

FILE = Path(__file__).parent / "results.json"


@dataclass(frozen=True)
class Circumstances:
    """Under which a topic was measured. load: processes that wanted to run on it before."""

    date: str
    machine: dict[str, str]
    versions: dict[str, str]
    bundles: dict[str, str]
    load: float

    @classmethod
    def now(cls, options: Options) -> Circumstances:
        date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        load = round(os.getloadavg()[0], 2)
        return cls(date, machine.describe(), machine.versions(), machine.digests(options.bundles), load)


@dataclass(frozen=True)
class Result:
    topic: str
    circumstances: Circumstances
    sections: tuple[Section, ...]


def read(file: Path = FILE) -> dict[str, Result]:
    """Results by topic; none where there is no file."""
    if not file.exists():
        return {}
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {
        topic: Result(
            topic,
            Circumstances(**stored["circumstances"]),
            tuple(Section.from_json(section) for section in stored["sections"]),
        )
        for topic, stored in record.items()
    }


def add(topic: str, circumstances: Circumstances, sections: Sequence[Section], file: Path = FILE) -> None:
    """Put a topic's result in the place of an earlier one; the other topics stay."""
    results = read(file) | {topic: Result(topic, circumstances, tuple(sections))}
    record = {
        name: {
            "circumstances": vars(result.circumstances),
            "sections": [section.to_json() for section in result.sections],
        }
        for name, result in results.items()
    }
    atomic.write(file, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
