"""What a folder's name or a table's cell says of a slice, and the labelled slices themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from edgect.errors import UsageError

_COVID = ("covid", "covid19", "sarscov2")
POSITIVE = frozenset({*_COVID, "1", "positive", "pos", *(f"ct{name}" for name in _COVID)}) | {
    name + end for name in _COVID for end in ("positive", "pos")
}
NEGATIVE = frozenset({"0", "negative", "neg", "normal", "healthy"}) | {
    start + name for start in ("non", "not", "no", "ctnon", "ctnot", "ctno") for name in _COVID
}
NEGATIVE |= {name + end for name in _COVID for end in ("negative", "neg")}


@dataclass(frozen=True)
class Words:
    """Which words mean COVID-19 and which mean not; the common spellings, where none are given.

    Raises UsageError: words for one class only, or a word for both.
    """

    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.positive) != bool(self.negative):
            raise UsageError("give --positive NAME and --negative NAME together")
        if both := set(self.positive) & set(self.negative):
            raise UsageError(f"{sorted(both)[0]!r} cannot be both --positive and --negative")

    @property
    def own(self) -> tuple[str, ...]:
        """The words that were given, empty where the common spellings hold."""
        return (*self.positive, *self.negative)

    def label(self, word: str) -> int | None:
        """1 COVID-19, 0 not, None where the word says neither."""
        if self.own:
            return 1 if word in self.positive else 0 if word in self.negative else None
        plain = re.sub(r"[\s_.\-]+", "", word.casefold())
        return 1 if plain in POSITIVE else 0 if plain in NEGATIVE else None


@dataclass(frozen=True)
class Case:
    """One file with its truth. label: 1 COVID-19, 0 not.

    patient, series, study: empty where unknown; of DICOM files, a series is one reconstruction. group: what
    kind of case it is, such as a grade or another disease; figures are given by it. weight: how often it
    is drawn in training, against others of its label, 1 by default. part: that the table gives it to.
    position: in its series, millimetres along the body, None where unknown.
    """

    path: str
    label: int
    patient: str = ""
    series: str = ""
    study: str = ""
    group: str = ""
    weight: float = 1.0
    part: str = ""
    position: float | None = None


@dataclass(frozen=True)
class Cases:
    """All files, in order. by_patient: whether every one has its patient. notes: a sentence each.

    has_parts: whether the table says which part each file is in.
    """

    files: list[Case]
    by_patient: bool
    notes: list[str] = field(default_factory=list)
    has_parts: bool = False


def listed(words: Iterable[str], most: int = 8) -> str:
    """Names in quotes for a message, the first few of many."""
    names = [ascii(name) if not name.isprintable() else repr(name) for name in words]
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
