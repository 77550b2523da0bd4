"""Values of a JSON object, each checked as it is read, with every fault named by its dotted key."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

POSITIVE, PROBABILITY = "a number above 0", "a number from 0 to 1"


class Section:
    """A JSON object of the manifest. faults: gets a phrase for every key that is missing or wrong."""

    def __init__(self, values: Mapping[str, Any] | None, prefix: str, faults: list[str]) -> None:
        self.values = values  # None where it is itself missing or wrong, which is a fault already
        self._prefix, self._faults = prefix, faults

    def take(self, key: str, is_valid: Callable[[Any], bool], expected: str, otherwise: Any = None) -> Any:
        """The value of a key; `otherwise` where it is at fault."""
        if self.values is None:
            return otherwise
        if key not in self.values:
            self._faults.append(f"{self._prefix}{key} is missing")
            return otherwise
        value = self.values[key]
        if not is_valid(value):
            self._faults.append(f"{self._prefix}{key} must be {expected}, not {_shortened(value)}")
            return otherwise
        return value

    def section(self, key: str) -> Section:
        values = self.take(key, is_object, "an object")
        return Section(values, f"{self._prefix}{key}.", self._faults)


def is_real(value: Any) -> bool:
    """A number of any kind: an answer that is not a number differs from all others, and is reported so."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    return is_real(value) and math.isfinite(value)


def is_positive(value: Any) -> bool:
    return is_number(value) and value > 0


def is_probability(value: Any) -> bool:
    return is_real(value) and 0 <= value <= 1


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def list_of(is_valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(is_valid, value))


def mapping_of(is_valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(is_valid, value.values()))


def _shortened(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
