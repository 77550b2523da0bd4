"""The answers that a trail holds, gathered by what they were given on and with which settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from edgect.audit.chain import Line
from edgect.audit.contents import ANSWER, SETTINGS
from edgect.machine.version import __version__


class Settings(NamedTuple):
    """What an answer depends on besides the scan. bundle: the first digits of its digest."""

    bundle: str
    backend: str
    precision: str
    threshold: float
    operating_point: str
    error_rate: float | None


class Said(NamedTuple):
    """An answer on a frame, None for a file with one."""

    frame: int | None
    status: str
    label: str
    probability: float | None


@dataclass
class Group:
    """Answers on one scan with the same settings. said: with the number of the first line and of lines."""

    settings: Settings
    scan: str
    instance: str
    said: dict[Said, tuple[int, int]] = field(default_factory=dict)

    @property
    def lines(self) -> int:
        return sum(count for _, count in self.said.values())


@dataclass
class Gathered:
    """unusable: answers that cannot be replayed, by the reason. versions: of engines and other edgects."""

    groups: list[Group]
    lines: int
    unusable: Counter[str]
    versions: Counter[str]


def gather(lines: Iterable[Line], names: str) -> Gathered:
    """names: the kind of the names that can be made here, which tells one salt from another."""
    groups: dict[tuple[Settings, str, str], Group] = {}
    gathered = Gathered([], 0, Counter(), Counter())
    for line in lines:
        content = line.content
        if content["event"] != ANSWER:
            continue
        gathered.lines += 1
        if content["names"] != names:
            gathered.unusable["were named with another salt (set EDGECT_SALT to it)"] += 1
        elif not content["scan"]:
            gathered.unusable["are on files that could not be read"] += 1
        else:
            settings = Settings(*(content[name] for name in SETTINGS if name != "engine"))
            key = settings, content["scan"], content["instance"]
            group = groups.setdefault(key, Group(*key))
            said = Said(*(content[name] for name in Said._fields))
            first, count = group.said.get(said, (line.link.number, 0))
            group.said[said] = first, count + 1
            gathered.versions[f"{content['backend']} {content['engine']}"] += 1
            if content["edgect"] != __version__:
                gathered.versions[f"edgect {content['edgect']}"] += 1
    gathered.groups = list(groups.values())
    return gathered
