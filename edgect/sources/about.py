"""What is known of a source besides its slices: a small JSON file beside the table, `TABLE.about.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from edgect.errors import UsageError
from edgect.sources.labels import Case, listed


@dataclass(frozen=True)
class About:
    """name: of the source, the table's by default. licence, citation: empty where unknown.

    classes: what slices with COVID-19 and those without are, in words. positives_may_show_nothing: whether a
    slice labelled COVID-19 may be one on which nothing is to be seen, as where all slices of a series
    carry the patient's label. patients_are_blocks: whether what stands for patients are blocks of slices with
    neighbouring numbers.

    clear_groups: groups whose lungs are clear, into which training may lay the opacities of others.
    target_by_group: the probability of COVID-19, 0 to 1, that training aims at for slices of a group, such
    as a grade on whose slices there may be nothing to see. views: selections of groups that are
    judged by themselves beside the whole, by title.
    """

    name: str
    licence: str = ""
    citation: str = ""
    classes: str = ""
    positives_may_show_nothing: bool = False
    patients_are_blocks: bool = False
    clear_groups: Sequence[str] = ()
    target_by_group: Mapping[str, float] = field(default_factory=dict)
    views: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of_table(cls, table: str | Path) -> About:
        """From `TABLE.about.json`, where there is one. Raises UsageError for a file that cannot be used."""
        table = Path(table)
        file = table.with_suffix(".about.json")
        if not file.exists():
            return cls(table.stem)
        try:
            content = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise UsageError(f"{file}: cannot be read ({error})") from error
        if faults := list(_faults(content)):
            raise UsageError(f"{file}: {'; '.join(faults)}")
        return cls(**{"name": table.stem, **content})

    def check_groups(self, table: str | Path, cases: Iterable[Case]) -> None:
        """Raise UsageError where it speaks of a group that no case has. table, cases: whose it is."""
        known = {case.group for case in cases if case.group}
        named = {
            "clear_groups": self.clear_groups,
            "target_by_group": list(self.target_by_group),
            "views": [group for groups in self.views.values() for group in groups],
        }
        for key, groups in named.items():
            if unknown := [group for group in dict.fromkeys(groups) if group not in known]:
                there = f"its groups are {listed(sorted(known))}" if known else "no slice there has a group"
                raise UsageError(
                    f"{Path(table).with_suffix('.about.json')}: {key} names {listed(unknown)}, of which "
                    f"{Path(table).name} has no slice; {there}"
                )


def _faults(content: Any) -> list[str]:
    if not isinstance(content, Mapping):
        return ["must hold a JSON object"]
    names = [own.name for own in fields(About)]
    unknown = [f"unknown key {key!r}; there are {', '.join(names)}" for key in content if key not in names]
    wrong = []
    for key, value in content.items():
        kind, fits = KINDS.get(key, TEXT)
        if key in names and not fits(value):
            wrong.append(f"{key} must be {kind}")
    return unknown + wrong


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _is_probability(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_mapping_to(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Mapping) and all(fits(entry) for entry in value.values())


Kind = tuple[str, Callable[[Any], bool]]  # in words, and whether a value is of it
TEXT: Kind = ("text", lambda value: isinstance(value, str))
TRUTH: Kind = ("true or false", lambda value: isinstance(value, bool))
KINDS: dict[str, Kind] = {  # of what is not text
    "positives_may_show_nothing": TRUTH,
    "patients_are_blocks": TRUTH,
    "clear_groups": ("a list of texts", _is_texts),
    "target_by_group": ("an object of numbers from 0 to 1", _is_mapping_to(_is_probability)),
    "views": ("an object of lists of texts", _is_mapping_to(_is_texts)),
}
