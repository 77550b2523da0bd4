"""What a node makes of a series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

KINDS = {
    "sr": "a Comprehensive SR",
    "sr3d": "a Comprehensive 3D SR in its place",
    "sc": "pictures of the highest slices with their heat maps (Secondary Capture)",
    "pmap": "their heat maps as values (Parametric Map)",
    "ko": "a selection of them (Key Object Selection)",
}
"""What can be made, by the names of the command line."""

HIGHEST = 3


@dataclass(frozen=True)
class ResultOptions:
    """kinds: of `KINDS`, a report among them. every_slice: whether the report has a group for every slice,
    not for the highest alone. highest: how many slices are shown, at most.
    """

    kinds: frozenset[str] = frozenset({"sr"})
    every_slice: bool = False
    highest: int = HIGHEST

    @classmethod
    def of(cls, kinds: Iterable[str], every_slice: bool = False, highest: int = HIGHEST) -> ResultOptions:
        """Of what was asked for; without a report among it, that is `sr`."""
        asked = frozenset(kinds)
        return cls(asked if asked & {"sr", "sr3d"} else asked | {"sr"}, every_slice, highest)
