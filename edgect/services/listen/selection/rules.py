"""The file of rules: which images are classified, by patterns and limits that they must or must not meet.

[include]                       # an image must meet all of these
body_part = ["CHEST*", "THORAX*"]
slice_thickness = { max = 5 }

[exclude]                       # and none of these
kernel = ["B7*"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path
from typing import Any

from edgect.errors import UsageError
from edgect.services.listen.selection.image_attributes import ImageAttributes

INCLUDE, EXCLUDE = "include", "exclude"
TEXTS = ("modality", "body_part", "series_description", "kernel", "requested_procedure")
THICKNESS, SLICES = "slice_thickness", "slices"
LIMITS = (THICKNESS, SLICES)


@dataclass(frozen=True)
class Limits:
    """Inclusive."""

    lowest: float
    highest: float

    def contain(self, number: float | None) -> bool:
        return number is not None and self.lowest <= number <= self.highest


@dataclass(frozen=True)
class Conditions:
    """patterns, limits: by key. Case does not matter in patterns, nor do spaces around a value."""

    patterns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limits: Mapping[str, Limits] = field(default_factory=dict)

    def met(self, key: str, image: ImageAttributes) -> bool:
        """Of an image by itself: all keys but the number of slices."""
        if key == THICKNESS:
            return self.limits[key].contain(image.slice_thickness)
        texts = [text.strip().casefold() for text in image.texts[key]]
        return any(fnmatchcase(text, pattern) for text in texts for pattern in self.patterns[key])

    @property
    def of_images(self) -> list[str]:
        return [*self.patterns, *(key for key in self.limits if key != SLICES)]


@dataclass(frozen=True)
class Rules:
    """What is left out has the name of the rule that does so, such as `include body_part`, else none."""

    include: Conditions = field(default_factory=Conditions)
    exclude: Conditions = field(default_factory=Conditions)

    @property
    def names(self) -> list[str]:
        """Of all rules there are, in the order in which they are asked."""
        both = ((INCLUDE, self.include), (EXCLUDE, self.exclude))
        names = [f"{part} {key}" for part, conditions in both for key in conditions.of_images]
        return names + [f"{part} {SLICES}" for part, conditions in both if SLICES in conditions.limits]

    def of_image(self, image: ImageAttributes) -> str:
        """The first rule that leaves out an image; empty for none."""
        for key in self.include.of_images:
            if not self.include.met(key, image):
                return f"{INCLUDE} {key}"
        for key in self.exclude.of_images:
            if self.exclude.met(key, image):
                return f"{EXCLUDE} {key}"
        return ""

    def of_count(self, slices: int) -> str:
        """The rule that leaves out a series of so many slices; empty for none."""
        if SLICES in self.include.limits and not self.include.limits[SLICES].contain(slices):
            return f"{INCLUDE} {SLICES}"
        if SLICES in self.exclude.limits and self.exclude.limits[SLICES].contain(slices):
            return f"{EXCLUDE} {SLICES}"
        return ""


def load(path: Path) -> Rules:
    """Raises UsageError, which names file and key, and says what to write."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--rules {path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--rules {path}: is no UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"--rules {path}: is no TOML: {error}") from error
    for name, table in document.items():
        if name not in (INCLUDE, EXCLUDE) or not isinstance(table, dict):
            raise _wrong(path, name, f"is none of the tables [{INCLUDE}] and [{EXCLUDE}]")
    if not any(document.values()):
        raise UsageError(f"--rules {path}: holds no rule; write one below [{INCLUDE}] or [{EXCLUDE}]")
    return Rules(*(_conditions(path, part, document.get(part, {})) for part in (INCLUDE, EXCLUDE)))


def _conditions(path: Path, part: str, table: Mapping[str, Any]) -> Conditions:
    patterns: dict[str, Sequence[str]] = {}
    limits: dict[str, Limits] = {}
    for key, value in table.items():
        name = f"{part}.{key}"
        if key in TEXTS:
            patterns[key] = _patterns(path, name, value)
        elif key in LIMITS:
            limits[key] = _limits(path, name, value)
        else:
            raise _wrong(path, name, f"is not known; keys are {', '.join((*TEXTS, *LIMITS))}")
    return Conditions(patterns, limits)


def _patterns(path: Path, name: str, value: Any) -> Sequence[str]:
    if not (isinstance(value, list) and value and all(isinstance(pattern, str) for pattern in value)):
        raise _wrong(path, name, 'must be a list of patterns, such as ["CHEST*", "*LUNG*"]')
    return [pattern.strip().casefold() for pattern in value]


def _limits(path: Path, name: str, value: Any) -> Limits:
    advice = "must be limits, such as { min = 0.5, max = 5 }, or one of both"
    if not (isinstance(value, dict) and value and set(value) <= {"min", "max"}):
        raise _wrong(path, name, advice)
    if not all(type(number) in (int, float) and 0 <= number < inf for number in value.values()):
        raise _wrong(path, name, f"{advice}, in numbers from 0")
    limits = Limits(value.get("min", 0), value.get("max", inf))
    if limits.lowest > limits.highest:
        raise _wrong(
            path, name, f"has a min of {limits.lowest:g} over its max of {limits.highest:g}; swap them"
        )
    return limits


def _wrong(path: Path, name: str, why: str) -> UsageError:
    return UsageError(f"--rules {path}: {name} {why}")
